"""Build the installer's folder, and try it where nothing of the project can be reached."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from dev.paths import ROOT, script
from dev.process import SetupError, run, say

BUNDLE = ROOT / "dist" / "sprava"


def main(arguments: list[str]) -> int:
    """Build the bundle in dist/sprava and try it: ``--check`` does both, ``--check-only`` tries the one that is there.

    Args:
        arguments: Nothing, ``--check`` or ``--check-only``.

    Raises:
        SetupError: The bundle could not be built, or does not work by itself.
    """
    if arguments not in ([], ["--check"], ["--check-only"]):
        raise SetupError("python3 -m dev installer [--check | --check-only]")
    if arguments != ["--check-only"]:
        build()
    if arguments:
        check()
    return 0


def build() -> None:
    """Build the bundle with PyInstaller.

    Raises:
        SetupError: PyInstaller failed.
    """
    run(
        [
            script("python"),
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--clean",
            "--log-level=ERROR",
            ROOT / "build_installer.spec",
        ]
    )
    size = sum(path.stat().st_size for path in BUNDLE.rglob("*") if path.is_file() and not path.is_symlink())
    say(f"Built {BUNDLE.relative_to(ROOT)}: {size / 1e6:.0f} MB")


def check() -> None:
    """Copy the bundle to an empty place and use it there: version, the whole story, and the window.

    Raises:
        SetupError: One of them failed.
    """
    if not BUNDLE.is_dir():
        raise SetupError("There is no bundle yet: python3 -m dev installer")
    with tempfile.TemporaryDirectory(prefix="sprava-bundle-") as name:
        place = Path(name)
        shutil.copytree(BUNDLE, place / "sprava", symlinks=True)
        if sys.platform == "linux" and os.geteuid() == 0:
            _check_in_isolation(place)
        else:
            say("Without root on Linux the bundle is tried in its own folder, but not cut off from the rest.")
            program = place / "sprava" / ("sprava.exe" if os.name == "nt" else "sprava")
            run([program, "--version"], cwd=place)
            run([program, "tour", "--out", place / "tour"], env={"QT_QPA_PLATFORM": "offscreen"}, cwd=place)
    say("The bundle works by itself.")


def _check_in_isolation(place: Path) -> None:
    """Run the trial script with its own network and mounts: no network, and an empty folder where the project was."""
    trial = place / "trial.sh"
    shutil.copy(ROOT / "packaging" / "trial.sh", trial)
    environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"HOME={place}", f"PLACE={place}"]
    hidden = [str(ROOT), str(Path(sys.base_prefix))] if sys.base_prefix not in {"/usr", "/"} else [str(ROOT)]
    run(
        [*environment, "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "bash", trial, *hidden],
        cwd=place,
    )
