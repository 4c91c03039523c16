"""Exchange with a real server over HTTP: the first of a new device, and one changed field."""

from dataclasses import replace
from pathlib import Path

from benchmarks.community import Community, plain_json_bytes
from benchmarks.figures import Row, Samples, mean, percentile, rounded
from desktop_app.cases.model import CaseQuery
from desktop_app.exchange import SyncResult
from desktop_app.workspace import Workspace
from sync.messages import _

_EDITS = 20
_CASES_PER_SECOND = 20_000
_ROUND_TRIPS, _BYTES, _CPU_MS = 2, 2_000, 20


def measure_ten_fields(folder: Path, cases: int) -> Row:
    """Measure the first exchange of a new device where cases have ten short fields, as the target says."""
    from sync.server import RunningServer

    community = Community(folder, cases, ten_fields=True)
    with RunningServer(folder / "server") as server, community.found() as first:
        community.fill(first)
        row = measure_first_sync(community, first, server.url, cases)[1]
    met = row.figures["cases_per_s"] >= _CASES_PER_SECOND
    title = _("First exchange of a new device, cases of ten short fields")
    return replace(row, what="first_sync_ten_fields", title=title, target=f"≥ {_CASES_PER_SECOND} cases/s", met=met)


def measure_first_sync(community: Community, first: Workspace, url: str, cases: int) -> list[Row]:
    """Measure sending everything to an empty server, and a new device that takes it all from there."""
    invitation = first.invite("clerk", first.unit.name, url).data
    json_bytes = plain_json_bytes(first)
    sending, receiving = Samples(), Samples()
    with sending.one():
        sent = first.exchange.sync(url)
    with community.join("second", invitation) as second:
        with receiving.one():
            received = second.exchange.sync(url)
        if second.cases.count(CaseQuery()) != first.cases.count(CaseQuery()):
            raise RuntimeError("the second device did not get all cases")
    per_second = cases / receiving.wall[0] * 1000
    figures = {
        "cases_per_s": rounded(per_second),
        "cases_per_cpu_s": rounded(cases / receiving.cpu[0] * 1000),
        "client_cpu_us_per_case": rounded(receiving.own[0] / cases * 1000),
        "bytes_per_case": rounded(received.bytes_received / cases),
        "plain_json_bytes_per_case": rounded(json_bytes / cases),
        "round_trips": received.round_trips,
    }
    return [
        _sent_row(sent, sending, cases),
        Row("first_sync", _("First exchange of a new device: everything comes in"), cases, figures),
    ]


def _sent_row(sent: SyncResult, sending: Samples, cases: int) -> Row:
    figures = {
        "cases_per_s": rounded(cases / sending.wall[0] * 1000),
        "bytes_per_case": rounded(sent.bytes_sent / cases),
        "round_trips": sent.round_trips,
    }
    return Row("first_push", _("Send everything to an empty server"), cases, figures)


def measure_one_field(first: Workspace, second: Workspace, cases: int) -> Row:
    """Measure how one changed field of one case reaches another device."""
    first.exchange.sync()  # so that nothing but the change is left to send
    rows = first.cases.page(CaseQuery(kit="appeal"), 0, _EDITS)
    pushed, pulled = Samples(), Samples()
    trips, traffic = [], []
    for number, row in enumerate(rows):
        first.cases.edit(row.id, {"executor": f"Відділ {number}"})
        with pushed.one():
            there = first.exchange.sync()
        with pulled.one():
            here = second.exchange.sync()
        trips.append(float(there.round_trips + here.round_trips))
        traffic.append(float(_bytes(there) + _bytes(here)))
        if second.cases.get(row.id).values["executor"] != f"Відділ {number}":
            raise RuntimeError("the change did not reach the second device")
    figures = {
        "round_trips": max(trips),
        "bytes": mean(traffic),
        "send_cpu_ms": rounded(mean(pushed.own)),
        "receive_cpu_ms": rounded(mean(pulled.own)),
        "server_cpu_ms": rounded(mean(pushed.cpu) + mean(pulled.cpu) - mean(pushed.own) - mean(pulled.own)),
        "p95_ms": rounded(percentile([a + b for a, b in zip(pushed.wall, pulled.wall, strict=True)], 95)),
    }
    met = max(trips) <= _ROUND_TRIPS and mean(traffic) < _BYTES and max(mean(pushed.own), mean(pulled.own)) < _CPU_MS
    target = f"≤ {_ROUND_TRIPS} round trips, < {_BYTES} B, < {_CPU_MS} ms CPU"
    return Row("one_field", _("One changed field reaches another device"), cases, figures, target, met)


def _bytes(result: SyncResult) -> int:
    return result.bytes_sent + result.bytes_received
