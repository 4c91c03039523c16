"""The audit is tried in real vaults."""

from tests.workspace.conftest import appeal, office, pair, template_pair

__all__ = ["appeal", "office", "pair", "template_pair"]
