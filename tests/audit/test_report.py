"""A person's access report, the audit as a table, and the commands for both."""

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pypdfium2
import pytest

from desktop_app import access_report
from desktop_app.audit import AuditQuery, exporting, recorder
from desktop_app.workspace import Workspace
from sync.errors import Refused
from sync.messages import set_language
from tests.cli.conftest import Sprava, seat, second, sprava, two_seats
from tests.cli.conftest import appeal as appeal_file
from tests.workspace.conftest import Office, settle

__all__ = ["appeal_file", "seat", "second", "sprava", "two_seats"]

Appeal = Callable[..., dict[str, object]]
ALPHABET = "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯ абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"
NAME = "Ґудзь-Їжакевич Є’вгенія"


def text_of(path: Path) -> str:
    """The text of a PDF as somebody would copy it, in one line."""
    document = pypdfium2.PdfDocument(path)
    try:
        pages = []
        for page in document:
            found = page.get_textpage()
            pages.append(found.get_text_range())
            found.close()
            page.close()
        return " ".join(" ".join(pages).split())
    finally:
        document.close()


@pytest.fixture
def about_her(office: Office, appeal: Appeal) -> tuple[Workspace, list[str]]:
    oksana = office.found()
    ids = [
        oksana.cases.register("appeal", appeal(1, applicant_name=NAME, subject=ALPHABET)).id,
        oksana.cases.register("appeal", appeal(2, applicant_name=NAME, text="Ґатунок їжі й щось щедре. " * 700)).id,
    ]
    oksana.cases.register("appeal", appeal(3, applicant_name="Хтось Інший"))
    oksana.cases.edit(ids[0], {"subject": "Про дах <b>&"})
    oksana.files.add_bytes(ids[0], "скан паспорта.jpg", b"x")
    oksana.files.remove(oksana.files.add_bytes(ids[1], "довідка.pdf", b"taken out again").id)
    return oksana, ids


