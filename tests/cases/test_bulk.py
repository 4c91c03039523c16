"""Very much at once: the lists, their indexes and the search are those that case after case would have given."""

from collections.abc import Callable

import pytest

from desktop_app.cases.model import COLLECTION, KIT, NUMBER, STAGE, CaseQuery
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync import ids
from sync.applying import Applier
from sync.changes import Change

_MANY = 2_500


def indexes(workspace: Workspace) -> list[tuple[str, str]]:
    with workspace.store.read() as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name").fetchall()


def fill(workspace: Workspace) -> None:
    """Write many cases whose values hardly compress, as those of many people do not."""
    unit = ids.from_text(workspace.unit.id)
    assert unit is not None
    changes = [
        Change(
            COLLECTION,
            ids.new_id(),
            {
                KIT: "appeal",
                NUMBER: f"Т-{each}",
                STAGE: "received",
                "subject": "".join(ids.random_id().hex() for _ in range(4)),
            },
        )
        for each in range(_MANY)
    ]
    workspace.log.write(unit, changes)


def test_a_first_exchange_leaves_every_index_and_a_sound_vault(
    pair: tuple[Workspace, Workspace], appeal: Callable[..., dict[str, object]]
) -> None:
    oksana, petro = pair
    before = indexes(petro)
    fill(oksana)
    bodies = oksana.log.frames_missing(petro.log.heads(), 2**30)
    assert sum(map(len, bodies)) > _MANY * 60  # so much that it is expected to be very much
    petro.log.apply(bodies)
    assert indexes(petro) == before == indexes(oksana)
    assert petro.cases.count(CaseQuery(text=f"Т-{_MANY - 1}")) == 1
    assert all(check.sound for check in verify(petro))
    case = petro.cases.register("appeal", appeal(1))
    assert petro.cases.count(CaseQuery(text=case.number)) == 1


def test_a_first_exchange_that_fails_leaves_the_indexes(
    pair: tuple[Workspace, Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    oksana, petro = pair
    before, state = indexes(petro), petro.digest()
    fill(oksana)
    bodies = oksana.log.frames_missing(petro.log.heads(), 2**30)

    def fail(_applier: Applier) -> None:
        assert indexes(petro) == before  # whoever reads meanwhile has them
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(Applier, "finish", fail)
        with pytest.raises(MemoryError):
            petro.log.apply(bodies)
    assert indexes(petro) == before
    assert petro.digest() == state
    petro.log.apply(bodies)
    assert indexes(petro) == before
    assert petro.digest() == oksana.digest()
