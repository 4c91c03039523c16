"""Translation catalogues: drawn from the code, merged, checked and compiled. Runs inside the environment (Babel)."""

import re
import sys
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from dev.paths import LOCALE, ROOT

DOMAIN = "sprava"
_SOURCES = ("sync", "desktop_app", "ui", "benchmarks", "dev")
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}
# Header lines that change at every run and tell a translator nothing.
_NOISE = (
    b'"POT-Creation-Date',
    b'"PO-Revision-Date',
    b'"Generated-By',
    b'"Last-Translator',
    b'"Language-Team',
    b'"Report-Msgid',
)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_APOSTROPHE = re.compile(r"(?<=[а-яіїєґ])['`\u02bc](?=[а-яіїєґ])", re.IGNORECASE)
# Names, units and marks that Ukrainian writes just as English does.
SAME_IN_BOTH = frozenset({"Sprava", "OK", "PDF", "XLSX", "CSV", "JSON"})


def main(arguments: list[str]) -> int:
    """Compile the catalogues, or with ``update [FILE...]`` renew and merge them, or with ``check`` judge them."""
    match arguments:
        case []:
            compile_all()
            return 0
        case ["check"]:
            problems = list(find_problems(extract(), read(_catalogue("uk"))))
            print("\n".join(problems) or "Every message has its translation.")
            return 1 if problems else 0
        case ["update", "merge", *files] | ["update", *files]:
            update([Path(name) for name in files])
            return 0
    print("python -m dev.catalogues [check | update [FILE.po ...]]", file=sys.stderr)
    return 2


def extract() -> Catalog:
    """Return a catalogue of every message in the code, without translations."""
    catalogue = Catalog(
        project="Sprava", version="0", charset="utf-8", fuzzy=False, header_comment="# Messages of Sprava."
    )
    for folder in _SOURCES:
        found = extract_from_dir(ROOT / folder, [("**.py", "python")], keywords=_KEYWORDS)
        for _, _, text, _, _ in found:
            catalogue.add(text)
    return catalogue


def read(path: Path) -> Catalog:
    """Read a .po file, refusing one that is malformed."""
    with path.open("rb") as file:
        return read_po(file, domain=DOMAIN, abort_invalid=True)


def update(files: list[Path]) -> None:
    """Bring the catalogues up to date with the code, and take over the translations in the files.

    Args:
        files: Further .po files; where two translate one message differently, the last named wins.
    """
    template = extract()
    _write(LOCALE / f"{DOMAIN}.pot", template)
    for path in sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
        catalogue.obsolete.clear()
        catalogue.project, catalogue.version = template.project, template.version
        for file in files:
            print(f"{file.name}: {merge(catalogue, read(file))}")
        _write(path, catalogue)
    compile_all()


def compile_all() -> None:
    """Compile each .po file to the .mo file that the program reads."""
    for path in LOCALE.rglob("*.po"):
        compiled = BytesIO()
        write_mo(compiled, read(path))
        path.with_suffix(".mo").write_bytes(compiled.getvalue())


def find_problems(wanted: Catalog, translated: Catalog) -> Iterator[str]:
    """Yield a line for each message that has no translation, or one that can't be right.

    Args:
        wanted: The messages in the code.
        translated: Their translations.
    """
    for message in _messages(wanted):
        found = translated.get(message.id)
        if found is None:
            yield f"not in the catalogue: {message.id!r}"
        else:
            yield from _judge(found, translated.num_plurals)


def _judge(message: Message, plurals: int) -> Iterator[str]:
    ids, strings = _forms(message.id), _forms(message.string)
    if not all(strings) or len(strings) != (plurals if message.pluralizable else 1):
        yield f"not translated: {message.id!r}"
        return
    if message.fuzzy:
        yield f"marked as fuzzy: {message.id!r}"
    placeholders = set().union(*(_PLACEHOLDER.findall(text) for text in ids))
    for string in strings:
        if set(_PLACEHOLDER.findall(string)) != placeholders:
            yield f"other placeholders than in {message.id!r}: {string!r}"
        if (
            string in ids
            and string not in SAME_IN_BOTH
            and any(letter.isalpha() for letter in _PLACEHOLDER.sub("", string))
        ):
            yield f"left as it was: {message.id!r}"


def _forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def merge(catalogue: Catalog, more: Catalog) -> str:
    """Take over the translations of messages that the catalogue has, and return what happened in a line."""
    taken = unused = 0
    for message in _messages(more):
        target = catalogue.get(message.id)
        if target is None:
            unused += 1
        elif message.string and _with_apostrophes(message.string) != target.string:
            target.string = _with_apostrophes(message.string)
            target.flags.discard("fuzzy")
            taken += 1
    return f"{taken} taken over, {unused} not in the code"


def _with_apostrophes(text: str | Sequence[str]) -> str | tuple[str, ...]:
    """Write every apostrophe inside a Ukrainian word the way a printed page does."""
    if isinstance(text, str):
        return _APOSTROPHE.sub("\u2019", text)
    return tuple(_APOSTROPHE.sub("\u2019", form) for form in text)


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _catalogue(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _write(path: Path, catalogue: Catalog) -> None:
    written = BytesIO()
    write_po(written, catalogue, width=110, no_location=True, sort_output=True)
    lines = [line for line in written.getvalue().splitlines() if not line.startswith(_NOISE)]
    path.write_bytes(b"\n".join(lines).strip() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
