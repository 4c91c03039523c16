"""Admission codes: an operator's leave for one community to be served, said in letters that can be read out.

The code is the secret half of a signing key. The server keeps the public half alone, so nobody who reads its database
can use a code, and nobody who listens to the line hears one.
"""

import secrets

from sync import crypto
from sync.crypto import Signer

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_GROUPS, _GROUP = 5, 5


def new_code() -> str:
    """Return a new code: five groups of five, about 123 random bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _letter in range(_GROUP)) for _group in range(_GROUPS))


def code_key(code: str) -> Signer | None:
    """Return the key that a code stands for, or None when it is not a code; dashes, spaces and case do not matter."""
    letters = "".join(code.upper().split()).replace("-", "")
    if len(letters) != _GROUPS * _GROUP or not set(letters) <= set(_LETTERS):
        return None
    return Signer(crypto.derive(crypto.sha256(letters.encode("ascii")), "sprava/v1/admission-code"))
