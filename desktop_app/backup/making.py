"""Making a backup: a consistent state of the open vault goes into one file, is read back, and only then counts."""

import errno
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import desktop_app
from desktop_app.backup import failures
from desktop_app.backup.contents import Found, database_entry, file_entry, find_files
from desktop_app.backup.form import (
    DATA_START,
    DATABASE_BLOCK,
    FILE_BLOCK,
    ID_BYTES,
    MAX_GENERATIONS,
    OVERHEAD,
    BadForm,
    Block,
    File,
    Generation,
    Header,
    Index,
    Root,
    Sealer,
)
from desktop_app.backup.reading import BackupFile, SealedParts, blocks_of, check_blocks, label
from desktop_app.backup.watch import Watch
from desktop_app.backup.writing import Writer, new_file
from desktop_app.vault.snapshot import Snapshot
from sync import crypto, digest
from sync.errors import Damaged
from sync.files import sync_folder_if_possible
from sync.messages import _
from sync.sqlcipher import Connection

if TYPE_CHECKING:
    from desktop_app.workspace import Workspace

ENDING = "sprava-backup"
KEEP = 7
"""How many generations a file holds, unless somebody says otherwise."""
_LEAST_WASTE = 8 * 2**20
_MARGIN = 2 * 2**20
_CHECK_ALL_AFTER_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made and read back.

    Args:
        file: Where it is.
        generation: Its number in that file.
        bytes: The size of the file.
        written: How many of them are new.
        total: The size of what was saved.
        files: Number of files saved.
        cases: Number of cases saved.
        digest: The digest over everything visible.
        checked_all: Whether every block of the file was read back, and not only the new ones.
        made_ms: When, milliseconds since 1970.
        notices: Sentences about what was found.
        backup: The id of the backup in hexadecimal digits; another file that was begun anew has another.
    """

    file: Path
    generation: int
    bytes: int
    written: int
    total: int
    files: int
    cases: int
    digest: str
    checked_all: bool
    made_ms: int
    notices: tuple[str, ...]
    backup: str


class _Rotten(Exception):
    """A block of an earlier backup is no longer what was written."""


def file_for(workspace: "Workspace", target: Path) -> Path:
    """Return the backup file that is meant by a file or a folder.

    Args:
        workspace: The vault.
        target: A folder that exists, or a file.

    Raises:
        Refused: It lies inside the vault.
    """
    target = target.absolute()
    path = target / f"sprava-{workspace.store.id.hex()[:8]}.{ENDING}" if target.is_dir() else target
    workspace.require_outside(path)
    return path


def back_up(
    workspace: "Workspace",
    target: Path,
    watch: Watch | None = None,
    *,
    keep: int = KEEP,
    check_all: bool = True,
    known: tuple[str, int] = ("", 0),
) -> Made:
    """Write a state of an open vault into one file, as little as is new, and read it back.

    Args:
        workspace: The vault; others may write into it meanwhile.
        target: A file, or a folder (stick, share) for one with a proposed name.
        watch: Told about progress; can stop the work. The backup before then stays in force.
        keep: How many generations the file shall hold, this one included.
        check_all: Read every block back; without it only what is new, and everything once a day.
        known: The id of the backup that went to this place last, and the number of its newest state then.

    Raises:
        Refused: The place is too small, read-only, foreign, or the work was stopped.
        Damaged: The vault's database or the medium is damaged.
        Unreachable: The medium is gone.
    """
    path = file_for(workspace, target)
    job = _Job(workspace, path, watch or Watch(), min(max(keep, 1), MAX_GENERATIONS), check_all=check_all)
    job.known = known
    with failures.writing(path):
        try:
            made = job.run()
        except _Rotten:
            job.set_aside(_("Blocks of the earlier backups in {file} are no longer what was written."))
            made = job.run()
    workspace.audit.record("backup_made", file=str(made.file), generation=made.generation)
    return made


@dataclass
class _Plan:
    """What one backup will write.

    Args:
        known: Blocks that the file holds already, by hash.
        hashes: Of the database's blocks.
        found: The other files.
        unchanged: Names of those that the file holds already.
        new: Bytes to write at most.
        total: Bytes to save.
    """

    known: dict[bytes, Block]
    hashes: list[bytes]
    found: list[Found]
    unchanged: set[str]
    new: int
    total: int


class _Job:
    """One backup."""

    def __init__(self, workspace: "Workspace", path: Path, watch: Watch, keep: int, *, check_all: bool) -> None:
        self._workspace = workspace
        self._path = path
        self._watch = watch
        self._keep = keep
        self._check_all = check_all
        self.known = ("", 0)
        self._notices: list[str] = []
        self._backup: BackupFile | None = None
        self._former: list[tuple[Generation, Index]] = []
        self._number = 1
        self._pinned = ExitStack()

    def run(self) -> Made:
        """Make the backup."""
        if not self._path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        try:
            self._open_former()
            with self._workspace.files.chunks.hold(), self._pinned as pinned:
                snapshot = pinned.enter_context(self._workspace.store.snapshot())
                faults = snapshot.connection.execute("PRAGMA cipher_integrity_check").fetchall()
                if faults:
                    raise failures.unsound_vault(len(faults))
                return self._write(snapshot, self._plan(snapshot))
        finally:
            self._close_former()

    def set_aside(self, reason: str) -> None:
        """Put a backup file that is damaged beside the place that a new one takes; nothing is deleted."""
        aside = self._path.with_name(f"{self._path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        self._path.replace(aside)
        sync_folder_if_possible(self._path.parent)
        put = _("The old file was put aside as {name}, and a new one was begun. Have a look at the medium.")
        self._notices.append(f"{reason.format(file=self._path)} {put.format(name=aside.name)}")

    def _open_former(self) -> None:
        """Open the file that is there already and read what it holds."""
        self._former = []
        if self._path.exists() and not self._path.is_file():  # a pipe or a device, which nothing may take the place of
            raise failures.not_a_backup(self._path)
        if not self._path.exists() or self._path.stat().st_size == 0:
            return
        try:
            self._backup = backup = BackupFile(self._path)
            if backup.header.vault != self._workspace.store.id:
                raise failures.other_vault(self._path)
            backup.unlock_with(self._workspace.store.subkey(label(backup.header.backup)))
            self._former = [(generation, backup.index(generation)) for generation in backup.root.generations]
            self._number = backup.newest.number + 1
            # Another stick at the same place has a backup of its own, which may well be behind.
            if backup.header.backup.hex() == self.known[0] and backup.newest.number < self.known[1]:
                words = _(
                    "{file} is an older copy of the backup: what was saved there last is not in it. The new backup is "
                    "whole; look where the newer file went, such as to another stick."
                )
                self._notices.append(words.format(file=self._path))
        except Damaged:
            self._close_former()
            self.set_aside(_("The backup that was in {file} is damaged."))

    def _close_former(self) -> None:
        backup, self._backup = self._backup, None
        if backup is not None:
            backup.close()

    @property
    def _staying(self) -> list[tuple[Generation, Index]]:
        """The generations that the file holds beside the new one."""
        return self._former[-(self._keep - 1) :] if self._keep > 1 else []

    def _plan(self, snapshot: Snapshot) -> _Plan:
        """Find out what is new, by reading the database once."""
        known = {block.hash: block for block in blocks_of(index for _generation, index in self._former)}
        self._watch.begin("reading", snapshot.size)
        hashes = []
        new = 0
        for block in snapshot.blocks(DATABASE_BLOCK):
            hashes.append(crypto.sha256(block))
            new += 0 if hashes[-1] in known else len(block) + OVERHEAD
            self._watch.step(len(block))
        found = find_files(self._workspace.folder)
        held = _by_name(self._former)
        unchanged = {file.name for file in found if file.name in held and file.is_that_of(held[file.name])}
        new += sum(file.size for file in found if file.name not in unchanged)
        return _Plan(known, hashes, found, unchanged, new, snapshot.size + sum(file.size for file in found))

    def _write(self, snapshot: Snapshot, plan: _Plan) -> Made:
        backup = self._backup
        if backup is None:
            self._require_room(plan.total)
            return self._into_new_file(Header(os.urandom(ID_BYTES), self._workspace.store.id), snapshot, plan)
        if self._is_wasteful(backup, plan):
            return self._into_new_file(backup.header, snapshot, plan)
        self._require_room(plan.new)
        with self._path.open("r+b", buffering=0) as file:
            writer = Writer(file, self._path, backup.sealer, backup.root.end, plan.known)
            return self._finish(writer, snapshot, plan, backup.root)

    def _into_new_file(self, header: Header, snapshot: Snapshot, plan: _Plan) -> Made:
        """Begin a file; what stays of the former one is taken over block by block."""
        sealer = Sealer(header, self._workspace.store.subkey(label(header.backup)))
        with new_file(self._path) as (file, beside):
            writer = Writer(file, beside, sealer, DATA_START, {})
            writer.write_header()
            root = Root(0, DATA_START, 0, ())
            if self._backup is not None:
                root = Root(self._backup.root.sequence, DATA_START, 0, ())
                self._take_over(writer, self._backup)
            made = self._finish(writer, snapshot, plan, root)
            self._close_former()  # Windows renames no file over an open one
        return made

    def _take_over(self, writer: Writer, backup: BackupFile) -> None:
        """Copy the sealed blocks of what stays; they are opened when all is read back."""
        self._former = self._staying
        blocks = sorted(blocks_of(index for _generation, index in self._former))
        self._watch.begin("writing", sum(block.length for block in blocks))
        moved: dict[Block, Block] = {}
        for block in blocks:
            moved[block] = writer.add_sealed(backup.read(block.offset, block.length), block.hash)
            self._watch.step(block.length)
        for place, (generation, index) in enumerate(self._former):
            files = tuple(_relocated(file, moved) for file in index.files)
            here = Index(index.number, index.units, files)
            self._former[place] = (writer.place(generation, here), here)

    def _is_wasteful(self, backup: BackupFile, plan: _Plan) -> bool:
        """Return whether more than half of the file belongs to nobody, and there is room to write it anew."""
        staying = self._staying
        live = sum(block.length for block in blocks_of(index for _generation, index in staying))
        live += sum(generation.length for generation, _index in staying)
        held = backup.root.end - DATA_START
        if held - live <= max(live + plan.new, _LEAST_WASTE):
            return False
        if _free(self._path) > live + plan.total + _MARGIN:
            return True
        self._notices.append(
            _("More than half of {file} is no longer needed; it is written anew once there is room for both.").format(
                file=self._path
            )
        )
        return False

    def _require_room(self, needed: int) -> None:
        free = _free(self._path)
        if free < needed + _MARGIN:
            raise failures.no_space(self._path, needed + _MARGIN, free)

    def _finish(self, writer: Writer, snapshot: Snapshot, plan: _Plan, before: Root) -> Made:
        """Write what is new, read it back and make it count."""
        start = writer.end
        files = self._add_contents(writer, snapshot, plan)
        generation, index = self._described(snapshot, plan, files)
        snapshot.require_unmoved()
        self._pinned.close()  # from here on the vault's file may change again
        generation = writer.place(generation, index)
        writer.sync()
        generations = (*(generation for generation, _index in self._staying), generation)
        whole = self._check_all or generation.made_ms - before.checked_ms > _CHECK_ALL_AFTER_MS
        self._check(writer, generation, index, whole=whole)
        checked_ms = generation.made_ms if whole else before.checked_ms
        try:
            writer.commit(
                Root(before.sequence + 1, writer.end, checked_ms, generations), self._workspace.store.key_file.pack()
            )
        except BadForm as error:
            raise failures.bad_medium(self._path) from error
        writer.cut_off()
        return Made(
            file=self._path,
            generation=self._number,
            bytes=writer.end,
            written=writer.end - start,
            total=generation.total,
            files=generation.files,
            cases=generation.cases,
            digest=generation.digest,
            checked_all=whole,
            made_ms=generation.made_ms,
            notices=tuple(self._notices),
            backup=writer.sealer.header.backup.hex(),
        )

    def _add_contents(self, writer: Writer, snapshot: Snapshot, plan: _Plan) -> tuple[File, ...]:
        self._watch.begin("writing", plan.new)
        blocks = []
        for number, hash_ in enumerate(plan.hashes):
            known = writer.known(hash_)
            if known is None:
                plain = snapshot.block(number * DATABASE_BLOCK, DATABASE_BLOCK)
                known = writer.add(plain)
                self._watch.step(len(plain))
            blocks.append(known)
        files = [database_entry(snapshot, blocks)]
        held = _by_name(self._former)
        damaged = 0
        for found in plan.found:
            entry = held.get(found.name) if found.name in plan.unchanged else None
            if entry is None:
                added = list(self._add_file(writer, found))
                damaged += not found.is_sound(added)
                entry = file_entry(found, added)
            files.append(entry)
        if damaged:
            self._notices.append(
                _("Parts of attached files are damaged in the vault: {count}. Run “sprava verify”.").format(
                    count=damaged
                )
            )
        return tuple(files)

    def _add_file(self, writer: Writer, found: Found) -> Iterator[Block]:
        left = found.size
        with found.path.open("rb") as file:
            while left:
                block = file.read(min(FILE_BLOCK, left))
                if not block:
                    raise failures.file_vanished(found.name)
                left -= len(block)
                yield writer.add(block)
                self._watch.step(len(block))

    def _described(self, snapshot: Snapshot, plan: _Plan, files: tuple[File, ...]) -> tuple[Generation, Index]:
        """Count what the state holds; whoever restores it compares."""
        connection = snapshot.connection
        units = tuple(sorted(self._workspace.log.me.units))
        generation = Generation(
            number=self._number,
            offset=0,
            length=0,
            made_ms=time.time_ns() // 1_000_000,
            total=plan.total,
            files=len(files),
            cases=_count(connection, "case_row"),
            frames=_count(connection, "frame"),
            program=desktop_app.VERSION,
            schema=connection.execute("PRAGMA user_version").fetchone()[0],
            digest=digest.of_units(connection, list(units)),
        )
        return generation, Index(self._number, units, files)

    def _check(self, writer: Writer, generation: Generation, index: Index, *, whole: bool) -> None:
        """Read back from the medium what was written, and everything else too where that is wanted."""
        new = set(writer.added)
        indexes = [index, *(index for _generation, index in self._staying)] if whole else []
        old = blocks_of(indexes) - new
        self._watch.begin("checking", sum(block.length for block in (*new, *old)))
        with SealedParts(writer.path, writer.sealer) as written:
            written.forget_cache()
            try:
                check_blocks(written, new, self._watch.step)
                if written.index(generation) != index:
                    raise BadForm("index")
            except (BadForm, Damaged) as error:
                raise failures.bad_medium(self._path) from error
            try:
                check_blocks(written, old, self._watch.step)
            except BadForm as error:
                raise _Rotten from error


def _by_name(generations: list[tuple[Generation, Index]]) -> dict[str, File]:
    return {file.name: file for _generation, index in generations for file in index.files}


def _relocated(file: File, moved: dict[Block, Block]) -> File:
    blocks = b"".join(moved[block].pack() for block in file.places())
    return File(file.name, file.size, file.modified_ns, file.block, blocks)


def _free(path: Path) -> int:
    return shutil.disk_usage(path.parent).free


def _count(connection: Connection, table: str) -> int:
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - the names above
    return int(count)
