"""What the command line writes: one JSON document or plain lines to standard output, messages to standard error."""

import getpass
import io
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from desktop_app.vault import Stick
from desktop_app.vault.stick import read as read_stick
from sync.errors import Failure, Misuse, Refused
from sync.files import open_named, write_durably
from sync.messages import _

PASSPHRASE_VARIABLE = "SPRAVA_PASSPHRASE"  # noqa: S105 - the name of the variable
NEW_PASSPHRASE_VARIABLE = "SPRAVA_NEW_PASSPHRASE"  # noqa: S105 - the same
STICK_VARIABLE = "SPRAVA_STICK"
_MOST_BYTES = 256 * 2**20
"""No file that a command takes whole is larger."""


def result(arguments: Namespace, document: Mapping[str, Any], *lines: str) -> int:
    """Write the result of a command and return exit code 0.

    Args:
        arguments: Decides between JSON and plain lines.
        document: The JSON document.
        *lines: The plain lines.
    """
    if getattr(arguments, "json", False):
        sys.stdout.write(to_json(document) + "\n")
    else:
        for line in lines:
            sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0


def to_json(document: object) -> str:
    """Return a document as indented JSON; dates and times in ISO form."""
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=_encode), indent=2).decode()


def _encode(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)


def prepare(*, as_json: bool) -> None:
    """Let standard output take every letter: JSON is UTF-8 everywhere, and a letter that a terminal lacks is replaced.

    Args:
        as_json: Whether a JSON document is to be written.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")


def tell(message: str) -> None:
    """Write a sentence for a person to standard error."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def failure(arguments: Namespace | None, problem: Failure) -> int:
    """Tell what went wrong, and return the exit code for it."""
    tell(problem.message)
    if arguments is not None and getattr(arguments, "json", False):
        document = {
            "error": {
                "code": problem.code,
                "message": problem.message,
                "fields": [{"field": fault.field, "message": fault.message} for fault in problem.fields],
            }
        }
        sys.stdout.write(to_json(document) + "\n")
    return problem.exit_code


def passphrase(arguments: Namespace, *, new: bool = False) -> str:
    """Return the pass phrase from the file, the environment or a prompt; never from an argument.

    Args:
        arguments: May name a file.
        new: Ask twice, since a new vault is being made.

    Raises:
        Refused: There is none and nobody to ask, or the two differ.
    """
    file = getattr(arguments, "passphrase_file", None)
    if file is not None:
        return _first_line(file)
    if PASSPHRASE_VARIABLE in os.environ:
        return os.environ[PASSPHRASE_VARIABLE]
    return _asked(_("Pass phrase: "), PASSPHRASE_VARIABLE, twice=new)


def new_passphrase(arguments: Namespace, *, alone: bool = False) -> str:
    """Return the pass phrase to use from now on, from a file, the environment or a prompt, where it is asked twice.

    Args:
        arguments: May name a file.
        alone: There is no present one, so that what gives the pass phrase elsewhere gives the new one.

    Raises:
        Refused: There is none and nobody to ask, or the two differ.
    """
    file = getattr(arguments, "new_passphrase_file", None)
    if file is not None:
        return _first_line(file)
    if NEW_PASSPHRASE_VARIABLE in os.environ:
        return os.environ[NEW_PASSPHRASE_VARIABLE]
    if alone and (getattr(arguments, "passphrase_file", None) or PASSPHRASE_VARIABLE in os.environ):
        return passphrase(arguments)
    return _asked(_("New pass phrase: "), NEW_PASSPHRASE_VARIABLE, twice=True)


def stick(arguments: Namespace) -> Stick | None:
    """Return the second secret that the arguments or the environment name, or None.

    Args:
        arguments: May name its file.

    Raises:
        Refused: The file can't be read.
        Damaged: It is no key file of a stick.
    """
    file = getattr(arguments, "stick", None) or os.environ.get(STICK_VARIABLE)
    return None if not file else read_stick(Path(file))


def _first_line(file: str) -> str:
    text = read_file(Path(file)).decode("utf-8-sig", "replace")
    return text.splitlines()[0] if text else ""


def _asked(prompt: str, variable: str, *, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise _no_passphrase(variable)
    try:
        first = getpass.getpass(prompt)
        again = getpass.getpass(_("Once more: ")) if twice else first
    except EOFError:
        raise _no_passphrase(variable) from None
    if again != first:
        raise Refused("passphrases_differ", _("The two pass phrases differ; nothing was made. Try again."))
    return first


def read_file(path: Path) -> bytes:
    """Return the bytes of a file that somebody named.

    Raises:
        Misuse: It can't be read, or is larger than any such file.
    """
    try:
        with open_named(path) as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Misuse(
            "unreadable_file",
            _("The file {file} can't be read: {reason}. Check its name and your rights.").format(
                file=path, reason=error.strerror
            ),
        ) from error
    if len(data) > _MOST_BYTES:
        raise Misuse("file_too_large", _("The file {file} is too large. Nothing was taken from it.").format(file=path))
    return data


def _no_passphrase(variable: str) -> Refused:
    if variable == NEW_PASSPHRASE_VARIABLE:
        message = _("No new pass phrase was given. Use --new-passphrase-file or the environment variable {name}.")
        return Refused("no_new_passphrase", message.format(name=variable))
    message = _("No pass phrase was given. Use --passphrase-file or the environment variable {name}.")
    return Refused("no_passphrase", message.format(name=variable))


def write_secret_file(path: Path, data: bytes) -> None:
    """Write a file that somebody named and that only its owner may read: whole, or not at all.

    A link in its place is replaced, not followed.

    Raises:
        Misuse: It can't be written.
    """
    try:
        write_durably(path, data)
    except OSError as error:
        raise unwritable(path, error.strerror or "") from error


def unwritable(path: Path, reason: str) -> Misuse:
    """Return the failure that a file can't be written."""
    return Misuse(
        "unwritable_file",
        _("The file {file} can't be written: {reason}. Choose another place.").format(file=path, reason=reason),
    )
