"""Answers one exchange: who asks, what they give, what they lack. No HTTP here."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sync import crypto, frames, wire
from sync.crypto import CryptoError, Signer
from sync.frames import BadFrame, Frame
from sync.linkgraph import fitting, links_beyond
from sync.membership import BadLink, Device, Link, Membership
from sync.replica import Head, Heads
from sync.server.limits import Limits, Rate
from sync.server.members import Admission, Members, admit, carrier_of, read_links, seat_of, sign_keys
from sync.server.rejected import Rejected
from sync.server.store import Batch, CommunityTaken, Ingested, News, Reader, Store, StoreConflict
from sync.wire import AdmissionRequest, Envelope, NewsRequest, Reply, Request

_log = logging.getLogger("sprava.server")
_NONCE_SECONDS = 15 * 60
_MAX_NONCES = 100_000
_ATTEMPTS = 5
_FEW_BYTES = 16 * 1024


class NonceMemory:
    """The nonces of the last minutes, so that a recorded request is not answered twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[bytes, bytes], float] = OrderedDict()

    def first_time(self, device: bytes, nonce: bytes) -> bool:
        """Say whether a device's nonce is new, and remember it."""
        now = time.monotonic()
        with self._lock:
            while self._seen and (
                len(self._seen) >= _MAX_NONCES or next(iter(self._seen.values())) < now - _NONCE_SECONDS
            ):
                self._seen.popitem(last=False)
            if (device, nonce) in self._seen:
                return False
            self._seen[device, nonce] = now
            return True


