import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.kits import loader
from desktop_app.kits.calendar import Calendar, add_months, load_calendar, shipped_calendar
from desktop_app.kits.model import Kit, Unit
from desktop_app.kits.terms import Deadline, deadline
from sync.errors import Refused
from tests.kits.conftest import LoadKit, RawKit, both

DAY = timedelta(days=1)
PEACE = Calendar(holidays={"08-24": both("Незалежність"), "2026-05-25": both("Перенесено")},
                 working_days=frozenset({date(2026, 9, 12)}))  # fmt: skip
DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))


def due_on(kit: Kit, values: Mapping[str, object], stage: str, calendar: Calendar) -> date | None:
    found = deadline(kit, values, stage, calendar)
    return found.due_on if found else None


def oracle(start: date, length: int, unit: Unit, calendar: Calendar) -> date:
    """Count day by day, as with a finger on a wall calendar."""
    day = start
    left = length
    while left and unit is not Unit.MONTH:
        day += DAY
        if unit is Unit.CALENDAR or not off(day, calendar):
            left -= 1
    months = length if unit is Unit.MONTH else 0
    while months:
        day += DAY
        last_of_month = (day + DAY).day == 1
        if day.day == start.day or (last_of_month and day.day < start.day):
            months -= 1
    while unit is not Unit.WORKING and off(day, calendar):
        day += DAY
    return day


def off(day: date, calendar: Calendar) -> bool:
    if day in calendar.working_days:
        return False
    named = day.strftime("%m-%d") in calendar.holidays or str(day) in calendar.holidays
    at_war = any(first <= day and (last is None or day <= last) for first, last in calendar.martial_law)
    return day.isoweekday() >= 6 or (named and not at_war)


@given(DAYS, st.integers(1, 60), st.sampled_from(Unit), st.booleans())
def test_a_term_ends_where_a_finger_on_the_calendar_does(start: date, length: int, unit: Unit, peace: bool) -> None:  # noqa: FBT001
    calendar = PEACE if peace else shipped_calendar()
    length = min(length, 14) if unit is Unit.MONTH else length
    assert calendar.end(start, length, unit) == oracle(start, length, unit, calendar)


def test_every_day_of_three_years_for_the_appeal_terms() -> None:
    calendar = shipped_calendar()
    kit = loader.kit("appeal")
    day = date(2026, 1, 1)
    while day < date(2029, 1, 1):
        values = {"received_on": day.isoformat()}
        assert due_on(kit, values, "registered", calendar) == oracle(day, 1, Unit.MONTH, calendar)
        assert due_on(kit, values | {"without_study": True}, "assigned", calendar) == oracle(
            day, 15, Unit.CALENDAR, calendar
        )
        day += DAY


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 30), 1, date(2028, 2, 29)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2026, 3, 31), 13, date(2027, 4, 30)),
    ],
)
def test_months(start: date, months: int, end: date) -> None:
    assert add_months(start, months) == end


def test_a_month_may_be_thirty_days_and_a_term_may_stay_on_a_day_off() -> None:
    assert Calendar(month_days=30).end(date(2026, 10, 1), 1, Unit.MONTH) == date(2026, 11, 2)  # 31.10 is a Saturday
    assert Calendar(month_days=30, moves_on=False).end(date(2026, 10, 1), 1, Unit.MONTH) == date(2026, 10, 31)
    assert Calendar(weekend=frozenset({6})).end(date(2026, 10, 16), 15, Unit.CALENDAR) == date(2026, 10, 31)


@pytest.fixture
def appeal() -> Kit:
    return loader.kit("appeal")


@pytest.mark.parametrize(
    ("more", "stage", "due"),
    [
        ({}, "registered", date(2026, 12, 2)),
        ({"without_study": True}, "registered", date(2026, 11, 17)),
        ({"outside_competence": True}, "registered", date(2026, 11, 9)),  # the 7th is a Saturday
        ({"outside_competence": True}, "extended", date(2026, 12, 2)),
        ({"defective": True}, "registered", date(2026, 11, 12)),
        ({"defective": True}, "assigned", date(2026, 12, 2)),
        ({"extension_reason": "Виїзд комісії"}, "assigned", date(2026, 12, 2)),  # the applicant wasn't told
        ({"extension_reason": "Виїзд комісії", "extension_notice_on": "2026-11-20"}, "extended", date(2026, 12, 17)),
        (
            {"extension_reason": "Виїзд", "extension_notice_on": "2026-11-20", "without_study": True},
            "extended",
            date(2026, 12, 17),
        ),
        ({}, "answered", None),
        ({}, "forwarded", None),
    ],
)
def test_appeal_is_due(appeal: Kit, more: dict[str, object], stage: str, due: date | None) -> None:
    values = {"received_on": "2026-11-02", "without_study": False, **more}
    assert due_on(appeal, values, stage, shipped_calendar()) == due


