"""The plan of an import: everything that is decided once for the file, so that little is left for each row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from desktop_app.kits import values
from desktop_app.kits.model import Field, FieldType, Kit, text
from desktop_app.spreadsheet import cells
from desktop_app.spreadsheet.columns import Header, Reader, joined, listed, part_reader
from desktop_app.spreadsheet.mapping import Answer, OnProblem, Part, Source, bad_mapping
from desktop_app.spreadsheet.mapping import Mapping as MappingFile
from desktop_app.spreadsheet.reading import Row
from desktop_app.spreadsheet.report import SkippedColumn
from sync.errors import Refused
from sync.messages import LANGUAGES, _

KEY = "_key"
"""Stands for the key where a problem names its field."""
_WITHOUT_COLUMN = frozenset({FieldType.CALCULATED, FieldType.NOTE})
_ANSWERS = frozenset({FieldType.CHOICE, FieldType.MULTIPLE_CHOICE, FieldType.YES_NO})


@dataclass(frozen=True, slots=True)
class Target:
    """A field and how its value is read out of a row.

    Args:
        columns: Where its columns stand.
        fallback: The value of a row in which they hold nothing.
    """

    field: Field
    columns: tuple[int, ...]
    read: Reader
    fallback: Answer
    on_problem: OnProblem


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to every row.

    Args:
        constants: Values that every row gets.
        conditional: Fields that the kit shows on a condition and that get a constant or fallback: a value that
            nobody gave isn't put where the form wouldn't show it.
        key: Where the key column stands, if there is one.
    """

    kit: Kit
    header: Header
    targets: tuple[Target, ...]
    constants: Mapping[str, Answer]
    conditional: frozenset[str]
    key: int | None

    def columns(self, field_id: str) -> tuple[int, ...]:
        """Return the columns of a field, or of the key."""
        if field_id == KEY:
            return () if self.key is None else (self.key,)
        return next((target.columns for target in self.targets if target.field.id == field_id), ())

    def skipped(self, notes: Mapping[str, str], rows: Sequence[Row]) -> tuple[SkippedColumn, ...]:
        """Return the columns that go into no field.

        Args:
            notes: Why, by name or pattern.
            rows: The rows under the header; a column without name and content isn't told.
        """
        used = {index for target in self.targets for index in target.columns}
        return tuple(
            SkippedColumn(name, index, next((why for pattern, why in notes.items() if fnmatchcase(name, pattern)), ""))
            for index, name in enumerate(self.header.names[: self.header.own])
            if index not in used and (name or _has_content(rows, index))
        )

    def by_default(self) -> tuple[str, ...]:
        """Return the fields without a column that the kit fills in by itself."""
        given = {target.field.id for target in self.targets} | self.constants.keys()
        return tuple(each.id for each in self.kit.fields if each.default is not None and each.id not in given)


def make_plan(kit: Kit, header: Header, mapping: MappingFile, *, by_name: bool) -> Plan:
    """Decide what goes where.

    Args:
        kit: The kit of the cases.
        header: The columns of the sheet.
        mapping: The mapping file, or an empty one.
        by_name: Whether columns are found by the names of the fields, for want of a mapping file.

    Raises:
        Refused: A field or column doesn't exist, a value of the mapping doesn't fit, or something required has
            no column.
    """
    sources = _sources_by_name(kit, header) if by_name else mapping.sources()
    for name in [*sources, *mapping.constants]:
        kit.field(name)
    header.require([part.column for source in sources.values() for part in source.parts()])
    targets = tuple(_target(kit.field(name), source, header, mapping) for name, source in sources.items())
    for name, value in mapping.constants.items():
        _check_answers(kit.field(name), [value])
    given = {target.field.id for target in targets if target.fallback is not None} | {
        name for name, value in mapping.constants.items() if value is not None
    }
    plan = Plan(
        kit=kit,
        header=header,
        targets=targets,
        constants=mapping.constants,
        conditional=frozenset(name for name in given if kit.field(name).shown is not None),
        key=header.index(mapping.key) if mapping.key else None,
    )
    _require_fields(plan)
    return plan


