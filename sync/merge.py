"""Fields as multi-value registers: the values whose dots nobody replaced (docs/decisions/0008-log-and-merge.md)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sync.changes import Dot, Value

Current = list[tuple[Dot, Value]]


@dataclass(slots=True)
class State:
    """The merged fields of one record.

    Args:
        fields: The winning value of each field: the one with the largest dot.
        base: The dot of every field that `dots` and `siblings` do not name.
        dots: The dots of fields written later than the rest.
        siblings: All current values, winner included, of fields that have more than one dot.
    """

    fields: dict[str, Value]
    base: Dot
    dots: dict[str, Dot] = field(default_factory=dict)
    siblings: dict[str, Current] = field(default_factory=dict)

    def current(self, name: str) -> Current:
        """Return every current value of a field with its dot; none for a field never written."""
        if name in self.siblings:
            return self.siblings[name]
        if name not in self.fields:
            return []
        return [(self.dots.get(name, self.base), self.fields[name])]

    def dots_of(self, name: str) -> tuple[Dot, ...]:
        """Return the dots of the current values of a field."""
        return tuple(dot for dot, _ in self.current(name))

    def winner_dot(self, name: str) -> Dot:
        """Return the dot of the value of a field that wins: the largest."""
        return self.dots.get(name, self.base)

    @property
    def conflicts(self) -> list[str]:
        """The fields with more than one different current value; equal values are one."""
        return [name for name, values in self.siblings.items() if any(value != values[0][1] for _, value in values[1:])]

    def write(
        self,
        name: str,
        dot: Dot,
        value: Value,
        replaces: tuple[Dot, ...],
        seen: Callable[[Dot], bool],
    ) -> list[Dot]:
        """Merge one written value; the order in which values arrive makes no difference.

        Args:
            name: The field.
            dot: The value's own dot.
            value: The value, or None.
            replaces: The dots that its author saw and replaced.
            seen: Tells of a dot whether the value that carries it has already arrived.

        Returns:
            Replaced dots whose values have not arrived yet; they must be dropped when they do.
        """
        current = self.current(name)
        present = {existing for existing, _ in current}
        early = [replaced for replaced in replaces if replaced not in present and not seen(replaced)]
        self._set(name, [entry for entry in current if entry[0] not in replaces] + [(dot, value)])
        return early

    def drop(self, name: str, dots: tuple[Dot, ...]) -> None:
        """Take replaced values away from a field; at least one value stays."""
        left = [entry for entry in self.current(name) if entry[0] not in dots]
        if left:
            self._set(name, left)

    def _set(self, name: str, values: Current) -> None:
        winner_dot, winner = max(values, key=_dot)
        self.fields[name] = winner
        if winner_dot == self.base:
            self.dots.pop(name, None)
        else:
            self.dots[name] = winner_dot
        if len(values) > 1:
            self.siblings[name] = sorted(values, key=_dot)
        else:
            self.siblings.pop(name, None)


def _dot(entry: tuple[Dot, Value]) -> Dot:
    return entry[0]
