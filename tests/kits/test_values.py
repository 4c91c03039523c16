import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.kits.expressions import Operand
from desktop_app.kits.model import Choice, Field, FieldType, Value
from desktop_app.kits.values import display, parse, stored
from sync.errors import Refused
from sync.messages import set_language

CHOICES = (
    Choice("food", {"uk": "Продукти", "en": "Food"}),
    Choice("clothes_shoes", {"uk": "Одяг, взуття", "en": "Clothes, shoes"}),
    Choice("other", {"uk": "Інше", "en": "Other"}),
)


def field(kind: str, **more: object) -> Field:
    values: dict[str, Any] = {
        "id": "the_field",
        "type": FieldType(kind),
        "label": {"uk": "Поле", "en": "The field"},
        "hint": {"uk": "", "en": ""},
        "section": "main",
        "required": False,
        "shown": None,
        "valid": None,
        "valid_message": {"uk": "", "en": ""},
        "default": None,
        "choices": CHOICES if "choice" in kind else (),
        "max_length": 500,
        "check": None,
        "calculation": None,
    }
    return Field(**(values | more))


EVERY_KIND = [field(kind) for kind in FieldType] + [field("identifier", check="rnokpp")]


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("text", "  Ґанок  ", "Ґанок"),
        ("text", "Мар'яна", "Мар'яна"),
        ("text", "и\u0306", "й"),
        ("text", "перший\r\n\tдругий", "перший другий"),
        ("text", 4.0, "4"),
        ("text", 12, "12"),
        ("text", 2.5, "2.5"),
        ("text", "   ", None),
        ("long_text", "перший\r\nдругий\rтретій", "перший\nдругий\nтретій"),
        ("integer", "1 234", 1234),
        ("integer", "1\u00a0234", 1234),
        ("integer", " -5 ", -5),
        ("integer", "−5", -5),
        ("integer", 4.0, 4),
        ("integer", 4, 4),
        ("integer", "4,0", 4),
        ("decimal", "12,50", "12.5"),
        ("decimal", "1.234,5", "1234.5"),
        ("decimal", "1,234.5", "1234.5"),
        ("decimal", 0.1, "0.1"),
        ("decimal", -0.0, "0"),
        ("decimal", 0.00001, "0.00001"),
        ("decimal", 100, "100"),
        ("money", "1 234,5 грн", "1234.50"),
        ("money", "1234.50₴", "1234.50"),
        ("money", 1234.5, "1234.50"),
        ("money", "-0", "0.00"),
        ("money", 0, "0.00"),
        ("date", "23.11.2026", "2026-11-23"),
        ("date", "1/2/2026", "2026-02-01"),
        ("date", "23.11.2026 р.", "2026-11-23"),
        ("date", "2026-11-23", "2026-11-23"),
        ("date", "2026-11-23T10:15:00+0200", "2026-11-23"),
        ("date", date(2026, 11, 23), "2026-11-23"),
        ("date", datetime(2026, 11, 23, 10, 15), "2026-11-23"),  # noqa: DTZ001
        ("datetime", "23.11.2026 9:05", "2026-11-23T09:05"),
        ("datetime", "2026-11-23T09:05:59.123+02:00", "2026-11-23T09:05"),
        ("datetime", datetime(2026, 11, 23, 9, 5, 7), "2026-11-23T09:05"),  # noqa: DTZ001
        ("choice", "food", "food"),
        ("choice", "ПРОДУКТИ", "food"),
        ("choice", " clothes, shoes ", "clothes_shoes"),
        ("multiple_choice", "other food", ["food", "other"]),
        ("multiple_choice", ["other", "food", "other"], ["food", "other"]),
        ("multiple_choice", "Інше; Продукти", ["food", "other"]),
        ("multiple_choice", "Інше, Продукти", ["food", "other"]),
        ("multiple_choice", "Одяг, взуття", ["clothes_shoes"]),
        ("multiple_choice", "food;Одяг, взуття", ["food", "clothes_shoes"]),
        ("multiple_choice", [], None),
        ("multiple_choice", " ; ", None),
        ("yes_no", "Так", True),
        ("yes_no", "no", False),
        ("yes_no", 1, True),
        ("yes_no", 0.0, False),
        ("yes_no", False, False),
        ("phone", "067 123-45-67", "+380671234567"),
        ("phone", "+38 (067) 123 45 67", "+380671234567"),
        ("phone", "80671234567", "+380671234567"),
        ("phone", 671234567.0, "+380671234567"),
        ("phone", "00380671234567", "+380671234567"),
        ("phone", "+48 501 234 567", "+48501234567"),
        ("phone", "0048501234567", "+48501234567"),
        ("email", "olena@example.org", "olena@example.org"),
        ("email", "пошта@приклад.укр", "пошта@приклад.укр"),
        ("identifier", "А-12/3", "А-12/3"),
        ("calculated", "anything", None),
        ("note", "", None),
    ],
)
def test_parse(kind: str, raw: object, expected: Value) -> None:
    found = parse(field(kind), raw)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("text", "а" * 501), ("text", "нуль\x00"), ("text", "\ud800"), ("text", True), ("text", ["а"]), ("text", {}),
        ("integer", "три"), ("integer", "3,5"), ("integer", True), ("integer", 10**15), ("integer", float("nan")),
        ("integer", "1" * 5000), ("integer", "٣"), ("integer", date(2026, 1, 1)),
        ("decimal", "1.2.3"), ("decimal", float("inf")), ("decimal", "0." + "1" * 13), ("decimal", "NaN"),
        ("money", "1,234"), ("money", "12.345"), ("money", "$5"),
        ("date", "31.02.2026"), ("date", "23.11.26"), ("date", "2026-13-01"), ("date", 46349.0), ("date", "завтра"),
        ("date", "01.01.0001"), ("date", date(1, 1, 1)),
        ("datetime", "23.11.2026"), ("datetime", "23.11.2026 25:00"), ("datetime", "23.11.2026 10:60"),
        ("datetime", date(2026, 11, 23)),
        ("choice", "cash"), ("choice", ["food"]), ("choice", True),
        ("multiple_choice", "food cash"), ("multiple_choice", ["food", 7]), ("multiple_choice", [["food"]]),
        ("yes_no", "може"), ("yes_no", 2),
        ("phone", "123 45 67"), ("phone", "+380 0 12"), ("phone", "067 123 45 67, 050 123 45 67"), ("phone", "тел."),
        ("phone", "+"), ("phone", "00"), ("phone", "380"),
        ("email", "olena@"), ("email", "a b@example.org"), ("email", "a@b..ua"), ("email", "a" * 600 + "@example.org"),
        ("note", "щось"),
    ],
)  # fmt: skip
def test_refuses_with_a_sentence_that_names_the_field(kind: str, raw: object) -> None:
    for language, label in (("uk", "Поле"), ("en", "The field")):
        set_language(language)
        with pytest.raises(Refused) as caught:
            parse(field(kind), raw)
        assert caught.value.code == "invalid"
        assert label in caught.value.message
        assert len(caught.value.message) > len(label) + 20
        assert [problem.field for problem in caught.value.fields] == ["the_field"]


