"""The lock files: every package with its version and hashes, for every system and Python from 3.11."""

import re
from pathlib import Path

from dev.paths import DEV_LOCK, ROOT, RUN_LOCK, script
from dev.process import SetupError, run, say

_OLDEST_PYTHON = "3.11"
# The locks name packages, never where they came from: an address, a path or an option would bind them to one place.
_FOREIGN = re.compile(r"://|^\s*--(?!hash=)|(?<![=\w])/|\\Users\\", re.MULTILINE)


def renew() -> None:
    """Renew both lock files from pyproject.toml.

    Raises:
        SetupError: Nothing can satisfy pyproject.toml, or a lock names the place a package came from.
    """
    compile_lock: list[str | Path] = [
        script("uv"), "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-emit-index-url",
        "--no-annotate", "--no-header", "--upgrade", "--python-version", _OLDEST_PYTHON,
        "--group", "pyproject.toml:setup",
    ]  # fmt: skip
    # The second is bound by the first, so that what is tested is what runs.
    further: dict[Path, list[str | Path]] = {RUN_LOCK: [], DEV_LOCK: ["--extra", "dev", "--constraint", RUN_LOCK]}
    for lock, more in further.items():
        run([*compile_lock, *more, "--output-file", lock, ROOT / "pyproject.toml"])
        foreign = _FOREIGN.search(lock.read_text(encoding="utf-8"))
        if foreign:
            raise SetupError(f"{lock.name} names a place ({foreign.group()!r}); it must name packages only.")
        say(f"{lock.name} is renewed.")
