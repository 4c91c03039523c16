"""Commands about cases and their conflicts."""

import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from desktop_app.cases.model import CaseQuery, CaseView, Sibling
from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.kits.model import FieldType, text
from desktop_app.kits.values import display
from desktop_app.moments import date_and_time
from desktop_app.workspace import Workspace
from sync.errors import Misuse, Refused
from sync.messages import _


def add_commands(commands: Commands) -> None:
    """Add ``case`` and ``conflict``."""
    case = commands.group("case", _("register, show, change and find cases"))
    register = case.add("register", _("register one case or many"), _register)
    register.add_argument("vault", metavar="VAULT", type=Path)
    register.add_argument("--kit", required=True, metavar="ID")
    place = register.add_mutually_exclusive_group()
    place.add_argument("--unit", metavar="NAME", help=_("the unit; by default the first one of this device"))
    place.add_argument("--only", nargs="+", metavar="NAME", help=_("only these people and you read the case"))
    source = register.add_mutually_exclusive_group(required=True)
    source.add_argument("--set", action="append", metavar="FIELD=VALUE", help=_("a field and its value; repeatable"))
    source.add_argument(
        "--from",
        dest="source",
        metavar="FILE",
        help=_("JSON file or - for standard input: one object, an array, or a line for each case"),
    )
    for name, summary, handler in (
        ("show", _("one case with its conflicts"), _show),
        ("history", _("every value ever written to a case"), _history),
    ):
        parser = case.add(name, summary, handler)
        parser.add_argument("vault", metavar="VAULT", type=Path)
        parser.add_argument("ref", metavar="REF", help=_("id or registration number"))
    change = case.add("set", _("change fields of a case"), _set)
    change.add_argument("vault", metavar="VAULT", type=Path)
    change.add_argument("ref", metavar="REF", help=_("id or registration number"))
    change.add_argument("values", nargs="+", metavar="FIELD=VALUE")
    move = case.add("move", _("move a case to another stage"), _move)
    move.add_argument("vault", metavar="VAULT", type=Path)
    move.add_argument("ref", metavar="REF", help=_("id or registration number"))
    move.add_argument("stage", metavar="STAGE")
    transfer = case.add("transfer", _("move a case with its history and files to another unit"), _transfer)
    transfer.add_argument("vault", metavar="VAULT", type=Path)
    transfer.add_argument("ref", metavar="REF", help=_("id or registration number"))
    transfer.add_argument("unit", metavar="UNIT")
    restrict = case.add("restrict", _("let only named people read a case from now on"), _restrict)
    restrict.add_argument("vault", metavar="VAULT", type=Path)
    restrict.add_argument("ref", metavar="REF", help=_("id or registration number"))
    restrict.add_argument(
        "--only", nargs="+", required=True, metavar="NAME", help=_("the people who read it, besides you")
    )
    moved = case.add("moved", _("cases that were moved to another unit: number, where to, when"), _moved_away)
    moved.add_argument("vault", metavar="VAULT", type=Path)
    moved.add_argument("--unit", metavar="NAME", help=_("only from this unit"))
    _add_list(commands, case)
    conflict = commands.group("conflict", _("fields with several current values"))
    listing = conflict.add("list", _("all conflicts"), _conflicts)
    listing.add_argument("vault", metavar="VAULT", type=Path)
    resolve = conflict.add("resolve", _("decide a conflict"), _resolve)
    resolve.add_argument("vault", metavar="VAULT", type=Path)
    resolve.add_argument("ref", metavar="REF", help=_("id or registration number"))
    resolve.add_argument("field", metavar="FIELD")
    resolve.add_argument("--take", required=True, metavar="mine|theirs|VALUE")


def _add_list(_commands: Commands, case: Commands) -> None:
    listing = case.add("list", _("find and list cases"), _list)
    listing.add_argument("vault", metavar="VAULT", type=Path)
    listing.add_argument("--kit", metavar="ID")
    listing.add_argument("--unit", metavar="NAME", help=_("only cases of this unit"))
    listing.add_argument("--query", default="", metavar="TEXT", help=_("words to find, each from its beginning"))
    listing.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE")
    listing.add_argument("--sort", metavar="FIELD", help=_("a column or field; --sort=-FIELD for the largest first"))
    listing.add_argument("--limit", type=int, default=50, metavar="N")
    listing.add_argument("--offset", type=int, default=0, metavar="N")


