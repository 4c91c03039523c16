"""Check that the parts of a kit fit each other: references, expressions, ways between stages."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from desktop_app.kits.expressions import Expression
from desktop_app.kits.expressions.parser import Binary, Call, FieldReference, Literal, Node, walk
from desktop_app.kits.masks import mask_fault
from desktop_app.kits.model import Field, FieldType, Kit
from desktop_app.kits.reading import Faults
from sync.messages import _

_WITH_CHOICES = frozenset({FieldType.CHOICE, FieldType.MULTIPLE_CHOICE})


def check_kit(kit: Kit, faults: Faults) -> None:
    """Note every reference of a kit that leads nowhere, and every rule that can't work."""
    _unique(kit, faults)
    sections = {section.id for section in kit.sections}
    for field in kit.fields:
        place = f"fields.{field.id}"
        if field.section not in sections:
            faults.add(f"{place}.section", _("There is no section “{name}”.").format(name=field.section))
        _check_field(field, place, faults)
        for key, expression in expressions(field):
            _check_expression(kit, expression, f"{place}.{key}", faults, field.id)
    _check_cycles(kit, faults)
    _check_stages(kit, faults)
    _check_terms(kit, faults)
    _check_roles(kit, faults)
    if fault := mask_fault(kit.numbering.mask):
        faults.add("numbering.mask", fault)


def expressions(field: Field) -> Iterable[tuple[str, Expression]]:
    """Yield every expression of a field with the key it stands at."""
    if isinstance(field.required, Expression):
        yield "required", field.required
    for key, expression in (
        ("shown", field.shown),
        ("valid", field.valid),
        ("default", field.default),
        ("calculation", field.calculation),
    ):
        if expression is not None:
            yield key, expression
    for choice in field.choices:
        if choice.when is not None:
            yield f"choices.{choice.value}.when", choice.when


def order(kit: Kit) -> list[Field]:
    """Return the fields so that each comes after those that its showing, default and calculation need.

    Raises:
        graphlib.CycleError: Some need each other in a circle.
    """
    needs = {field.id: _needs(field) for field in kit.fields}
    return [kit.field(field_id) for field_id in TopologicalSorter(needs).static_order()]


def _needs(field: Field) -> frozenset[str]:
    found = (field.shown, field.default, field.calculation)
    return frozenset(chain.from_iterable(expression.fields for expression in found if expression is not None))


def _unique(kit: Kit, faults: Faults) -> None:
    groups: Mapping[str, list[str]] = {
        "sections": [each.id for each in kit.sections],
        "fields": [each.id for each in kit.fields],
        "stages": [each.id for each in kit.stages],
        "terms": [each.id for each in kit.terms],
        **{f"fields.{each.id}.choices": [choice.value for choice in each.choices] for each in kit.fields},
    }
    for place, ids in groups.items():
        for repeated in sorted({each for each in ids if ids.count(each) > 1}):
            faults.add(place, _("“{id}” stands twice.").format(id=repeated))


def _check_field(field: Field, place: str, faults: Faults) -> None:
    if (field.type in _WITH_CHOICES) != bool(field.choices):
        faults.add(f"{place}.choices", _("Choices belong to the types choice and multiple_choice, and there always."))
    if (field.type is FieldType.CALCULATED) != (field.calculation is not None):
        faults.add(f"{place}.calculation", _("A calculation belongs to the type calculated, and there always."))
    if field.check is not None and field.type is not FieldType.IDENTIFIER:
        faults.add(f"{place}.check", _("A check belongs to the type identifier."))
    if field.type in {FieldType.CALCULATED, FieldType.NOTE} and (field.required or field.default or field.valid):
        faults.add(place, _("Nobody fills in this field, so it can't be required, valid or have a default."))


def _check_expression(kit: Kit, expression: Expression, place: str, faults: Faults, own: str | None = None) -> None:
    """Find a comparison with an answer that the field doesn't offer: it would never hold.

    Args:
        kit: The kit of the expression.
        expression: What to look through.
        place: Where it stands.
        faults: Where faults are noted.
        own: The field that a single dot means.
    """
    for node in walk(expression.tree):
        match node:
            case Binary(operator="=" | "!=", left=FieldReference(field=name), right=Literal(value=str(value))):
                _check_answer(kit, name or own, value, place, faults)
            case Binary(operator="=" | "!=", left=Literal(value=str(value)), right=FieldReference(field=name)):
                _check_answer(kit, name or own, value, place, faults)
            case Call(name="selected", arguments=(FieldReference(field=name), Literal(value=str(value)))):
                _check_answer(kit, name or own, value, place, faults)
            case _:
                _check_note(kit, node, place, faults)