def test_without_a_start_nothing_is_due(appeal: Kit) -> None:
    assert due_on(appeal, {}, "registered", shipped_calendar()) is None
    assert due_on(appeal, {"received_on": "колись"}, "registered", shipped_calendar()) is None


def test_the_reminder_is_of_the_term_that_runs_out_first(appeal: Kit) -> None:
    marks: tuple[tuple[dict[str, object], int], ...] = (
        ({}, 5),
        ({"without_study": True}, 3),
        ({"outside_competence": True}, 2),
    )
    for more, remind_days in marks:
        found = deadline(appeal, {"received_on": "2026-11-02"} | more, "registered", shipped_calendar())
        assert found is not None
        assert found.remind_on == found.due_on - remind_days * DAY


def test_due_soon_is_from_the_reminder_to_the_last_day(appeal: Kit) -> None:
    found = deadline(appeal, {"received_on": "2026-11-02"}, "registered", shipped_calendar())
    assert found == Deadline(due_on=date(2026, 12, 2), remind_on=date(2026, 11, 27))
    days = [found.remind_on - DAY, found.remind_on, found.due_on, found.due_on + DAY]
    assert [found.due_soon(day) for day in days] == [False, True, True, False]
    assert [found.overdue(day) for day in days] == [False, False, False, True]


def test_the_rule_in_force_on_the_start_day_decides(load_kit: LoadKit, small: RawKit) -> None:
    small["terms"] = [
        {
            "id": "general",
            "label": both("General"),
            "start": "received_on",
            "rules": [
                {"value": 5, "unit": "working", "source": both("new"), "effective_from": "2026-06-01",
                 "verified": None},
                {"value": 10, "unit": "calendar", "source": both("old"), "effective_from": "2020-01-01",
                 "verified": {"by": "Юрист громади", "on": "2026-02-01"}},
            ],
        }
    ]  # fmt: skip
    kit = load_kit(small)
    calendar = shipped_calendar()
    assert (kit.terms[0].length, kit.terms[0].unit) == (5, Unit.WORKING)
    assert kit.terms[0].rules[0].verified is not None
    assert due_on(kit, {"received_on": "2026-05-29"}, "open", calendar) == date(2026, 6, 8)
    assert due_on(kit, {"received_on": "2026-06-01"}, "open", calendar) == date(2026, 6, 8)
    assert due_on(kit, {"received_on": "2026-06-02"}, "open", calendar) == date(2026, 6, 9)
    assert due_on(kit, {"received_on": "2019-01-01"}, "open", calendar) == date(2019, 1, 11)


class TestCalendarFile:
    def test_the_shipped_one_has_weekends_and_under_martial_law_no_holidays(self) -> None:
        calendar = shipped_calendar()
        assert calendar.is_off(date(2026, 11, 22))
        assert not calendar.is_off(date(2026, 8, 24))
        assert calendar.is_off(date(2021, 8, 24))
        assert calendar.month_days is None

    def write(self, folder: Path, **values: object) -> Path:
        file = folder / "calendar.json"
        file.write_text(json.dumps(values), encoding="utf-8")
        return file

    def test_a_changed_one(self, tmp_path: Path) -> None:
        calendar = load_calendar(
            self.write(
                tmp_path, weekend=[7], month_days=30, moves_on=True, holidays=[{"day": "02-29",
                 "label": both("Свято")}],
                working_days=[{"day": "2026-11-22"}], martial_law=[{"first": "2022-02-24", "last": "2027-01-31"}],
            )
        )  # fmt: skip
        assert calendar.is_off(date(2028, 2, 29))
        assert not calendar.is_off(date(2026, 11, 21))
        assert not calendar.is_off(date(2026, 11, 22))
        assert calendar.is_off(date(2026, 11, 15))

    @pytest.mark.parametrize(
        "faulty",
        [{"weekend": [1, 2, 3, 4, 5, 6, 7]}, {"weekend": "6,7"}, {"weekend": [0]}, {"weekend": []} | {"month_days": 40},
         {"weekend": [], "holidays": [{"day": "13-01", "label": both("?")}]}, {"weekend": [], "wekend": 1},
         {"weekend": [], "martial_law": [{"first": "24.02.2022"}]}],
    )  # fmt: skip
    def test_a_faulty_one_is_refused(self, tmp_path: Path, faulty: dict[str, object]) -> None:
        with pytest.raises(Refused) as caught:
            load_calendar(self.write(tmp_path, **faulty))
        assert caught.value.code == "bad_kit"
        assert "calendar.json" in caught.value.message

    def test_a_calendar_without_working_days_is_a_bug(self) -> None:
        with pytest.raises(ValueError, match="no working day"):
            Calendar(weekend=frozenset(range(7))).end(date(2026, 1, 1), 3, Unit.WORKING)