def test_a_cell_that_lost_its_zeros_is_filled_up() -> None:
    assert parse(field("identifier", check="id_card"), 1234567.0) == "001234567"
    assert parse(field("identifier", check="id_card"), "001234567") == "001234567"
    with pytest.raises(Refused):
        parse(field("identifier", check="id_card"), "1234567")


_cell = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.dates(), st.datetimes(),
    st.lists(st.text(max_size=5), max_size=3), st.binary(max_size=3), st.dictionaries(st.text(max_size=2), st.none()),
)  # fmt: skip


@given(st.sampled_from(EVERY_KIND), _cell)
def test_any_cell_is_a_value_or_refused_and_a_value_stays_itself(kind: Field, raw: object) -> None:
    try:
        value = parse(kind, raw)
    except Refused:
        return
    assert value is None or isinstance(value, bool | int | str | list)
    assert parse(kind, value) == value
    assert isinstance(display(kind, value, "uk"), str)
    assert isinstance(display(kind, value, "en"), str)


@given(st.text())
def test_text_is_kept_as_typed_but_for_nfc_and_the_edges(typed: str) -> None:
    try:
        value = parse(field("long_text", max_length=10_000), typed)
    except Refused:
        return
    expected = unicodedata.normalize("NFC", typed).strip().replace("\r\n", "\n").replace("\r", "\n")
    assert (value or "") == expected


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_money_as_shown_is_money_as_typed(amount: Decimal) -> None:
    money = field("money")
    value = parse(money, str(amount))
    for language in ("uk", "en"):
        assert parse(money, display(money, value, language)) == value


@pytest.mark.parametrize(
    ("kind", "value", "ukrainian", "english"),
    [
        ("text", None, "", ""),
        ("integer", 1234567, "1\u00a0234\u00a0567", "1,234,567"),
        ("integer", -5, "−5", "−5"),
        ("decimal", "1234.5", "1\u00a0234,5", "1,234.5"),
        ("money", "1234.50", "1\u00a0234,50", "1,234.50"),
        ("date", "2026-11-03", "03.11.2026", "3 Nov 2026"),
        ("datetime", "2026-11-03T09:05", "03.11.2026 09:05", "3 Nov 2026 09:05"),
        ("yes_no", True, "так", "yes"),
        ("choice", "food", "Продукти", "Food"),
        ("choice", "gone_since", "gone_since", "gone_since"),
        ("multiple_choice", ["food", "other"], "Продукти; Інше", "Food; Other"),
        ("phone", "+380671234567", "+380 67 123 45 67", "+380 67 123 45 67"),
        ("phone", "+48501234567", "+48501234567", "+48501234567"),
        ("calculated", 3, "3", "3"),
        ("calculated", "2.5", "2,5", "2.5"),
        ("calculated", "2026-11-03", "03.11.2026", "3 Nov 2026"),
        ("calculated", "Допомога: вода", "Допомога: вода", "Допомога: вода"),
        ("integer", "хтозна", "хтозна", "хтозна"),
        ("date", "колись", "колись", "колись"),
    ],
)
def test_display(kind: str, value: Value, ukrainian: str, english: str) -> None:
    assert display(field(kind), value, "uk") == ukrainian
    assert display(field(kind), value, "en") == english
    set_language("en")
    assert display(field(kind), value) == english


@pytest.mark.parametrize(
    ("result", "expected"),
    [(Decimal("3.00"), 3), (Decimal("2.50"), "2.5"), (date(2026, 1, 2), "2026-01-02"), ("", None), ((), None),
     (("a", "b"), ["a", "b"]), (True, True), (None, None), (Decimal("1E+20"), "100000000000000000000")],
)  # fmt: skip
def test_what_is_computed_is_stored_in_canonical_form(result: Operand, expected: Value) -> None:
    assert stored(result) == expected
