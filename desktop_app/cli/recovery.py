"""Commands about the ways into a vault: the pass phrase, the second secret, the recovery sheet."""

import argparse
import errno
import os
import re
from argparse import Namespace
from pathlib import Path

from desktop_app import vault
from desktop_app.cli import output
from desktop_app.cli.parser import Commands
from desktop_app.opening import open_workspace, recover_workspace
from desktop_app.recovery import Prepared
from desktop_app.recovery_reading import read_shares
from desktop_app.vault import NewPhrase, Stick, stick
from desktop_app.vault.shares import Arrangement, Share
from desktop_app.workspace import Workspace
from sync.errors import Misuse, Refused
from sync.messages import _

_TRUSTEES = re.compile(r"(\d{1,3})/(\d{1,3})")


def add_commands(commands: Commands) -> None:
    """Add ``vault passphrase``, ``vault recovery-sheet`` and ``vault recover``."""
    change = commands.add("passphrase", _("change the pass phrase; nothing is encrypted anew"), _change)
    change.add_argument("vault", metavar="VAULT", type=Path)
    _new_phrase_options(change)
    second = change.add_mutually_exclusive_group()
    second.add_argument(
        "--make-stick", metavar="FILE", type=Path, help=_("write a key file that is needed too from now on")
    )
    second.add_argument("--no-stick", action="store_true", help=_("let the pass phrase alone open the vault again"))
    sheet = commands.add("recovery-sheet", _("make a recovery sheet; it replaces the one before"), _sheet)
    sheet.add_argument("vault", metavar="VAULT", type=Path)
    sheet.add_argument("--out", required=True, metavar="FILE", type=Path, help=_("the PDF; trustees get one each"))
    trustees_option(sheet)
    recover = commands.add("recover", _("open a vault with its recovery sheet and set a new pass phrase"), _recover)
    recover.add_argument("vault", metavar="VAULT", type=Path)
    recovery_options(recover, required=True)


