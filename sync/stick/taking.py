"""Taking in what others left on a stick: every volume is checked whole before anything of it is used."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sync import frames, volume
from sync.errors import Refused
from sync.frames import Frame
from sync.log import Log
from sync.membership import Link
from sync.replica import Applied, Heads
from sync.stick import folder as places
from sync.stick.folder import NotAFile, Trouble, VolumeName
from sync.stick.spans import Spans
from sync.stick.watching import Stopped, Watcher
from sync.volume import BadVolume, Checked, Listener

BATCH_BYTES = 4 * 2**20
BATCH_FRAMES = 2_000
MAX_NEW_LINKS_BYTES = 64 * 2**20
"""How many bytes of unknown links are taken from one stick in one go."""

MAX_VOLUME_BYTES = 4 * 2**30
"""No program writes larger ones: FAT32 could not hold them."""

_TAKEN = "stick-taken"
_DIGEST_BYTES = 16
_REMEMBERED = 4_096


@dataclass
class Held:
    """A volume on the stick that is whole.

    Args:
        name: Its name.
        size: In bytes.
        spans: Which frames are in it.
        links: The hashes of the links in it.
        new_links: Those of them that this device had not, by their hashes, as they travel.
        checked: Who made it.
        twisted: A frame in it has the number of one of this device's heads, but is another.
        vouched: A device of the community has signed it, so that what it says it holds can be relied on.
    """

    name: VolumeName
    size: int
    spans: Spans = field(default_factory=Spans)
    links: set[bytes] = field(default_factory=set)
    new_links: dict[bytes, bytes] = field(default_factory=dict)
    checked: Checked | None = None
    twisted: bool = False
    vouched: bool = False

    @property
    def mark(self) -> bytes:
        """What this volume is remembered by."""
        return self.checked.digest[:_DIGEST_BYTES] if self.checked else b""


class Taking:
    """Takes in the volumes of one folder.

    Args:
        log: This device's log.
        folder: The community's folder on the stick.
        watcher: Told of progress, asked whether to stop.
    """

    def __init__(self, log: Log, folder: Path, watcher: Watcher) -> None:
        self._log = log
        self._folder = folder
        self._watcher = watcher
        self._room = MAX_NEW_LINKS_BYTES
        self.held: list[Held] = []
        self.damaged: list[VolumeName] = []
        self.troubles: list[Trouble] = []
        self.applied = Applied()
        self.carried = 0

    def check(self, names: Iterable[VolumeName]) -> None:
        """Read every volume once and keep those that are whole; no word of them is believed yet."""
        sizes = [(name, self._size(name)) for name in names]
        self._watcher.begin("reading", sum(size for _name, size in sizes))
        heads, known = self._log.heads(), self._log.membership.links
        for name, size in sizes:
            if self._watcher.cancelled():
                return
            held = Held(name, size)

            def link(link: Link, held: Held = held) -> None:
                self._note_link(held, link, known)

            def frame(frame: Frame, held: Held = held) -> None:
                _note_frame(held, frame, heads)

            try:
                if size > MAX_VOLUME_BYTES:
                    raise BadVolume("too large")
                with places.reading(self._folder / str(name)) as file:
                    listener = Listener(link, frame, self._read)
                    held.checked = volume.check(file, self._log.community, listener)
            except Stopped:
                return
            except (BadVolume, NotAFile, Refused, OSError) as error:
                self._note_trouble(name, error)
            else:
                self.held.append(held)

    def take_links(self) -> None:
        """Take in the links of all volumes, those of each by themselves: a forged one spoils none but its own."""
        pending = [held for held in self.held if held.new_links]
        progress = True
        while pending and progress:
            known = len(self._log.membership.links)
            for held in pending:
                links = self._log.membership.links
                new = [body for name, body in held.new_links.items() if name not in links]
                if new:
                    self._log.apply([], new)
            progress = len(self._log.membership.links) > known
        for held in self.held:
            held.vouched = held.checked is not None and held.checked.is_vouched_for(self._log.membership)

    def take_frames(self) -> None:
        """Take in the frames of the volumes that hold something new, oldest volume first."""
        remembered = self._log.recall(_TAKEN) or b""
        taken = [remembered[at : at + _DIGEST_BYTES] for at in range(0, len(remembered), _DIGEST_BYTES)]
        known = set(taken)
        due = [held for held in self.held if self._is_due(held, known)]
        self._watcher.begin("taking", sum(held.size for held in due))
        added = []
        for held in due:
            if self._watcher.cancelled():
                break
            if self._take_one(held) and held.mark not in known:
                added.append(held.mark)
        if added:
            self._log.remember(_TAKEN, b"".join([*taken, *added][-_REMEMBERED:]))

    def _is_due(self, held: Held, known: set[bytes]) -> bool:
        """Say whether a volume may hold something new; one that was taken in before is told by its digest."""
        if held.mark not in known or held.twisted:
            return True
        heads = self._log.heads()
        return any(
            unit in heads and last > heads[unit].get(life, (0, b""))[0] for (unit, life), last in held.spans.ends()
        )

    def _take_one(self, held: Held) -> bool:
        """Apply the frames of one volume in parts; tell whether all of them were offered to the log."""
        readable = self._log.heads().keys()
        bodies: list[bytes] = []
        size = 0
        try:
            with places.reading(self._folder / str(held.name)) as file:
                volume.read_header(file)
                for tag, payload in volume.sections(file):
                    self._watcher.moved(volume.SECTION_BYTES + len(payload))
                    if tag == volume.FRAME and self._is_readable(payload, readable):
                        bodies.append(payload)
                        size += len(payload)
                    if size >= BATCH_BYTES or len(bodies) >= BATCH_FRAMES or (bodies and tag == volume.END):
                        self.applied += self._log.apply(bodies)
                        bodies, size = [], 0
                        if self._watcher.cancelled():
                            return tag == volume.END
        except (BadVolume, NotAFile, Refused, OSError) as error:
            self._note_trouble(held.name, error)
            return False
        return True

    def _is_readable(self, body: bytes, units: Iterable[bytes]) -> bool:
        """Say whether the log can take a frame; those of other units stay on the stick for whom they are for."""
        try:
            readable = frames.parse(body).header.unit in units
        except frames.UnknownVersion:
            return True
        except frames.BadFrame:
            return False
        self.carried += not readable
        return readable

    def _note_link(self, held: Held, link: Link, known: dict[bytes, Link]) -> None:
        held.links.add(link.hash)
        if link.hash not in known and len(link.data) <= self._room:
            self._room -= len(link.data)
            held.new_links[link.hash] = link.data

    def _note_trouble(self, name: VolumeName, error: Exception) -> None:
        if isinstance(error, FileNotFoundError):
            if self._folder.is_dir():
                return  # somebody else at the same folder has just removed it
            raise error
        if isinstance(error, BadVolume):
            self.damaged.append(name)
        self.troubles.append(places.describe(error, str(name)))

    def _read(self, count: int) -> None:
        self._watcher.moved(count)
        if self._watcher.cancelled():
            raise Stopped

    def _size(self, name: VolumeName) -> int:
        try:
            return (self._folder / str(name)).lstat().st_size
        except OSError:
            return 0


def _note_frame(held: Held, frame: Frame, heads: Heads) -> None:
    header = frame.header
    held.spans.add((header.unit, header.incarnation), header.seq, header.seq)
    seq, known = heads.get(header.unit, {}).get(header.incarnation, (0, b""))
    held.twisted |= header.seq == seq and frame.hash != known
