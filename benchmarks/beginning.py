"""How a new device begins: with a snapshot that two others have signed, instead of the whole log."""

from pathlib import Path

from benchmarks.community import Community
from benchmarks.figures import Row, Samples, rounded
from desktop_app.cases.model import CaseQuery
from sync.messages import _

_CASES_PER_SECOND = 20_000
_FEWEST = 600
"""So few come frame by frame, whoever has made a snapshot."""
_EDITED, _EDITS = 1_000, 3
"""So many cases at most are edited one by one, and how often: each edit is a frame, as with people."""


def measure_snapshot(folder: Path, cases: int) -> list[Row]:
    """Measure making, confirming and taking a snapshot of cases with ten short fields, over HTTP."""
    from sync.server import RunningServer

    edited, cases = min(cases, _EDITED), max(cases, _FEWEST)
    community = Community(folder, cases, ten_fields=True)
    making, confirming, playing, taking = Samples(), Samples(), Samples(), Samples()
    with RunningServer(folder / "server") as server, community.found() as first:
        community.fill(first)
        for row in first.cases.page(CaseQuery(), 0, edited):
            for number in range(_EDITS):
                first.cases.edit(row.id, {"executor": f"Відділ {number}"})
        first.exchange.sync(server.url)
        with community.join("second", first.invite("clerk", first.unit.name, server.url).data) as second:
            with playing.one():
                second.exchange.sync()
            first.exchange.sync()  # and so confirms that the second one is a member
            second.exchange.sync()
            with making.one():
                made = first.snapshots.make().made
            with confirming.one():
                confirmed = second.snapshots.make().confirmed
        with community.join("third", first.invite("clerk", first.unit.name, server.url).data) as third:
            with taking.one():
                received = third.exchange.sync()
            if not (made and confirmed) or third.snapshots.is_whole:
                raise RuntimeError("the third device did not begin with a snapshot")
            if third.cases.count(CaseQuery()) != first.cases.count(CaseQuery()):
                raise RuntimeError("the third device did not get all cases")
    per_second = cases / taking.wall[0] * 1000
    title = _("First exchange of a new device with a snapshot, cases of ten short fields")
    figures = {
        "cases_per_s": rounded(per_second),
        "cases_per_cpu_s": rounded(cases / taking.cpu[0] * 1000),
        "client_cpu_us_per_case": rounded(taking.own[0] / cases * 1000),
        "bytes_per_case": rounded(received.bytes_received / cases),
        "round_trips": received.round_trips,
        "edits": edited * _EDITS,
        "times_faster_than_the_log_cpu": rounded(playing.own[0] / taking.own[0]),
    }
    work = {
        "make_cpu_us_per_case": rounded(making.own[0] / cases * 1000),
        "confirm_cpu_us_per_case": rounded(confirming.own[0] / cases * 1000),
    }
    met = per_second >= _CASES_PER_SECOND
    return [
        Row("snapshot_made", _("Make a snapshot, and confirm one of another device"), cases, work),
        Row("first_sync_snapshot", title, cases, figures, f"≥ {_CASES_PER_SECOND} cases/s", met),
    ]
