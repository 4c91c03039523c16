"""The project's own Python environment: made once, then found fresh by a stamp."""

import hashlib
import json
import shutil
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from dev import system
from dev.paths import DEV_LOCK, LOCALE, ROOT, RUN_LOCK, VENV, script
from dev.process import run, say

# Two stamps beside each other: the environment is dear to make, the catalogues are cheap.
_STAMP = VENV / "sprava-environment.json"
_CATALOGUES = VENV / "sprava-catalogues.json"


def ensure(*, dev: bool) -> None:
    """Make the environment ready; do nothing when it is.

    Args:
        dev: With what tests and checks need, too.

    Raises:
        SetupError: The machine lacks something; the message says what to do.
    """
    if not _fresh(_STAMP, {"dev": True, **_wanted()}) and (dev or not _fresh(_STAMP, {"dev": False, **_wanted()})):
        _make(dev=dev)
    sources = {"sources": _digest(_catalogue_sources())}
    if not _fresh(_CATALOGUES, sources) or not all(path.with_suffix(".mo").exists() for path in LOCALE.rglob("*.po")):
        run([script("python"), "-m", "dev.catalogues"])
        _CATALOGUES.write_text(json.dumps(sources), encoding="utf-8")


def _make(*, dev: bool) -> None:
    system.ensure_run_packages()
    if not _reusable():
        # Whatever an interrupted set-up left may be half a package: start clean, pip's cache makes it cheap.
        say("Making the environment in .venv")
        shutil.rmtree(VENV, ignore_errors=True)
        run([getattr(sys, "_base_executable", sys.executable), "-m", "venv", VENV])
    _STAMP.unlink(missing_ok=True)
    say("Installing the locked packages; the first time takes some minutes")
    pip: list[str | Path] = [
        script("python"),
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        "install",
        "--no-input",
    ]
    run([*pip, "--require-hashes", "--only-binary=:all:", "-r", DEV_LOCK if dev else RUN_LOCK])
    # Setuptools warns of every editable installation there is.
    quiet = {"PYTHONWARNINGS": "ignore"}
    run([*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", ROOT], env=quiet)
    _STAMP.write_text(json.dumps({"dev": dev, **_wanted()}), encoding="utf-8")


def _reusable() -> bool:
    """Tell whether a finished environment of this same Python is there, only with older packages."""
    stamp = _read(_STAMP)
    return all(stamp.get(name) == value for name, value in _python().items()) and script("python").exists()


def _wanted() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project["tool"] = project["tool"]["setuptools"]  # the rules of linters change nothing in the environment
    declared = hashlib.sha256(json.dumps(project, sort_keys=True).encode()).hexdigest()
    return {**_python(), "sources": _digest((RUN_LOCK, DEV_LOCK)), "project": declared}


def _python() -> dict[str, str]:
    return {"python": sys.version, "root": str(ROOT)}


def _catalogue_sources() -> list[Path]:
    return [*sorted(LOCALE.rglob("*.po")), Path(__file__).with_name("catalogues.py")]


def _digest(paths: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def _fresh(stamp: Path, wanted: Mapping[str, object]) -> bool:
    return _read(stamp) == wanted


def _read(stamp: Path) -> dict[str, object]:
    try:
        content = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
