"""What one guess of a pass phrase costs: Argon2id within a floor and a cap, measured on this machine."""

import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from sync import crypto
from sync.errors import Refused
from sync.messages import _

FLOOR_MEMORY_KIB = 64 * 1024
FLOOR_ITERATIONS = 3
CAP_MEMORY_KIB = 1024 * 1024
CAP_ITERATIONS = 32
CAP_LANES = 16
SALT_BYTES = 16
TARGET_SECONDS = 0.5
_CALIBRATION_MEMORY_KIB = 512 * 1024
_CALIBRATION_STEP_KIB = 16 * 1024


@dataclass(frozen=True, slots=True)
class KdfParameters:
    """How much one guess of a pass phrase costs.

    Args:
        memory_kib: Memory of Argon2id, in KiB.
        iterations: Passes over the memory.
        lanes: Lanes of Argon2id.
    """

    memory_kib: int = FLOOR_MEMORY_KIB
    iterations: int = FLOOR_ITERATIONS
    lanes: int = 4

    @property
    def allowed(self) -> bool:
        """Whether they are between the floor and the cap of this program."""
        return (
            FLOOR_MEMORY_KIB <= self.memory_kib <= CAP_MEMORY_KIB
            and FLOOR_ITERATIONS <= self.iterations <= CAP_ITERATIONS
            and 1 <= self.lanes <= CAP_LANES
        )

    @property
    def cost(self) -> int:
        """Kibibytes gone through by one guess: what it costs, in a number that can be compared."""
        return self.memory_kib * self.iterations


KDF_FLOOR = KdfParameters()
NO_KDF = KdfParameters(0, 0, 0)
"""What stands in the slot of a secret that is random and needs no stretching."""


def calibrate(target_seconds: float = TARGET_SECONDS) -> KdfParameters:
    """Return parameters that make one guess last about the target on this machine, never below the floor.

    Args:
        target_seconds: How long an unlock may take.
    """
    ratio = target_seconds / min(_floor_seconds() for _attempt in range(2))
    memory = min(int(FLOOR_MEMORY_KIB * ratio), _CALIBRATION_MEMORY_KIB) // _CALIBRATION_STEP_KIB
    memory_kib = max(FLOOR_MEMORY_KIB, memory * _CALIBRATION_STEP_KIB)
    iterations = int(FLOOR_ITERATIONS * ratio * FLOOR_MEMORY_KIB / memory_kib)
    return KdfParameters(memory_kib, min(max(FLOOR_ITERATIONS, iterations), CAP_ITERATIONS))


def stretch(secret: bytearray, salt: bytes, kdf: KdfParameters, second: bytes | None = None) -> bytearray:
    """Derive a 32-byte key from a pass phrase (Argon2id version 0x13, RFC 9106); whoever asks wipes it.

    Args:
        secret: The pass phrase as bytes.
        salt: 16 random bytes.
        kdf: The cost.
        second: A second secret, the parameter K of RFC 9106.

    Raises:
        ValueError: The parameters are below the floor or above the cap.
        Refused: The memory for it is missing ("memory_missing").
    """
    if not kdf.allowed:
        raise ValueError("parameters of Argon2id below the floor or above the cap")
    key = bytearray(crypto.KEY_BYTES)
    try:
        Argon2id(
            salt=salt,
            length=len(key),
            iterations=kdf.iterations,
            lanes=kdf.lanes,
            memory_cost=kdf.memory_kib,
            secret=second,
        ).derive_into(secret, key)  # type: ignore[arg-type]  # it takes any buffer; bytes can't be wiped
    except MemoryError as error:
        raise Refused(
            "memory_missing",
            _("There is too little free memory to check the pass phrase. Close other programs and try again."),
        ) from error
    return key


def _floor_seconds() -> float:
    started = time.perf_counter()
    stretch(bytearray(1), bytes(SALT_BYTES), KDF_FLOOR)
    return max(time.perf_counter() - started, 1e-3)
