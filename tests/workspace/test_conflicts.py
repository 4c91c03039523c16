"""Conflicts: shown with their authors, decided by a person, taken back, and never decided behind anybody's back."""

from collections.abc import Callable

import pytest

from desktop_app.workspace import Workspace
from sync.errors import Refused
from tests.workspace.conftest import Office, pull, settle

Appeal = Callable[..., dict[str, object]]
Pair = tuple[Workspace, Workspace]


@pytest.fixture
def case(pair: Pair, appeal: Appeal) -> str:
    oksana, ivan = pair
    made = oksana.cases.register("appeal", appeal(executor="перший", subject="тема", text="початок"))
    settle(*pair)
    oksana.cases.edit(made.id, {"executor": "від Оксани", "text": "рядок Оксани"})
    ivan.cases.edit(made.id, {"executor": "від Івана", "text": "рядок Івана"})
    settle(*pair)
    return made.id


def test_both_see_the_same_values_with_their_authors(pair: Pair, case: str) -> None:
    lists = []
    for workspace, name in zip(pair, ("Оксана Левченко", "Іван Черненко"), strict=True):
        assert workspace.conflicts.count() == 2
        conflicts = {conflict.field: conflict for conflict in workspace.conflicts.list()}
        assert set(conflicts) == {"executor", "text"}
        conflict = conflicts["executor"]
        assert (conflict.case_id, conflict.base, conflict.title) == (case, "перший", "тема")
        assert [sibling.winner for sibling in conflict.siblings] == [True, False]
        assert [sibling.person for sibling in conflict.siblings if sibling.mine] == [name]
        lists.append([(sibling.value, sibling.person, sibling.device) for sibling in conflict.siblings])
        assert workspace.cases.get(case).values["executor"] == conflict.siblings[0].value
    assert lists[0] == lists[1]


@pytest.mark.parametrize("side", ["mine", "theirs"])
def test_one_side_is_taken(pair: Pair, case: str, side: str) -> None:
    oksana, ivan = pair
    oksana.conflicts.take(case, "executor", side)
    settle(*pair)
    expected = "від Оксани" if side == "mine" else "від Івана"
    assert [w.cases.get(case).values["executor"] for w in pair] == [expected] * 2
    assert [w.conflicts.count() for w in pair] == [1, 1]
    history = [entry.after for entry in ivan.cases.history(case) if entry.field == "executor"]
    assert sorted(history) == sorted(["перший", "від Оксани", "від Івана", expected])
    assert oksana.digest() == ivan.digest()


def test_another_value_is_checked_by_the_rules_of_the_field(pair: Pair, case: str) -> None:
    oksana, ivan = pair
    before = oksana.digest()
    with pytest.raises(Refused):
        oksana.conflicts.resolve(case, "executor", "х" * 201)
    for field in ("subject", "nosuch", "_stage", "channel"):
        with pytest.raises(Refused) as refused:
            oksana.conflicts.resolve(case, field, "x")
        assert refused.value.code == "no_conflict"
        with pytest.raises(Refused):
            oksana.conflicts.take(case, field, "mine")
        with pytest.raises(Refused):
            oksana.conflicts.keep_both(case, field)
    assert oksana.digest() == before
    oksana.conflicts.resolve(case, "executor", "  третій  ")
    settle(*pair)
    assert ivan.cases.get(case).values["executor"] == "третій"


def test_both_texts_are_kept(pair: Pair, case: str) -> None:
    oksana, ivan = pair
    oksana.conflicts.keep_both(case, "text")
    oksana.conflicts.keep_both(case, "executor")
    settle(*pair)
    values = ivan.cases.get(case).values
    assert sorted(str(values["text"]).split("\n")) == ["рядок Івана", "рядок Оксани"]
    assert sorted(str(values["executor"]).split("; ")) == ["від Івана", "від Оксани"]
    assert [w.conflicts.count() for w in pair] == [0, 0]


