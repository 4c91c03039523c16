"""Writes the test vectors of docs/formats/ into tests/data/vectors: ``python -m tests.sync.wire.make_vectors``."""

import json
from pathlib import Path
from typing import Any

from sync.crypto import Opener, seal_to
from tests.sync.wire import second, snapshot_vectors, unit_vectors
from tests.sync.wire.second import Key, sha256

FOLDER = Path(__file__).resolve().parents[2] / "data" / "vectors"
Vector = dict[str, object]

FOUNDER, GUEST, SERVER = (Key(sha256(name)) for name in (b"founder", b"guest", b"server"))
FOUNDER_ID, GUEST_ID, UNIT, COMMON, LIFE, EPOCH, PERSON, INVITATION = (
    sha256(name)[:16]
    for name in (b"founder", b"guest", b"unit", b"common", b"life", b"epoch", b"person", b"invitation")
)
UNIT_KEY, COMMON_KEY, SECRET, SALT = (sha256(name) for name in (b"unit key", b"common key", b"secret", b"salt"))
NEW_EPOCH, NEW_KEY = sha256(b"new epoch")[:16], sha256(b"new key")
NONCE = sha256(b"nonce")[:16]
SEAL_KEY = Opener.from_secret(SECRET).public_key
GRANT_INFO = b"sprava/grant/1\x00" + UNIT + EPOCH


def _sealed() -> bytes:
    """HPKE takes its own random numbers, so what was sealed once is kept."""
    path = FOLDER / "membership.json"
    if path.exists():
        return bytes.fromhex(json.loads(path.read_text())["grant"]["sealed"])
    return seal_to(SEAL_KEY, UNIT_KEY, GRANT_INFO)


def _links() -> tuple[list[tuple[bytes, bytes]], bytes]:
    sealed = _sealed()
    founder = [FOUNDER_ID, FOUNDER.public, SEAL_KEY, PERSON, "1"]
    found = second.link(
        b"",
        [],
        FOUNDER_ID,
        {
            "type": "found",
            "salt": SALT,
            "device": founder,
            "common_unit": COMMON,
            "units": [UNIT],
            "grants": [[UNIT, EPOCH, sealed]],
        },
        FOUNDER,
    )
    community = found[1]
    invite = second.link(
        community,
        [community],
        FOUNDER_ID,
        {
            "type": "invite",
            "invitation": INVITATION,
            "verify_key": Key(SECRET).public,
            "role": "clerk",
            "units": [UNIT],
            "suffix": "2",
            "grants": [],
        },
        FOUNDER,
    )
    guest = [GUEST_ID, GUEST.public, SEAL_KEY, PERSON, "2"]
    proof = Key(SECRET).sign(b"sprava/enrol/1\x00" + community + INVITATION + second.pack(guest))
    enrol = second.link(
        community,
        [invite[1]],
        GUEST_ID,
        {"type": "enrol", "invitation": INVITATION, "device": guest, "proof": proof},
        GUEST,
    )
    confirm = second.link(
        community, [enrol[1]], FOUNDER_ID, {"type": "confirm", "enrolment": enrol[1], "suffix": "2"}, FOUNDER
    )
    decline = second.link(community, [confirm[1]], FOUNDER_ID, {"type": "decline", "enrolment": enrol[1]}, FOUNDER)
    links = [found, invite, enrol, confirm, decline]
    revoke = {"type": "revoke", "device": GUEST_ID, "cuts": [[UNIT, LIFE, 2]]}
    judge = {"type": "judge", "device": GUEST_ID, "upto": [[UNIT, LIFE, 5]], "accept": True}
    info = b"sprava/grant/1\x00" + community + UNIT + NEW_EPOCH
    past = second.seal(NEW_KEY, second.pack([[EPOCH, UNIT_KEY]]), b"sprava/past/1\x00" + info, sha256(b"past")[:12])
    granted = [[FOUNDER_ID, _new_key_sealed(info)]]
    epoch = {"type": "epoch", "unit": UNIT, "epoch": NEW_EPOCH, "grants": granted, "past": past}
    for body in (revoke, judge, epoch):
        links.append(second.link(community, [links[-1][1]], FOUNDER_ID, body, FOUNDER))
    return links, sealed


def _new_key_sealed(info: bytes) -> bytes:
    """The unit's new key, sealed to the founder; what was sealed once is kept."""
    path = FOLDER / "membership.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    if "epoch" in known:
        return bytes.fromhex(known["epoch"]["sealed"])
    return seal_to(SEAL_KEY, NEW_KEY, info)


def _invite_grants(community: bytes) -> list[list[bytes]]:
    """Both unit keys, sealed to the invitation's secret; what was sealed once is kept."""
    path = FOLDER / "invitation.json"
    if path.exists():
        return [[bytes.fromhex(part) for part in grant] for grant in json.loads(path.read_text())["grants"]]
    return [
        [unit, EPOCH, seal_to(SEAL_KEY, key, b"sprava/grant/1\x00" + community + unit + EPOCH)]
        for unit, key in ((COMMON, COMMON_KEY), (UNIT, UNIT_KEY))
    ]


