"""The test vectors about units and roles (docs/formats/membership.md), made by the second implementation alone."""

import json
from pathlib import Path

from tests.sync.wire import second
from tests.sync.wire.second import Key, sha256

NEW_UNIT, CIRCLE, LIFE = (sha256(name)[:16] for name in (b"new unit", b"circle", b"life"))
EPOCH, KEY, SECRET = sha256(b"intake epoch")[:16], sha256(b"intake key"), sha256(b"registrar's secret")
_FILE = Path(__file__).resolve().parents[2] / "data" / "vectors" / "units.json"
Links = list[tuple[bytes, bytes]]


def links(before: Links, founder: tuple[bytes, Key], guest: tuple[bytes, Key], unit: bytes) -> dict[str, object]:
    """Return a unit and a circle, and who came into them and out of them.

    Args:
        before: The links up to the guest's confirmation, each with its hash.
        founder: The id and key of the administrator's device.
        guest: Those of the other device.
        unit: The community's first unit.
    """
    made = list(before)
    community = made[0][1]

    def add(author: tuple[bytes, Key], body: dict[str, object]) -> None:
        made.append(second.link(community, [made[-1][1]], author[0], body, author[1]))

    def role(device: bytes, of: bytes, name: str, cuts: list[list[object]]) -> dict[str, object]:
        return {"type": "role", "device": device, "unit": of, "role": name, "cuts": cuts}

    add(founder, {"type": "unit", "unit": NEW_UNIT, "circle": False})
    add(founder, role(guest[0], NEW_UNIT, "head", []))
    add(guest, {"type": "unit", "unit": CIRCLE, "circle": True})
    add(founder, role(guest[0], unit, "auditor", [[unit, LIFE, 3]]))
    intake = second.intake_key(KEY)
    epoch = {"type": "epoch", "unit": NEW_UNIT, "epoch": EPOCH, "grants": [], "past": b"", "intake": intake}
    add(founder, epoch)
    add(founder, role(guest[0], NEW_UNIT, "registrar", []))
    payload = second.pack([1, 1, 1_700_000_000_000, [], [["case", ["name"], None, LIFE, [["Олена"]], [None]]]])
    names = ("community", "unit", "device", "incarnation", "seq", "previous", "epoch")
    header = second.frame_header(
        dict(zip(names, (community, NEW_UNIT, guest[0], LIFE, 1, bytes(32), EPOCH), strict=True)), []
    )
    bound = header[:5] + b"\x02" + header[6:]
    content_key = second.own_content_key(SECRET, bound)
    # HPKE takes its own random numbers, so what was sealed once is kept.
    known = json.loads(_FILE.read_text()).get("intake") if _FILE.exists() else None
    wrapped = bytes.fromhex(known["wrapped"]) if known else second.wrap(KEY, content_key, bound)
    frame = second.intake_frame(header, second.zstd(payload), wrapped, content_key, sha256(b"n")[:12], guest[1])
    add(founder, role(guest[0], NEW_UNIT, "", [[NEW_UNIT, LIFE, 1]]))
    return {
        "community": community,
        "founder": {"id": founder[0], "seed": founder[1].seed},
        "guest": {"id": guest[0], "seed": guest[1].seed},
        "unit": unit,
        "new_unit": NEW_UNIT,
        "circle": CIRCLE,
        "life": LIFE,
        "intake": {
            "epoch": EPOCH,
            "epoch_key": KEY,
            "public_key": intake,
            "author_secret": SECRET,
            "content_key": content_key,
            "wrapped": wrapped,
            "payload": payload,
            "frame": frame,
        },
        "links": [{"hash": name, "link": data} for data, name in made],
    }
