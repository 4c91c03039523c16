"""Whatever two seats do in whatever order, cleaning included, no file that anything names is ever lost."""

import shutil
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from desktop_app.attachments.reading import manifest_of
from desktop_app.attachments.rows import row_of
from desktop_app.attachments.store import Adding
from sync.changes import Change
from tests.attachments.conftest import MIB, Office, content, opened
from tests.workspace.conftest import pull

SEATS = st.sampled_from(["oksana", "ivan"])
CONTENTS = st.sampled_from([(10, 0), (10, 1), (300, 2), (MIB + 3, 3)])


class Seats(RuleBasedStateMachine):
    """Two seats of one unit that add, remove, exchange, crash and clean."""

    template: Path
    folder: Path
    runs = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).runs += 1
        self.home = self.folder / str(self.runs)
        self.seats: dict[str, Office] = {}
        self.parts: dict[str, set[bytes]] = {}
        self.added: dict[str, tuple[str, tuple[int, int]]] = {}
        for name in ("oksana", "ivan"):
            shutil.copytree(self.template / name, self.home / name)
            self.seats[name] = opened(self.home / name)

    @initialize()
    def begin_with_some_files(self) -> None:
        for number in range(2):
            self.add("oksana", (10, number))
            self.add("ivan", (MIB + 3, number))

    @rule(seat=SEATS, made=CONTENTS)
    def add(self, seat: str, made: tuple[int, int]) -> None:
        office = self.seats[seat]
        entry = office.files.add_bytes(office.first, "файл.bin", content(*made))
        self.added[entry.id] = (seat, made)
        with office.workspace.store.read() as connection:
            place = row_of(connection, entry.id).place
        assert place is not None
        manifest = manifest_of(office.files.chunks, place)
        assert manifest is not None
        self.parts[entry.id] = {place.manifest, *manifest.ids}

    @rule(seat=SEATS, number=st.integers(0, 99))
    def remove_or_restore(self, seat: str, number: int) -> None:
        office = self.seats[seat]
        listed = office.files.list(office.first, removed=True)
        if listed:
            entry = listed[number % len(listed)]
            (office.files.restore if entry.removed else office.files.remove)(entry.id)

    @rule(seat=SEATS, number=st.integers(0, 99), replaces=st.booleans())
    def rewrite(self, seat: str, number: int, *, replaces: bool) -> None:
        """Write other content into a record, as no screen of ours does."""
        office = self.seats[seat]
        listed = office.files.list(office.first, removed=True)
        if len(listed) < 2:
            return
        with office.workspace.store.read() as connection:
            known, donor = (
                office.workspace.log.record(connection, bytes.fromhex(listed[place % len(listed)].id.replace("-", "")))
                for place in (number, number + 1)
            )
        assert known is not None
        assert donor is not None
        names = ("manifest", "key", "size")
        dots = {name: known.state.dots_of(name) for name in names} if replaces else {}
        fields = {name: donor.state.fields[name] for name in names}
        office.workspace.log.write(known.unit, [Change("file", known.id, fields, dots)])
        self.added.pop(listed[number % len(listed)].id, None)

    @rule(there=SEATS, some=st.booleans())
    def carry_records(self, there: str, *, some: bool) -> None:
        here = self.other(there)
        frames = here.workspace.log.frames_missing(self.seats[there].workspace.log.heads(), 2**30)
        self.seats[there].workspace.log.apply(frames[1:] if some else frames)

    @rule(there=SEATS, limit=st.integers(1, 3))
    def carry_chunks(self, there: str, limit: int) -> None:
        for chunk in list(self.seats[there].files.missing())[:limit]:
            data = self.other(there).files.chunks.read(chunk)
            if data is not None:
                self.seats[there].files.chunks.put(chunk, data)

    @rule(seat=SEATS, seed=st.integers(0, 5))
    def crash_before_the_record(self, seat: str, seed: int) -> None:
        adding = Adding(self.seats[seat].files.chunks)
        adding.write(memoryview(content(100, seed)))
        adding.publish()
        adding.discard()

    @rule(there=SEATS, some=st.booleans(), picked=st.lists(st.integers(0, 99), min_size=1, max_size=6))
    def carry_what_nobody_asked_for_and_clean(self, there: str, picked: list[int], *, some: bool) -> None:
        self.carry_records(there, some=some)
        chunks = sorted(self.other(there).files.chunks.ids())
        for number in picked if chunks else ():
            data = self.other(there).files.chunks.read(chunks[number % len(chunks)])
            assert data is not None
            self.seats[there].files.chunks.put(chunks[number % len(chunks)], data)
        self.clean(there)

    @rule(seat=SEATS)
    def clean(self, seat: str) -> None:
        office = self.seats[seat]
        before = set(office.files.chunks.ids())
        office.files.clean()
        gone = before - set(office.files.chunks.ids())
        for entry in office.files.list(office.first, removed=True):
            assert not gone & self.parts[entry.id]
        assert not gone or not office.workspace.log.waiting()

    @rule(seat=SEATS)
    def open_again(self, seat: str) -> None:
        self.seats[seat].workspace.close()
        self.seats[seat] = opened(self.home / seat)

    def other(self, seat: str) -> Office:
        return self.seats["ivan" if seat == "oksana" else "oksana"]

    @invariant()
    def every_file_is_whole_where_it_was_added(self) -> None:
        for file, (seat, made) in self.added.items():
            if file in {entry.id for entry in self.seats[seat].files.list(self.seats[seat].first, removed=True)}:
                assert self.seats[seat].files.content(file).read(2 * MIB) == content(*made)

    def teardown(self) -> None:
        # In the end both have all records and chunks, and a clean-up leaves every file as it was.
        for _round in range(2):
            pull(self.seats["oksana"].workspace, self.seats["ivan"].workspace)
            pull(self.seats["ivan"].workspace, self.seats["oksana"].workspace)
        for name, seat in self.seats.items():
            for _round in range(2):
                for chunk in list(seat.files.missing()):
                    data = self.other(name).files.chunks.read(chunk)
                    assert data is not None
                    seat.files.chunks.put(chunk, data)
            seat.files.clean()
            for file, (_seat, made) in self.added.items():
                if not seat.files.get(file).removed:
                    assert seat.files.content(file).read(2 * MIB) == content(*made)
        for seat in self.seats.values():
            seat.workspace.close()
        shutil.rmtree(self.home)


def test_no_order_of_doings_loses_a_file(template: Path, tmp_path: Path) -> None:
    machine = type("Machine", (Seats,), {"template": template, "folder": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
