import pytest

from desktop_app.kits import loader
from desktop_app.kits.stages import check_move, transitions
from sync.errors import Refused
from sync.messages import set_language

ANSWER = {"answered_on": "2026-11-20", "outcome": "satisfied", "result": "Воду відновлено"}


def refused(values: dict[str, object], stage: str, target: str) -> Refused:
    with pytest.raises(Refused) as caught:
        check_move(loader.kit("appeal"), values, stage, target)
    return caught.value


def test_a_move_with_all_that_it_needs() -> None:
    check_move(loader.kit("appeal"), dict(ANSWER), "registered", "answered")
    check_move(loader.kit("humanitarian-aid"), {"issued_on": "2026-11-20", "issued_by": "Коваль"}, "approved", "issued")


def test_what_is_missing_is_named() -> None:
    set_language("en")
    failure = refused({"outcome": "satisfied", "result": ""}, "registered", "answered")
    assert failure.code == "incomplete"
    assert [problem.field for problem in failure.fields] == ["answered_on", "result"]
    assert "“Answered on”" in failure.message
    assert "“Answered”" in failure.message


@pytest.mark.parametrize(
    ("stage", "target"), [("registered", "extended"), ("assigned", "returned"), ("forwarded", "assigned")]
)
def test_a_way_that_does_not_exist(stage: str, target: str) -> None:
    assert refused(dict(ANSWER), stage, target).code == "no_such_move"


def test_the_ways_that_do_exist_are_named() -> None:
    set_language("en")
    message = refused({}, "registered", "extended").message
    assert all(f"({way.target})" in message for way in transitions(loader.kit("appeal"), "registered"))
    assert "already" in refused({}, "registered", "registered").message


@pytest.mark.parametrize(("stage", "target"), [("nowhere", "answered"), ("registered", "nowhere")])
def test_a_stage_that_does_not_exist(stage: str, target: str) -> None:
    failure = refused({}, stage, target)
    assert failure.code == "unknown_stage"
    assert "not_considered" in failure.message


def test_transitions_come_in_the_order_of_the_kit() -> None:
    ways = transitions(loader.kit("appeal"), "registered")
    assert [way.target for way in ways] == ["assigned", "answered", "forwarded", "returned", "not_considered"]
    assert transitions(loader.kit("appeal"), "forwarded") == ()