@pytest.mark.parametrize("language", ["uk", "en"])
def test_it_tells_all_that_is_held_and_who_has_read_it(
    about_her: tuple[Workspace, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    oksana, ids = about_her
    set_language(language)
    monkeypatch.setattr(recorder, "QUIET_SECONDS", 0.0)
    for number in range(300):
        oksana.cases.open(ids[number % 2])
    oksana.cases.open(oksana.cases.page(access_report.CaseQuery(text="Хтось"), 0, 1)[0].id)
    rows = access_report.find(oksana, "ґудзь-їжакевич")
    assert {row.id for row in rows} == set(ids)
    path = tmp_path / "звіт.pdf"
    assert access_report.make(oksana, ids, NAME, path) == 2
    told = text_of(path)
    assert NAME in told
    assert ALPHABET in told  # replaced since, but held in the history
    assert "Про дах <b>&" in told
    removed = {"uk": "(вилучено)", "en": "(removed)"}[language]
    assert told.count(removed) == 1
    assert removed in told.partition("довідка.pdf")[2][:30]
    assert "скан паспорта.jpg" in told
    assert told.count("щедре") == 1400  # once as the value, once in the history
    assert "Хтось" not in told
    assert "2297-VI" in told
    opened = {"uk": "Відкрито справу з її історією", "en": "Case opened with its history"}[language]
    # The report opens both cases too, and says so.
    assert told.count(opened) == 302
    assert "Оксана Левченко" in told
    assert "Щаслива громада" in told
    for case in ids:
        assert oksana.cases.peek(case).number in told
    found = oksana.audit_log.page(AuditQuery(kind="report_made"), 0, 9)
    assert {entry.subject for entry in found} == set(ids)
    assert found[0].detail == {"cases": 2, "words": NAME, "file": "звіт.pdf"}
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has its packages installed for it")
def test_other_programs_find_the_text_too(about_her: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    oksana, ids = about_her
    access_report.make(oksana, ids, NAME, tmp_path / "report.pdf")
    done = subprocess.run(["pdftotext", "-layout", tmp_path / "report.pdf", "-"], capture_output=True, check=True)
    assert NAME in done.stdout.decode()


def test_who_may_not_is_refused_and_nothing_is_written(
    pair: tuple[Workspace, Workspace], appeal: Appeal, tmp_path: Path
) -> None:
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal(applicant_name=NAME))
    settle(oksana, ivan)
    (tmp_path / "there.pdf").write_bytes(b"kept")
    for attempt, code in (
        (lambda: access_report.find(ivan, "ґудзь"), "no_right"),
        (lambda: access_report.make(ivan, [case.id], NAME, tmp_path / "new.pdf"), "no_right"),
        (lambda: access_report.find(oksana, "немає такого"), "nothing_found"),
        (lambda: access_report.find(oksana, " "), "nothing_found"),
        (lambda: access_report.make(oksana, ["немає"], NAME, tmp_path / "new.pdf"), "unknown_case"),
        (lambda: access_report.make(oksana, [case.id], NAME, tmp_path / "there.pdf"), "file_exists"),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.code == code
    assert sorted(path.name for path in tmp_path.glob("*.pdf")) == ["there.pdf"]
    assert (tmp_path / "there.pdf").read_bytes() == b"kept"


def test_a_table_for_a_spreadsheet_holds_no_formula(office: Office, tmp_path: Path) -> None:
    oksana = office.found()
    for address in ('=cmd|" /C calc"!A0', "+1", "-1", "@SUM(A1)", "\t=1", " =1", "http://ok"):
        oksana.audit.record("server_changed", address=address)
    target = tmp_path / "аудит.csv"
    count = exporting.export(oksana.audit_log, AuditQuery(kind="server_changed"), target)
    rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8-sig"), newline="")))
    assert (count, len(rows)) == (7, 8)
    details = [row[5] for row in rows[1:]]
    assert all(cell.startswith(("'", "http")) for cell in details)
    assert "http://ok" in details
    (entry,) = oksana.audit_log.page(AuditQuery(kind="audit_exported"), 0, 9)
    assert entry.detail == {"filter": {"kind": "server_changed"}, "hits": 7, "file": "аудит.csv"}


def test_the_commands(sprava: Sprava, seat: Path, appeal_file: Path, tmp_path: Path) -> None:
    registered = sprava("case", "register", seat, "--kit", "appeal", "--from", appeal_file, "--json").json
    sprava("case", "show", seat, registered["number"])
    sprava("case", "history", seat, registered["number"])
    sprava("case", "list", seat, "--query", "немає")
    found = sprava("audit", "list", seat, "--case", registered["number"], "--json").json
    assert [entry["kind"] for entry in found["entries"]] == ["case_history", "case_shown"]
    assert found["total"] == 2
    entry = found["entries"][1]
    assert (entry["origin"], entry["person"], entry["number_of_case"]) == ("cli", "Оксана", registered["number"])
    searches = sprava("audit", "list", seat, "--kind", "search", "--json").json["entries"]
    assert [search["detail"]["words"] for search in searches] == ["немає"]
    today = date.today()  # noqa: DTZ011
    assert sprava("audit", "list", seat, "--until", today - timedelta(days=1), "--json").json["total"] == 0
    everything = sprava("audit", "list", seat, "--from", today, "--person", "Оксана", "--limit", "2", "--json").json
    assert len(everything["entries"]) == 2 < everything["total"]
    following = sprava("audit", "list", seat, "--limit", "2", "--offset", "2", "--json").json["entries"]
    assert len(following) == 2
    assert sprava("audit", "list", seat, "--kind", "audit_shown", "--json").json["total"] >= 1
    assert "Показано дані справи" in sprava("audit", "list", seat).out
    report = sprava("audit", "report", seat, "--case", registered["number"], "--to", tmp_path / "r.pdf", "--json")
    assert report.json["cases"] == 1
    assert registered["number"] in text_of(tmp_path / "r.pdf")
    assert sprava("audit", "export", seat, "--to", tmp_path / "a.csv", "--json").json["entries"] > 5
    for wrong, code in (
        (("--kind", "nothing"), 2),
        (("--from", "yesterday"), 2),
        (("--person", "Ніхто"), 3),
        (("--case", "Ні"), 3),
    ):
        said = sprava("audit", "list", seat, *wrong, "--json")
        assert said.code == code
        assert said.error
    for wrong in ((), ("--query", "а", "--case", "б")):
        assert sprava("audit", "report", seat, *wrong, "--to", tmp_path / "x.pdf", "--json").code == 2
    assert sprava("audit", "report", seat, "--query", "а", "--to", tmp_path / "r.pdf", "--json").error == "file_exists"


def test_a_clerk_lists_own_entries_and_makes_no_report(sprava: Sprava, second: Path, tmp_path: Path) -> None:
    sprava("case", "list", second, "--query", "ґудзь")
    assert {entry["person"] for entry in sprava("audit", "list", second, "--json").json["entries"]} == {"Іван"}
    said = sprava("audit", "report", second, "--query", "а", "--to", tmp_path / "r.pdf", "--json")
    assert (said.code, said.error) == (3, "no_right")
