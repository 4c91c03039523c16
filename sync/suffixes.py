"""The suffixes of the numbers that devices give: which one each device may give on to the devices that it lets in.

The founder is "1" and gives "2", "3" ...; any other device puts its own suffix before: "2-1", "2-2" ... So two
administrators who don't know of each other never give the same one.
"""

from collections.abc import Container

FOUNDER = "1"
_MOST_LETTERS = 100


def gives(own: str, suffix: str) -> bool:
    """Say whether a suffix is one of those that a device alone gives.

    Args:
        own: The device's own suffix.
        suffix: The one in question.
    """
    prefix, first = _space(own)
    number = suffix.removeprefix(prefix)
    if len(suffix) > _MOST_LETTERS or not suffix.startswith(prefix):
        return False
    if not (number.isascii() and number.isdigit()) or number.startswith("0"):
        return False
    return int(number) >= first


def following(own: str, taken: Container[str]) -> str:
    """Return the first suffix that a device can still give.

    Args:
        own: The device's own suffix.
        taken: Those that were given.
    """
    prefix, number = _space(own)
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"


def rank(own: str) -> tuple[int, list[int]]:
    """Say how senior a device is, the smallest first: only those above it can have given its suffix."""
    parts = [int(part) for part in own.split("-")]
    return len(parts), parts


def _space(own: str) -> tuple[str, int]:
    """Return what the suffixes that a device gives begin with, and the first number after that."""
    return ("", 2) if own == FOUNDER else (own + "-", 1)
