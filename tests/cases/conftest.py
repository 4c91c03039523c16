"""Cases are tried in the same offices as the workspace."""

from tests.workspace.conftest import appeal, office, pair, template_pair

__all__ = ["appeal", "office", "pair", "template_pair"]
