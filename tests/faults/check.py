"""Opens a vault after a fault, as a person would, and says what is there."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf import argon2

from desktop_app import vault
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.verify import verify
from sync.errors import Failure, Refused
from tests.faults.work import NONE, look


class Broken(Exception):
    """What a fault left is not what was promised; the argument says how."""


def found(folder: Path, phrases: Sequence[str], *, go_on: bool = False) -> str:
    """Return the look of a vault, after checking that it opens and is whole.

    Args:
        folder: The folder of the vault.
        phrases: The pass phrases of which one must open it.
        go_on: Also make the vault if there is none, register a case and open it once more.

    Raises:
        Broken: It is not so.
    """
    if not vault.is_vault(folder):
        if folder.exists() and any(folder.iterdir()):
            raise Broken(f"no vault, and yet files: {sorted(path.name for path in folder.iterdir())}")
        if go_on:
            create_workspace(folder, phrases[0], community="Г", unit="Ц", person="П", kdf=vault.KDF_FLOOR).close()
            _opened(folder, phrases[:1])
        return NONE
    seen, phrase = _opened(folder, phrases)
    if go_on:
        with open_workspace(folder, phrase) as workspace:
            workspace.cases.register("appeal", examples.example("appeal", 99))
        if _opened(folder, (phrase,))[0] == seen:
            raise Broken("a case registered afterwards is missing")
    return seen


def _opened(folder: Path, phrases: Sequence[str]) -> tuple[str, str]:
    """Return the look of a vault, and which pass phrase opened it."""
    for phrase in phrases:
        try:
            workspace = open_workspace(folder, phrase)
        except Refused as refused:
            if refused.code == "wrong_passphrase":
                continue
            raise Broken(f"refused: {refused.code}") from refused
        except Failure as failure:
            raise Broken(f"does not open: {failure.code}") from failure
        with workspace:
            unsound = [f"{check.part}: {check.finding}" for check in verify(workspace) if not check.sound]
            if unsound or workspace.notices:
                raise Broken("; ".join([*unsound, *workspace.notices]))
            return look(workspace, phrase), phrase
    raise Broken("no pass phrase opens it")


def allowed(said: Sequence[str], afterwards: Sequence[str]) -> set[str]:
    """Return the looks that a vault may have when a process ended at a moment.

    Args:
        said: What the process had said until then.
        afterwards: What it said later on, if it lived on.

    Returns:
        What was saved last, what was committed since, and what the one step under way would have made.
    """
    saved = max((at for at, line in enumerate(said) if line.startswith("saved ")), default=0)
    lines = [*said, *afterwards]
    return {line.split()[1] for line in lines[saved : len(said) + 1]}


@contextmanager
def stretched_once() -> Iterator[None]:
    """Let Argon2id be computed once for each pass phrase and salt: the same is asked for thousands of times."""
    real = argon2.Argon2id
    known: dict[tuple[object, ...], bytes] = {}

    class Remembering:
        def __init__(self, **parameters: object) -> None:
            self._parameters = parameters

        def derive(self, secret: bytes) -> bytes:
            asked = (*sorted(self._parameters.items()), bytes(secret))
            if asked not in known:
                known[asked] = real(**self._parameters).derive(bytes(secret))  # type: ignore[arg-type]
            return known[asked]

        def derive_into(self, secret: bytes, buffer: bytearray) -> int:
            buffer[:] = self.derive(secret)
            return len(buffer)

    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith(("desktop_app", "sync")) and getattr(module, "Argon2id", None) is real:
                patch.setattr(module, "Argon2id", Remembering)
        yield
