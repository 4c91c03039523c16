"""The test vector of docs/formats/snapshot.md, made by the second implementation."""

from tests.sync.wire import second_snapshot as second
from tests.sync.wire.second import Key, pack, sha256

MAKER, VOTER = Key(sha256(b"founder")), Key(sha256(b"guest"))
MAKER_ID, VOTER_ID = sha256(b"founder")[:16], sha256(b"guest")[:16]
COMMUNITY, UNIT, EPOCH = sha256(b"community"), sha256(b"unit")[:16], sha256(b"epoch")[:16]
KEY = sha256(b"unit key")
LIVES = sorted((sha256(b"life")[:16], sha256(b"other life")[:16]))
CASES = [sha256(name)[:16] for name in (b"case 1", b"case 2", b"case 3")]
CHAINS = [
    (LIVES[0], MAKER_ID, 3, sha256(b"third frame"), 7),
    (LIVES[1], VOTER_ID, 2, sha256(b"second frame"), 9),
]
RECORDS = [
    {
        "collection": "case",
        "id": CASES[0],
        "fields": {"subject": [((1, LIVES[0]), "Дах")], "phone": [((1, LIVES[0]), None)]},
        "frames": [(LIVES[0], 1)],
    },
    {
        "collection": "case",
        "id": CASES[1],
        "fields": {
            "subject": [((7, LIVES[0]), "Вікно"), ((9, LIVES[1]), "Двері")],
            "phone": [((2, LIVES[0]), "1")],
        },
        "frames": [(LIVES[1], 2), (LIVES[0], 3), (LIVES[0], 1)],
    },
    {
        "collection": "file",
        "id": CASES[2],
        "fields": {"name": [((8, LIVES[1]), ["a", 5, True, None])]},
        "frames": [(LIVES[1], 1)],
    },
]
EARLY = [(CASES[0], "subject", 12, LIVES[1])]
TIME_MS = 1_795_000_000_000


def vector() -> dict[str, object]:
    """Return the vector."""
    blocks = [second.block(RECORDS, [], LIVES), second.block([], EARLY, LIVES)]
    asides = [pack([[TIME_MS, 0, 5], [0, 1, 0], [[1, 9, 1, 77]]]), pack([[], [], []])]
    head = (COMMUNITY, UNIT, EPOCH)
    parts = [
        second.part(number, data, asides[number], KEY, head, sha256(b"part %d" % number)[:12])
        for number, data in enumerate(blocks)
    ]
    state = second.state(COMMUNITY, UNIT, CHAINS, blocks)
    fields = {
        "community": COMMUNITY,
        "unit": UNIT,
        "device": MAKER_ID,
        "epoch": EPOCH,
        "time_ms": TIME_MS,
        "records": len(RECORDS),
        "state": state,
    }
    body, name = second.manifest(fields, CHAINS, parts, KEY, sha256(b"manifest nonce")[:12], MAKER)
    return {
        "unit_key": KEY,
        "maker_key": MAKER.public,
        "voter_key": VOTER.public,
        "blocks": blocks,
        "asides": asides,
        "parts": parts,
        "state": state,
        "snapshot": body,
        "hash": name,
        "vote": second.vote(COMMUNITY, UNIT, state, VOTER_ID, VOTER),
    }