class Exchange:
    """The server's one service.

    Args:
        store: What it keeps.
        signer: Its own key.
        limits: How much it allows.
        admits_first: Serve the first community that comes to an empty store; others need an admission code.
        publish: Called with what is new, once it is kept.
        count: Called with what became of frames, and of how many.
    """

    def __init__(
        self,
        store: Store,
        signer: Signer,
        limits: Limits,
        *,
        admits_first: bool = True,
        publish: Callable[[News], None] = lambda _news: None,
        count: Callable[[str, int], None] = lambda _outcome, _frames: None,
    ) -> None:
        self._store = store
        self._admits_first = admits_first
        self._publish = publish
        self._count = count
        self._key = signer.public_key
        self._members = Members()
        self._nonces = NonceMemory()
        self._rate = Rate(limits.device_rate, limits.device_burst)

    def recognise(self, envelope: Envelope, path: str = wire.EXCHANGE_PATH) -> bool:
        """Say whether a member sends a long body, before it is taken in; False if nobody here knows the sender.

        Args:
            envelope: Who sends it.
            path: Where it was sent.

        Raises:
            Rejected: Somebody else than the member signed it, or it was sent before.
            StoreBusy: Not now.
        """
        with self._store.reading() as reader:
            served = reader.suspended(envelope.community) is not None
            state = self._members.of(reader, envelope.community) if served else None
        keys = sign_keys(state, [], envelope.device)
        if not keys:
            return False
        self._check(envelope, keys, envelope.community, envelope.digest, path)
        return True

    def answer(
        self,
        envelope: Envelope,
        message: bytes | bytearray,
        *,
        recognised: bool,
        room: int,
        path: str = wire.EXCHANGE_PATH,
    ) -> Reply:
        """Check a request, keep what it brings, and gather what its sender lacks.

        Args:
            envelope: Who sends it.
            message: The message.
            recognised: The sender's signature was checked already, and the message is the one signed.
            room: About how many bytes of frames the reply may have.
            path: Where it was sent; a carrier's request has a path of its own.

        Raises:
            Rejected: The request is malformed, not signed by a member, or of another community.
            StoreBusy: Not now.
            StoreFull: There is no room.
        """
        request = _read(message)
        if envelope.community not in {b"", request.community}:
            raise Rejected(400, "bad_request")
        with self._store.reading() as reader:
            suspended = self._check_served(reader, request.community)
            state = self._members.of(reader, request.community)
            carrying = path == wire.CARRY_PATH
            known = None if carrying else reader.known_heads(request.community, envelope.device)
        links = _read_links(request.links)
        if state is None and not links:
            raise Rejected(409, "unknown_community")
        keys = sign_keys(state, links, envelope.device)
        if recognised:
            key = self._signed_with(envelope, keys, envelope.community, envelope.digest, path)
        else:
            key = self._check(envelope, keys, request.community, crypto.sha256(message), path)
        if suspended:
            raise Rejected(403, "suspended")
        admission = _admit(state, links, request.community)
        device = (carrier_of if carrying else seat_of)(admission.state, envelope.device, key)
        if device is None:
            raise Rejected(403, "not_member")
        return self._exchange(request, device, admission, known, room, remembers=not carrying)

    def admit(self, request: AdmissionRequest) -> None:
        """Serve a community from now on, by an operator's admission code.

        Raises:
            Rejected: The code is not known, or another community has used it.
            StoreBusy: Not now.
        """
        try:
            request.verify(self._key)
        except CryptoError as error:
            raise Rejected(401, "bad_signature") from error
        with self._store.writing() as writer:
            if not writer.use_ticket(request.key, request.community):
                raise Rejected(403, "admission_unknown")

    def asked_for_news(self, envelope: Envelope, message: bytes | bytearray, path: str = wire.NEWS_PATH) -> Device:
        """Return the device that wants to be told of what is new.

        Args:
            envelope: Who asks.
            message: The message.
            path: Where it was sent; a carrier asks about all units.

        Raises:
            Rejected: The request is malformed, or not signed by a member of a community that is served.
            StoreBusy: Not now.
        """
        request = read_as(NewsRequest, message)
        return self.member(envelope, request.community, crypto.sha256(message), path)

    def member(self, envelope: Envelope, community: bytes, digest: bytes, path: str) -> Device:
        """Return the device that signed a request, which may turn out to be in no unit any more.

        Args:
            envelope: Who says that they send it.
            community: The community that it is about.
            digest: The SHA-256 of its message.
            path: Where it was sent.

        Raises:
            Rejected: It is not signed by a member of a community that is served.
            StoreBusy: Not now.
        """
        with self._store.reading() as reader:
            suspended = self._check_served(reader, community)
            state = self._members.of(reader, community)
        if state is None:
            raise Rejected(409, "unknown_community")
        keys = sign_keys(state, [], envelope.device)
        key = self._check(envelope, keys, community, digest, path)
        device = (carrier_of if path == wire.CARRIED_NEWS_PATH else seat_of)(state, envelope.device, key)
        if suspended:
            raise Rejected(403, "suspended")
        if device is None:
            raise Rejected(403, "not_member")
        return device

    def token(self, community: bytes, device: Device) -> bytes:
        """Return how the store stands for a device: what others brought into its units, the links, files of others.

        Raises:
            StoreBusy: Not now.
        """
        with self._store.reading() as reader:
            state = self._members.of(reader, community)
            heads = reader.heads(community, device.units)
            own = reader.incarnations_of(community, device.entry.id)
            carried = reader.carried_by_others(community, device.entry.id)
        others = {
            unit: {incarnation: head for incarnation, head in chains.items() if incarnation not in own}
            for unit, chains in heads.items()
        }
        links = self._members.tips(state) if state else []
        parts = [wire.digest(others), *links, carried.to_bytes(8, "big")]
        return crypto.sha256(b"sprava/news/1\x00", *parts)[: wire.TOKEN_BYTES]

    def _check_served(self, reader: Reader, community: bytes) -> bool:
        """See that a community is served, or may become the first one; say whether it is suspended."""
        suspended = reader.suspended(community)
        if suspended is not None:
            return suspended
        if not self._admits_first:
            raise Rejected(403, "not_admitted")
        if reader.communities():
            raise Rejected(403, "other_community")
        return False

    def _check(
        self,
        envelope: Envelope,
        keys: list[bytes],
        community: bytes,
        digest: bytes,
        path: str = wire.EXCHANGE_PATH,
    ) -> bytes:
        """See that a device signed a request, for the first time and not too often; return the key it signed with."""
        key = self._signed_with(envelope, keys, community, digest, path)
        if not self._rate.take(envelope.device):
            raise Rejected(429, "slow_down")
        if not self._nonces.first_time(envelope.device, envelope.nonce):
            raise Rejected(409, "replayed")
        return key

    def _signed_with(self, envelope: Envelope, keys: list[bytes], community: bytes, digest: bytes, path: str) -> bytes:
        if not keys:
            raise Rejected(403, "not_member")
        for key in keys:
            with suppress(CryptoError):
                envelope.verify(key, server=self._key, community=community, digest=digest, path=path)
                return key
        raise Rejected(401, "bad_signature")

    def _exchange(
        self,
        request: Request,
        device: Device,
        admission: Admission,
        known: Heads | None,
        room: int,
        *,
        remembers: bool,
    ) -> Reply:
        parsed, bad = _parse(request.frames)
        good, unfit = _verified(parsed, request.community, admission.state)
        theirs = _their_heads(request, parsed, known)
        done = Ingested([], [])
        # What a carrier says is had elsewhere: nobody may take it for what the device itself keeps.
        told = theirs if remembers else None
        if good or admission.added or (told is not None and told != known):
            done = self._keep(request, device, admission, good, told)
        refused = [*bad, *unfit, *done.refused, *((link, "link") for link in admission.refused)]
        with self._store.reading() as reader:
            done = Ingested(done.accepted, refused)
            # Frames are given together with the links of their authors, who may have come in meanwhile.
            state = self._members.of(reader, request.community) or admission.state
            return self._reply(reader, request, device, state, theirs, done, min(request.budget, room))

    def _keep(
        self, request: Request, device: Device, admission: Admission, good: list[Frame], theirs: Heads | None
    ) -> Ingested:
        """Keep what is new, and tell of it; another server on the same store may get in the way a few times."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._store.writing() as writer:
                    if admission.added:
                        writer.claim(request.community)
                        writer.add_links(request.community, admission.added)
                    if theirs is not None:
                        writer.set_known_heads(request.community, device.entry.id, theirs)
                    done = writer.ingest(request.community, good)
                break
            except CommunityTaken as error:
                raise Rejected(403, "other_community") from error
            except StoreConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
        self._count("accepted", len(done.accepted))
        for _frame_hash, reason in done.refused:
            _log.warning("frame refused", extra={"code": reason})
            self._count(reason, 1)
        accepted = set(done.accepted)
        units = frozenset(frame.header.unit for frame in good if frame.hash in accepted)
        if units or admission.added:
            self._publish(News(request.community, device.entry.id, units, bool(admission.added)))
        return done

    def _reply(
        self,
        reader: Reader,
        request: Request,
        device: Device,
        state: Membership,
        theirs: Heads | None,
        done: Ingested,
        budget: int,
    ) -> Reply:
        own = reader.heads(request.community, device.units | (theirs or {}).keys())
        if elsewhere := own.keys() - device.units:
            mine = reader.incarnations_of(request.community, device.entry.id)
            for unit in elsewhere:
                own[unit] = _own_or_known(own[unit], (theirs or {}).get(unit, {}), mine)
        own_tips = self._members.tips(state)
        same_tips = own_tips == sorted(request.tips)
        lacked = [] if same_tips else _links_lacked(request, state)
        short = 0 < request.budget < _FEW_BYTES  # a line that breaks
        links = fitting(lacked, request.budget if short else wire.MAX_LINKS_BYTES)
        # While links are to follow, frames wait: their authors may be among them.
        budget = budget if len(links) == len(lacked) else 0
        if theirs is None:
            differing, batch = own, Batch([], {}, 0)
        else:
            batch = reader.frames_missing(request.community, device.units, theirs, budget)
            absent = {unit: dict.fromkeys(chains, (0, frames.NO_PREVIOUS)) for unit, chains in theirs.items()}
            differing = wire.difference(_fill(own, absent), wire.overlay(theirs, batch.reached))
        self._count("given", len(batch.frames))
        return Reply(
            version=wire.VERSION,
            epoch=reader.epoch(),
            base_known=theirs is not None,
            heads=wire.pack_heads(differing),
            accepted=b"".join(done.accepted),
            refused=done.refused,
            tips=[] if same_tips else own_tips,
            links=links,
            frames=batch.frames,
            remaining=batch.remaining,
        )


def _read(body: bytes | bytearray) -> Request:
    return read_as(Request, body)


_Asked = TypeVar("_Asked", bound=wire.Message)


def read_as(kind: type[_Asked], body: bytes | bytearray) -> _Asked:
    """Read a message.

    Args:
        kind: The message expected.
        body: Its bytes.

    Raises:
        Rejected: It is another one, or of another version.
    """
    try:
        return wire.decode(kind, body)
    except wire.UnknownVersion as error:
        raise Rejected(400, "unknown_version") from error
    except wire.BadMessage as error:
        raise Rejected(400, "bad_request") from error


def _read_links(data: list[bytes]) -> list[Link]:
    try:
        return read_links(data)
    except BadLink as error:
        raise Rejected(400, "bad_link") from error


def _admit(state: Membership | None, links: list[Link], community: bytes) -> Admission:
    try:
        return admit(state, links, community)
    except BadLink as error:
        raise Rejected(400, "bad_link") from error


def _their_heads(request: Request, carried: list[Frame], known: Heads | None) -> Heads | None:
    """Return all heads of the asking device, or None when the base that it counts from is not known."""
    try:
        heads = wire.unpack_heads(request.heads)
    except wire.BadMessage as error:
        raise Rejected(400, "bad_request") from error
    if not request.base:
        return wire.advance(heads, carried)
    if known is None or wire.digest(known) != request.base:
        return None
    return wire.advance(wire.overlay(known, heads), carried)


def _parse(bodies: list[bytes]) -> tuple[list[Frame], list[tuple[bytes, str]]]:
    """Take frames apart; those of a newer program are refused, since nobody here could verify them."""
    parsed: list[Frame] = []
    newer: list[tuple[bytes, str]] = []
    for body in bodies:
        try:
            parsed.append(frames.parse(body))
        except frames.UnknownVersion:
            newer.append((crypto.sha256(body), "unknown_version"))
        except BadFrame as error:
            raise Rejected(400, "bad_frame") from error
    return parsed, newer


def _verified(parsed: list[Frame], community: bytes, state: Membership) -> tuple[list[Frame], list[tuple[bytes, str]]]:
    """Sort frames into those that their authors signed and had the right to write, and others."""
    good: list[Frame] = []
    unfit: list[tuple[bytes, str]] = []
    for frame in parsed:
        reason = _objection(frame, community, state)
        if reason:
            unfit.append((frame.hash, reason))
        else:
            good.append(frame)
    return good, unfit


def _objection(frame: Frame, community: bytes, state: Membership) -> str:
    authors = state.seats(frame.header.device)
    if frame.header.community != community:
        return "community"
    if not authors:
        return "author"
    try:
        key = frame.signed_with(author.entry.sign_key for author in authors)
    except BadFrame:
        return "signature"
    # Everybody names the own person in the common unit; that a frame does no more, only those can see who open it.
    author = next(author for author in authors if author.entry.sign_key == key)
    # What somebody writes who has lost the right is an administrator's to decide on: it must reach them.
    return "" if frame.header.unit in author.wrote | {state.common_unit} else "right"


def _own_or_known(chains: dict[bytes, Head], told: dict[bytes, Head], mine: frozenset[bytes]) -> dict[bytes, Head]:
    """Return the heads in a unit that a device does not read: it gets no frames there, and misses none.

    Args:
        chains: The heads of the store.
        told: Those of the device.
        mine: The incarnations of the device.
    """
    return {
        incarnation: head if incarnation in mine or head[0] <= told[incarnation][0] else told[incarnation]
        for incarnation, head in chains.items()
        if incarnation in mine or incarnation in told
    }


def _fill(heads: Heads, absent: Heads) -> Heads:
    return {unit: {**absent.get(unit, {}), **heads.get(unit, {})} for unit in heads.keys() | absent.keys()}


def _links_lacked(request: Request, state: Membership) -> list[Link]:
    """Return links for the asking device; none while it knows some that the server does not."""
    if not all(tip in state.links for tip in request.tips):
        return []
    return links_beyond(state.ordered, request.tips)
