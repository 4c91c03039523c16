"""Whatever is named as a file to read and is a pipe, a device or a folder is refused with a sentence, and at once."""

import argparse
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from desktop_app.cli import main as cli
from desktop_app.vault import shares
from desktop_app.vault.shares import Arrangement
from tests.cli.conftest import Sprava
from tests.cli.test_contract import register

SECONDS = 30
"""Within which each command ends; one that waits for a pipe never does."""
READS = {
    "case register --from": ("case", "register", "VAULT", "--kit", "appeal", "--from", "IT"),
    "import file": ("import", "VAULT", "IT", "--kit", "appeal"),
    "import --map": ("import", "VAULT", "TABLE", "--kit", "appeal", "--map", "IT"),
    "bundle import file": ("bundle", "import", "VAULT", "IT"),
    "file add path": ("file", "add", "VAULT", "CASE", "IT"),
    "vault join --invitation": ("vault", "join", "NEW", "--invitation", "IT", "--person", "П"),
    "vault passphrase --new-passphrase-file": ("vault", "passphrase", "VAULT", "--new-passphrase-file", "IT"),
    "vault recover --recovery-code": ("vault", "recover", "VAULT", "--recovery-code", "IT", "--generate"),
    "vault recover --new-passphrase-file": (
        *("vault", "recover", "VAULT", "--recovery-code", "WORDS", "--new-passphrase-file", "IT"),
    ),
    "restore file": ("restore", "IT", "NEW"),
    "restore --recovery-code": ("restore", "BACKUP", "NEW", "--recovery-code", "IT", "--generate"),
    "restore --new-passphrase-file": (
        *("restore", "BACKUP", "NEW", "--recovery-code", "WORDS", "--new-passphrase-file", "IT"),
    ),
    "drill file": ("drill", "IT"),
    "drill --recovery-code": ("drill", "BACKUP", "--recovery-code", "IT"),
    "backup-info file": ("backup-info", "IT"),
    "backup-info --recovery-code": ("backup-info", "BACKUP", "--recovery-code", "IT"),
    "repair --from": ("repair", "VAULT", "--from", "IT"),
    "serve --tls-cert": ("serve", "--data", "NEW", "--tls-cert", "IT", "--tls-key", "TABLE"),
    "serve --tls-key": ("serve", "--data", "NEW", "--tls-cert", "TABLE", "--tls-key", "IT"),
    "* --passphrase-file": ("vault", "info", "VAULT", "--passphrase-file", "IT"),
    "* --stick": ("vault", "info", "VAULT", "--stick", "IT"),
}
WRITES = {
    "audit export --to": ("audit", "export", "VAULT", "--to", "IT"),
    "audit report --to": ("audit", "report", "VAULT", "--case", "CASE", "--to", "IT"),
    "backup file": ("backup", "VAULT", "IT"),
    "bundle export file": ("bundle", "export", "VAULT", "IT"),
    "file get path": ("file", "get", "VAULT", "ADDED", "IT", "--force"),
    "invite --out": ("invite", "VAULT", "--role", "clerk", "--unit", "ЦНАП", "--out", "IT"),
    "restore --recovery-sheet": (
        *("restore", "BACKUP", "NEW", "--recovery-code", "WORDS", "--generate", "--recovery-sheet", "IT"),
    ),
    "vault create --recovery-sheet": (
        *("vault", "create", "NEW", "--community", "Г", "--unit", "Ц", "--person", "П", "--recovery-sheet", "IT"),
    ),
    "vault passphrase --make-stick": ("vault", "passphrase", "VAULT", "--generate", "--make-stick", "IT"),
    "vault recover --recovery-sheet": (
        *("vault", "recover", "VAULT", "--recovery-code", "WORDS", "--generate", "--recovery-sheet", "IT"),
    ),
    "vault recovery-sheet --out": ("vault", "recovery-sheet", "VAULT", "--out", "IT"),
}
FOLDERS = {
    "* vault",
    "restore vault",
    "stick folder",
    "desk --vault",
    "tour --out",
    "tour --register-in",
    "serve --data",
    *(f"server community {word} --data" for word in ("add", "list", "quota", "suspend", "resume")),
}


