"""A folder that is set to any state, and in which a vault stays the same vault and does not look like a copy."""

import shutil
from pathlib import Path

State = dict[str, bytes | None]
"""Every path below a folder with its content, None for a folder."""
_MARK = Path("vault") / "vault.mark"


class Bench:
    """The folder of a trial.

    A vault knows its place by the file of its mark (docs/decisions/0012-copies.md): that file is kept through all
    states, as a disk keeps it through a power cut; only its content changes.

    Args:
        root: The folder, as it is.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._aside = root.with_name(f"{root.name}.mark")
        self._file = (root / _MARK).stat().st_ino if (root / _MARK).exists() else None

    def put(self, state: State) -> None:
        """Make the folder hold exactly a state."""
        mark = self.root / _MARK
        if mark.exists() and mark.stat().st_ino == self._file:
            mark.replace(self._aside)
        shutil.rmtree(self.root)
        write_state(state, self.root)
        if self._aside.exists() and mark.exists():
            self._aside.write_bytes(mark.read_bytes())
            self._aside.replace(mark)


def read_state(folder: Path) -> State:
    """Return everything below a folder."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")
    }


def write_state(state: State, folder: Path) -> None:
    """Make a folder that holds a state."""
    folder.mkdir()
    for path, content in sorted(state.items()):
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)
