"""Builds the state of a failed trial again: ``python -m tests.faults.powercut RECORDING CUT VARIANT FOLDER``."""

import sys
from pathlib import Path

from tests.faults.bench import write_state
from tests.faults.powercut.record import load
from tests.faults.powercut.replay import cuts, variant_of

recording, number, variant, folder = sys.argv[1:]
cut = next(cut for cut in cuts(load(Path(recording))) if cut.number == int(number))
write_state(variant_of(cut, int(variant)), Path(folder))
print(f"After {cut.call}; said until then: {cut.said}")