class TooLong(BaseException):
    """No `Exception`: the last resort of the command line would take it for a bug and tell it."""


@pytest.fixture(params=["pipe", "device", "folder"])
def it(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What is no file."""
    if request.param == "device":
        return Path("/dev/zero")
    path = tmp_path / "it"
    path.mkdir() if request.param == "folder" else os.mkfifo(path)
    return path


@pytest.fixture
def at_most() -> Iterator[Callable[[], None]]:
    """Give what begins the count of the seconds anew."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, late)
    yield lambda: signal.setitimer(signal.ITIMER_REAL, SECONDS) and None
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def given(sprava: Sprava, seat: Path, appeal: Path, tmp_path: Path, it: Path) -> dict[str, object]:
    """What the words in capitals stand for."""
    case = register(sprava, seat, appeal)
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    _secret, sheets = shares.split(Arrangement())
    (tmp_path / "words").write_text(sheets[0].mnemonic)
    assert sprava("backup", seat, tmp_path / "backup").code == 0
    added = sprava("file", "add", seat, case["id"], appeal, "--json").json["id"]
    return {
        "VAULT": seat,
        "NEW": tmp_path / "new",
        "IT": it,
        "CASE": case["id"],
        "ADDED": added,
        "TABLE": tmp_path / "table.csv",
        "WORDS": tmp_path / "words",
        "BACKUP": tmp_path / "backup",
    }


@pytest.fixture
def kept(sprava: Sprava, seat: Path, given: dict[str, object]) -> Iterator[None]:
    """See at the end that nothing was changed and nothing made."""
    before = sprava("digest", seat).out
    yield
    assert not Path(str(given["NEW"])).exists()
    assert sprava("digest", seat).out == before


@pytest.mark.usefixtures("kept")
def test_every_file_that_a_command_reads(
    sprava: Sprava, given: dict[str, object], it: Path, at_most: Callable[[], None]
) -> None:
    for name, argv in READS.items():
        at_most()
        said = sprava(*(given.get(word, word) for word in argv), "--json")
        assert said.code in {2, 3}, (name, said.code, said.err)
        assert said.error in {"not_a_file", "is_folder"}, (name, said.error)
        assert it.name in said.err, name


@pytest.mark.parametrize("it", ["pipe", "folder"], indirect=True)  # a device is no thing to try it with
@pytest.mark.usefixtures("kept")
def test_every_file_that_a_command_writes(
    sprava: Sprava, given: dict[str, object], it: Path, at_most: Callable[[], None]
) -> None:
    kind = it.stat().st_mode
    for name, argv in WRITES.items():
        if it.is_dir() and name == "backup file":
            continue  # a file of a proper name is made in it
        at_most()
        said = sprava(*(given.get(word, word) for word in argv), "--json")
        assert said.code in {2, 3}, (name, said.code, said.err)
        assert said.error, name
        assert it.stat().st_mode == kind, name


def test_no_option_is_forgotten() -> None:
    """Whoever adds one that takes a path says here whether it is read, written, or a folder."""
    found = set()
    for command, action in options(cli._parser(dict.fromkeys(("desk", "tour", "bench"), lambda _arguments: 0))):
        if action.type is Path or action.metavar in {"FILE", "PATH", "DIR"}:
            word = action.option_strings[-1] if action.option_strings else action.dest
            common = word in {"--passphrase-file", "--stick"} or (word == "vault" and command != "restore")
            found.add(f"{'*' if common else command} {word}")
    assert found == READS.keys() | WRITES.keys() | FOLDERS


def options(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.Action]]:
    """Yield all options of all commands, each with its command."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from options(below, f"{name} {word}".strip())
        else:
            yield name, action
