"""The same desk without a screen as for cases."""

from tests.ui.cases.conftest import (
    carry,
    colleague,
    context,
    desk,
    hands,
    look,
    screen,
    wait,
    workspace,
)

__all__ = ["carry", "colleague", "context", "desk", "hands", "look", "screen", "wait", "workspace"]
