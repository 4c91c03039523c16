"""The server's own signing key, in a file beside its store."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.crypto import Signer
from sync.errors import Damaged
from sync.files import write_durably
from sync.messages import _


def load_or_make(path: Path) -> Signer:
    """Read the key from a PEM file (PKCS #8), or make a new one there.

    A file of its own, because devices know the server by it: a server whose store was lost is filled again by
    the devices as long as the key is the same.

    Args:
        path: The file; only its owner can read a new one.

    Raises:
        Damaged: The file holds no Ed25519 key.
    """
    if not path.exists():
        _make(path)
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise _damaged(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _damaged(path)
    return Signer(key.private_bytes_raw())


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_durably(path, pem)


def _damaged(path: Path) -> Damaged:
    return Damaged(
        "damaged_server_key",
        _(
            "The server's key file {path} is damaged. Put back the copy that you kept of it: with a new key "
            "every device would refuse this server. The stored data was not touched."
        ).format(path=path),
    )