def _invitation(found: tuple[bytes, bytes]) -> Vector:
    community = found[1]
    key = Key(second.derive(SECRET, b"sprava/v1/invitation-signature", 32))
    grants = _invite_grants(community)
    body = {
        "type": "invite",
        "invitation": INVITATION,
        "verify_key": key.public,
        "role": "clerk",
        "units": [UNIT],
        "suffix": "2",
        "grants": grants,
    }
    invite = second.link(community, [community], FOUNDER_ID, body, FOUNDER)
    names = ("community", "unit", "device", "incarnation", "seq", "previous", "epoch")
    header = dict(zip(names, (community, COMMON, FOUNDER_ID, LIFE, 1, bytes(32), EPOCH), strict=True))
    person = second.pack([1, 1, 1_700_000_000_000, [LIFE], [["person", ["name"], None, PERSON, [["Олена"]], [None]]]])
    nonce = sha256(b"nonce of a name")[:12]
    name, _hash = second.frame(second.frame_header(header, []), second.zstd(person), COMMON_KEY, nonce, FOUNDER)
    contents = {
        "links": [found[0], invite[0]],
        "frames": [name],
        "invitation": INVITATION,
        "secret": SECRET,
        "server": "https://sprava.example",
        "server_key": SERVER.public,
    }
    return {
        "community": community,
        "secret": SECRET,
        "invitation": INVITATION,
        "countersigning_seed": key.seed,
        "verify_key": key.public,
        "hybrid_key": second.derive(SECRET, b"sprava/v1/hybrid-key", 96),
        "grants": grants,
        "unit_keys": [COMMON_KEY, UNIT_KEY],
        "links": [found[0], invite[0]],
        "frames": [name],
        "server": b"https://sprava.example",
        "server_key": SERVER.public,
        "code": second.code(community, INVITATION).encode(),
        "file": second.invitation(contents),
    }


def _payload(counter: int, value: str, replaces: list[list[list[int]] | None]) -> bytes:
    record = sha256(b"record")[:16]
    return second.pack([1, counter, 1_700_000_000_000, [LIFE], [["case", ["name"], None, record, [[value]], replaces]]])


def _frames(community: bytes) -> list[Vector]:
    made: list[Vector] = []
    previous = bytes(32)
    for seq, (value, replaces, heads) in enumerate(
        [("Олена", [None], []), ("Марія", [[[1, 0]]], [(GUEST_ID, 7)])], start=1
    ):
        nonce = sha256(b"nonce of a frame" + bytes([seq]))[:12]
        payload = _payload(seq, value, replaces)
        header = second.frame_header(
            {
                "community": community,
                "unit": UNIT,
                "device": FOUNDER_ID,
                "incarnation": LIFE,
                "seq": seq,
                "previous": previous,
                "epoch": EPOCH,
            },
            heads,
        )
        frame, name = second.frame(header, second.zstd(payload), UNIT_KEY, nonce, FOUNDER)
        made.append(
            {
                "seq": seq,
                "previous": previous,
                "heads": [[incarnation, number] for incarnation, number in heads],
                "nonce": nonce,
                "payload": payload,
                "header": header,
                "hash": name,
                "frame": frame,
            }
        )
        previous = name
    return made


