"""The ways into a backup: those of its vault, as they were when it was made."""

from dataclasses import dataclass
from pathlib import Path

from desktop_app.backup import failures
from desktop_app.opening import open_recovered, open_workspace
from desktop_app.vault import ways
from desktop_app.vault.shares import Secret
from desktop_app.vault.stick import Stick
from desktop_app.workspace import Workspace
from sync.errors import Refused


@dataclass(frozen=True, slots=True)
class Way:
    """What a person has: the pass phrase, perhaps with the key file of a stick, or the recovery sheets.

    Args:
        text: The pass phrase, or None when the recovery sheets are given.
        stick: The second secret; where one is needed and none is given, it is looked for on what is plugged in.
        recovery: From `shares.combine`.
    """

    text: str | None = None
    stick: Stick | None = None
    recovery: Secret | None = None

    def vault_key(self, key_file: bytes) -> bytearray:
        """Return the vault key from a backup's copy of the key file.

        Raises:
            Refused: It does not open.
            Damaged: The key file is damaged.
        """
        try:
            return ways.vault_key(key_file, self.text, given=self.stick, recovery=self.recovery)
        except Refused as refusal:
            raise failures.wrong_passphrase() if refusal.code == "wrong_passphrase" else refusal from None

    def open(self, folder: Path) -> Workspace:
        """Open a vault that was restored.

        Raises:
            Failure: As `open_workspace`.
        """
        if self.recovery is not None:
            return open_recovered(folder, self.recovery)
        return open_workspace(folder, self.text or "", stick=self.stick)

    def __repr__(self) -> str:
        return "Way(...)"
