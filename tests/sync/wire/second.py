"""The formats a second time, written from docs/formats/ alone: nothing here comes from the program."""

import hashlib
import hmac
import struct
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

pack = msgspec.msgpack.encode
unpack = msgspec.msgpack.decode


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@dataclass(frozen=True)
class Key:
    """An Ed25519 key from its 32-byte seed."""

    seed: bytes

    @property
    def public(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(data)


def verify(public: bytes, signature: bytes, data: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(public).verify(signature, data)


def zstd(data: bytes) -> bytes:
    """A zstd frame of one block that is not compressed (RFC 8878): the same bytes from every library."""
    return bytes.fromhex("28b52ffda0") + struct.pack("<I", len(data)) + struct.pack("<I", len(data) << 3 | 1)[:3] + data


def padded(length: int) -> int:
    if length <= 256:
        return 256
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-length // step) * step


def frame_header(fields: dict[str, bytes | int], heads: list[tuple[bytes, int]]) -> bytes:
    names = ("community", "unit", "device", "incarnation", "seq", "previous", "epoch")
    parts = [value.to_bytes(8, "big") if isinstance(value := fields[name], int) else value for name in names]
    body = b"".join(parts) + struct.pack(">H", len(heads)) + b"".join(i + s.to_bytes(8, "big") for i, s in heads)
    return b"SPRF\x01\x01\x00\x00" + struct.pack(">I", len(body)) + body


def frame(header: bytes, payload: bytes, unit_key: bytes, nonce: bytes, author: Key) -> tuple[bytes, bytes]:
    """Return the frame and its hash."""
    plain = struct.pack(">I", len(payload)) + payload
    plain += bytes(padded(len(plain)) - len(plain))
    sealed = nonce + AESGCM(unit_key).encrypt(nonce, plain, header)
    name = sha256(header + sha256(sealed))
    return header + struct.pack(">I", len(sealed)) + sealed + author.sign(b"sprava/frame/1\x00" + name), name


_HPKE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def hybrid(secret: bytes) -> hpke.MLKEM768X25519PrivateKey:
    """The private key that follows from a 32-byte secret."""
    seeds = derive(secret, b"sprava/v1/hybrid-key", 96)
    return hpke.MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(seeds[:64]), X25519PrivateKey.from_private_bytes(seeds[64:])
    )


def intake(epoch_key: bytes) -> hpke.MLKEM768X25519PrivateKey:
    """The private key of an epoch's intake."""
    return hybrid(derive(epoch_key, b"sprava/v1/intake", 32))


def intake_key(epoch_key: bytes) -> bytes:
    """The public key of an epoch's intake, as an epoch link gives it."""
    seeds = derive(derive(epoch_key, b"sprava/v1/intake", 32), b"sprava/v1/hybrid-key", 96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(seeds[:64]).public_key().public_bytes_raw()
    return mlkem + X25519PrivateKey.from_private_bytes(seeds[64:]).public_key().public_bytes_raw()


def own_content_key(device_secret: bytes, header: bytes) -> bytes:
    """The content key of a frame for an intake, as its author derives it."""
    info = b"sprava/intake-own/1\x00" + sha256(header)
    return HKDF(SHA256(), 32, None, info).derive(derive(device_secret, b"sprava/v1/hybrid-key", 96))


def wrap(epoch_key: bytes, content_key: bytes, header: bytes) -> bytes:
    return _HPKE.encrypt(content_key, intake(epoch_key).public_key(), b"sprava/intake/1\x00" + sha256(header))


def intake_frame(header: bytes, payload: bytes, wrapped: bytes, key: bytes, nonce: bytes, author: Key) -> bytes:
    """A frame of suite 2 from its parts; the header comes with suite 1."""
    header = header[:5] + b"\x02" + header[6:]
    plain = struct.pack(">I", len(payload)) + payload
    plain += bytes(padded(len(plain)) - len(plain))
    sealed = wrapped + nonce + AESGCM(key).encrypt(nonce, plain, header)
    name = sha256(header + sha256(sealed))
    return header + struct.pack(">I", len(sealed)) + sealed + author.sign(b"sprava/frame/1\x00" + name)


def open_intake_frame(data: bytes, epoch_key: bytes, author: bytes) -> bytes:
    """Verify and open a frame of suite 2; return its payload."""
    assert data[:8] == b"SPRF\x01\x02\x00\x00"
    end = 12 + struct.unpack_from(">I", data, 8)[0]
    header = data[:end]
    (length,) = struct.unpack_from(">I", data, end)
    sealed, signature = data[end + 4 : end + 4 + length], data[end + 4 + length :]
    verify(author, signature, b"sprava/frame/1\x00" + sha256(header + sha256(sealed)))
    key = _HPKE.decrypt(sealed[:1168], intake(epoch_key), b"sprava/intake/1\x00" + sha256(header))
    plain = AESGCM(key).decrypt(sealed[1168:1180], sealed[1180:], header)
    (size,) = struct.unpack_from(">I", plain)
    return plain[4 : 4 + size]


def seal(key: bytes, plain: bytes, bound: bytes, nonce: bytes) -> bytes:
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def open_frame(data: bytes, unit_key: bytes, author: bytes) -> tuple[dict[str, bytes | int], bytes]:
    """Verify and open a frame; return its header's fields and the payload."""
    assert data[:8] == b"SPRF\x01\x01\x00\x00"
    end = 12 + struct.unpack_from(">I", data, 8)[0]
    header = data[:end]
    (length,) = struct.unpack_from(">I", data, end)
    sealed, signature = data[end + 4 : end + 4 + length], data[end + 4 + length :]
    verify(author, signature, b"sprava/frame/1\x00" + sha256(header + sha256(sealed)))
    plain = AESGCM(unit_key).decrypt(sealed[:12], sealed[12:], header)
    (size,) = struct.unpack_from(">I", plain)
    places = {"community": 32, "unit": 16, "device": 16, "incarnation": 16, "seq": 8, "previous": 32, "epoch": 16}
    fields: dict[str, bytes | int] = {}
    at = 12
    for name, width in places.items():
        value = header[at : at + width]
        fields[name] = int.from_bytes(value, "big") if name == "seq" else value
        at += width
    return fields, plain[4 : 4 + size]


def link(
    community: bytes, parents: list[bytes], author: bytes, body: dict[str, object], key: Key
) -> tuple[bytes, bytes]:
    """Return a membership link and its hash."""
    payload = pack([community, sorted(parents), author, body])
    signed = b"SPRM\x01\x01\x00\x00" + struct.pack(">I", len(payload)) + payload
    name = sha256(signed)
    return signed + key.sign(b"sprava/link/1\x00" + name), name


Heads = dict[bytes, dict[bytes, tuple[int, bytes]]]


def heads(all_heads: Heads) -> list[tuple[bytes, bytes]]:
    return [
        (unit, b"".join(i + chains[i][0].to_bytes(8, "big") + chains[i][1] for i in sorted(chains)))
        for unit, chains in sorted(all_heads.items())
    ]


def heads_digest(all_heads: Heads) -> bytes:
    parts = [unit + struct.pack(">I", len(data) // 56) + data for unit, data in heads(all_heads)]
    return sha256(b"sprava/heads/1\x00" + b"".join(parts))


def bundle(community: bytes, device: bytes, links: list[bytes], held: Heads, frames: list[bytes], key: Key) -> bytes:
    def section(tag: bytes, data: bytes) -> bytes:
        return tag + struct.pack(">I", len(data)) + data

    whole = b"SPRB\x01\x01\x00\x00" + community + device
    whole += b"".join(section(b"LINK", data) for data in links)
    whole += section(b"HEAD", pack(heads(held)))
    whole += b"".join(section(b"FRAM", data) for data in frames)
    whole += b"ENDS" + struct.pack(">IQ", 104, len(frames))
    return whole + sha256(whole) + key.sign(b"sprava/bundle/1\x00" + sha256(whole))


def statement(
    community: bytes, device: bytes, numbers: tuple[int, int, int], held: Heads, wants: list[bytes], key: Key
) -> bytes:
    """Return what a device leaves on a stick."""
    whole = b"SPRH\x01\x01\x00\x00" + community + device + struct.pack(">QQQ", *numbers)
    whole += pack([heads(held), wants])
    return whole + key.sign(b"sprava/stick/1\x00" + sha256(whole))


def request(
    message: bytes,
    *,
    server: bytes,
    community: bytes,
    device: bytes,
    nonce: bytes,
    key: Key,
    path: bytes = b"/v1/exchange",
) -> bytes:
    """Return the body of a POST to /v1/exchange, /v1/news or /v1/chunks/…"""
    signed = b"sprava/request/1\x00" + server + community + device + nonce + sha256(message) + b"POST " + path
    ahead = community + sha256(message) if len(message) + 96 > 65_536 else b""
    return device + nonce + key.sign(signed) + ahead + message


def admission(code: str, *, server: bytes, community: bytes, nonce: bytes) -> bytes:
    """Return the body of a POST to /v1/admission."""
    key = Key(derive(sha256(code.replace("-", "").encode()), b"sprava/v1/admission-code", 32))
    return nonce + community + key.public + key.sign(b"sprava/admission/1\x00" + server + community + nonce)


def reply(message: bytes, *, nonce: bytes, status: int, key: Key) -> bytes:
    """Return the body of a server's reply."""
    signed = b"sprava/reply/1\x00" + key.public + nonce + struct.pack(">H", status) + sha256(message)
    return key.sign(signed) + message


def derive(secret: bytes, label: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, None, label).derive(secret)


def invitation(contents: dict[str, object]) -> bytes:
    """Return an invitation file."""
    payload = b"SPRI\x01" + pack(contents)
    return payload + sha256(payload)


def code(community: bytes, invitation_id: bytes) -> str:
    """Return the number that two people compare."""
    number = int.from_bytes(sha256(b"sprava/code/1\x00" + community + invitation_id)[:8], "big") % 10**8
    digits = f"{number:08}"
    return f"{digits[:4]} {digits[4:]}"


def hub_tag(key: bytes, hub: bytes) -> bytes:
    """Return what an office hub announces for one key of the common unit."""
    return hmac.new(derive(key, b"sprava/v1/hub-tag", 32), hub, "sha256").digest()[:8]


def introduction(key: bytes, *, server: bytes, community: bytes, device: bytes, author: Key, nonce: bytes) -> bytes:
    """Return what an office hub shows of the device behind it, for one key of the common unit."""
    signed = b"sprava/introduction/1\x00" + server + community
    opening = derive(key, b"sprava/v1/hub-introduction", 32)
    return b"\x01" + seal(opening, device + author.sign(signed), signed, nonce)
