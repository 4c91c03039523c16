import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.kits import identifiers
from desktop_app.kits.identifiers import CHECKS, booklet, edrpou, id_card, passport, rnokpp, unzr


def own_rnokpp_digit(digits: str) -> int:
    """The rule of design notes, written anew: weights, sum mod 11, mod 10."""
    return (
        sum(weight * int(digit) for weight, digit in zip((-1, 5, 7, 9, 4, 6, 10, 5, 7), digits, strict=True)) % 11 % 10
    )


def own_edrpou_digit(digits: str) -> int:
    number = int(digits + "0")
    weights = [7, 1, 2, 3, 4, 5, 6] if 30_000_000 < number < 60_000_000 else [1, 2, 3, 4, 5, 6, 7]
    rest = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11
    if rest < 10:
        return rest
    return sum((weight + 2) * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 % 10


@given(st.text("0123456789", min_size=9, max_size=9).filter(lambda digits: int(digits) > 0), st.integers(0, 9))
def test_rnokpp_is_checked_by_its_last_digit(digits: str, last: int) -> None:
    right = own_rnokpp_digit(digits)
    assert rnokpp(f"{digits}{last}") == (f"{digits}{last}" if last == right else None)


@given(st.text("0123456789", min_size=7, max_size=7).filter(lambda digits: int(digits) > 0), st.integers(0, 9))
def test_edrpou_is_checked_by_its_last_digit(digits: str, last: int) -> None:
    right = own_edrpou_digit(digits)
    assert edrpou(f"{digits}{last}") == (f"{digits}{last}" if last == right else None)


@pytest.mark.parametrize("number", ["1759013776", " 25 3041 4071 "])
def test_rnokpp_known(number: str) -> None:
    assert rnokpp(number) == number.replace(" ", "")


def test_edrpou_known() -> None:
    assert edrpou("32855961") == "32855961"
    assert edrpou("32855968") is None


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 9999), st.integers(0, 9))
def test_unzr_is_checked_by_its_last_digit(born: date, serial: int, last: int) -> None:
    digits = f"{born:%Y%m%d}{serial:04}"
    right = sum(int(digit) * weight for digit, weight in zip(digits, (7, 3, 1) * 4, strict=True)) % 10
    written = f"{digits[:8]}-{digits[8:]}{last}"
    expected = written if last == right else None
    assert unzr(written) == expected
    assert unzr(written.replace("-", "")) == expected


@pytest.mark.parametrize("number", ["19851312-01230", "19850230-01230", "1985041201230x", "850412-01230"])
def test_unzr_that_can_not_be(number: str) -> None:
    assert unzr(number) is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("АЕ123456", "АЕ123456"),
        ("ае 123456", "АЕ123456"),
        ("AE № 123456", "АЕ123456"),  # Latin letters that look the same
        ("ҐЇ123456", "ҐЇ123456"),
        ("QW123456", None),
        ("А123456", None),
        ("АЕ12345", None),
    ],
)
def test_booklet(typed: str, expected: str | None) -> None:
    assert booklet(typed) == expected
    assert passport(typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"), [("001 234 567", "001234567"), ("12345678", None), ("1234567890", None)]
)
def test_id_card(typed: str, expected: str | None) -> None:
    assert id_card(typed) == expected
    assert passport(typed) == expected


@pytest.mark.parametrize("name", CHECKS)
@given(text=st.text(max_size=20))
def test_no_text_breaks_a_check(name: str, text: str) -> None:
    found = CHECKS[name](text)
    assert found is None or CHECKS[name](found) == found


@pytest.mark.parametrize("name", CHECKS)
def test_zeros_and_other_digits_are_no_numbers(name: str) -> None:
    if name not in {"id_card", "passport"}:
        assert CHECKS[name]("0" * identifiers.WIDTHS.get(name, 13)) is None
    assert CHECKS[name]("٣" * 10) is None


def test_one_wrong_digit_in_a_tax_number_is_found_nearly_always() -> None:
    chance = random.Random(7)
    found = tried = 0
    for _number in range(300):
        digits = f"{chance.randrange(10**9):09}"
        whole = f"{digits}{own_rnokpp_digit(digits)}"
        place = chance.randrange(9)
        wrong = whole[:place] + str((int(whole[place]) + chance.randrange(1, 10)) % 10) + whole[place + 1 :]
        tried += 1
        found += rnokpp(wrong) is None
    assert found / tried > 0.95


def test_every_check_has_advice() -> None:
    assert identifiers.ADVICE.keys() == CHECKS.keys()
    assert all("{label}" in advice for advice in identifiers.ADVICE.values())
    # The number that the advice shows is a valid one.
    assert unzr("19850412-01230") == "19850412-01230"
    assert "19850412-01230" in identifiers.ADVICE["unzr"]