def pairs(arguments: Iterable[str]) -> dict[str, str]:
    """Return FIELD=VALUE arguments as a mapping.

    Raises:
        Misuse: One has no equals sign, or a field comes twice.
    """
    values: dict[str, str] = {}
    for argument in arguments:
        name, sign, value = argument.partition("=")
        if not sign or not name:
            raise Misuse("usage", _("“{argument}” is not of the form FIELD=VALUE.").format(argument=argument))
        if name in values:
            raise Misuse("usage", _("The field “{field}” is given twice.").format(field=name))
        values[name] = value
    return values


def _register(arguments: Namespace) -> int:
    if arguments.set:
        many, single = [dict[str, Any](pairs(arguments.set))], True
    else:
        many, single = _read_cases(arguments.source)
    with opened(arguments) as workspace:
        if arguments.only:
            registered = [workspace.circles.register(arguments.kit, each, arguments.only) for each in many]
        else:
            registered = workspace.cases.register_many(arguments.kit, many, unit_id(workspace, arguments.unit))
    documents = [asdict(case) for case in registered]
    return output.result(
        arguments,
        documents[0] if single else {"cases": documents},
        *(f"{case.number}  {case.id}" for case in registered),
    )


def unit_id(workspace: Workspace, name: str | None) -> str | None:
    """Return the id of a unit that a command names; None when it names none.

    Raises:
        Refused: This device belongs to no such unit.
    """
    if name is None:
        return None
    units = workspace.units()
    for unit in units:
        if name in {unit.name, unit.id}:
            return unit.id
    raise Refused(
        "unknown_unit",
        _("This device does not belong to a unit “{unit}”. Its units: {units}.").format(
            unit=name, units=", ".join(unit.name for unit in units)
        ),
    )


