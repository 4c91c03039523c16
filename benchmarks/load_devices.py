"""Many devices of one community that speak to a server at once: real keys, links, frames and messages, no vaults."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sync import crypto, frames, membership, wire
from sync.crypto import Signer
from sync.frames import NO_PREVIOUS, Frame, Header
from sync.ids import new_id, random_id
from sync.linkgraph import fitting, tips
from sync.membership import CLERK, DeviceEntry, Enrol, Found, Invite, Link
from sync.replica import Heads

_TRIES = 60
_PAUSE_SECONDS = 0.5


@dataclass
class LoadDevice:
    """One device.

    Args:
        id: Its 16-byte id.
        signer: Its key.
        unit: The unit it works in.
        own: The frames that it has written.
        heads: What it has.
        held: Hashes of the frames it has.
        refused: How often it was asked to come again.
    """

    id: bytes
    signer: Signer
    unit: bytes
    own: list[Frame] = field(default_factory=list)
    heads: Heads = field(default_factory=dict)
    held: set[bytes] = field(default_factory=set)
    refused: int = 0


@dataclass
class LoadCommunity:
    """A community with its links and devices.

    Args:
        id: Its 32-byte id.
        links: Parents first.
        devices: The founding device first.
        tips: The links that nothing follows.
    """

    id: bytes
    links: list[Link]
    devices: list[LoadDevice]
    tips: list[bytes]


def make_community(count: int, in_unit: int, written: int, size: int) -> LoadCommunity:
    """Make a community whose devices have all written something.

    Args:
        count: How many devices.
        in_unit: How many of them share a unit.
        written: How many frames each has written.
        size: Bytes in each frame.
    """
    units = [new_id() for _unit in range(-(-count // in_unit))]
    first = Signer.generate()
    entry = DeviceEntry(random_id(), first.public_key, os.urandom(1_216), new_id(), "1")
    founding = membership.make(b"", (), entry.id, Found(crypto.random_key(), entry, new_id(), units, []), first)
    links, last = [founding], founding.hash
    devices = [LoadDevice(entry.id, first, units[0])]
    for number in range(1, count):
        unit, secret, signer = units[number // in_unit], Signer.generate(), Signer.generate()
        invitation, suffix = random_id(), str(number + 1)
        invite = Invite(invitation, secret.public_key, CLERK, [unit], suffix, [])
        links.append(membership.make(founding.hash, (last,), entry.id, invite, first))
        device = DeviceEntry(random_id(), signer.public_key, os.urandom(1_216), new_id(), suffix)
        proof = secret.sign(membership.enrol_proof(founding.hash, invitation, device))
        enrol = Enrol(invitation, device, proof)
        links.append(membership.make(founding.hash, (links[-1].hash,), device.id, enrol, signer))
        last = links[-1].hash
        devices.append(LoadDevice(device.id, signer, unit))
    for made in devices:
        _write(founding.hash, made, written, size)
    return LoadCommunity(founding.hash, links, devices, tips(links))


def _write(community: bytes, device: LoadDevice, count: int, size: int) -> None:
    life, epoch = random_id(), random_id()
    for seq in range(1, count + 1):
        previous = device.own[-1].hash if device.own else NO_PREVIOUS
        header = Header(community, device.unit, device.id, life, seq, previous, epoch)
        device.own.append(frames.build(header, os.urandom(size), crypto.random_key(), device.signer))


async def introduce(community: LoadCommunity, url: str, key: bytes) -> None:
    """Let the founding device tell the server who belongs to the community."""
    links = community.links
    device = community.devices[0]
    async with asyncio.timeout(600):
        while links:
            part = fitting(links)
            told, links = links[: len(part)], links[len(part) :]
            line = _Line(url)
            request = _request(community, device, [], part, told[-1:])
            await _ask(line, community, device, key, request)
            line.close()


async def all_at_once(community: LoadCommunity, urls: Sequence[str], key: bytes, *, push: bool) -> None:
    """Let every device exchange at the same time, until each has what the server has for it.

    Args:
        community: The community.
        urls: Servers on the same store.
        key: The servers' key.
        push: Bring what was written; else only fetch.
    """
    await asyncio.gather(
        *(
            _exchange(community, device, urls[number % len(urls)], key, push=push)
            for number, device in enumerate(community.devices)
        )
    )


async def _exchange(community: LoadCommunity, device: LoadDevice, url: str, key: bytes, *, push: bool) -> None:
    line = _Line(url)
    bring = list(device.own) if push else []
    while True:
        reply = await _ask(line, community, device, key, _request(community, device, bring, [], []))
        accepted = {reply.accepted[start : start + 32] for start in range(0, len(reply.accepted), 32)}
        if reply.refused or not {frame.hash for frame in bring} <= accepted:
            raise RuntimeError("the server refused a frame for good")
        device.heads = wire.advance(device.heads, bring)
        device.held |= accepted
        given = [frames.parse(body) for body in reply.frames]
        device.heads = wire.advance(device.heads, given)
        device.held |= {frame.hash for frame in given}
        bring = []
        if not reply.remaining:
            break
    line.close()


def _request(
    community: LoadCommunity, device: LoadDevice, bring: list[Frame], links: list[bytes], known: list[Link]
) -> wire.Request:
    return wire.Request(
        version=wire.VERSION,
        community=community.id,
        base=b"",
        heads=wire.pack_heads(device.heads),
        tips=[link.hash for link in known] or community.tips,
        links=links,
        frames=[frame.body for frame in bring],
        budget=wire.MAX_ROUND_BYTES,
    )


async def _ask(
    line: "_Line", community: LoadCommunity, device: LoadDevice, key: bytes, request: wire.Request
) -> wire.Reply:
    """Ask until there is an answer, as a device does: later each time it is told to come later."""
    for attempt in range(_TRIES):
        nonce = os.urandom(wire.NONCE_BYTES)
        body = wire.sign_request(
            device.signer,
            server=key,
            community=community.id,
            device=device.id,
            nonce=nonce,
            message=wire.encode(request),
        )
        try:
            status, answer = await line.post(wire.EXCHANGE_PATH, body)
        except (OSError, EOFError):
            line.close()
            status, answer = 0, b""
        if status == 200:
            return wire.decode(wire.Reply, wire.open_reply(answer, server=key, nonce=nonce, status=status))
        if status not in {0, 429, 503}:
            raise RuntimeError(f"refused for good: {status}")
        device.refused += 1
        await asyncio.sleep(_PAUSE_SECONDS * (1 + attempt % 4) * (0.5 + os.urandom(1)[0] / 256))
    raise RuntimeError("refused again and again")


class _Line:
    """One HTTP connection that is kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 0
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        await self._writer.drain()
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("ascii").lower()
        status = int(answer.split(" ", 2)[1])
        size = int(answer.split("content-length:", 1)[1].split("\r\n", 1)[0]) if "content-length:" in answer else 0
        return status, await self._reader.readexactly(size)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
