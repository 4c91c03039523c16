"""Read the JSON of a kit with care: everything wrong is gathered, each by its place."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import cast

from desktop_app.kits.expressions import Expression, ExpressionError, Reader, compile_expression
from desktop_app.kits.model import LocalText, Verification
from sync import files
from sync.errors import FieldProblem, Refused
from sync.messages import LANGUAGES, _

_MAX_BYTES = 5_000_000
_SHOWN_FAULTS = 20


class Faults:
    """All that is wrong with a kit."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[FieldProblem] = []

    def add(self, place: str, sentence: str) -> None:
        """Note a fault.

        Args:
            place: Where it is, such as ``fields.subject.label``.
            sentence: What is wrong, for the author of the kit.
        """
        self.found.append(FieldProblem(place, sentence))

    def raise_any(self) -> None:
        """End the reading if anything is wrong.

        Raises:
            Refused: ``bad_kit``, with every fault.
        """
        if not self.found:
            return
        lines = [f"{fault.field}: {fault.message}" for fault in self.found[:_SHOWN_FAULTS]]
        left = len(self.found) - len(lines)
        message = _("The kit in {file} can't be used; nothing was changed. Correct it there:").format(file=self.file)
        rest = [_("… and {count} more.").format(count=left)] if left else []
        raise Refused("bad_kit", "\n".join([message, *lines, *rest]), tuple(self.found))


def read_json(file: Path) -> object:
    """Return what a JSON file holds.

    Raises:
        Refused: ``bad_kit``; it can't be read, is too big, repeats a key or isn't JSON.
    """
    faults = Faults(str(file))
    try:
        with files.open_named(file) as opened:
            data = opened.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            faults.add("-", _("The file is larger than 5 MB."))
        else:
            return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_without_repeats)
    except OSError as error:
        faults.add("-", _("The file can't be read: {reason}.").format(reason=error.strerror or error))
    except (ValueError, RecursionError) as error:
        faults.add("-", _("The file isn't JSON in UTF-8: {reason}.").format(reason=error))
    faults.raise_any()
    raise AssertionError("a fault was added")


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _value in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(_("the key “{key}” stands twice in one object").format(key=repeated))
    return found


class Item:
    """One JSON object of a kit. Every getter notes what is wrong and gives something harmless."""

    def __init__(self, raw: object, place: str, faults: Faults) -> None:
        self.place = place
        self.faults = faults
        self.used: set[str] = {"comment"}
        if isinstance(raw, dict):
            self.raw: Mapping[str, object] = cast("dict[str, object]", raw)
        else:
            self.raw = {}
            self.fault("", _("An object in braces {} belongs here."))

    def fault(self, key: str, sentence: str) -> None:
        """Note a fault at a key of this object."""
        self.faults.add(".".join(part for part in (self.place, key) if part) or "-", sentence)

    def get(self, key: str) -> object:
        """Return the raw value at a key, or None."""
        self.used.add(key)
        return self.raw.get(key)

    def finish(self) -> None:
        """Note every key that nobody asked for: most are slips of the pen."""
        for key in self.raw.keys() - self.used:
            self.fault(
                key, _("This key isn't known here. Those that are: {known}.").format(known=", ".join(sorted(self.used)))
            )

    def string(self, key: str, default: str | None = None) -> str:
        """Return a text; a default makes it optional."""
        value = self.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if value is None and default is not None:
            return default
        self.fault(key, _("A text that isn't empty belongs here."))
        return ""

    def integer(self, key: str, default: int | None = None, low: int = 1, high: int = 100_000) -> int:
        """Return a whole number within limits; a default makes it optional."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.fault(key, _("A whole number from {low} to {high} belongs here.").format(low=low, high=high))
        return low

    def flag(self, key: str) -> bool:
        """Return true or false; absent means false."""
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.fault(key, _("true or false belongs here."))
        return False

    def day(self, key: str) -> date:
        """Return a date written YYYY-MM-DD."""
        value = self.get(key)
        try:
            if isinstance(value, str):
                return date.fromisoformat(value)
        except ValueError:
            value = None
        self.fault(key, _("A date such as 2026-11-23 belongs here."))
        return date.min

    def local(self, key: str, *, optional: bool = False) -> LocalText:
        """Return a text in every language."""
        value = self.get(key)
        if value is None and optional:
            return dict.fromkeys(LANGUAGES, "")
        if not isinstance(value, dict) or value.keys() != set(LANGUAGES):
            self.fault(key, _('A text in both languages belongs here: {"uk": "…", "en": "…"}.'))
            return dict.fromkeys(LANGUAGES, "")
        for language, words in value.items():
            if not isinstance(words, str) or not words.strip():
                self.fault(f"{key}.{language}", _("A text that isn't empty belongs here."))
        return {language: str(words) for language, words in value.items()}

    def strings(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; absent means empty."""
        value = self.get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        self.fault(key, _("A list of texts belongs here."))
        return ()

    def items(self, key: str, name: str = "", *, optional: bool = False) -> Iterator["Item"]:
        """Yield the objects of a list.

        Args:
            key: Where the list is.
            name: The key that names an object in the place of its faults; without it, its number does.
            optional: Whether the list may be absent or empty.
        """
        value = self.get(key)
        if value is None and optional:
            return
        if not isinstance(value, list) or (not value and not optional):
            self.fault(key, _("A list of objects [{}, …] belongs here."))
            return
        for number, raw in enumerate(value, start=1):
            label = raw.get(name) if isinstance(raw, dict) else None
            where = label if isinstance(label, str) and label else f"[{number}]"
            place = ".".join(part for part in (self.place, key, where) if part)
            item = Item(raw, place, self.faults)
            yield item
            item.finish()

    def item(self, key: str) -> "Item":
        """Return the object at a key; whoever takes it calls ``finish``."""
        return Item(self.get(key), ".".join(part for part in (self.place, key) if part), self.faults)

    def verification(self) -> Verification | None:
        """Return who verified this rule and when, or None while nobody has."""
        if self.get("verified") is None:
            return None
        item = self.item("verified")
        found = Verification(item.string("by"), item.day("on"))
        item.finish()
        return found

    def expression(self, key: str, readers: Mapping[str, Reader], own: str | None = None) -> Expression | None:
        """Return a compiled expression, or None where there is none."""
        source = self.get(key)
        if source is None:
            return None
        if not isinstance(source, str):
            self.fault(key, _("An expression in quotes belongs here."))
            return None
        try:
            return compile_expression(source, readers, own)
        except ExpressionError as error:
            self.fault(key, str(error))
            return None
