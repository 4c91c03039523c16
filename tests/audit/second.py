"""The chain of the audit a second time, written from docs/formats/audit.md alone: nothing here is the program's."""

import hashlib


def text(value: str) -> bytes:
    data = value.encode("utf-8")
    return len(data).to_bytes(4, "big") + data


def entry(values: dict) -> bytes:  # type: ignore[type-arg]
    return (
        values["number"].to_bytes(8, "big")
        + values["time_ms"].to_bytes(8, "big", signed=True)
        + bytes.fromhex(values["device"])
        + bytes.fromhex(values["person"])
        + text(values["origin"])
        + text(values["kind"])
        + text(values["subject"])
        + text(values["detail"])
    )


def chained(entries: list) -> list[str]:  # type: ignore[type-arg]
    """The hash of each entry, in hexadecimal digits."""
    hashes, last = [], bytes(32)
    for values in entries:
        last = hashlib.sha256(b"sprava/audit/1\x00" + last + entry(values)).digest()
        hashes.append(last.hex())
    return hashes


ENTRIES = [
    {
        "number": 1,
        "time_ms": 1_788_000_000_000,
        "device": "0123456789abcdef0123456789abcdef",
        "person": "fedcba9876543210fedcba9876543210",
        "origin": "desk",
        "kind": "unlocked",
        "subject": "",
        "detail": "{}",
    },
    {
        "number": 2,
        "time_ms": 1_788_000_060_001,
        "device": "0123456789abcdef0123456789abcdef",
        "person": "fedcba9876543210fedcba9876543210",
        "origin": "desk",
        "kind": "case_opened",
        "subject": "0199c0de-7000-7000-8000-0123456789ab",
        "detail": "{}",
    },
    {
        "number": 3,
        "time_ms": -1,
        "device": "00000000000000000000000000000000",
        "person": "ffffffffffffffffffffffffffffffff",
        "origin": "cli",
        "kind": "search",
        "subject": "",
        "detail": '{"hits":1,"words":"Ґудзь-Їжакевич Є."}',
    },
]

if __name__ == "__main__":  # how tests/data/vectors/audit.json came about
    import json
    from pathlib import Path

    vectors = [{**values, "hash": found} for values, found in zip(ENTRIES, chained(ENTRIES), strict=True)]
    target = Path(__file__).resolve().parents[1] / "data" / "vectors" / "audit.json"
    target.write_text(json.dumps({"entries": vectors}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
