"""Data that ships with the program, and the one way to reach it."""

from pathlib import Path

_ROOT = Path(__file__).parent


def path(*parts: str) -> Path:
    """Return the path of a shipped file or folder.

    Args:
        *parts: Names below ``resources``, such as ``("kits", "appeal")``.
    """
    return _ROOT.joinpath(*parts)
