"""The ways into a vault: how they are tried, and how one is put in the place of another."""

from dataclasses import dataclass
from pathlib import Path

from desktop_app.vault import kdf, keyfile, passphrase, slots, stick
from desktop_app.vault.kdf import KdfParameters
from desktop_app.vault.keyfile import KeyFile
from desktop_app.vault.shares import Secret, sheet_number
from desktop_app.vault.stick import Stick
from desktop_app.vault.tries import Tries
from sync.errors import Refused
from sync.messages import _

CHEAP_SECONDS = kdf.TARGET_SECONDS / 2
"""An unlock that took less than this was much cheaper than it should be on this machine."""
_WORTH_RAISING = 2


@dataclass(frozen=True, slots=True)
class NewPhrase:
    """The pass phrase that is to be used from now on.

    Args:
        text: What a person typed.
        stick: The second secret, if one is to be asked for.
        cost: The cost of one guess; calibrated on this machine when not given.
    """

    text: str
    stick: Stick | None = None
    cost: KdfParameters | None = None

    def __repr__(self) -> str:
        return "NewPhrase(...)"


def unlock(folder: Path, key_file: KeyFile, text: str, given: Stick | None = None) -> bytearray:
    """Try a pass phrase; wrong tries are counted, and too many of them make wait.

    Args:
        folder: The vault's folder.
        key_file: Its key file.
        text: The pass phrase.
        given: The second secret; where the vault needs one and none is given, it is looked for on what is plugged in.

    Returns:
        The vault key.

    Raises:
        Refused: "wrong_passphrase", "too_many_tries", "stick_missing", "other_stick" or "memory_missing".
        Damaged: The key file was put together from several.
    """
    given = stick_for(key_file, given)
    key_file.require_stick(given)
    with Tries(folder).one():
        return _with_phrase(key_file, text, given)


def unlock_with_recovery(folder: Path, key_file: KeyFile, secret: Secret) -> bytearray:
    """Try what the recovery sheets stand for.

    Args:
        folder: The vault's folder.
        key_file: Its key file.
        secret: From `shares.combine`.

    Returns:
        The vault key.

    Raises:
        Refused: "no_recovery", "wrong_recovery" or "too_many_tries".
        Damaged: The key file was put together from several.
    """
    require_sheet(key_file, secret)
    with Tries(folder).one():
        return key_file.unlock_recovery(secret.secret)


def vault_key(
    data: bytes, text: str | None = None, *, given: Stick | None = None, recovery: Secret | None = None
) -> bytearray:
    """Return the vault key from a key file that lies anywhere, such as in a backup; no tries are counted.

    Args:
        data: The bytes of the key file.
        text: The pass phrase, or None when the recovery sheets are given.
        given: The second secret, where the key file asks for one; else it is looked for on what is plugged in.
        recovery: From `shares.combine`.

    Raises:
        Refused: It does not open; the codes are those of `unlock` and `unlock_with_recovery`.
        Damaged: The key file is damaged ("damaged_key_file").
    """
    key_file = keyfile.parse(data)
    if recovery is not None:
        require_sheet(key_file, recovery)
        return key_file.unlock_recovery(recovery.secret)
    return _with_phrase(key_file, text or "", stick_for(key_file, given))


def require_sheet(key_file: KeyFile, secret: Secret) -> None:
    """Say whether these sheets can be those of the vault, before they are tried.

    Raises:
        Refused: The vault has no recovery sheet ("no_recovery"), or another one ("wrong_recovery").
    """
    slot = key_file.recovery_slot
    if slot is None:
        raise Refused(
            "no_recovery",
            _(
                "No recovery sheet was made for this vault, so none opens it. Nothing was changed. "
                "Only the pass phrase opens it, or a backup that has a recovery sheet."
            ),
        )
    if secret.vault not in {None, key_file.vault_id}:
        raise keyfile.wrong_recovery()
    if slot.reserved != secret.sheet:
        raise Refused(
            "wrong_recovery",
            _(
                "This is recovery sheet {given}, and the vault asks for sheet {needed}: it is another vault's, or a "
                "newer one has replaced it. Nothing was changed."
            ).format(given=sheet_number(secret.sheet), needed=sheet_number(slot.reserved)),
        )


def replaced(
    key_file: KeyFile, key: bytearray, phrase: NewPhrase | None = None, recovery: Secret | None = None
) -> KeyFile:
    """Return the next generation of a key file, with other ways in.

    Args:
        key_file: The present one.
        key: The vault key.
        phrase: The pass phrase to put in the place of the present one.
        recovery: The recovery secret to put in the place of the present one.

    Raises:
        Refused: The pass phrase is weak, or the memory for it is missing.
    """
    put = []
    if phrase is not None:
        passphrase.check_passphrase(phrase.text)
        secret = passphrase.secret(phrase.text)
        try:
            cost = phrase.cost or kdf.calibrate()
            put.append(slots.phrase_slot(key, key_file.vault_id, secret, cost, phrase.stick))
        finally:
            keyfile.wipe(secret)
    if recovery is not None:
        put.append(slots.recovery_slot(key, key_file.vault_id, recovery.secret, recovery.sheet))
    return key_file.with_slots(key, *put)


def raised(key_file: KeyFile, text: str, given: Stick | None = None) -> KeyFile | None:
    """Return the next generation in which a guess costs what this machine bears, or None when it does already.

    Args:
        key_file: The present one.
        text: The pass phrase, which has just opened it.
        given: The second secret, as it was given then.

    Raises:
        Refused: As `unlock`.
    """
    present, wanted = key_file.phrase_slot, kdf.calibrate()
    # Where a first measure was only a little off, there is nothing to gain; and two machines never take turns.
    if present is None or wanted.cost < _WORTH_RAISING * present.kdf.cost:
        return None
    given = stick_for(key_file, given)
    key = _with_phrase(key_file, text, given)
    secret = passphrase.secret(text)
    try:
        return key_file.with_passphrase(key, secret, wanted, given)
    finally:
        keyfile.wipe(key, secret)


def stick_for(key_file: KeyFile, given: Stick | None) -> Stick | None:
    """Return the second secret that the vault asks for.

    Args:
        key_file: The vault's.
        given: What a person gave; where it is None, it is looked for on what is plugged in.

    Returns:
        None where none is asked for, or none is found.
    """
    mark = key_file.stick_mark
    if mark is None:
        return None
    return stick.find(mark) if given is None else given


def _with_phrase(key_file: KeyFile, text: str, given: Stick | None) -> bytearray:
    secret = passphrase.secret(text)
    try:
        return key_file.unlock(secret, given)
    finally:
        keyfile.wipe(secret)