def vectors() -> dict[str, Vector]:
    """Return the content of each file."""
    links, sealed = _links()
    found, invite, enrol = links[:3]
    community = found[1]
    frames = _frames(community)
    bodies = [frame["frame"] for frame in frames]
    last: second.Heads = {UNIT: {LIFE: (2, frames[-1]["hash"])}}
    request = [1, community, b"", [], [enrol[1]], [found[0], invite[0], enrol[0]], bodies, 65_536]
    reply = [1, EPOCH, True, [], b"".join(frame["hash"] for frame in frames), [], [], [], [], 0]
    later = [1, community, second.heads_digest(last), [], [enrol[1]], [], [], 65_536]
    sending: dict[str, Any] = {
        "server": SERVER.public,
        "community": community,
        "device": FOUNDER_ID,
        "nonce": NONCE,
        "key": FOUNDER,
    }
    return {
        "frame.json": {
            "community": community,
            "unit": UNIT,
            "device": FOUNDER_ID,
            "incarnation": LIFE,
            "epoch": EPOCH,
            "unit_key": UNIT_KEY,
            "author_seed": FOUNDER.seed,
            "author_key": FOUNDER.public,
            "frames": frames,
        },
        "membership.json": {
            "community": community,
            "grant": {"secret": SECRET, "seal_key": SEAL_KEY, "info": GRANT_INFO, "key": UNIT_KEY, "sealed": sealed},
            "founder": {"id": FOUNDER_ID, "seed": FOUNDER.seed, "key": FOUNDER.public},
            "guest": {"id": GUEST_ID, "seed": GUEST.seed, "key": GUEST.public},
            "invitation": {"id": INVITATION, "seed": SECRET, "key": Key(SECRET).public},
            "epoch": {
                "id": NEW_EPOCH,
                "key": NEW_KEY,
                "sealed": _new_key_sealed(b"sprava/grant/1\x00" + community + UNIT + NEW_EPOCH),
                "earlier": [[EPOCH, UNIT_KEY]],
            },
            "links": [{"hash": name, "link": data} for data, name in links],
        },
        "snapshot.json": snapshot_vectors.vector(),
        "units.json": unit_vectors.links(links[:4], (FOUNDER_ID, FOUNDER), (GUEST_ID, GUEST), UNIT),
        "invitation.json": _invitation(found),
        "bundle.json": {
            "device": FOUNDER_ID,
            "seed": FOUNDER.seed,
            "bundle": second.bundle(community, FOUNDER_ID, [found[0], invite[0], enrol[0]], last, bodies, FOUNDER),
        },
        "stick.json": {
            "folder": b"Sprava/" + community[:8].hex().encode(),
            "volume_name": f"{7:012x}-{2:04x}-{FOUNDER_ID.hex()}.sprava".encode(),
            "statement_name": f"{FOUNDER_ID.hex()}.heads".encode(),
            "device": FOUNDER_ID,
            "seed": FOUNDER.seed,
            "statement": second.statement(
                community, FOUNDER_ID, (1_795_000_000_000, 7, 1_795_000_000_123), last, [SECRET], FOUNDER
            ),
        },
        "hub.json": {
            "links": [found[0]],
            "common_key": COMMON_KEY,
            "server_key": SERVER.public,
            "hub": INVITATION,
            "tag": second.hub_tag(COMMON_KEY, INVITATION),
            "device": FOUNDER_ID,
            "introduction": second.introduction(
                COMMON_KEY,
                server=SERVER.public,
                community=community,
                device=FOUNDER_ID,
                author=FOUNDER,
                nonce=NONCE[:12],
            ),
        },
        "http.json": {
            "server_seed": SERVER.seed,
            "server_key": SERVER.public,
            "device": FOUNDER_ID,
            "device_seed": FOUNDER.seed,
            "nonce": NONCE,
            "heads": second.heads(last),
            "heads_digest": second.heads_digest(last),
            "request": second.request(second.pack(request), **sending),
            "reply": second.reply(second.pack(reply), nonce=NONCE, status=200, key=SERVER),
            "nothing_new": second.request(second.pack(later), **sending),
            "code": ADMISSION_CODE.encode(),
            "admission": second.admission(ADMISSION_CODE, server=SERVER.public, community=community, nonce=NONCE),
            "news": second.request(second.pack([1, community, TOKEN]), **sending, path=b"/v1/news"),
            "news_reply": second.reply(second.pack([1, TOKEN]), nonce=NONCE, status=200, key=SERVER),
            **_chunk_messages(community, sending),
            "hello": second.reply(second.pack([1, SERVER.public, EPOCH]), nonce=NONCE, status=200, key=SERVER),
            "problem": second.reply(second.pack([1, "other_community"]), nonce=NONCE, status=403, key=SERVER),
        },
    }


def _chunk_messages(community: bytes, sending: dict[str, Any]) -> Vector:
    chunk = b"a chunk, as far as the server can tell"
    name, absent = sha256(chunk), sha256(b"absent")
    messages = {
        "missing": ([1, community, name + absent], [1, EPOCH, absent]),
        "put": ([1, community, [chunk], True], [1, name, []]),
        "get": ([1, community, [[absent, 0], [name, 8]], 65_536], [1, [[0, b""], [len(chunk), chunk[8:]]]]),
    }
    found: Vector = {"chunk": chunk, "chunk_id": name}
    for kind, (request, reply) in messages.items():
        path = f"/v1/chunks/{kind}".encode()
        found[f"chunks_{kind}"] = second.request(second.pack(request), **sending, path=path)
        found[f"chunks_{kind}_reply"] = second.reply(second.pack(reply), nonce=NONCE, status=200, key=SERVER)
    return found


ADMISSION_CODE = "ABCDE-FGHJK-MNPQR-STUVW-XYZ23"
TOKEN = bytes(range(16))


def as_text(vector: Vector) -> str:
    """Return a vector as it stands in its file: all bytes in hexadecimal."""
    return json.dumps(vector, indent=1, default=bytes.hex) + "\n"


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, vector in vectors().items():
        (FOLDER / name).write_text(as_text(vector), encoding="utf-8")


if __name__ == "__main__":
    main()