def _read_cases(source: str) -> tuple[list[dict[str, Any]], bool]:
    """Return the cases in a file, and whether it holds one object rather than several."""
    data = sys.stdin.buffer.read() if source == "-" else output.read_file(Path(source))
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        try:
            document = msgspec.json.decode(data)
        except msgspec.DecodeError:
            document = [msgspec.json.decode(line) for line in data.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Misuse(
            "not_json",
            _("{source} is neither JSON nor JSON lines: {problem}. Nothing was registered.").format(
                source=source, problem=error
            ),
        ) from error
    single = isinstance(document, dict)
    many = [document] if single else document
    if not many or not isinstance(many, list) or not all(isinstance(case, dict) for case in many):
        raise Misuse("not_json", _("{source} holds no case objects. Nothing was registered.").format(source=source))
    return many, single


def _show(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        view = workspace.cases.find(arguments.ref)
        people = workspace.circles.people(view.id)
    return _shown(arguments, view, people)


def _set(arguments: Namespace) -> int:
    values = pairs(arguments.values)
    with opened(arguments) as workspace:
        kit = workspace.cases.peek(arguments.ref).kit
        calculated = [name for name in values if name in kit.field_ids and kit.field(name).type is FieldType.CALCULATED]
        if calculated:
            raise Refused(
                "calculated_field",
                _("The field “{field}” is calculated from others and can't be set. Nothing was changed.").format(
                    field=calculated[0]
                ),
            )
        view = workspace.cases.edit(arguments.ref, values)
    return _shown(arguments, view)


def _move(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        view = workspace.cases.move(arguments.ref, arguments.stage)
    return _shown(arguments, view)


def _transfer(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        view = workspace.transfers.transfer(arguments.ref, arguments.unit)
    return _shown(arguments, view)


def _restrict(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        view = workspace.circles.restrict(arguments.ref, arguments.only)
        people = workspace.circles.people(view.id) or []
    return output.result(
        arguments,
        {"id": view.id, "number": view.number, "only": people},
        _("The case {number} is read by: {people}. Who had read it before, has read it.").format(
            number=view.number, people=", ".join(people)
        ),
    )


def _moved_away(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        pointers = workspace.transfers.pointers(arguments.unit)
    return output.result(
        arguments,
        {"moved": [asdict(pointer) for pointer in pointers]},
        *(
            f"{pointer.number}  {pointer.unit} → {pointer.moved_to}  {pointer.moved_on.astimezone():%d.%m.%Y %H:%M}"
            for pointer in pointers
        ),
    )


def _shown(arguments: Namespace, view: CaseView, only: list[str] | None = None) -> int:
    # A stage of a newer version of the kit has no label here; its id still says something.
    stage = next((text(known.label) for known in view.kit.stages if known.id == view.stage), view.stage)
    lines = [f"{view.number}  {text(view.kit.title)}  {stage}"]
    lines += [
        f"  {text(field.label)}: {display(field, view.values[field.id])}"
        for field in view.kit.fields
        if field.id in view.values
    ]
    if not only:
        lines.append("  " + _("Unit: {name}").format(name=view.unit.name))
    if view.due_on:
        lines.append("  " + _("Due on {date}").format(date=view.due_on.strftime("%d.%m.%Y")))
    lines += ["  " + _("Only for: {people}").format(people=", ".join(only))] if only else []
    lines += ["  " + _("Conflict in “{field}”").format(field=name) for name in view.conflicts]
    return output.result(
        arguments,
        {
            "id": view.id,
            "number": view.number,
            "kit": view.kit.id,
            "stage": view.stage,
            "fields": view.values,
            "conflicts": [
                {"field": name, "values": [_sibling(value) for value in values]}
                for name, values in view.conflicts.items()
            ],
            "due_on": view.due_on,
            "overdue": view.overdue,
            "registered_on": view.registered_on,
            "unit": view.unit.name,
            "only": only,
        },
        *lines,
    )


def _sibling(sibling: Sibling) -> Mapping[str, object]:
    return asdict(sibling)


def _history(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        entries = workspace.cases.history(arguments.ref)
    return output.result(
        arguments,
        {"history": [asdict(entry) for entry in entries]},
        *(
            f"{date_and_time(entry.when)}  {entry.person}  {entry.field}: {entry.before} → {entry.after}"
            + (f"  ({entry.unit})" if entry.unit else "")
            + (f"  [{_('written late')}]" if entry.late else "")
            for entry in entries
        ),
    )


def _list(arguments: Namespace) -> int:
    sort = arguments.sort or "-received_on"
    with opened(arguments) as workspace:
        query = CaseQuery(
            kit=arguments.kit,
            text=arguments.query,
            where=pairs(arguments.where),
            sort=sort.removeprefix("-"),
            descending=sort.startswith("-"),
            unit=unit_id(workspace, arguments.unit),
        )
        total = workspace.cases.count(query)
        rows = workspace.cases.page(query, max(arguments.offset, 0), max(arguments.limit, 0))
    return output.result(
        arguments,
        {"cases": [asdict(row) for row in rows], "total": total},
        *(f"{row.number}  {row.received_on or ''}  {row.person}  {row.title}" for row in rows),
        _("{shown} of {total}").format(shown=len(rows), total=total),
    )


def _conflicts(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        conflicts = workspace.conflicts.list()
    return output.result(
        arguments,
        {
            "conflicts": [
                {
                    "case": conflict.case_id,
                    "number": conflict.number,
                    "field": conflict.field,
                    "base": conflict.base,
                    "values": [_sibling(value) for value in conflict.siblings],
                }
                for conflict in conflicts
            ]
        },
        *(
            f"{conflict.number}  {conflict.field}: "
            + " | ".join(f"{value.value} ({value.person}, {date_and_time(value.when)})" for value in conflict.siblings)
            for conflict in conflicts
        ),
    )


def _resolve(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        if arguments.take in {"mine", "theirs"}:
            workspace.conflicts.take(arguments.ref, arguments.field, arguments.take)
        else:
            workspace.conflicts.resolve(arguments.ref, arguments.field, arguments.take)
        view = workspace.cases.find(arguments.ref)
    return _shown(arguments, view)
