"""Every action is found by its name, in few letters, in both languages."""

from collections.abc import Callable

import pytest

from desktop_app.settings import Settings
from desktop_app.workspace import Workspace
from tests.ui.conftest import Hands
from ui.actions import Action, find
from ui.window import Window


def _action(name: str, words: str = "") -> Action:
    return Action(name, name, lambda: None, words=words)


def test_the_beginning_of_a_name_wins_over_other_words() -> None:
    actions = [_action("Exchange now", "sync"), _action("New case"), _action("Cases"), _action("Syntax")]
    assert [action.text for action in find(actions, "cas")] == ["Cases", "New case"]
    assert [action.text for action in find(actions, "syn")] == ["Syntax", "Exchange now"]
    assert [action.text for action in find(actions, "case new")] == ["New case"]
    assert find(actions, "nothing like it") == []
    assert find(actions, "") == actions


def test_any_apostrophe_and_any_case_find() -> None:
    actions = [_action("Запросити комп’ютер")]
    assert find(actions, "КОМП'Ю") == actions


@pytest.mark.parametrize("language", ["uk", "en"])
def test_every_action_is_first_after_at_most_six_letters(
    language: str, open_window: Callable[[Settings], Window], workspace: Workspace, hands: Hands
) -> None:
    window = open_window(Settings(language=language, theme="light"))
    window.open_desk(workspace)
    hands.wait()
    assert window.desk is not None
    actions = window.desk.commands()
    assert len({action.id for action in actions}) == len(actions)
    for action in actions:
        beginnings = [action.text[:length] for length in range(1, 7)]
        words = [word[:length] for word in action.text.casefold().split() for length in range(1, 7)]
        pairs = [f"{one[:2]} {two[:3]}" for one in action.text.split() for two in action.text.split()]
        found = [find(actions, typed) for typed in [*beginnings, *words, *pairs]]
        # On the first screen of the palette without scrolling counts as reached.
        assert any(action in rows[:9] for rows in found), action.text
