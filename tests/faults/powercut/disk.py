"""What a disk may have kept when the power went.

The rules, the harshest that journalling file systems (ext4, XFS, btrfs, NTFS, APFS) leave open, and harsher:

- What `fsync` of a file was told is kept: its bytes and its length. Nothing else of a file is certain.
- Of the writes since, any 512-byte sectors are kept in any combination, one written twice in either state; a length
  that grew may be kept without the bytes, which are then zeros or, as on FAT, whatever lay there before.
- A name (made, taken away, renamed) is kept for certain once `fsync` of its folder returned; `fsync` of the file itself
  does not keep its name.
- Of the changes of names since, any are kept, each whole (a rename never half), but a later change of a name never
  without the earlier changes of the same name.
- A sector is written whole or not at all. Disks that lie about `fsync` are not modelled.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.bench import State

SECTOR = 512


@dataclass(eq=False, slots=True)
class File:
    """A file: what is certainly on the disk, and what was asked since.

    Attributes:
        durable: What the last `fsync` made certain.
        pending: Offsets and bytes written since; an int is a length it was cut or grown to.
        seen: What programs see.
        mapped: Whether it was written through memory, so that its content is anybody's guess.
    """

    durable: bytes = b""
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)
    seen: bytearray = field(default_factory=bytearray)
    mapped: bool = False


@dataclass(eq=False, slots=True)
class Folder:
    """A folder: the names that are certainly on the disk, and those that programs see."""

    durable: "dict[str, File | Folder]" = field(default_factory=dict)
    seen: "dict[str, File | Folder]" = field(default_factory=dict)


Node = File | Folder
Place = tuple[Folder, str]
Renaming = tuple[tuple[Folder, str, Node | None], ...]
"""Names that change together: a new meaning for each, or None."""


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each part of what is pending was kept: 0 none of it, 1 all of it."""

    names: float
    bytes: float


NOTHING, EVERYTHING = Chances(0, 0), Chances(1, 1)


class Disk:
    """A disk with one folder.

    Args:
        state: What is on it, for certain.
        honest: Whether `fsync` does anything; False is the control that must show damage.
    """

    def __init__(self, state: State, *, honest: bool = True) -> None:
        self.root = Folder()
        self._honest = honest
        self._names: list[Renaming] = []
        for path, content in sorted(state.items()):
            *parents, name = path.split("/")
            folder = self.root
            for parent in parents:
                child = folder.seen[parent]
                assert isinstance(child, Folder)
                folder = child
            node = Folder() if content is None else File(content, [], bytearray(content))
            folder.durable[name] = folder.seen[name] = node

    def rename(self, *changes: tuple[Folder, str, Node | None]) -> None:
        """Change what names mean, all together: make, take away, rename."""
        self._names.append(changes)
        for folder, name, node in changes:
            _set(folder.seen, name, node)

    def write(self, file: File, offset: int, data: bytes) -> None:
        """Write bytes at a place of a file."""
        if offset > len(file.seen):
            file.seen.extend(bytes(offset - len(file.seen)))
        file.seen[offset : offset + len(data)] = data
        file.pending.append((offset, data))

    def resize(self, file: File, length: int) -> None:
        """Cut a file or let it grow."""
        del file.seen[length:]
        file.seen.extend(bytes(length - len(file.seen)))
        file.pending.append(length)

    def sync(self, node: Node) -> None:
        """Do what `fsync` does."""
        if not self._honest:
            return
        if isinstance(node, File):
            node.durable = bytes(node.seen)
            node.pending.clear()
            return
        wanted: set[Place] = set()
        for change in reversed(self._names):  # with each change the earlier ones of the same names
            places = {(folder, name) for folder, name, _node in change}
            if wanted & places or any(folder is node for folder, _name, _node in change):
                wanted |= places
        rest = []
        for change in self._names:
            if any((folder, name) in wanted for folder, name, _node in change):
                for folder, name, meant in change:
                    _set(folder.durable, name, meant)
            else:
                rest.append(change)
        self._names = rest

    def after_power_cut(self, chances: Chances, chance: random.Random) -> State:
        """Return one state in which the disk may be found.

        Args:
            chances: How much of what is pending was kept.
            chance: Decides which.
        """
        kept: dict[Folder, dict[str, Node]] = {}
        lost: set[Place] = set()
        for change in self._names:
            places = {(folder, name) for folder, name, _node in change}
            if lost & places or chance.random() >= chances.names:
                lost |= places
                continue
            for folder, name, node in change:
                _set(kept.setdefault(folder, dict(folder.durable)), name, node)
        state: State = {}
        _walk(self.root, "", lambda folder: kept.get(folder, folder.durable), state, chances.bytes, chance)
        return state


def _set(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _walk(
    folder: Folder,
    path: str,
    names: Callable[[Folder], dict[str, Node]],
    state: State,
    likely: float,
    chance: random.Random,
) -> None:
    for name, node in sorted(names(folder).items()):
        if isinstance(node, File):
            state[path + name] = _content(node, likely, chance)
        else:
            state[path + name] = None
            _walk(node, f"{path}{name}/", names, state, likely, chance)


def _content(file: File, likely: float, chance: random.Random) -> bytes:
    """Return what may have been kept of a file."""
    if file.mapped:
        return chance.randbytes(len(file.seen)) if 0 < likely < 1 else bytes(len(file.seen))
    if likely == 0 or not file.pending:
        return file.durable
    if likely == 1:
        return bytes(file.seen)
    found = bytearray(file.durable)
    filling = chance.choice((bytes, chance.randbytes))
    for change in file.pending:
        if isinstance(change, int):
            if chance.random() < likely:
                _resize(found, change, bytes)
            continue
        offset, data = change
        if chance.random() < likely:  # the length was kept; then the bytes may be or not
            _resize(found, max(len(found), offset + len(data)), filling)
        for start in range(offset - offset % SECTOR, offset + len(data), SECTOR):
            if chance.random() < likely:
                part = data[max(start - offset, 0) : start + SECTOR - offset]
                at = max(start, offset)
                _resize(found, max(len(found), at + len(part)), filling)
                found[at : at + len(part)] = part
    return bytes(found)


def _resize(content: bytearray, length: int, filling: Callable[[int], bytes]) -> None:
    if length < len(content):
        del content[length:]
    else:
        content.extend(filling(length - len(content)))
