"""Makes the place in which a work is tried."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.server import RunningServer
from tests.faults.work import Place, Work


@contextmanager
def prepared(work: Work, folder: Path) -> Iterator[Place]:
    """Give the place of a work with all that must be there before; its server runs inside the block.

    Args:
        work: The work.
        folder: An empty folder.
    """
    place = Place(folder / "root", folder / "beside")
    place.root.mkdir(parents=True)
    place.beside.mkdir()
    if not work.server:
        work.prepare(place)
        yield place
        return
    with RunningServer(folder / "server") as server:
        (place.beside / "server").write_text(server.url, encoding="utf-8")
        work.prepare(place)
        yield place
