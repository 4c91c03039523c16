"""The dictionary for small frames: trains it and measures it. ``python -m benchmarks.dictionary [FILE to write]``.

A dictionary that was given to anybody is never changed: a new one gets a number and a file of its own.
"""

import random
import sys
from pathlib import Path

import zstandard

from desktop_app.cases.model import COLLECTION, KIT, KIT_VERSION, NUMBER, REGISTERED_ON, STAGE
from desktop_app.kits import examples, loader
from sync import changes, frames, ids
from sync.changes import Change, Dot, Value

_TRAINED_ON, _MEASURED_ON, _POOL = 4_000, 2_000, 1_500
_SIZE = 16 * 1024
_WRITERS = 8
_HEADER_BYTES = 12 + 138 + 24 + 4 + 28 + 64
"""What a frame with one head has beside its padded payload."""
_LETTERS = "абвгдеєжзиіїклмнопрстуфхцчшщьюя"


def main() -> None:
    """Train a dictionary, or measure the one that is in use."""
    if len(sys.argv) > 1:
        samples: list[bytes | bytearray | memoryview] = [
            plain for _kind, plain in _payloads(_TRAINED_ON, seed=1, strange=False)
        ]
        trained = zstandard.train_dictionary(_SIZE, samples, dict_id=changes.DICTIONARY_ID)
        Path(sys.argv[1]).write_bytes(trained.as_bytes())
        return
    measured = list(_payloads(_MEASURED_ON, seed=777, strange=True))
    without = zstandard.ZstdCompressor(level=3)
    for kind in ("change", "case"):
        plain = [data for of, data in measured if of == kind]
        before = [_frame_bytes(len(without.compress(data))) for data in plain]
        after = [_frame_bytes(len(changes.compress(data))) for data in plain]
        print(
            f"{kind}: {sum(before) / len(plain):.0f} bytes a frame, {sum(after) / len(plain):.0f} with the dictionary"
        )


def _frame_bytes(payload: int) -> int:
    return frames.padded_length(payload + 4) + _HEADER_BYTES


def _payloads(count: int, *, seed: int, strange: bool) -> "list[tuple[str, bytes]]":
    """Return what an office writes, one change at a time: seven changes of a case for every two new ones."""
    chance = random.Random(seed)
    pools = [(kit, examples.examples(kit, _POOL, seed)) for kit in ("appeal", "humanitarian-aid")]
    writers = [ids.random_id() for _ in range(_WRITERS)]
    found = []
    for number in range(count):
        kit, pool = chance.choice(pools)
        values = dict(chance.choice(pool))
        if strange:
            values = {name: _strange(value, chance) for name, value in values.items()}
        kind = chance.choices(("change", "case"), (7, 2))[0]
        if kind == "case":
            fields = _registered(kit, values, number)
            change = Change(COLLECTION, ids.new_id(), fields)
        else:
            fields = _changed(kit, values, chance)
            seen: dict[str, tuple[Dot, ...]] = {
                name: ((chance.randrange(1, 60_000), chance.choice(writers)),) for name in fields
            }
            change = Change(COLLECTION, ids.new_id(), fields, seen)
        found.append((kind, changes.plain(changes.group([change], 100_000 + number, 1_764_090_000_000 + number * 997))))
    return found


def _registered(kit: str, values: dict[str, Value], number: int) -> dict[str, Value]:
    system: dict[str, Value] = {
        KIT: kit,
        KIT_VERSION: loader.kit(kit).version,
        NUMBER: f"К-{number}/3/2025",
        STAGE: loader.kit(kit).initial_stage,
        REGISTERED_ON: "2025-03-04",
    }
    return system | values


def _changed(kit: str, values: dict[str, Value], chance: random.Random) -> dict[str, Value]:
    if chance.random() < 0.3:
        return {STAGE: chance.choice(loader.kit(kit).stages).id}
    names = chance.sample(sorted(values), min(len(values), chance.choice((1, 1, 1, 3))))
    return {name: values[name] for name in names}


def _strange(value: Value, chance: random.Random) -> Value:
    """Return a text that the dictionary has not seen: its words in another order, a third of them by chance."""
    if not isinstance(value, str) or " " not in value:
        return value
    words = value.split(" ")
    chance.shuffle(words)
    return " ".join(word if chance.random() < 0.7 else "".join(chance.sample(_LETTERS, 6)) for word in words)


if __name__ == "__main__":
    main()
