"""The recovery sheet of a vault: made, put in force, and used to open it again (docs/formats/recovery.md)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from desktop_app import key_past
from desktop_app.audit import Audit
from desktop_app.vault import NewPhrase, Vault, keyfile, shares, ways
from desktop_app.vault.shares import Arrangement, Secret, Share
from sync import files
from sync.log import Log

_NOTE = "recovery-sheet"


@dataclass(frozen=True, slots=True)
class RecoveryState:
    """What is known of the recovery sheet.

    Args:
        number: The number on it; empty when there is none.
        arrangement: One sheet or trustees; None when that is not known, as after an old copy of the database.
        made_on: When it was made; None when that is not known.
        confirmed: Whether somebody has shown that it can be read, by two of its words.
    """

    number: str = ""
    arrangement: Arrangement | None = None
    made_on: date | None = None
    confirmed: bool = False

    @property
    def exists(self) -> bool:
        """Whether a recovery sheet opens the vault."""
        return bool(self.number)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A new recovery sheet, or the sheets of trustees, before it is in force.

    Args:
        arrangement: One sheet or trustees.
        secret: What they stand for.
        sheets: Their words.
        documents: Their PDFs, in the same order.
    """

    arrangement: Arrangement
    secret: Secret
    sheets: tuple[Share, ...]
    documents: tuple[bytes, ...]

    @property
    def number(self) -> str:
        """The number on the sheets."""
        return shares.sheet_number(self.secret.sheet)

    def write(self, path: Path) -> list[Path]:
        """Write the sheets to new files; none is left when one can't be written.

        Args:
            path: The file that a person named; trustees' sheets get a number behind its name.

        Returns:
            The files.

        Raises:
            Refused: A file is there already ("file_exists") or can't be written ("unwritable").
        """
        written: list[Path] = []
        try:
            for place, document in zip(self.arrangement.paths(path), self.documents, strict=True):
                files.write_new(place, document)
                written.append(place)
        except BaseException:
            for place in written:
                place.unlink(missing_ok=True)
            raise
        return written

    def __repr__(self) -> str:
        return "Prepared(...)"


class RecoveryService:
    """Makes recovery sheets for an open vault.

    Args:
        opened: The vault.
        log: Its log, which keeps a note about the sheet.
        names: Gives community, unit and person, to stand on the sheet.
        audit: Records that ways into the vault were replaced.
    """

    def __init__(self, opened: Vault, log: Log, names: Callable[[], tuple[str, str, str]], audit: Audit) -> None:
        self._audit = audit
        self._vault = opened
        self._log = log
        self._names = names

    def state(self) -> RecoveryState:
        """Return what is known of the sheet in force; the key file decides whether there is one."""
        slot = self._vault.key_file.recovery_slot
        if slot is None:
            return RecoveryState()
        number = shares.sheet_number(slot.reserved)
        note = self._note()
        if note.get("number") != number:
            return RecoveryState(number)
        return RecoveryState(
            number, Arrangement(note["needed"], note["count"]), date.fromisoformat(note["made_on"]), note["confirmed"]
        )

    def prepare(self, arrangement: Arrangement) -> Prepared:
        """Make a new sheet, or sheets, that open nothing yet.

        Args:
            arrangement: How many sheets, and how many of them are needed.

        Raises:
            Refused: The arrangement is not possible.
        """
        from desktop_app.documents.recovery_sheet import Names, recovery_sheet

        secret, sheets = shares.split(arrangement)
        names, today = Names(*self._names()), _today()
        documents = [recovery_sheet(sheet, arrangement, names, self._vault.id, today) for sheet in sheets]
        return Prepared(arrangement, secret, tuple(sheets), tuple(documents))

    def put_in_force(self, prepared: Prepared, phrase: NewPhrase | None = None) -> None:
        """Let new sheets open the vault from now on, and no others; whoever asks has made sure that they are kept.

        Args:
            prepared: The new sheets.
            phrase: A new pass phrase, to come into force in the same moment.

        Raises:
            Refused: The pass phrase is weak or the disk refuses; what opened the vault still does.
        """
        self._vault.replace_ways(phrase, prepared.secret)
        key_past.keep(self._vault, self._log)
        # After a power cut here the number in the key file tells that this note is of an older sheet.
        self._keep(prepared.number, prepared.arrangement, confirmed=False)
        self._audit.record("recovery_made", number=prepared.number, count=prepared.arrangement.count)
        if phrase is not None:
            self._audit.record("passphrase_changed")

    def confirm(self) -> None:
        """Note that the sheet in force was read by somebody."""
        state = self.state()
        if state.arrangement is not None and not state.confirmed:
            self._keep(state.number, state.arrangement, confirmed=True, made_on=state.made_on)

    def check(self, found: Sequence[Share]) -> None:
        """Prove that sheets in hand open this vault, and note it; they are not used up.

        Args:
            found: The sheets that were read, as many as are needed.

        Raises:
            Refused: They are too few, or another vault's, or void; the codes are those of `shares.combine` and
                `ways.require_sheet`.
            Damaged: The key file was put together from several.
        """
        secret, key_file = shares.combine(found), self._vault.key_file
        ways.require_sheet(key_file, secret)
        keyfile.wipe(key_file.unlock_recovery(secret.secret))
        self.confirm()

    def _keep(self, number: str, arrangement: Arrangement, *, confirmed: bool, made_on: date | None = None) -> None:
        note = {
            "number": number,
            "needed": arrangement.threshold,
            "count": arrangement.count,
            "made_on": (made_on or _today()).isoformat(),
            "confirmed": confirmed,
        }
        self._log.remember(_NOTE, msgspec.json.encode(note))

    def _note(self) -> dict[str, Any]:
        kept = self._log.recall(_NOTE)
        note: dict[str, Any] = {} if kept is None else msgspec.json.decode(kept)
        return note


def asked_back(sheet: Share) -> tuple[int, int]:
    """Return which two words to ask back, from 1; the words between them differ from sheet to sheet.

    Args:
        sheet: The sheet that was written down.
    """
    # The last words are a checksum over all, so that any of them serves; the first ones are alike on many sheets.
    first = 5 + sheet.indices[6] % 7
    return first, 12 + sheet.indices[7] % 9


def is_word(sheet: Share, number: int, typed: str) -> bool:
    """Return whether a word is the one that stands on the sheet.

    Args:
        sheet: The sheet.
        number: Its place, from 1.
        typed: What a person typed.
    """
    return shares.same_word(typed, sheet.words[number - 1])


def required(found: Sequence[Share]) -> int:
    """Return how many more sheets are needed beside those found; the words of each say how many there must be.

    Args:
        found: The sheets so far.
    """
    if not found:
        return 1
    return max(0, found[0].threshold - len({(share.sheet, share.place) for share in found}))


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the calendar day of the person who puts it into the safe