def _sources_by_name(kit: Kit, header: Header) -> Mapping[str, Source]:
    known: dict[str, str] = {}
    for each in kit.fields:
        if each.type not in _WITHOUT_COLUMN:
            known |= {text(each.label, lang).casefold(): each.id for lang in LANGUAGES} | {each.id: each.id}
    sources: dict[str, Source] = {}
    for name in header.names:
        field_id = known.get(name.casefold())
        if field_id is None:
            continue
        if field_id in sources:
            raise Refused(
                "wrong_columns",
                _(
                    "Two columns are for the same field: “{first}” and “{second}”. Nothing was registered. Delete one."
                ).format(first=sources[field_id].column, second=name),
            )
        sources[field_id] = Source(column=name)
    if not sources:
        raise Refused(
            "wrong_columns",
            _(
                "No column of the sheet “{sheet}” has the name of a field of the kit “{kit}”; nothing was registered. "
                "Its columns: {present}. The fields: {fields}. Rename the columns, or give a mapping file with --map."
            ).format(
                sheet=header.sheet,
                kit=text(kit.title),
                present=listed(header.names),
                fields=", ".join(text(each.label) for each in kit.fields if each.type not in _WITHOUT_COLUMN),
            ),
        )
    return sources


def _target(field: Field, source: Source, header: Header, mapping: MappingFile) -> Target:
    parts = source.parts()
    indexes = tuple(header.index(part.column) for part in parts)
    readers = [part_reader(part, index, mapping.empty) for part, index in zip(parts, indexes, strict=True)]
    if field.type in _ANSWERS:
        for part in parts:
            _check_answers(field, (part.translate or {}).values())
    _check_answers(field, [source.if_empty])
    if field.type is FieldType.MULTIPLE_CHOICE:
        read = _all_answers(readers)
    elif len(parts) == 1 and not parts[0].label:
        read = _single(readers[0], source.join)
    else:
        read = _as_text(parts, readers, source.join)
    return Target(field, indexes, read, source.if_empty, source.on_problem)


def _single(read: Reader, join: str) -> Reader:
    def single(row: Row) -> object:
        value = read(row)
        return join.join(map(cells.text, value)) if isinstance(value, list) else value

    return single


def _all_answers(readers: Sequence[Reader]) -> Reader:
    if len(readers) == 1:
        return readers[0]

    def all_answers(row: Row) -> object:
        found: list[object] = []
        for read in readers:
            value = read(row)
            found += value if isinstance(value, list) else [] if value is None else [value]
        return found or None

    return all_answers


def _as_text(parts: Sequence[Part], readers: Sequence[Reader], join: str) -> Reader:
    labels = [part.label for part in parts]

    def as_text(row: Row) -> object:
        return joined([(label, read(row)) for label, read in zip(labels, readers, strict=True)], join) or None

    return as_text


def _check_answers(field: Field, answers: Iterable[Answer]) -> None:
    """Refuse a mapping whose own answers the kit doesn't take, once and not for every row."""
    for answer in answers:
        try:
            values.parse(field, answer)
        except Refused as error:
            raise bad_mapping(error.message.rstrip(".")) from error


def _require_fields(plan: Plan) -> None:
    given = {target.field.id for target in plan.targets} | {
        name for name, value in plan.constants.items() if value is not None
    }
    missing = [
        each
        for each in plan.kit.fields
        if each.required is True and each.shown is None and each.default is None and each.id not in given
    ]
    if missing:
        raise Refused(
            "wrong_columns",
            _(
                "Every case needs these fields, and no column gives them: {missing}. Nothing was registered. The "
                "columns of the sheet “{sheet}”: {present}. Rename columns, or give a mapping file with --map."
            ).format(
                missing=", ".join(f"“{text(each.label)}” ({each.id})" for each in missing),
                sheet=plan.header.sheet,
                present=listed(plan.header.names),
            ),
        )


def _has_content(rows: Sequence[Row], index: int) -> bool:
    return any(index < len(row) and cells.clean(row[index]) is not None for row in rows)
