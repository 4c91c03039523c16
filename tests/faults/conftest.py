"""Cases are tried in the same offices as the workspace."""

from tests.workspace.conftest import appeal, office, pair

__all__ = ["appeal", "office", "pair"]
