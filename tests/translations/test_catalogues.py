"""Every sentence the program says, it says in Ukrainian too."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from dev import catalogues

# Capitals may stand for themselves, as in the series of a passport; a word has small letters.
CYRILLIC_WORD = re.compile(r"[\u0430-\u045f\u0491]")
COUNTED = re.compile(
    r"\{(?!limit|least|most|file|folder|source)\w+\} (?:[a-z]+ ){0,2}?(bytes|blocks|cases|cells|chains|changes|"
    r"characters|columns|conflicts|copies|days|devices|drafts|entries|events|fields|files|frames|generations|hours|invitations|"
    r"keys|letters|links|minutes|pages|parts|people|places|rows|seconds|sheets|states|sticks|trustees|units|values|words)\b"
)
"""A number before the plural of what is counted; bounds that the program sets itself are never 1."""
NEVER_ONE = (
    "Backup: first, after {count} more cases",
    "Backups can go to at most {places} places, and a file holds 1 to {states} states",
    "Open a case with {events} events",
    "Search as you type, the first {rows} rows",
    "The sheet in {file} spans {cells} cells, and at most {limit} can be read",
    "{count} cases on each, no number given twice",
)
"""How messages begin that are about numbers which the program sets itself, or about millions."""
RUSSIAN_ONLY = re.compile("[ыэёъЫЭЁЪ]")


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    return catalogues.extract()


@pytest.fixture(scope="module")
def ukrainian() -> Catalog:
    return catalogues.read(catalogues.LOCALE / "uk" / "LC_MESSAGES" / "sprava.po")


def test_messages_are_found_in_the_code(wanted: Catalog) -> None:
    assert len(wanted) > 100


def test_every_message_is_translated(wanted: Catalog, ukrainian: Catalog) -> None:
    problems = list(catalogues.find_problems(wanted, ukrainian))
    assert not problems, "\n".join(problems)


def test_messages_in_the_code_are_english(wanted: Catalog) -> None:
    assert not [message.id for message in wanted if CYRILLIC_WORD.search(str(message.id))]


def test_one_of_a_kind_is_not_called_by_its_plural(wanted: Catalog) -> None:
    """Let `ngettext` choose the form, or write ``cases: {count}``."""
    single = [message.id for message in wanted if isinstance(message.id, str)]
    assert not [text for text in single if COUNTED.search(text) and not text.startswith(NEVER_ONE)]


@pytest.mark.parametrize("text", ["{count} files", "in {n} new rows", "{a} of {b} known old pages are damaged"])
def test_a_plural_behind_a_number_is_seen(text: str) -> None:
    assert COUNTED.search(text)


@pytest.mark.parametrize("text", ["files: {count}", "{file} holds rows", "at most {limit} rows", "{count}. All pages"])
def test_a_plural_elsewhere_is_no_mistake(text: str) -> None:
    assert not COUNTED.search(text)


def test_translations_use_ukrainian_letters_and_the_right_apostrophe(ukrainian: Catalog) -> None:
    for message in ukrainian:
        for string in message.string if isinstance(message.string, tuple) else (message.string,):
            assert not RUSSIAN_ONLY.search(string), string
            assert not re.search(r"[а-яіїєґ]['\u02bc`][яюєї]", string, re.IGNORECASE), f"write \u2019 in {string!r}"


def test_the_template_lists_the_messages_of_the_code(wanted: Catalog) -> None:
    template = catalogues.read(catalogues.LOCALE / "sprava.pot")
    same = {message.id for message in template} == {message.id for message in wanted}
    assert same, "run: python3 -m dev translations"


class TestFindProblems:
    """The judge itself, on small catalogues."""

    def catalogue(self, *messages: tuple[str | tuple[str, str], str | tuple[str, ...]]) -> Catalog:
        made = Catalog(locale="uk")
        for text, string in messages:
            made.add(text, string)
        return made

    def problems(self, text: str | tuple[str, str], string: str | tuple[str, ...]) -> list[str]:
        return list(catalogues.find_problems(self.catalogue((text, "")), self.catalogue((text, string))))

    def test_a_right_translation_is_no_problem(self) -> None:
        assert self.problems("{count} cases", "{count} справ") == []
        assert self.problems(("{n} case", "{n} cases"), ("{n} справа", "{n} справи", "{n} справ")) == []

    @pytest.mark.parametrize(
        ("text", "string", "problem"),
        [
            ("Open", "", "not translated"),
            ("Open", "Open", "left as it was"),
            ("{count} cases", "{number} справ", "other placeholders"),
            (("{n} case", "{n} cases"), ("{n} справа", "{n} справи", ""), "not translated"),
            (("{n} case", "{n} cases"), ("{n} справа", "справи", "{n} справ"), "other placeholders"),
        ],
    )
    def test_a_wrong_one_is_named(
        self, text: str | tuple[str, str], string: str | tuple[str, ...], problem: str
    ) -> None:
        assert [line.split(":")[0].split(" in ")[0] for line in self.problems(text, string)] == [
            problem if problem != "other placeholders" else "other placeholders than"
        ]

    def test_a_missing_one_is_named(self) -> None:
        assert list(catalogues.find_problems(self.catalogue(("Open", "")), self.catalogue())) == [
            "not in the catalogue: 'Open'"
        ]


def test_a_file_for_merging_gives_its_translations(tmp_path: Path) -> None:
    more = tmp_path / "part.po"
    more.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Open"\nmsgstr "Відкрити"\n',
        encoding="utf-8",
    )
    catalogue = Catalog(locale="uk")
    catalogue.add("Open")
    assert catalogues.merge(catalogue, catalogues.read(more)) == "1 taken over, 0 not in the code"
    found = catalogue.get("Open")
    assert found is not None
    assert found.string == "Відкрити"
