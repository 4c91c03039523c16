"""The right to write, taken away for a while."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def without_the_right_to_write(folder: Path) -> Iterator[None]:
    """Take the right to write away, and from root its power to ignore that; root may import nothing meanwhile."""
    root = os.geteuid() == 0
    modes = {path: path.stat().st_mode for path in (folder, *folder.iterdir())}
    parents = {path: path.stat().st_mode for path in folder.parents if path.stat().st_uid == os.geteuid()}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o444)
    if root:
        for path, mode in parents.items():
            path.chmod(mode | 0o055)
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            for path, mode in parents.items():
                path.chmod(mode)
        for path, mode in modes.items():
            path.chmod(mode)
