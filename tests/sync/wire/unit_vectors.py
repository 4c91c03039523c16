"""The test vectors about units and roles (docs/formats/membership.md), made by the second implementation alone."""

from tests.sync.wire import second
from tests.sync.wire.second import Key, sha256

NEW_UNIT, CIRCLE, LIFE = (sha256(name)[:16] for name in (b"new unit", b"circle", b"life"))
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
    add(founder, role(guest[0], NEW_UNIT, "", [[NEW_UNIT, LIFE, 1]]))
    return {
        "community": community,
        "founder": {"id": founder[0], "seed": founder[1].seed},
        "guest": {"id": guest[0], "seed": guest[1].seed},
        "unit": unit,
        "new_unit": NEW_UNIT,
        "circle": CIRCLE,
        "life": LIFE,
        "links": [{"hash": name, "link": data} for data, name in made],
    }
