"""The mask of a registration number, such as ``{letter}-{counter}/{device}/{year}``."""

import re
from functools import lru_cache

from sync.messages import _

_MARK = re.compile(r"\{([^{}]*)\}")
# What makes a number unique without a link: who gave it, when, and which one in the row.
_NEEDED = frozenset({"counter", "device", "year"})
KNOWN = _NEEDED | {"letter", "nomenclature"}
_WIDTH = re.compile(r"[1-9]")


def mask_fault(mask: str) -> str | None:
    """Return what is wrong with a mask, or None when numbers made by it are unique on every device."""
    marks = _MARK.findall(mask)
    names = [mark.partition(":")[0] for mark in marks]
    unknown = [mark for mark, name in zip(marks, names, strict=True) if not _known(mark, name)]
    if unknown:
        return _("The mask doesn't know “{mark}”. It knows: {known}, and {{counter:4}} for four digits.").format(
            mark=f"{{{unknown[0]}}}", known=", ".join(f"{{{name}}}" for name in sorted(KNOWN))
        )
    missing = sorted(_NEEDED - set(names))
    if missing:
        return _("The mask lacks {marks}: without it two computers could give one number twice.").format(
            marks=", ".join(f"{{{name}}}" for name in missing)
        )
    if "{" in _MARK.sub("", mask) or "}" in _MARK.sub("", mask):
        return _("A brace in the mask isn't closed.")
    if not _apart(mask):
        return _(
            "{counter}, {device} and {year} need a “/” between each other, or two different cases could get "
            "the same number."
        )
    return None


def _known(mark: str, name: str) -> bool:
    width = mark.partition(":")[2]
    return name in KNOWN and (":" not in mark or (name == "counter" and _WIDTH.fullmatch(width) is not None))


def _apart(mask: str) -> bool:
    """Return whether a slash, which none of the three can hold, stands between every two of them."""
    return all(len(_NEEDED & {mark.partition(":")[0] for mark in _MARK.findall(part)}) <= 1 for part in mask.split("/"))


@lru_cache(maxsize=64)
def parts(mask: str) -> tuple[tuple[str, str, int], ...]:
    """Return a mask cut into (text before, name of the mark, least digits); the last mark may be empty."""
    found: list[tuple[str, str, int]] = []
    end = 0
    for match in _MARK.finditer(mask):
        name, _colon, width = match[1].partition(":")
        found.append((mask[end : match.start()], name, int(width or 1)))
        end = match.end()
    return (*found, (mask[end:], "", 1))
