"""What this program remembers about this computer: language, look, and where the vaults are. No case data."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import platformdirs

from sync.files import write_durably

FILE_NAME = "settings.json"


class KnownVault(msgspec.Struct, frozen=True):
    """A vault that was opened or made here.

    Args:
        folder: Its folder.
        label: The name of the community, as it stands on the door.
    """

    folder: str
    label: str


class _Stored(msgspec.Struct):
    language: str | None = None
    theme: str | None = None
    text_scale: int = 100
    vaults: list[KnownVault] = []


@dataclass
class Settings:
    """The settings of one person on one computer.

    Args:
        language: ``uk``, ``en``, or None for the system's.
        theme: ``light``, ``dark``, or None for the system's.
        text_scale: Size of all text in percent: 100, 125 or 150.
        vaults: The vaults known here, the latest opened first.
    """

    language: str | None = None
    theme: str | None = None
    text_scale: int = 100
    vaults: list[KnownVault] = field(default_factory=list)

    @classmethod
    def load(cls) -> "Settings":
        """Read the settings; missing or unreadable ones are the defaults, since nothing of value is in them."""
        try:
            stored = msgspec.json.decode((folder() / FILE_NAME).read_bytes(), type=_Stored)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            stored = _Stored()
        language = stored.language if stored.language in {"uk", "en"} else None
        theme = stored.theme if stored.theme in {"light", "dark"} else None
        scale = stored.text_scale if stored.text_scale in {100, 125, 150} else 100
        # What no file system knows as a name would stop the list of vaults.
        vaults = [known for known in stored.vaults if known.folder and "\0" not in known.folder]
        return cls(language, theme, scale, vaults)

    def remember_vault(self, vault: Path, label: str) -> None:
        """Put a vault at the head of the list of known ones and save.

        Args:
            vault: Its folder.
            label: What the list shall call it; not case data.
        """
        known = KnownVault(str(vault.absolute()), label)
        self.vaults = [known, *(other for other in self.vaults if other.folder != known.folder)]
        self.save()

    def label_of(self, vault: Path) -> str:
        """Return what the list calls a vault: its folder's name while nothing better is known.

        Args:
            vault: Its folder.
        """
        folder = str(vault.absolute())
        return next((known.label for known in self.vaults if known.folder == folder), vault.name)

    def save(self) -> None:
        """Write the settings, whole or not at all.

        Raises:
            OSError: The folder can't be written.
        """
        target = folder() / FILE_NAME
        target.parent.mkdir(parents=True, exist_ok=True)
        stored = _Stored(self.language, self.theme, self.text_scale, self.vaults)
        write_durably(target, msgspec.json.format(msgspec.json.encode(stored)))


def folder() -> Path:
    """Return the folder of the settings: SPRAVA_SETTINGS_DIR, or where the system keeps such things."""
    chosen = os.environ.get("SPRAVA_SETTINGS_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_config_dir("sprava", appauthor=False))


def vaults_folder() -> Path:
    """Return where new vaults are proposed to be made."""
    return Path(platformdirs.user_data_dir("sprava", appauthor=False)) / "vaults"


def jobs_folder() -> Path:
    """Return where vaults are tried and looked at for a while: on the disk of the vaults, as much room is needed."""
    return Path(platformdirs.user_data_dir("sprava", appauthor=False)) / "jobs"


def server_folder() -> Path:
    """Return where a server keeps its data when no folder is named."""
    return Path(platformdirs.user_data_dir("sprava", appauthor=False)) / "server"
