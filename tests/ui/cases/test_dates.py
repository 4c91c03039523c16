"""Dates as a clerk types them."""

from datetime import UTC, date, datetime

import pytest

from ui.forms.dates import read_date, read_moment

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("23.11.2026", date(2026, 11, 23)),
        ("1.3.26", date(2026, 3, 1)),
        ("1.3", date(2026, 3, 1)),
        ("01/03/2026", date(2026, 3, 1)),
        ("010326", date(2026, 3, 1)),
        ("12.04.85", date(1985, 4, 12)),
        ("2026-11-23", TODAY),
        ("сьогодні", TODAY),
        (" Сьогодні ", TODAY),
        ("вчора", date(2026, 11, 22)),
        ("+3", date(2026, 11, 26)),
        ("-30", date(2026, 10, 24)),
        ("31.02.2026", None),
        ("", None),
        ("завтра вранці", None),
        ("+99999", None),
    ],
)
def test_a_typed_date_is_understood_or_left_alone(typed: str, meant: date | None) -> None:
    assert read_date(typed, TODAY) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("23.11.2026 14:30", "2026-11-23T14:30"),
        ("сьогодні 9:05", "2026-11-23T09:05"),
        ("1.3.26", "2026-03-01T00:00"),
        ("зараз", "2026-11-23T10:42"),
        ("2026-11-23T14:30", "2026-11-23T14:30"),
        ("23.11.2026 25:00", None),
    ],
)
def test_a_typed_moment_is_understood_or_left_alone(typed: str, meant: str | None) -> None:
    found = read_moment(typed, datetime(2026, 11, 23, 10, 42, 17, tzinfo=UTC))
    assert (f"{found:%Y-%m-%dT%H:%M}" if found else None) == meant
