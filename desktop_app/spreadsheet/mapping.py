"""The mapping file: which columns go into which fields, and what their answers mean. See docs/import.md."""

import tomllib
from collections.abc import Mapping as ReadOnly
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from sync.errors import Misuse, Refused
from sync.files import open_named
from sync.messages import _

_MAX_BYTES = 2_000_000

Answer: TypeAlias = str | int | bool | list[str] | None
OnProblem: TypeAlias = Literal["refuse", "leave-empty", "skip-row"]
OnRowProblem: TypeAlias = Literal["refuse", "skip-row"]
Unlisted: TypeAlias = Literal["keep", "leave-out", "refuse"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column, and how its cells are read.

    Args:
        label: Text put before the value where several columns are joined.
        split: What separates several answers in one cell; empty when a cell holds one.
        translate: What an answer becomes; null leaves it out.
        unlisted: What happens to an answer that ``translate`` doesn't name.
    """

    column: str
    label: str = ""
    split: str = ""
    translate: dict[str, Answer] | None = None
    unlisted: Unlisted = "keep"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the value of a field comes from: one ``column`` or several ``columns``.

    Args:
        join: What stands between the values of several columns.
        if_empty: The value of a row in which the columns hold nothing.
        on_problem: Whether a value that doesn't fit stops the import, is left out, or leaves out its row.
    """

    column: str = ""
    columns: list[str | Part] = []
    join: str = "; "
    label: str = ""
    split: str = ""
    translate: dict[str, Answer] | None = None
    unlisted: Unlisted = "keep"
    if_empty: Answer = None
    on_problem: OnProblem = "refuse"

    def parts(self) -> tuple[Part, ...]:
        """Return the columns, each with how it is read."""
        named = [self.column] if self.column else self.columns
        return tuple(
            each if isinstance(each, Part) else Part(each, self.label, self.split, self.translate, self.unlisted)
            for each in named
        )


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a cell of a linked sheet must be for its row to count."""

    below: float | None = None
    at_least: float | None = None
    any_of: list[str] | None = None


class LinkedColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the rows of a linked sheet that belong to one row give it: their number, or a list of them.

    Args:
        where: Which rows count, by column.
        columns: What of each is listed; without them they are counted.
        join: What stands between the columns of one row.
        separator: What stands between rows.
    """

    where: dict[str, Condition] = {}
    columns: list[str | Part] = []
    join: str = ", "
    separator: str = "; "


class Linked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sheet whose rows belong to rows of the main one, such as the people of a household.

    Args:
        key: The column of the linked sheet that says to which row it belongs.
        parent_key: The column of the main sheet with the same values.
        adds: The columns that the main sheet gets from it, by name.
    """

    key: str
    parent_key: str
    adds: dict[str, LinkedColumn]
    header_row: int = 1


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole mapping file.

    Args:
        about: For people.
        kit: The kit that it was written for.
        sheet: The sheet with the rows; empty for the first.
        header_row: The row with the names of the columns; None for the first that isn't empty.
        empty: Answers that mean that there is none, in every column.
        key: The column that tells rows apart.
        key_field: The field that keeps the key in the case, to find rows that were imported before.
        constants: Values that every case gets.
        skipped: Why columns are passed over, by name or by pattern such as ``needs/*``.
        on_problem: Whether a row that doesn't fit stops the import or is left out.
    """

    about: str = ""
    kit: str = ""
    sheet: str = ""
    header_row: int | None = None
    empty: list[str] = []
    key: str = ""
    key_field: str = ""
    constants: dict[str, Answer] = {}
    fields: dict[str, str | Source] = {}
    linked: dict[str, Linked] = {}
    skipped: dict[str, str] = {}
    on_problem: OnRowProblem = "refuse"

    def sources(self) -> ReadOnly[str, Source]:
        """Return where each field comes from."""
        return {
            name: Source(column=source) if isinstance(source, str) else source for name, source in self.fields.items()
        }


def load(path: Path) -> Mapping:
    """Read a mapping file, JSON or TOML by its ending.

    Raises:
        Misuse: It can't be read.
        Refused: ``bad_mapping``; the sentence names the place.
    """
    try:
        with open_named(path) as file:
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise bad_mapping(_("it is larger than 2 MB"))
    except OSError as error:
        raise Misuse(
            "unreadable_file",
            _("The file {file} can't be read: {reason}. Check its name and your rights.").format(
                file=path, reason=error.strerror
            ),
        ) from error
    try:
        mapping = msgspec.convert(_parsed(path, data), Mapping)
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_mapping(str(error)) from error
    _check(mapping)
    return mapping


def _parsed(path: Path, data: bytes) -> Any:  # noqa: ANN401 - what a file holds
    if path.suffix.lower() == ".toml":
        return tomllib.loads(data.decode("utf-8"))
    return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))


def _check(mapping: Mapping) -> None:
    for name, source in mapping.sources().items():
        if bool(source.column) == bool(source.columns):
            raise bad_mapping(_("the field “{field}” needs either “column” or “columns”").format(field=name))
        if name in mapping.constants:
            raise bad_mapping(_("the field “{field}” has both a column and a constant; keep one").format(field=name))
    if mapping.key_field and not mapping.key:
        raise bad_mapping(_("“key_field” needs “key”, the column that is kept in it"))
    if min([mapping.header_row or 1, *(linked.header_row for linked in mapping.linked.values())]) < 1:
        raise bad_mapping(_("rows are counted from 1"))


def bad_mapping(fault: str) -> Refused:
    """Return the refusal of a mapping file.

    Args:
        fault: What is wrong, as the middle of a sentence.
    """
    return Refused(
        "bad_mapping",
        _("The mapping file can't be used: {fault}. Nothing was registered; correct it and try again.").format(
            fault=fault
        ),
    )
