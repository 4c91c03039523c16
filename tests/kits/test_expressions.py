from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.kits.expressions import ExpressionError, Operand, Reader, compile_expression
from desktop_app.kits.expressions.functions import FUNCTIONS
from desktop_app.kits.expressions.patterns import safe_pattern
from desktop_app.kits.model import FieldType
from desktop_app.kits.values import READERS
from sync.messages import set_language

TODAY = date(2026, 11, 23)
KNOWN: dict[str, Reader] = {
    "word": READERS[FieldType.TEXT],
    "number": READERS[FieldType.INTEGER],
    "money": READERS[FieldType.MONEY],
    "day": READERS[FieldType.DATE],
    "moment": READERS[FieldType.DATETIME],
    "many": READERS[FieldType.MULTIPLE_CHOICE],
    "yes": READERS[FieldType.YES_NO],
    "none": READERS[FieldType.TEXT],
}
VALUES = {
    "word": "слово",
    "number": 7,
    "money": "1234.50",
    "day": "2026-11-20",
    "moment": "2026-11-20T09:05",
    "many": ["food", "fuel"],
    "yes": True,
}


def run(source: str, own: str | None = None) -> Operand:
    return compile_expression(source, KNOWN, own).evaluate(VALUES, TODAY)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", Decimal(7)),
        ("(1 + 2) * 3", Decimal(9)),
        ("7 mod 4 + 7 div 2", Decimal("6.5")),
        ("-7 mod 4", Decimal(-3)),
        ("2 - -3", Decimal(5)),
        (".5 + 1.", Decimal("1.5")),
        ("0.1 + 0.2 = 0.3", True),
        ("1 div 0", None),
        ("0 div 0 = ''", True),
        ("1 < 2 and 2 <= 2 and 3 > 2 and 2 >= 3", False),
        ("1 = 2 or 2 = 2", True),
        ("1 < 2 = true()", True),
        ("not(1 = 1)", False),
        ("'a' != 'b'", True),
        ('"it\'s" = "it\'s"', True),
        ("${word} = 'слово'", True),
        ("'слово' = ${word}", True),
        ("${none} = ''", True),
        ("${none} != ''", False),
        ("${none} < 5 or ${none} >= 5", False),
        ("${number} = '7'", True),
        ("${number} = 'seven'", False),
        ("${money} + 0.5", Decimal("1235.00")),
        ("${yes}", True),
        ("${yes} = false()", False),
        ("${none} = true() or ${none} = false()", False),
        ("${day} = '2026-11-20'", True),
        ("${day} < today()", True),
        ("${day} + 3 = today()", True),
        ("3 + ${day} = today()", True),
        ("today() - ${day}", Decimal(3)),
        ("today() - 3 = ${day}", True),
        ("${day} + ${day}", None),
        ("${moment} < today()", True),
        ("${moment} < date('2026-11-20')", False),
        ("date('2026-02-30')", None),
        ("date(1) = '1970-01-02'", True),
        ("today() + 99999999", None),
        ("selected(${many}, 'fuel')", True),
        ("selected(${many}, 'cash')", False),
        ("selected('a b', 'b')", True),
        ("selected(${none}, 'b')", False),
        ("count-selected(${many})", Decimal(2)),
        ("count-selected(${none})", Decimal(0)),
        ("if(${number} > 5, 'багато', 'мало')", "багато"),
        ("coalesce(${none}, '', ${word})", "слово"),
        ("coalesce(${none})", None),
        ("string-length(${word})", Decimal(5)),
        ("string-length('ґанок')", Decimal(5)),
        ("concat(${word}, '-', 2.50, '-', ${day}, ${none})", "слово-2.5-2026-11-20"),
        ("regex('А-12', '[А-Я]-[0-9]+')", True),
        ("regex('xА-12', '[А-Я]-[0-9]+')", False),
        ("number('12.5') * 2", Decimal("25.0")),
        ("number('дванадцять')", None),
        ("int(-2.7)", Decimal(-2)),
        ("round(2.5)", Decimal(3)),
        ("round(2.345, 2)", Decimal("2.35")),
        ("round(${none}, 2)", None),
        ("format-date(${day}, '%d.%m.%Y')", "20.11.2026"),
        ("format-date(${moment}, '%e/%n %H:%M')", "20/11 09:05"),
        ("format-date(${none}, '%d')", None),
        ("starts-with(${word}, 'сло')", True),
        ("ends-with(${word}, 'во')", True),
        ("contains(${word}, 'лов')", True),
        ("contains(${word}, 'ЛОВ')", False),
        ("substr(${word}, 1, 3)", "ло"),
        ("substr(${word}, 3)", "во"),
        ("true() and not(false())", True),
        ("${ number }", Decimal(7)),
        (" 1\n+\t1 ", Decimal(2)),
    ],
)
def test_yields(source: str, expected: Operand) -> None:
    assert run(source) == expected
    assert isinstance(run(source), bool) == isinstance(expected, bool)


