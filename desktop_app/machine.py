"""By what a computer is known again without any right: hashes only, kept in the encrypted mark and nowhere else."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sync import crypto

HASH_BYTES = 8
MAX_BOARDS = 8
_UNKNOWN = bytes(HASH_BYTES)
_PERMANENT = "0"
"""What Linux says of a network address that came with the hardware."""
_IOREG = ("/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice")
_BIOS = r"HARDWARE\DESCRIPTION\System\BIOS"
_CONFIGURATION = r"SYSTEM\HardwareConfig"
_CRYPTOGRAPHY = r"SOFTWARE\Microsoft\Cryptography"


@dataclass(frozen=True, slots=True)
class Machine:
    """One computer as it can be seen without rights; what can't be seen is unknown.

    Args:
        system: Hash of the id of the installed operating system; zeros when unknown.
        model: Hash of maker and model; zeros when unknown.
        boards: Hashes of what is soldered in: addresses of built-in network cards, ids of the board.
    """

    system: bytes = _UNKNOWN
    model: bytes = _UNKNOWN
    boards: frozenset[bytes] = frozenset()

    def may_be(self, other: "Machine") -> bool:
        """Whether two sights can be of one computer.

        One board in common proves it, whatever else was changed; known boards without a common one refute it.
        Without boards the model and the operating system must not differ.
        """
        if self.boards and other.boards:
            return not self.boards.isdisjoint(other.boards)
        return _agree(self.model, other.model) and _agree(self.system, other.system)


def read_machine(root: Path = Path("/")) -> Machine:
    """Look at this computer.

    Args:
        root: Where Linux shows its hardware; another folder in tests.
    """
    if sys.platform == "win32":
        return _windows()
    if sys.platform == "darwin":
        return _apple()
    return _linux(root)


def _linux(root: Path) -> Machine:
    names = ("sys_vendor", "product_name", "board_vendor", "board_name")
    model = " ".join(_text(root / "sys/class/dmi/id" / name) for name in names) or ""
    system = _text(root / "etc/machine-id") or _text(root / "var/lib/dbus/machine-id")
    return _machine(system, model.strip() or _text(root / "proc/device-tree/model"), _linux_boards(root))


def _linux_boards(root: Path) -> Iterator[str]:
    yield _text(root / "proc/device-tree/serial-number")
    yield _text(root / "sys/class/dmi/id/product_uuid")  # most systems show it to the administrator alone
    with suppress(OSError):
        for card in sorted((root / "sys/class/net").iterdir()):
            device = card / "device"
            # What is plugged in at USB goes from desk to desk; what has no device is made of software.
            if not device.exists() or "/usb" in device.resolve().as_posix():
                continue
            if _text(card / "addr_assign_type") == _PERMANENT:
                yield _text(card / "address")


def _windows() -> Machine:
    board = _registry(_CONFIGURATION, "LastConfig")
    model = f"{_registry(_BIOS, 'SystemManufacturer')} {_registry(_BIOS, 'SystemProductName')}".strip()
    return _machine(_registry(_CRYPTOGRAPHY, "MachineGuid"), model, iter((board,)))


def _registry(key: str, name: str) -> str:
    if sys.platform == "win32":
        import winreg

        with suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            return str(winreg.QueryValueEx(opened, name)[0])
    return ""


def _apple() -> Machine:
    with suppress(OSError, subprocess.SubprocessError):
        told = subprocess.run(_IOREG, capture_output=True, text=True, timeout=5, check=True).stdout
        found = dict(line.strip().split(" = ", 1) for line in told.splitlines() if " = " in line)
        return _machine("", found.get('"model"', ""), iter((found.get('"IOPlatformUUID"', ""),)))
    return Machine()


def _machine(system: str, model: str, boards: Iterator[str]) -> Machine:
    known = sorted({_hash("board", board) for board in boards} - {_UNKNOWN})
    return Machine(_hash("system", system), _hash("model", model), frozenset(known[:MAX_BOARDS]))


def _hash(kind: str, text: str) -> bytes:
    text = text.strip().lower()
    if not text.strip("0:-{}"):  # empty, or the zeros that some makers put there
        return _UNKNOWN
    return crypto.sha256(b"sprava/place/1\x00", kind.encode(), b"\x00", text.encode())[:HASH_BYTES]


def _agree(one: bytes, other: bytes) -> bool:
    return one == other or _UNKNOWN in {one, other}


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").strip("\x00\r\n\t ")
    return ""
