"""What was really written, by whom, and what each person saw: kept apart from the program, in the plainest way."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sync.changes import Dot, Value

Frame = tuple[bytes, bytes, int]
"""A unit, an incarnation and a number: where in which chain."""


@dataclass(frozen=True, slots=True)
class Written:
    """One value that somebody wrote into one field.

    Args:
        record: Whose field.
        name: The field.
        dot: Counter and incarnation.
        value: What was written.
        seen: The dots that the form displayed, which the person replaced.
        device: Who.
        frame: Where it stands.
    """

    record: bytes
    name: str
    dot: Dot
    value: Value
    seen: frozenset[Dot]
    device: bytes
    frame: Frame


class Oracle:
    """Everything ever written."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self.at_risk: set[Frame] = set()

    def note(self, written: Written) -> None:
        self.written.append(written)

    def frames(self) -> set[Frame]:
        return {written.frame for written in self.written}

    def expected(self, counts: Callable[[Written], bool]) -> dict[tuple[bytes, str], dict[Dot, Value]]:
        """What each field must show: what was written and counts, without what a value that counts replaced."""
        counting = [written for written in self.written if counts(written)]
        replaced = {(written.record, written.name, dot) for written in counting for dot in written.seen}
        fields: dict[tuple[bytes, str], dict[Dot, Value]] = {}
        for written in counting:
            current = fields.setdefault((written.record, written.name), {})
            if (written.record, written.name, written.dot) not in replaced:
                current[written.dot] = written.value
        return fields

    def history(self, counts: Callable[[Written], bool]) -> Counter[tuple[bytes, str, Dot, str, frozenset[Dot]]]:
        """What each history must tell."""
        return Counter(
            (written.record, written.name, written.dot, repr(written.value), written.seen)
            for written in self.written
            if counts(written)
        )

    def endanger(self, held_elsewhere: Iterable[Frame]) -> None:
        """An old copy was put back: what no other device holds may be gone."""
        self.at_risk |= self.frames() - set(held_elsewhere)
