"""Commands about kits."""

from argparse import Namespace

from desktop_app.cli import output
from desktop_app.cli.parser import Commands
from desktop_app.kits import loader
from desktop_app.kits.model import Field, text
from sync.messages import _


def add_commands(commands: Commands) -> None:
    """Add ``kit list``, ``kit show`` and ``kit example``."""
    kit = commands.group("kit", _("kinds of cases"))
    kit.add("list", _("the kits that cases can be registered with"), _list)
    show = kit.add("show", _("fields and stages of a kit"), _show)
    show.add_argument("kit", metavar="ID")
    example = kit.add("example", _("a valid, realistic set of field values"), _example)
    example.add_argument("kit", metavar="ID")
    example.add_argument("--seed", type=int, default=0, metavar="N", help=_("another number, another example"))


def _list(arguments: Namespace) -> int:
    kits = list(loader.shipped().values())
    return output.result(
        arguments,
        {"kits": [{"id": kit.id, "version": kit.version, "title": text(kit.title)} for kit in kits]},
        *(f"{kit.id}  {kit.version}  {text(kit.title)}" for kit in kits),
    )


def _show(arguments: Namespace) -> int:
    kit = loader.kit(arguments.kit)
    return output.result(
        arguments,
        {
            "id": kit.id,
            "version": kit.version,
            "title": text(kit.title),
            "fields": [_field(field) for field in kit.fields],
            "stages": [
                {
                    "id": stage.id,
                    "label": text(stage.label),
                    "final": stage.final,
                    "next": [way.target for way in kit.transitions if way.source == stage.id],
                }
                for stage in kit.stages
            ],
        },
        f"{kit.id}: {text(kit.title)}",
        *(f"  {field.id}  {field.type}  {text(field.label)}" for field in kit.fields),
        *(f"  → {stage.id}  {text(stage.label)}" for stage in kit.stages),
    )


def _field(field: Field) -> dict[str, object]:
    return {
        "id": field.id,
        "type": str(field.type),
        "label": text(field.label),
        "required": field.required is True,
        "choices": [{"value": choice.value, "label": text(choice.label)} for choice in field.choices],
    }


def _example(arguments: Namespace) -> int:
    from desktop_app.kits import examples

    values = examples.example(loader.kit(arguments.kit).id, arguments.seed)
    return output.result(arguments, values, output.to_json(values))
