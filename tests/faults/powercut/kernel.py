"""Follows the calls of a process: which descriptor is which file, and what each call asks of the disk."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.powercut.disk import Disk, File, Folder, Node
from tests.faults.powercut.record import Call, NotRecorded, buffers

_HERE = "AT_FDCWD"
_MEMORY_OF_SQLITE = "-shm"
"""The one file that may be written through memory: SQLite makes it anew whenever it opens a database."""


@dataclass(slots=True)
class _Opened:
    node: Node
    offset: int = 0
    append: bool = False


class Kernel:
    """Replays calls on a disk.

    Args:
        disk: The disk; its root is the folder that the process saw at `root`.
        root: Files outside of it are of no interest.

    Attributes:
        said: The lines that the process wrote to its standard output.
    """

    def __init__(self, disk: Disk, root: Path) -> None:
        self.said: list[str] = []
        self._disk = disk
        self._root = os.fsencode(root)
        self._opened: dict[int, _Opened] = {}
        self._line = b""
        names = {name.removeprefix("_do_"): getattr(self, name) for name in dir(self) if name.startswith("_do_")}
        self._known: dict[str, Callable[[Call], bool]] = names

    def follow(self, call: Call) -> bool:
        """Do what one call did.

        Returns:
            Whether it changed what a power cut may leave, or told the person something.

        Raises:
            NotRecorded: The model does not know such a call.
        """
        if call.name not in self._known:
            raise NotRecorded(f"the model of a disk does not know this call: {call}")
        return self._known[call.name](call)

    def _find(self, directory: str, path: bytes) -> tuple[Folder, str] | None:
        """Return the folder and name that a path means; the root itself has an empty name."""
        if path.startswith(b"/"):
            if path != self._root and not path.startswith(self._root + b"/"):
                return None
            folder, rest = self._disk.root, path[len(self._root) :]
        else:
            base = None if directory == _HERE else self._opened.get(int(directory))
            if base is None:
                return None
            if not isinstance(base.node, Folder):
                raise NotRecorded(f"a path below a file: {path!r}")
            folder, rest = base.node, path
        parts = [os.fsdecode(part) for part in rest.split(b"/") if part not in {b"", b"."}]
        for part in parts[:-1]:
            child = folder.seen.get(part)
            if not isinstance(child, Folder):
                raise NotRecorded(f"a path through what is no folder: {path!r}")
            folder = child
        return folder, parts[-1] if parts else ""

    def _open(self, call: Call, directory: str, path: bytes, flags: str) -> bool:
        self._opened.pop(call.result, None)
        place = self._find(directory, path)
        if place is None:
            return False
        folder, name = place
        if "O_TMPFILE" in flags:
            self._opened[call.result] = _Opened(File())
            return False
        node = folder.seen.get(name) if name else folder
        made = node is None
        if node is None:
            if "O_CREAT" not in flags:
                raise NotRecorded(f"a file was opened that the model does not have: {path!r}")
            node = File()
            self._disk.rename((folder, name, node))
        if "O_TRUNC" in flags and isinstance(node, File) and node.seen:
            self._disk.resize(node, 0)
            made = True
        self._opened[call.result] = _Opened(node, 0, "O_APPEND" in flags)
        return made

    def _do_open(self, call: Call) -> bool:
        return self._open(call, _HERE, call.text(0), call.args[1])

    def _do_openat(self, call: Call) -> bool:
        return self._open(call, call.args[0], call.text(1), call.args[2])

    def _do_creat(self, call: Call) -> bool:
        return self._open(call, _HERE, call.text(0), "O_CREAT|O_TRUNC")

    def _do_close(self, call: Call) -> bool:
        self._opened.pop(call.number(0), None)
        return False

    def _do_dup(self, call: Call) -> bool:
        self._opened.pop(call.result, None)
        if call.number(0) in self._opened:
            self._opened[call.result] = self._opened[call.number(0)]  # both move one offset
        return False

    _do_dup2 = _do_dup3 = _do_dup

    def _do_fcntl(self, call: Call) -> bool:
        return self._do_dup(call) if call.args[1].startswith("F_DUPFD") else False

    def _do_lseek(self, call: Call) -> bool:
        return self._move(call, call.result)

    def _do_read(self, call: Call) -> bool:
        opened = self._opened.get(call.number(0))
        return self._move(call, opened.offset + call.result) if opened else False

    def _move(self, call: Call, offset: int) -> bool:
        opened = self._opened.get(call.number(0))
        if opened is not None:
            opened.offset = offset
        return False

    def _write(self, call: Call, data: bytes, offset: int | None = None) -> bool:
        if call.number(0) == 1:
            *lines, self._line = (self._line + data[: call.result]).split(b"\n")
            self.said += [line.decode() for line in lines]
            return bool(lines)
        opened = self._opened.get(call.number(0))
        if opened is None:
            return False
        if not isinstance(opened.node, File):
            raise NotRecorded(f"a folder was written: {call}")
        at = offset if offset is not None else len(opened.node.seen) if opened.append else opened.offset
        self._disk.write(opened.node, at, data[: call.result])
        if offset is None:
            opened.offset = at + call.result
        return True

    def _do_write(self, call: Call) -> bool:
        return self._write(call, call.text(1))

    def _do_pwrite64(self, call: Call) -> bool:
        return self._write(call, call.text(1), call.number(3))

    def _do_writev(self, call: Call) -> bool:
        return self._write(call, buffers(call.args[1]))

    def _do_pwritev(self, call: Call) -> bool:
        return self._write(call, buffers(call.args[1]), call.number(3))

    _do_pwritev2 = _do_pwritev

    def _resize(self, node: Node | None, length: int) -> bool:
        if not isinstance(node, File) or length == len(node.seen):
            return False
        self._disk.resize(node, length)
        return True

    def _do_ftruncate(self, call: Call) -> bool:
        opened = self._opened.get(call.number(0))
        return self._resize(opened.node, call.number(1)) if opened else False

    def _do_truncate(self, call: Call) -> bool:
        place = self._find(_HERE, call.text(0))
        return self._resize(place[0].seen[place[1]], call.number(1)) if place else False

    def _do_fallocate(self, call: Call) -> bool:
        opened = self._opened.get(call.number(0))
        if opened is None or not isinstance(opened.node, File):
            return False
        if call.args[1] != "0":
            raise NotRecorded(f"the model does not know this way of making room: {call}")
        return self._resize(opened.node, max(len(opened.node.seen), call.number(2) + call.number(3)))

    def _do_fsync(self, call: Call) -> bool:
        opened = self._opened.get(call.number(0))
        if opened is None:
            return False
        self._disk.sync(opened.node)
        return True

    _do_fdatasync = _do_fsync

    def _do_sync(self, _call: Call) -> bool:
        return False  # Python's os.sync promises nothing that we build on

    _do_syncfs = _do_sync

    def _rename(self, source: tuple[Folder, str] | None, target: tuple[Folder, str] | None, flags: str) -> bool:
        if source is None and target is None:
            return False
        if source is None or target is None or flags not in {"0", "RENAME_NOREPLACE"}:
            raise NotRecorded("a file came from outside, went outside, or two changed places: not modelled")
        node = source[0].seen[source[1]]
        self._disk.rename((*source, None), (*target, node))
        return True

    def _do_rename(self, call: Call) -> bool:
        return self._rename(self._find(_HERE, call.text(0)), self._find(_HERE, call.text(1)), "0")

    def _do_renameat(self, call: Call) -> bool:
        source, target = self._find(call.args[0], call.text(1)), self._find(call.args[2], call.text(3))
        return self._rename(source, target, call.args[4] if len(call.args) > 4 else "0")

    _do_renameat2 = _do_renameat

    def _remove(self, place: tuple[Folder, str] | None) -> bool:
        if place is None:
            return False
        self._disk.rename((*place, None))
        return True

    def _do_unlink(self, call: Call) -> bool:
        return self._remove(self._find(_HERE, call.text(0)))

    _do_rmdir = _do_unlink

    def _do_unlinkat(self, call: Call) -> bool:
        return self._remove(self._find(call.args[0], call.text(1)))

    def _make(self, place: tuple[Folder, str] | None) -> bool:
        if place is None:
            return False
        self._disk.rename((*place, Folder()))
        return True

    def _do_mkdir(self, call: Call) -> bool:
        return self._make(self._find(_HERE, call.text(0)))

    def _do_mkdirat(self, call: Call) -> bool:
        return self._make(self._find(call.args[0], call.text(1)))

    def _link(self, source: tuple[Folder, str] | None, target: tuple[Folder, str] | None) -> bool:
        if source is None and target is None:
            return False
        if source is None or target is None:
            raise NotRecorded("a link between inside and outside is not modelled")
        self._disk.rename((*target, source[0].seen[source[1]]))
        return True

    def _do_link(self, call: Call) -> bool:
        return self._link(self._find(_HERE, call.text(0)), self._find(_HERE, call.text(1)))

    def _do_linkat(self, call: Call) -> bool:
        return self._link(self._find(call.args[0], call.text(1)), self._find(call.args[2], call.text(3)))

    def _do_mmap(self, call: Call) -> bool:
        opened = None if "MAP_ANONYMOUS" in call.args[3] else self._opened.get(call.number(4))
        if opened is None or "MAP_SHARED" not in call.args[3] or "PROT_WRITE" not in call.args[2]:
            return False
        if not isinstance(opened.node, File) or not self._is_memory_of_sqlite(self._disk.root, opened.node):
            raise NotRecorded(f"a file of the vault is written through memory, which no model can follow: {call}")
        opened.node.mapped = True
        return False

    def _is_memory_of_sqlite(self, folder: Folder, wanted: Node) -> bool:
        return any(
            self._is_memory_of_sqlite(node, wanted)
            if isinstance(node, Folder)
            else node is wanted and name.endswith(_MEMORY_OF_SQLITE)
            for name, node in folder.seen.items()
        )

    def _do_clone(self, call: Call) -> bool:
        if not any("CLONE_FILES" in arg for arg in call.args):
            raise NotRecorded("another process was started; its descriptors are not modelled")
        return False

    _do_clone3 = _do_clone

    def _do_chdir(self, call: Call) -> bool:
        raise NotRecorded(f"relative paths are not modelled: {call}")
