"""What one clerk feels with one case: registering it, opening it, and unlocking the vault in the morning."""

from benchmarks.community import Community, new_values
from benchmarks.figures import Row, Samples, mean, percentile, rounded
from desktop_app.cases.model import CaseQuery
from desktop_app.workspace import Workspace
from sync.messages import _

_REGISTERED = 300
_EVENTS = 200
_OPENED = 20
_AUDITED = 200
_BULK = 5_000
_UNLOCKS = 5
_REGISTER_MS, _REGISTER_CPU_MS = 30, 3
_OPEN_MS = 30
_UNLOCK_MS = 1_000
_BULK_PER_SECOND = 5_000


def measure_register(workspace: Workspace, cases: int) -> Row:
    """Measure registering cases one by one: checked, numbered, kept in the log, listed, indexed and on disk."""
    samples = Samples()
    for values in new_values(_REGISTERED, 101):
        with samples.one():
            workspace.cases.register("appeal", values)
    met = percentile(samples.wall, 99) < _REGISTER_MS and mean(samples.cpu) < _REGISTER_CPU_MS
    target = f"p99 < {_REGISTER_MS} ms, CPU < {_REGISTER_CPU_MS} ms"
    return Row("register", _("Register one case"), cases, samples.figures(50, 99), target, met)


def measure_bulk(workspace: Workspace, cases: int) -> Row:
    """Measure registering many cases at once, each checked by its kit."""
    many = new_values(min(_BULK, max(cases, 1)), 202)
    samples = Samples()
    with samples.one():
        workspace.cases.register_many("appeal", many)
    per_second = len(many) / samples.wall[0] * 1000
    figures = {
        "cases_per_s": rounded(per_second),
        "cpu_ms_per_case": rounded(samples.cpu[0] / len(many)),
        "cases": len(many),
    }
    title = _("Register many cases in one go")
    return Row("bulk_register", title, cases, figures, f"≥ {_BULK_PER_SECOND} cases/s", per_second >= _BULK_PER_SECOND)


def measure_open_case(workspace: Workspace, cases: int) -> Row:
    """Measure opening a case of the archive that was changed many times: its form and its whole history."""
    case = workspace.cases.page(CaseQuery(kit="appeal", sort="updated", descending=False), 0, 1)[0].id
    for number in range(_EVENTS - 1):
        workspace.cases.edit(case, {"subject": f"Про ремонт покрівлі, уточнення {number}"})
    samples = Samples()
    for _time in range(_OPENED):
        with samples.one():
            workspace.cases.get(case)
            workspace.cases.history(case)
    p95 = percentile(samples.wall, 95)
    title = _("Open a case with {events} events").format(events=_EVENTS)
    return Row("open_case", title, cases, samples.figures(50, 95), f"p95 < {_OPEN_MS} ms", p95 < _OPEN_MS)


def measure_audited(workspace: Workspace, cases: int) -> Row:
    """Measure opening cases for the first time in a while, each with its entry in the audit, and the entry alone."""
    rows = workspace.cases.peek_page(CaseQuery(kit="appeal", sort="number"), 0, _AUDITED)
    samples, entries = Samples(), Samples()
    for row in rows:
        with samples.one():
            workspace.cases.open(row.id)
        with entries.one():
            workspace.audit.record("case_shown", row.id)
    p95 = percentile(samples.wall, 95)
    figures = {**samples.figures(50, 95), "entry_p50_ms": rounded(percentile(entries.wall, 50))}
    return Row("open_case_audited", _("Open a case, audited"), cases, figures, f"p95 < {_OPEN_MS} ms", p95 < _OPEN_MS)


def measure_unlock(community: Community, name: str, cases: int) -> Row:
    """Measure opening a vault until the first rows are there; the derivation of the key is told apart."""
    samples = Samples()
    rests, derivations = [], []
    for _time in range(_UNLOCKS):
        with samples.one():
            workspace = community.open(name)
            workspace.cases.page(CaseQuery(), 0, _EVENTS)
            workspace.cases.count(CaseQuery())
            workspace.cases.today()
        # The very derivation of this unlock, timed inside it: two different runs can't be taken from each other.
        derivations.append(workspace.store.unlock_seconds * 1000)
        rests.append(samples.wall[-1] - derivations[-1])
        workspace.close()
    rest = percentile(rests, 50)
    figures = {"p50_ms_without_key_derivation": rounded(rest), "key_derivation_ms": rounded(mean(derivations))}
    return Row("unlock", _("Unlock to the first rows"), cases, figures, f"< {_UNLOCK_MS} ms", rest < _UNLOCK_MS)