def test_a_decision_is_taken_back(pair: Pair, case: str) -> None:
    oksana, ivan = pair
    assert not oksana.conflicts.undo_last()
    oksana.conflicts.resolve(case, "executor", "третій")
    assert oksana.conflicts.undo_last()
    assert not oksana.conflicts.undo_last()
    settle(*pair)
    for workspace in pair:
        siblings = {c.field: c.siblings for c in workspace.conflicts.list()}["executor"]
        assert {sibling.value for sibling in siblings} == {"від Оксани", "від Івана"}
    assert oksana.digest() == ivan.digest()


def test_taking_back_leaves_alone_what_came_after_the_decision(pair: Pair, case: str) -> None:
    oksana, ivan = pair
    oksana.conflicts.resolve(case, "executor", "третій")
    settle(*pair)
    ivan.cases.edit(case, {"executor": "четвертий"})
    pull(oksana, ivan)
    oksana.conflicts.undo_last()
    settle(*pair)
    siblings = {c.field: c.siblings for c in ivan.conflicts.list()}["executor"]
    assert {sibling.value for sibling in siblings} == {"від Оксани", "від Івана", "четвертий"}
    assert oksana.digest() == ivan.digest()


def test_both_decide_at_once(pair: Pair, case: str) -> None:
    oksana, ivan = pair
    oksana.conflicts.resolve(case, "executor", "рішення Оксани")
    ivan.conflicts.resolve(case, "executor", "рішення Івана")
    settle(*pair)
    for workspace in pair:
        siblings = {c.field: c.siblings for c in workspace.conflicts.list()}["executor"]
        assert {sibling.value for sibling in siblings} == {"рішення Оксани", "рішення Івана"}
    oksana.conflicts.take(case, "executor", "theirs")
    ivan.conflicts.take(case, "executor", "mine")
    settle(*pair)
    assert "executor" not in {c.field for w in pair for c in w.conflicts.list()}
    assert oksana.digest() == ivan.digest()


def test_three_values_of_one_field(office: Office, pair: Pair, case: str) -> None:
    oksana, ivan = pair
    maria = office.invite(oksana, "maria", "Марія")
    maria.log.apply(oksana.log.frames_missing(maria.log.heads(), 2**30), oksana.log.links())
    seen = maria.cases.get(case)
    maria.cases.edit(case, {"executor": "від Марії"}, seen=seen)
    settle(oksana, ivan, maria)
    values = [
        {sibling.value for sibling in {c.field: c.siblings for c in w.conflicts.list()}["executor"]}
        for w in (oksana, ivan, maria)
    ]
    # Maria's form showed the winner, and replaced that one alone.
    assert values[0] == values[1] == values[2]
    assert len(values[0]) == 2
    assert "від Марії" in values[0]


def test_a_stage_in_conflict_is_decided_like_a_field(pair: Pair, appeal: Appeal) -> None:
    oksana, ivan = pair
    made = oksana.cases.register("appeal", appeal(executor="Відділ", closing_reason="повторне"))
    settle(*pair)
    oksana.cases.move(made.id, "assigned")
    ivan.cases.move(made.id, "not_considered")
    settle(*pair)
    assert {c.field for c in oksana.conflicts.list() if c.case_id == made.id} == {"_stage"}
    with pytest.raises(Refused):
        oksana.conflicts.resolve(made.id, "_stage", "registered")
    oksana.conflicts.take(made.id, "_stage", "mine")
    settle(*pair)
    assert ivan.cases.get(made.id).stage == "assigned"
    assert ivan.conflicts.count() == 0


def test_a_value_that_arrived_after_the_screen_was_drawn_stays_a_conflict(pair: Pair, case: str) -> None:
    oksana, ivan = pair
    shown = next(conflict for conflict in oksana.conflicts.list() if conflict.field == "executor")
    ivan.cases.edit(case, {"executor": "третій"})
    pull(oksana, ivan)
    known = {sibling.value for sibling in shown.siblings}
    oksana.conflicts.resolve(case, "executor", "від Оксани", shown.siblings)
    found = next(conflict for conflict in oksana.conflicts.list() if conflict.field == "executor")
    assert {sibling.value for sibling in found.siblings} == {"від Оксани", "третій"}
    assert "третій" not in known
