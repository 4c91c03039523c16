"""Fields as multi-value registers: order and repetition make no difference, and nothing unseen is overwritten."""

import random

from hypothesis import given
from hypothesis import strategies as st

from sync.changes import Change, Dot, Value
from sync.frames import parse
from sync.ids import new_id
from sync.merge import State
from tests.sync.replicas import Replica

Write = tuple[Dot, Value, tuple[Dot, ...]]
A, B, C = b"a" * 16, b"b" * 16, b"c" * 16


@st.composite
def histories(draw: st.DrawFn) -> list[Write]:
    """Writes of one field as honest devices make them: each replaces some of what came before it."""
    written: list[Write] = []
    for counter in range(1, draw(st.integers(2, 9))):
        known = [dot for dot, _, _ in written]
        replaced = draw(st.lists(st.sampled_from(known), unique=True, max_size=4)) if known else []
        written.append(((counter, draw(st.sampled_from([A, B, C]))), draw(st.integers(0, 2)), tuple(replaced)))
    return written


def merged(written: list[Write]) -> State:
    """Merge in the given order, keeping the dots replaced early as the log does."""
    state = State({}, (0, A))
    arrived: set[Dot] = set()
    early: set[Dot] = set()
    for dot, value, replaces in written:
        early.update(state.write("f", dot, value, replaces, arrived.__contains__))
        arrived.add(dot)
        if dot in early:
            early.remove(dot)
            state.drop("f", (dot,))
    assert not early
    return state


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_winner_and_the_same_siblings(written: list[Write], chance: random.Random) -> None:
    in_order = merged(written)
    shuffled = list(written)
    chance.shuffle(shuffled)
    other = merged(shuffled)
    assert other.fields == in_order.fields
    assert sorted(other.current("f")) == sorted(in_order.current("f"))
    assert other.conflicts == in_order.conflicts
    assert other.winner_dot("f") == in_order.winner_dot("f")


@given(histories())
def test_what_is_current_is_what_nobody_replaced(written: list[Write]) -> None:
    replaced = {dot for _, _, replaces in written for dot in replaces}
    expected = {(dot, value) for dot, value, _ in written if dot not in replaced}
    state = merged(written)
    assert set(state.current("f")) == expected
    assert (state.winner_dot("f"), state.fields["f"]) == max(expected)
    assert bool(state.conflicts) == (len({value for _, value in expected}) > 1)


def test_equal_values_are_no_conflict() -> None:
    state = merged([((1, A), "дах", ()), ((2, B), "дах", ())])
    assert state.conflicts == []
    assert len(state.dots_of("f")) == 2


def test_a_field_never_written_has_no_value() -> None:
    state = State({}, (1, A))
    assert state.current("f") == []
    assert state.dots_of("f") == ()


def test_emptying_against_changing_is_a_conflict() -> None:
    state = merged([((1, A), "дах", ()), ((2, A), None, ((1, A),)), ((2, B), "стіна", ((1, A),))])
    assert sorted(map(str, (value for _, value in state.current("f")))) == ["None", "стіна"]
    assert state.conflicts == ["f"]


def test_undo_like_batches_of_one_record_are_merged_alike_in_any_frame_order(tmp_path: object) -> None:
    """Several changes of one record with different sets of fields in one frame: they are grouped, not in order."""
    founder = Replica.found(tmp_path / "a.db")  # type: ignore[operator]
    other = founder.invite(tmp_path / "b.db")  # type: ignore[operator]
    founder.pull(other)
    record = new_id()
    founder.log.write(
        founder.unit,
        [
            Change("case", record, {"a": 1, "b": 1}),
            Change("case", record, {"a": 2}),
            Change("case", record, {"a": 3, "b": 2}),
            Change("case", record, {"b": 3}),
        ],
    )
    counter = founder.log.position().counter
    mine = founder.log.identity.incarnation
    founder.log.write(
        founder.unit, [Change("case", record, {"a": 9}, {"a": ((counter - 1, mine), (counter - 2, mine))})]
    )
    bodies = [body for body in founder.frames() if parse(body).header.unit == founder.unit]
    other.log.apply(bodies[::-1])
    assert other.values(record, "a") == founder.values(record, "a") == [1, 9]
    assert other.values(record, "b") == founder.values(record, "b") == [1, 2, 3]
    assert founder.digest() == other.digest()
    founder.close()
    other.close()
