"""What the operating system must bring along, found by trying it, not by guessing from its name."""

import ctypes
import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path

from dev.process import SetupError, run, say, shown

# What Qt's own libraries and its X11 platform plugin link to: library file -> Debian package.
_QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libbrotlidec.so.1": "libbrotli1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
_MINOR = f"3.{sys.version_info.minor}"


def ensure_run_packages() -> None:
    """See that Python can make an environment and that Qt can load; install what lacks, or say how.

    Raises:
        SetupError: Something lacks and can't be installed from here.
    """
    if sys.platform != "linux":
        return
    lacking = {package for library, package in _QT_LIBRARIES.items() if not _loads(library)}
    if not _imports("ensurepip") or not _imports("venv"):
        lacking.add(f"python{_MINOR}-venv")
    _install(lacking)


def ensure_test_packages() -> None:
    """See that the trials of power cuts, kills, failing disks, screens, paper and system messages find their tools.

    Raises:
        SetupError: Something lacks and can't be installed from here.
    """
    if sys.platform != "linux":
        return
    programs = {
        "strace": "strace",
        "unshare": "util-linux",
        "mount": "mount",
        "Xvfb": "xvfb",
        "xdotool": "xdotool",
        "dbus-daemon": "dbus-daemon",
        "dbus-send": "dbus-bin",
        "pdftotext": "poppler-utils",
    }
    lacking = {package for program, package in programs.items() if not _on_path(program)()}
    if not _on_path("initdb")() and not any(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        lacking.add("postgresql")
    _install(lacking)


def ensure_installer_packages() -> None:
    """See that the installer can be built and its window tried.

    Raises:
        SetupError: Something lacks and can't be installed from here.
    """
    if sys.platform != "linux":
        return
    lacking = {
        package
        for package, there in {
            "binutils": _on_path("objdump"),
            f"libpython{_MINOR}": lambda: (
                not sysconfig.get_config_var("Py_ENABLE_SHARED") or _loads(f"libpython{_MINOR}.so.1.0")
            ),
            "iproute2": _on_path("ip"),
            "xvfb": _on_path("Xvfb"),
            "x11-utils": _on_path("xwininfo"),
            "util-linux": _on_path("unshare"),
        }.items()
        if not there()
    }
    _install(lacking)


def _install(packages: Iterable[str]) -> None:
    names = sorted(packages)
    if not names:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    if not _on_path("apt-get")():
        raise SetupError(
            "These system packages are missing (Debian's names): " + " ".join(names) + ". Install them, then try again."
        )
    if os.geteuid() != 0:
        command = f"sudo apt-get update && sudo {shown(install)}"
        raise SetupError(
            f"System packages are missing. Install them with this command, then try again:\n\n  {command}\n"
        )
    say("Installing system packages: " + " ".join(names))
    unattended = {"DEBIAN_FRONTEND": "noninteractive"}
    # Takes up what a power cut or an impatient person broke off; apt-get refuses to work before that.
    run(["dpkg", "--configure", "-a"], env=unattended, quiet=True)
    run(["apt-get", "update", "-qq"], env=unattended, quiet=True)
    run(install, env=unattended, quiet=True)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _imports(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _on_path(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program) is not None