def recovery_options(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add the options of whoever opens a vault with its recovery sheets and gives it new ways in."""
    parser.add_argument(
        "--recovery-code",
        action="append",
        required=required,
        metavar="FILE",
        type=Path,
        help=_("the words, the sheet's PDF, or a photo of it; once for each sheet"),
    )
    parser.add_argument(
        "--recovery-sheet", metavar="FILE", type=Path, help=_("where the new sheet goes; by default beside the code")
    )
    _new_phrase_options(parser)


def trustees_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that splits a recovery sheet among trustees."""
    parser.add_argument("--trustees", metavar="K/N", help=_("split it among N trustees, of whom any K are needed"))


def arrangement(arguments: Namespace) -> Arrangement:
    """Return how many recovery sheets are asked for.

    Raises:
        Misuse: It is not of the form K/N.
        Refused: It is not possible.
    """
    if arguments.trustees is None:
        return Arrangement()
    found = _TRUSTEES.fullmatch(arguments.trustees)
    if found is None:
        raise Misuse(
            "usage", _("“{argument}” is not of the form K/N, such as 2/3.").format(argument=arguments.trustees)
        )
    asked = Arrangement(int(found[1]), int(found[2]))
    if asked.single:
        raise Misuse("usage", _("One trustee is no split. Leave --trustees out."))
    asked.require_possible()
    return asked


def require_writable(path: Path, asked: Arrangement) -> None:
    """Refuse a place for a recovery sheet before anything is made that needs it.

    Raises:
        Refused: There is a file already.
        Misuse: Nothing can be written there.
    """
    folder = path.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise output.unwritable(path, os.strerror(errno.EACCES if folder.is_dir() else errno.ENOENT))
    for place in asked.paths(path):
        if place.exists():
            raise Refused(
                "file_exists",
                _("There is a file {file} already; it was not touched. Choose another name.").format(file=place),
            )


def make(workspace: Workspace, asked: Arrangement, path: Path) -> dict[str, object]:
    """Write new recovery sheets and let them open the vault, and no others; return what a script is told.

    Raises:
        Refused: A file is there already or can't be written; nothing has changed.
    """
    prepared = workspace.recovery.prepare(asked)
    written = prepared.write(path)
    workspace.recovery.put_in_force(prepared)
    return _document(prepared, written)


def _document(prepared: Prepared, written: list[Path]) -> dict[str, object]:
    asked = prepared.arrangement
    return {"number": prepared.number, "needed": asked.threshold, "count": asked.count, "files": written}


def _new_phrase_options(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--new-passphrase-file", metavar="FILE", help=_("file whose first line is the pass phrase from now on")
    )
    source.add_argument("--generate", action="store_true", help=_("make a phrase of five words, and print it"))


def new_phrase(arguments: Namespace, *, alone: bool = False) -> str:
    """Return the pass phrase to use from now on: made, read or asked for.

    Args:
        arguments: Say which.
        alone: There is no present pass phrase beside it.

    Raises:
        Refused: It is weak, or there is none.
    """
    phrase = vault.generate_passphrase() if arguments.generate else output.new_passphrase(arguments, alone=alone)
    vault.check_passphrase(phrase)
    return phrase


def _change(arguments: Namespace) -> int:
    present, old = output.stick(arguments), output.passphrase(arguments)
    new = new_phrase(arguments)
    made: Stick | None = None
    if arguments.make_stick is not None:
        # Nobody can lose what is not needed yet: the file is on the stick before the vault asks for it. It stays there
        # whatever follows, since after an error of the disk nobody knows whether the vault asks for it already.
        made = Stick.generate()
        stick.write(arguments.make_stick, made)
    vault.change_passphrase(arguments.vault, old, new, stick=present, new_stick=made, drop_stick=arguments.no_stick)
    needed = _("From now on the vault needs {file} too. Keep a copy of it in another place.")
    return output.result(
        arguments,
        {"changed": True, "stick": vault.wants_stick(arguments.vault), **_shown(arguments, new)},
        _("The pass phrase is changed. The one before does not open the vault any more."),
        *_lines(arguments, new),
        *([needed.format(file=arguments.make_stick)] if made else []),
    )


def _sheet(arguments: Namespace) -> int:
    asked = arrangement(arguments)
    require_writable(arguments.out, asked)
    given = output.stick(arguments)
    with open_workspace(arguments.vault, output.passphrase(arguments), stick=given, raise_cost=True) as workspace:
        made = make(workspace, asked, arguments.out)
    return output.result(arguments, made, *sheet_lines(made))


def _recover(arguments: Namespace) -> int:
    found = given_shares(arguments)
    document, lines = recovered(arguments, found, new_phrase(arguments, alone=True))
    return output.result(arguments, document, *lines)


def given_shares(arguments: Namespace) -> list[Share]:
    """Return the recovery sheets that a command line names.

    Raises:
        Refused: One of the files can't be read.
    """
    return [share for path in arguments.recovery_code for share in read_shares(path)]


def recovered(arguments: Namespace, found: list[Share], new: str) -> tuple[dict[str, object], list[str]]:
    """Open a vault with its recovery sheets and give it new ways in; return what a script and a person are told.

    Args:
        arguments: Name the vault, and where the new sheet goes.
        found: The sheets.
        new: The pass phrase from now on.

    Raises:
        Refused: The sheets don't open it, or the new sheet can't be written; nothing has changed.
    """
    beside = arguments.recovery_code[0].absolute().parent
    made: dict[str, object] = {}

    def keep(prepared: Prepared) -> None:
        path = arguments.recovery_sheet or beside / f"sprava-recovery-{prepared.number}.pdf"
        made.update(_document(prepared, prepared.write(path)))

    with recover_workspace(arguments.vault, found, NewPhrase(new), keep) as workspace:
        for notice in workspace.notices:
            output.tell(notice)
    lines = [
        _("The vault opens with the new pass phrase. The recovery sheet that was used is void; destroy it."),
        *_lines(arguments, new),
        *sheet_lines(made),
    ]
    return {"recovered": True, "recovery_sheet": made, **_shown(arguments, new)}, lines


def _shown(arguments: Namespace, phrase: str) -> dict[str, str]:
    return {"passphrase": phrase} if arguments.generate else {}


def _lines(arguments: Namespace, phrase: str) -> list[str]:
    return [_("The pass phrase: {phrase}").format(phrase=phrase)] if arguments.generate else []


def sheet_lines(made: dict[str, object]) -> list[str]:
    """Return what a person is told of new sheets, as `make` returned them."""
    files = made["files"] if isinstance(made["files"], list) else []
    what = _("Print it, put it into a safe and delete the file: {file}")
    if len(files) > 1:
        what = _("Print it, hand it to its trustee and delete the file: {file}")
    return [
        _("Recovery sheet {number} opens the vault; sheets before it do not.").format(number=made["number"]),
        *(what.format(file=file) for file in files),
    ]