def test_now_is_the_present_minute_of_the_given_day() -> None:
    moment = run("now()")
    assert isinstance(moment, datetime)
    assert moment.date() == TODAY
    assert moment.second == moment.microsecond == 0


def test_a_dot_is_the_field_itself() -> None:
    expression = compile_expression(". > 5 and ${word} != ''", KNOWN, "number")
    assert expression.holds(VALUES, TODAY)
    assert expression.fields == {"number", "word"}


def test_a_branch_not_taken_is_not_computed() -> None:
    assert run("if(true(), 'так', 1 div 0)") == "так"


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("pulldata('x')", "pulldata"),
        ("${agee} > 1", "agee"),
        ("word = 1", "${word}"),
        ("1 +", "at its end"),
        ("(1", "at its end"),
        ("1)", ")"),
        ("1 2", "2"),
        ("'open", "'"),
        ("1 & 2", "&"),
        ("", "at its end"),
        (".", "single dot"),
        ("if(1, 2)", "if()"),
        ("today(1)", "today()"),
        ("coalesce()", "≥ 1"),
        ("round(1, 2, 3)", "1–2"),
        ("regex('a', ${word})", "regex()"),
        ("regex('a', '[')", "["),
        ("format-date(today(), '%Q')", "%Q"),
        ("${word", "$"),
        ("__import__('os')", "__import__"),
        ("/data/word = 1", "/"),
    ],
)
def test_a_fault_is_named_when_the_expression_is_made(source: str, named: str) -> None:
    set_language("en")
    with pytest.raises(ExpressionError) as caught:
        run(source)
    assert named in str(caught.value)


@pytest.mark.parametrize(
    "source",
    ["1" + "+1" * 600, "(" * 60 + "1" + ")" * 60, "-" * 60 + "1", "not(" * 60 + "1" + ")" * 60, "1" + " " * 5000],
)
def test_size_is_limited(source: str) -> None:
    with pytest.raises(ExpressionError):
        run(source)


def test_texts_are_limited() -> None:
    long = compile_expression("concat(${word}, ${word})", KNOWN)
    assert len(str(long.evaluate({"word": "х" * 20_000}, TODAY))) == 20_000


@pytest.mark.parametrize("source", ["1" + "0" * 50, "number('1e999999')", "int(number('1E+5000'))"])
def test_huge_numbers_neither_raise_nor_hang(source: str) -> None:
    assert run(f"concat({source}, '') != ''") is True
    assert run(f"{source} * {source} * {source} > 1") in {True, False}


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+", r"(a|b)*c", r"(a|a){5}", r"(?:a?){20}", r"a*a*a*a*b", r"(a)\1", r"(?=a)a", r"(?:(a*)b)+", "a" * 300],
)
def test_patterns_that_could_hang_are_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError):
        safe_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"[0-9]{10}",
        r"\+380[0-9]{9}",
        r"[А-ЯҐЄІЇ]{2}[0-9]{6}|[0-9]{9}",
        r"([0-9]{2}-)+",
        r"(?:грн|₴)?",
        r"[^)(|*]+",
        r"\(\d+\)\*",
        r"[]a]+",
        r"[^@]+@[^@]+\.[^@]+",
        r"(a+)?",
    ],
)
def test_usual_patterns_pass(pattern: str) -> None:
    assert safe_pattern(pattern).pattern == pattern


def test_the_worst_accepted_pattern_ends() -> None:
    assert compile_expression("regex(${word}, 'a*a*a*b')", KNOWN).evaluate({"word": "a" * 500}, TODAY) is False
    assert compile_expression("regex(${word}, 'a*')", KNOWN).evaluate({"word": "a" * 501}, TODAY) is False


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_refused(source: str) -> None:
    with suppress(ExpressionError):
        compile_expression(source, KNOWN, "word").evaluate(VALUES, TODAY)


_operand = st.sampled_from(
    ["1", "0", "2.5", "''", "'a'", "'2026-01-31'", *[f"${{{name}}}" for name in KNOWN], "today()", "true()", "now()"]
)
_tree = st.recursive(
    _operand,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "div", "mod", "=", "!=", "<", ">=", "and", "or"]), inner).map(
            lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"
        ),
        inner.map(lambda part: f"-{part}"),
        *[
            st.tuples(*[inner] * max(function.low, 1)).map(lambda parts, name=name: f"{name}({', '.join(parts)})")
            for name, function in FUNCTIONS.items()
            if function.low and name not in {"regex", "format-date"}
        ],
    ),
    max_leaves=12,
)


@given(_tree)
def test_whatever_compiles_can_be_computed(source: str) -> None:
    result = run(source)
    assert result is None or isinstance(result, bool | Decimal | str | date | tuple)
    if isinstance(result, Decimal):
        assert result.is_finite()
