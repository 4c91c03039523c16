"""Where things lie in a checkout."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
RUN_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
LOCALE = ROOT / "resources" / "locale"


def script(name: str) -> Path:
    """Return the path of a command in the environment, such as ``python`` or ``sprava``."""
    return BIN / (f"{name}.exe" if os.name == "nt" else name)
