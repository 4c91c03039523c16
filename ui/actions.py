"""Everything that can be done on the desk, by name: menus, keys and the palette all draw from here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do.

    Args:
        id: A word that never changes, such as ``sync``.
        text: Its name in the person's language, as in a menu.
        run: What to do; called on the screen's thread.
        icon: The name of its icon, empty for none.
        keys: Its keys, as Qt writes them; the first is shown.
        words: Other words that a person may look for, in the person's language.
    """

    id: str
    text: str
    run: Callable[[], None]
    icon: str = ""
    keys: tuple[str, ...] = ()
    words: str = ""


def find(actions: Iterable[Action], typed: str) -> list[Action]:
    """Return the actions that fit some letters, best first.

    Args:
        actions: All that can be done now.
        typed: Beginnings of words, in any order. Empty: every action, in the given order.
    """
    wanted = _plain(typed).split()
    ranked = [(rank, place, action) for place, action in enumerate(actions) if (rank := _rank(action, wanted)) >= 0]
    return [action for _, _, action in sorted(ranked, key=lambda row: row[:2])]


def _rank(action: Action, wanted: list[str]) -> int:
    """Return 0 for the best fit, more for a looser one, -1 for none."""
    name = _plain(action.text)
    if name.startswith(" ".join(wanted)):
        return 0
    named, other = name.split(), _plain(action.words).split()
    worst = 0
    for part in wanted:
        if any(word.startswith(part) for word in named):
            rank = 1
        elif any(word.startswith(part) for word in other):
            rank = 2
        elif part in name:
            rank = 3
        else:
            return -1
        worst = max(worst, rank)
    return worst


def _plain(text: str) -> str:
    """Return text as it's compared: case and the kind of apostrophe don't matter."""
    return text.casefold().translate(str.maketrans("'’`", "ʼʼʼ"))
