"""Snapshots a second time, written from docs/formats/snapshot.md alone: nothing here comes from the program."""

import struct
from collections import Counter
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.sync.wire.second import Key, pack, padded, sha256, unpack, verify, zstd

Dot = tuple[int, bytes]
Record = dict[str, Any]
"""collection, id, fields (by name, lists of dot and value), frames (incarnations and numbers)."""


def _base(record: Record) -> Dot:
    winners = Counter(max(values)[0] for values in record["fields"].values())
    return min(dot for dot, times in winners.items() if times == max(winners.values()))


def block(records: list[Record], early: list[tuple[bytes, str, int, bytes]], order: list[bytes]) -> bytes:
    kinds: dict[tuple[str, tuple[str, ...]], list[Record]] = {}
    for record in sorted(records, key=lambda each: each["id"]):
        kinds.setdefault((record["collection"], tuple(sorted(record["fields"]))), []).append(record)
    groups = []
    for (collection, names), members in sorted(kinds.items()):
        exceptions = []
        for place, record in enumerate(members):
            for index, name in enumerate(names):
                values = sorted(record["fields"][name], key=lambda each: each[0])
                if len(values) > 1 or values[0][0] != _base(record):
                    exceptions.append([place, index, [[dot[0], order.index(dot[1]), value] for dot, value in values]])
        groups.append(
            [
                collection,
                list(names),
                b"".join(record["id"] for record in members),
                [_base(record)[0] for record in members],
                [order.index(_base(record)[1]) for record in members],
                [[max(record["fields"][name], key=lambda each: each[0])[1] for record in members] for name in names],
                exceptions,
                [
                    [n for incarnation, seq in sorted(r["frames"]) for n in (order.index(incarnation), seq)]
                    for r in members
                ],
            ]
        )
    return pack([1, groups, sorted(early)])


def state(
    community: bytes, unit: bytes, chains: list[tuple[bytes, bytes, int, bytes, int]], blocks: list[bytes]
) -> bytes:
    """Chains are incarnation, device, seq, hash, counter."""
    parts = [
        i + struct.pack(">Q", seq) + name + struct.pack(">Q", counter) for i, _device, seq, name, counter in chains
    ]
    return sha256(
        b"sprava/state/1\x00"
        + community
        + unit
        + struct.pack(">I", len(chains))
        + b"".join(parts)
        + struct.pack(">I", len(blocks))
        + b"".join(sha256(each) for each in blocks)
    )


def part(number: int, data: bytes, aside: bytes, key: bytes, head: tuple[bytes, bytes, bytes], nonce: bytes) -> bytes:
    """Seal a block and what is beside it; `head` is community, unit, epoch."""
    payload = pack([zstd(data), zstd(aside)])
    plain = struct.pack(">I", len(payload)) + payload
    plain += bytes(padded(len(plain)) - len(plain))
    bound = b"sprava/snapshot-part/1\x00" + b"".join(head) + struct.pack(">I", number)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def manifest(
    fields: dict[str, Any],
    chains: list[tuple[bytes, bytes, int, bytes, int]],
    parts: list[bytes],
    key: bytes,
    nonce: bytes,
    maker: Key,
) -> tuple[bytes, bytes]:
    """Return the snapshot as it travels, and its hash."""
    body = fields["community"] + fields["unit"] + fields["device"] + fields["epoch"]
    body += struct.pack(">QQ", fields["time_ms"], fields["records"]) + fields["state"]
    body += struct.pack(">II", len(chains), len(parts))
    body += b"".join(i + device + struct.pack(">Q", seq) + name for i, device, seq, name, _counter in chains)
    body += b"".join(struct.pack(">I", len(each)) + sha256(each) for each in parts)
    bound = b"SPRS\x01\x01\x00\x00" + struct.pack(">I", len(body)) + body
    sealed = nonce + AESGCM(key).encrypt(nonce, pack([counter for *_rest, counter in chains]), bound)
    name = sha256(bound + sha256(sealed))
    return bound + struct.pack(">I", len(sealed)) + sealed + maker.sign(b"sprava/snapshot/1\x00" + name), name


def vote(community: bytes, unit: bytes, state_hash: bytes, device: bytes, key: Key) -> bytes:
    signature = key.sign(b"sprava/snapshot-vote/1\x00" + community + unit + state_hash)
    return b"SPRV\x01\x01\x00\x00" + community + unit + state_hash + device + signature


def open_snapshot(body: bytes, key: bytes, maker: bytes) -> tuple[dict[str, Any], list[int]]:
    """Verify and open what the program made; return the header and the counters."""
    assert body[:8] == b"SPRS\x01\x01\x00\x00"
    end = 12 + struct.unpack_from(">I", body, 8)[0]
    bound = body[:end]
    (length,) = struct.unpack_from(">I", body, end)
    sealed, signature = body[end + 4 : end + 4 + length], body[end + 4 + length :]
    verify(maker, signature, b"sprava/snapshot/1\x00" + sha256(bound + sha256(sealed)))
    counters = unpack(AESGCM(key).decrypt(sealed[:12], sealed[12:], bound))
    chains, parts = struct.unpack_from(">II", body, 12 + 32 + 16 * 3 + 16 + 32)
    at = 12 + 32 + 16 * 3 + 16 + 32 + 8
    found: dict[str, Any] = {
        "community": body[12:44],
        "unit": body[44:60],
        "epoch": body[76:92],
        "chains": [],
        "parts": [],
    }
    (found["records"],) = struct.unpack_from(">Q", body, 100)
    found["state"] = body[108:140]
    for _chain in range(chains):
        found["chains"].append(
            (
                body[at : at + 16],
                body[at + 16 : at + 32],
                *struct.unpack_from(">Q", body, at + 32),
                body[at + 40 : at + 72],
            )
        )
        at += 72
    for _part in range(parts):
        found["parts"].append((*struct.unpack_from(">I", body, at), body[at + 4 : at + 36]))
        at += 36
    assert at == end
    return found, counters


def open_part(data: bytes, number: int, key: bytes, head: tuple[bytes, bytes, bytes]) -> list[bytes]:
    """Open a part; return the two compressed texts in it."""
    bound = b"sprava/snapshot-part/1\x00" + b"".join(head) + struct.pack(">I", number)
    plain = AESGCM(key).decrypt(data[:12], data[12:], bound)
    (length,) = struct.unpack_from(">I", plain)
    return unpack(plain[4 : 4 + length])
