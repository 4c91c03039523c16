"""The ways between the stages of a case."""

from collections.abc import Mapping

from desktop_app.kits.model import Kit, Transition, text
from sync.errors import FieldProblem, Refused
from sync.messages import _


def transitions(kit: Kit, stage: str) -> tuple[Transition, ...]:
    """Return the ways that lead on from a stage.

    Raises:
        Refused: ``unknown_stage``.
    """
    kit.stage(stage)
    return tuple(each for each in kit.transitions if each.source == stage)


def check_move(kit: Kit, values: Mapping[str, object], stage: str, target: str) -> None:
    """Check that a case may move to a stage now.

    Args:
        kit: The kit of the case.
        values: Its stored values.
        stage: Where it stands.
        target: Where it is to go.

    Raises:
        Refused: ``unknown_stage``; ``no_such_move``, the message names the stages that can be reached; or
            ``incomplete``, with every field that must be filled in first.
    """
    kit.stage(target)
    ways = transitions(kit, stage)
    way = next((each for each in ways if each.target == target), None)
    if way is None:
        raise _no_way(kit, stage, target, ways)
    empty = [kit.field(each) for each in way.requires if values.get(each) in (None, "", [])]
    if not empty:
        return
    problems = tuple(
        FieldProblem(
            each.id,
            _("“{label}” is empty. Fill it in, then move the case to “{stage}”.").format(
                label=text(each.label), stage=text(kit.stage(target).label)
            ),
        )
        for each in empty
    )
    message = _("The case stays where it was.")
    raise Refused("incomplete", " ".join([message, *(problem.message for problem in problems)]), problems)


def _no_way(kit: Kit, stage: str, target: str, ways: tuple[Transition, ...]) -> Refused:
    here, there = (text(kit.stage(each).label) for each in (stage, target))
    if stage == target:
        message = _("The case is at the stage “{stage}” already.").format(stage=here)
    elif ways:
        reached = "; ".join(f"{text(kit.stage(each.target).label)} ({each.target})" for each in ways)
        message = _("A case can't go from “{here}” to “{there}”. From here it can go to: {stages}.").format(
            here=here, there=there, stages=reached
        )
    else:
        message = _("The case is at the stage “{here}”, from which no way leads on; it can't go to “{there}”.").format(
            here=here, there=there
        )
    return Refused("no_such_move", message)
