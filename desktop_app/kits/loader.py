"""Find kits and load them, checked to the last reference."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import resources
from desktop_app.kits.checks import check_kit
from desktop_app.kits.expressions import Reader
from desktop_app.kits.identifiers import CHECKS
from desktop_app.kits.model import (
    Choice,
    Field,
    FieldType,
    Kit,
    LegalBasis,
    Numbering,
    Rule,
    Section,
    Stage,
    Term,
    TermExtension,
    Transition,
    Unit,
)
from desktop_app.kits.reading import Faults, Item, read_json
from desktop_app.kits.values import READERS
from sync.errors import Refused
from sync.messages import _

KIT_FILE = "kit.json"
MAX_FIELDS = 500
_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KIT_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
_DEFAULT_LENGTHS = {FieldType.LONG_TEXT: 20_000, FieldType.EMAIL: 254, FieldType.IDENTIFIER: 64}


@cache
def shipped() -> Mapping[str, Kit]:
    """Return the kits that ship with the program, by id."""
    folders = sorted(file.parent for file in resources.path("kits").glob(f"*/{KIT_FILE}"))
    kits = (load(folder) for folder in folders)
    return MappingProxyType({kit.id: kit for kit in kits})


def kit(kit_id: str) -> Kit:
    """Return a kit by its id.

    Raises:
        Refused: ``unknown_kit``; the message names those that exist.
    """
    found = shipped().get(kit_id)
    if found is None:
        raise Refused(
            "unknown_kit",
            _("There is no kit “{kit}”. Those that exist: {known}.").format(kit=kit_id, known=", ".join(shipped())),
        )
    return found


def load(folder: Path) -> Kit:
    """Load the kit of a folder and check it fully.

    Args:
        folder: A folder with a ``kit.json``; its name is the id of the kit.

    Raises:
        Refused: ``bad_kit``; every fault is named with its file and place.
    """
    file = folder / KIT_FILE
    faults = Faults(str(file))
    item = Item(read_json(file), "", faults)
    if item.get("id") != folder.name:
        item.fault("id", _("The id must be the name of the folder, “{name}”.").format(name=folder.name))
    found = _kit(item)
    item.finish()
    # References are only worth checking once every part has the right shape.
    faults.raise_any()
    check_kit(found, faults)
    faults.raise_any()
    return found


def _kit(item: Item) -> Kit:
    fields = _fields(item)
    readers = {each.id: READERS[each.type] for each in fields}
    numbering = item.item("numbering")
    found = Kit(
        id=_identity(item, _KIT_ID),
        version=item.integer("version"),
        title=item.local("title"),
        description=item.local("description"),
        authors=item.strings("authors"),
        licence=item.string("licence"),
        legal_basis=tuple(
            LegalBasis(each.local("title"), each.day("effective_from"), each.verification())
            for each in item.items("legal_basis")
        ),
        sections=tuple(Section(_identity(each), each.local("label")) for each in item.items("sections", "id")),
        fields=fields,
        stages=tuple(
            Stage(_identity(each), each.local("label"), each.flag("final")) for each in item.items("stages", "id")
        ),
        transitions=tuple(
            Transition(each.string("from"), each.string("to"), each.local("label"), each.strings("requires"))
            for each in item.items("transitions", optional=True)
        ),
        terms=tuple(_term(each, readers) for each in item.items("terms", "id", optional=True)),
        numbering=Numbering(numbering.string("mask"), numbering.string("nomenclature", "")),
        title_field=item.string("title_field"),
        person_field=item.string("person_field"),
        date_field=item.string("date_field"),
    )
    numbering.finish()
    return found


def _identity(item: Item, shape: re.Pattern[str] = _ID) -> str:
    value = item.string("id")
    if value and not shape.fullmatch(value):
        item.fault(
            "id",
            _("An id is of small Latin letters, digits and {joiner}, and begins with a letter.").format(
                joiner="-" if shape is _KIT_ID else "_"
            ),
        )
    return value


def _fields(item: Item) -> tuple[Field, ...]:
    raw = item.get("fields")
    entries = raw if isinstance(raw, list) else []
    if len(entries) > MAX_FIELDS:
        item.fault("fields", _("A kit has at most {limit} fields.").format(limit=MAX_FIELDS))
        return ()
    # Expressions may name any field, also a later one, so the types are gathered first.
    readers = {
        entry["id"]: READERS[FieldType(entry["type"])]
        for entry in entries
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and entry.get("type") in list(FieldType)
    }
    return tuple(_field(each, readers) for each in item.items("fields", "id"))


def _field(item: Item, readers: Mapping[str, Reader]) -> Field:
    field_id = _identity(item)
    kind = _type(item)
    required = item.get("required")
    check = item.string("check", "") or None
    if check is not None and check not in CHECKS:
        item.fault(
            "check",
            _("There is no check “{check}”. Those that exist: {known}.").format(
                check=check, known=", ".join(sorted(CHECKS))
            ),
        )
    valid = item.expression("valid", readers, field_id)
    return Field(
        id=field_id,
        type=kind,
        label=item.local("label"),
        hint=item.local("hint", optional=True),
        section=item.string("section"),
        required=required if isinstance(required, bool) else item.expression("required", readers, field_id) or False,
        shown=item.expression("shown", readers),
        valid=valid,
        valid_message=item.local("valid_message", optional=valid is None),
        default=item.expression("default", readers),
        choices=tuple(_choice(each, readers) for each in item.items("choices", "value", optional=True)),
        max_length=item.integer("max_length", _DEFAULT_LENGTHS.get(kind, 500), high=100_000),
        check=check,
        calculation=item.expression("calculation", readers),
    )


def _type(item: Item) -> FieldType:
    name = item.string("type")
    if name in list(FieldType):
        return FieldType(name)
    item.fault(
        "type",
        _("There is no field type “{type}”. Those that exist: {known}.").format(type=name, known=", ".join(FieldType)),
    )
    return FieldType.TEXT


def _choice(item: Item, readers: Mapping[str, Reader]) -> Choice:
    value = item.string("value")
    if value and not _ID.fullmatch(value):
        item.fault(
            "value", _("The value of a choice is of small Latin letters, digits and _, and begins with a letter.")
        )
    return Choice(value, item.local("label"), item.expression("when", readers))


def _term(item: Item, readers: Mapping[str, Reader]) -> Term:
    extension = item.get("extension")
    return Term(
        id=_identity(item),
        label=item.local("label"),
        start=item.string("start"),
        when=item.expression("when", readers),
        stages=item.strings("stages"),
        extension=None if extension is None else _extension(item.item("extension")),
        remind_days=item.integer("remind_days", 3, low=0, high=365),
        rules=_rules(item),
    )


def _extension(item: Item) -> TermExtension:
    found = TermExtension(item.local("label"), item.strings("requires"), _rules(item))
    item.finish()
    return found


def _rules(item: Item) -> tuple[Rule, ...]:
    rules = [
        Rule(
            each.integer("value", high=3_650),
            _unit(each),
            each.local("source"),
            each.day("effective_from"),
            each.verification(),
        )
        for each in item.items("rules")
    ]
    return tuple(sorted(rules, key=lambda rule: rule.effective_from))


def _unit(item: Item) -> Unit:
    name = item.string("unit")
    if name in list(Unit):
        return Unit(name)
    item.fault(
        "unit", _("There is no unit “{unit}”. Those that exist: {known}.").format(unit=name, known=", ".join(Unit))
    )
    return Unit.CALENDAR
