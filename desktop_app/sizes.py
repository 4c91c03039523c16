"""Sizes in words."""

from sync.messages import _

_KILOBYTE = 1024


def size_words(count: int) -> str:
    """Return a size in bytes as people say it."""
    size = float(count)
    for unit in (_("B"), _("KB"), _("MB")):
        if size < _KILOBYTE:
            return f"{size:.0f} {unit}"
        size /= _KILOBYTE
    return f"{size:.1f} ".replace(".", ",") + _("GB")