def _check_answer(kit: Kit, name: str | None, value: str, place: str, faults: Faults) -> None:
    if name is None:
        return
    field = kit.field(name)
    offered = [choice.value for choice in field.choices]
    if offered and value and value not in offered:
        faults.add(
            place,
            _("The field “{field}” doesn't offer “{value}”. It offers: {choices}.").format(
                field=name, value=value, choices=", ".join(offered)
            ),
        )
    if field.type is FieldType.YES_NO and value:
        faults.add(
            place, _("The field “{field}” is a yes/no question: compare it with true() or false().").format(field=name)
        )


def _check_note(kit: Kit, node: Node, place: str, faults: Faults) -> None:
    if isinstance(node, FieldReference) and node.field and kit.field(node.field).type is FieldType.NOTE:
        faults.add(place, _("The field “{field}” is a note and holds no value.").format(field=node.field))


def _check_cycles(kit: Kit, faults: Faults) -> None:
    try:
        order(kit)
    except CycleError as error:
        circle = " → ".join(error.args[1])
        faults.add("fields", _("These fields need each other in a circle: {fields}.").format(fields=circle))


def _check_stages(kit: Kit, faults: Faults) -> None:
    stages = {stage.id for stage in kit.stages}
    if all(stage.final for stage in kit.stages) or kit.stages[0].final:
        faults.add("stages", _("The first stage can't be final."))
    for transition in kit.transitions:
        place = f"transitions.{transition.source}→{transition.target}"
        for stage in (transition.source, transition.target):
            if stage not in stages:
                faults.add(place, _("There is no stage “{name}”.").format(name=stage))
        _check_required(kit, transition.requires, place, faults)
    reached = {kit.initial_stage} | {transition.target for transition in kit.transitions}
    for stage in sorted(stages - reached):
        faults.add(f"stages.{stage}", _("No transition leads to this stage."))
    ways = [(transition.source, transition.target) for transition in kit.transitions]
    for source, target in sorted({way for way in ways if ways.count(way) > 1}):
        faults.add(f"transitions.{source}→{target}", _("“{id}” stands twice.").format(id=f"{source}→{target}"))


def _check_required(kit: Kit, required: Iterable[str], place: str, faults: Faults) -> None:
    for field_id in required:
        if field_id not in kit.field_ids:
            faults.add(f"{place}.requires", _("There is no field “{field}” in this kit.").format(field=field_id))
        elif kit.field(field_id).type is FieldType.NOTE:
            faults.add(
                f"{place}.requires", _("The field “{field}” is a note and holds no value.").format(field=field_id)
            )


def _check_terms(kit: Kit, faults: Faults) -> None:
    stages = {stage.id for stage in kit.stages}
    for term in kit.terms:
        place = f"terms.{term.id}"
        if term.start not in kit.field_ids or kit.field(term.start).type not in {FieldType.DATE, FieldType.DATETIME}:
            faults.add(f"{place}.start", _("A term starts from a field of type date or datetime."))
        for stage in term.stages:
            if stage not in stages:
                faults.add(f"{place}.stages", _("There is no stage “{name}”.").format(name=stage))
        if term.when is not None:
            _check_expression(kit, term.when, f"{place}.when", faults)
        if term.extension is not None:
            _check_required(kit, term.extension.requires, f"{place}.extension", faults)
            if not term.extension.requires:
                faults.add(f"{place}.extension.requires", _("An extension needs at least one field as its ground."))


def _check_roles(kit: Kit, faults: Faults) -> None:
    texts = {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.CALCULATED, FieldType.IDENTIFIER}
    for role, field_id, types in (
        ("title_field", kit.title_field, texts | {FieldType.MULTIPLE_CHOICE}),
        ("person_field", kit.person_field, texts),
        ("date_field", kit.date_field, {FieldType.DATE}),
    ):
        if field_id not in kit.field_ids:
            faults.add(role, _("There is no field “{field}” in this kit.").format(field=field_id))
        elif kit.field(field_id).type not in types:
            faults.add(
                role,
                _("The field “{field}” has a type that doesn't fit here: {types} do.").format(
                    field=field_id, types=", ".join(sorted(types))
                ),
            )
