"""Argon2id computed once: a template vault is copied for many tests, and all open it with one pass phrase and salt."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from desktop_app.vault import kdf


@contextmanager
def stretched_once() -> Iterator[None]:
    """Remember what Argon2id makes of each pass phrase, salt and cost; calibration goes on measuring the real one."""
    real = kdf.Argon2id
    known: dict[tuple[object, ...], bytes] = {}

    class Remembering:
        def __init__(self, **parameters: object) -> None:
            self._parameters = parameters

        def derive_into(self, secret: bytes, buffer: bytearray) -> int:
            asked = (*sorted(self._parameters.items()), bytes(secret))
            if asked not in known or not any(secret):
                known[asked] = real(**self._parameters).derive(bytes(secret))  # type: ignore[arg-type]
            buffer[:] = known[asked]
            return len(buffer)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kdf, "Argon2id", Remembering)
        yield
