"""Moments in words."""

from datetime import datetime


def date_and_time(moment: datetime) -> str:
    """Return a day and a time as both languages write them, in the time of this computer."""
    return f"{moment.astimezone():%d.%m.%Y %H:%M}"
