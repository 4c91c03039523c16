"""What leaves an entry, what does not, and that a killed program loses none."""

import logging
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_app.audit import KINDS, AuditQuery, Entry, recorder
from desktop_app.audit.kinds import title, words
from desktop_app.cases.model import CaseQuery
from desktop_app.opening import open_workspace
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.errors import Refused
from sync.messages import set_language
from tests.workspace.conftest import PASSPHRASE, Office, settle

Appeal = Callable[..., dict[str, object]]


def entries(workspace: Workspace, **narrowed: object) -> list[Entry]:
    """All entries, the oldest first, without this look at them."""
    with workspace.store.read() as connection:
        from desktop_app.audit import queries

        query = AuditQuery(**narrowed)  # type: ignore[arg-type]
        return queries.page(connection, workspace._directory, query, None, 0, 10_000)[::-1]


def kinds(workspace: Workspace) -> list[str]:
    return [entry.kind for entry in entries(workspace)][2:]  # that the vault was opened and made


@pytest.fixture
def oksana(office: Office) -> Workspace:
    return office.found()


def test_a_case_read_many_times_in_a_few_minutes_is_one_reading(
    oksana: Workspace, appeal: Appeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = oksana.cases.register("appeal", appeal())
    for _time in range(3):
        oksana.cases.open(case.id)
        oksana.cases.get(case.number)
        oksana.cases.history(case.id)
        oksana.cases.edit(case.id, {"subject": f"Про дах {_time}"})
    assert kinds(oksana) == ["case_opened"]
    monkeypatch.setattr(recorder, "QUIET_SECONDS", 0.0)
    oksana.cases.history(case.id)
    assert kinds(oksana) == ["case_opened", "case_history"]
    assert {entry.subject for entry in entries(oksana)[2:]} == {case.id}
    assert {entry.number_of_case for entry in entries(oksana)[2:]} == {case.number}


def test_another_opening_of_the_vault_is_another_reading(office: Office, oksana: Workspace, appeal: Appeal) -> None:
    case = oksana.cases.register("appeal", appeal())
    oksana.cases.open(case.id)
    office.close("oksana")
    again = office.open("oksana")
    again.cases.open(case.id)
    assert kinds(again) == ["case_opened", "closed", "unlocked", "case_opened"]


def test_words_are_written_once_they_are_settled(oksana: Workspace, appeal: Appeal) -> None:
    number = oksana.cases.register("appeal", appeal(applicant_name="Ґудзь Федора Єлисеївна")).number
    for typed in ("ґ", "ґу", "ґуд", "ґудз", "ґудзь"):
        oksana.cases.count(CaseQuery(text=typed))
        oksana.cases.page(CaseQuery(text=typed), 0, 50)
    assert kinds(oksana) == []
    oksana.cases.open(number)
    assert kinds(oksana) == ["search", "case_opened"]
    (search,) = entries(oksana, kind="search")
    assert (search.detail["words"], search.detail["hits"]) == ("ґудзь", 1)
    for typed in ("ґудзь", "іва", "іван", "петро"):  # the first was written already, the third follows the second
        oksana.cases.page(CaseQuery(text=typed), 0, 50)
    oksana.audit.flush()
    assert [entry.detail["words"] for entry in entries(oksana, kind="search")] == ["ґудзь", "іван", "петро"]


def test_words_settle_by_themselves(oksana: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "SETTLED_SECONDS", 0.05)
    monkeypatch.setattr(recorder, "DURABLE_SECONDS", 0.05)
    oksana.cases.page(CaseQuery(text="коваль"), 0, 50)
    end = time.monotonic() + 30
    while kinds(oksana) != ["search"] or oksana.lives.highwater.audit != (3, bytes.fromhex(entries(oksana)[-1].hash)):
        assert time.monotonic() < end, kinds(oksana)
        time.sleep(0.01)


def test_a_list_is_one_reading_for_each_way_of_narrowing_it(oksana: Workspace, appeal: Appeal) -> None:
    oksana.cases.register("appeal", appeal())
    for offset in (0, 50, 100):
        oksana.cases.page(CaseQuery(), offset, 50)
        oksana.cases.page(CaseQuery(kit="appeal", only_open=True, sort="title"), offset, 50)
    oksana.cases.register("appeal", appeal(2))
    oksana.cases.page(CaseQuery(kit="appeal", only_open=True), 0, 50)
    oksana.cases.today()
    assert kinds(oksana) == ["list_shown", "list_shown", "today_shown"]
    first, second = entries(oksana, kind="list_shown")
    assert (first.detail["kit"], first.detail["hits"]) == (None, 1)
    assert (second.detail["kit"], second.detail["only_open"]) == ("appeal", True)
    set_language("en")
    assert words(second.kind, second.detail) == "type: Citizen appeals, only open · found: 1"


def test_conflicts_files_and_administration(pair: tuple[Workspace, Workspace], appeal: Appeal, tmp_path: Path) -> None:
    oksana, ivan = pair
    case = oksana.cases.register("appeal", appeal())
    settle(oksana, ivan)
    oksana.cases.edit(case.id, {"subject": "Про дах"})
    ivan.cases.edit(case.id, {"subject": "Про вікно"})
    settle(oksana, ivan)
    oksana.conflicts.list()
    (tmp_path / "скан.txt").write_text("Ґ", encoding="utf-8")
    file = oksana.files.add(case.id, tmp_path / "скан.txt")
    oksana.files.list(case.id)
    oksana.files.content(file.id).save(tmp_path / "copy.txt")
    oksana.exchange.set_server("http://127.0.0.1:1")
    oksana.exchange.set_server("http://127.0.0.1:1")
    verify(oksana)
    found = entries(oksana)
    assert {"invitation_made", "device_joined", "conflict_shown", "files_listed", "file_opened"} <= {
        entry.kind for entry in found
    }
    assert [entry.kind for entry in found][-3:] == ["file_saved", "server_changed", "vault_checked"]
    assert [entry.detail for entry in found if entry.kind == "device_joined"] == [{"device": "2", "role": "clerk"}]
    assert {entry.subject for entry in found if entry.kind.startswith(("file", "conflict"))} == {case.id}
    with pytest.raises(Refused):
        oksana.files.content(file.id).save(tmp_path / "copy.txt")
    assert len([entry for entry in entries(oksana) if entry.kind == "file_saved"]) == 1


def test_what_a_program_reads_for_itself_and_what_shows_nobody_leaves_nothing(
    oksana: Workspace, appeal: Appeal
) -> None:
    case = oksana.cases.register("appeal", appeal())
    oksana.cases.peek(case.id)
    oksana.cases.peek_page(CaseQuery(), 0, 1)
    oksana.cases.count(CaseQuery())
    oksana.info()
    with pytest.raises(Refused):
        oksana.cases.find("немає")
    assert kinds(oksana) == []


def test_opening_a_vault_alone_writes_nothing_into_it(office: Office, oksana: Workspace) -> None:
    oksana.audit.flush()
    folder = office.close("oksana")
    before = (folder / "vault.db").read_bytes()
    again = office.open("oksana")
    again.info()
    office.close("oksana")
    assert (folder / "vault.db").read_bytes() == before


def test_an_entry_has_exactly_the_details_of_its_kind(oksana: Workspace) -> None:
    with pytest.raises(KeyError):
        oksana.audit.record("anything")
    with pytest.raises(ValueError, match="file"):
        oksana.audit.record("report_made", cases=1, words="")


def test_every_kind_has_words_in_both_languages(project: Path) -> None:
    icons = {file.stem for file in (project / "resources" / "icons").glob("*.svg")}
    for kind in KINDS.values():
        assert kind.icon in icons, kind.id
        told = {}
        for language in ("uk", "en"):
            set_language(language)
            detail: dict[str, object] = {name: f"<{name}>" for name in kind.details}
            told[language] = (title(kind.id), words(kind.id, detail))
            if kind.words:
                assert "<" in told[language][1]
            assert "{" not in "".join(told[language])
        assert told["uk"][0] != told["en"][0], kind.id


def test_every_kind_is_recorded_somewhere(project: Path) -> None:
    source = "".join(
        file.read_text(encoding="utf-8")
        for floor in ("desktop_app", "ui")
        for file in (project / floor).rglob("*.py")
        if file.name != "kinds.py"
    )
    assert [kind for kind in KINDS if f'"{kind}"' not in source] == []


def test_a_disk_that_refuses_keeps_nobody_from_reading_and_the_entry_comes_later(
    oksana: Workspace, appeal: Appeal, caplog: pytest.LogCaptureFixture
) -> None:
    case = oksana.cases.register("appeal", appeal())
    with oksana.store.write() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    writer = oksana.store._database._writer
    writer.execute(f"PRAGMA max_page_count = {pages}")
    with caplog.at_level(logging.CRITICAL):
        for number in range(400):
            oksana.audit.record("server_changed", address=f"http://{number}.{'x' * 200}")
        assert oksana.cases.open(case.id)[0].number == case.number
    shown = kinds(oksana)
    assert "case_opened" not in shown
    writer.execute("PRAGMA max_page_count = 1000000")
    oksana.audit.flush()
    assert len(kinds(oksana)) == 401 > len(shown)
    assert kinds(oksana)[-1] == "case_opened"
    assert all(check.sound for check in verify(oksana))


KILLED = """
import os, signal, sys
from pathlib import Path
from desktop_app.opening import open_workspace
workspace = open_workspace(Path(sys.argv[1]), sys.argv[2])
print(workspace.cases.open(sys.argv[3])[0].number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not there; TerminateProcess is tried in tests/faults")
def test_a_program_killed_right_after_a_case_was_shown_leaves_the_entry(
    project: Path, office: Office, oksana: Workspace, appeal: Appeal
) -> None:
    case = oksana.cases.register("appeal", appeal())
    folder = office.close("oksana")
    for times in (1, 2, 3):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), PASSPHRASE, case.id],
            cwd=project, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout.strip()) == (-9, case.number), done.stderr
        with open_workspace(folder, PASSPHRASE) as again:
            assert again.notices == []
            assert len([entry for entry in entries(again) if entry.kind == "case_opened"]) == times
            assert all(check.sound for check in verify(again))


def test_a_clerk_sees_only_own_entries_and_others_with_the_right_see_all(
    office: Office, pair: tuple[Workspace, Workspace], appeal: Appeal
) -> None:
    oksana, ivan = pair
    auditor = office.invite(oksana, "petro", "Петро", "auditor")
    settle(oksana, ivan, auditor)
    case = oksana.cases.register("appeal", appeal())
    settle(oksana, ivan, auditor)
    for workspace in (ivan, auditor):
        workspace.cases.open(case.id)
        with workspace.store.write() as connection:  # as entries of others will come with the exchange
            connection.execute(
                "INSERT INTO audit_author (device, person) VALUES (?, ?)",
                (oksana.log.device, oksana.log.me.entry.person),
            )
            connection.execute(
                "INSERT INTO audit SELECT id + 1, time, 2, origin, kind, subject, detail, hash FROM audit"
                " WHERE kind = 'case_opened'"
            )
    own = ivan.audit_log.page(AuditQuery(subject=case.id), 0, 99)
    assert {entry.person for entry in own} == {"Іван Черненко"}
    assert ivan.audit_log.count(AuditQuery(subject=case.id)) == len(own) == 1
    assert [name for _id, name in ivan.audit_log.people()] == ["Іван Черненко"]
    assert ivan.audit_log.count(AuditQuery(person=oksana.person.id)) == 0
    with pytest.raises(Refused) as refusal:
        ivan.audit_log.about([case.id])
    assert refusal.value.code == "no_right"
    readers = auditor.audit_log.page(AuditQuery(subject=case.id), 0, 9)
    assert {entry.person for entry in readers} == {"Петро", "Оксана Левченко"}
    assert auditor.audit_log.count(AuditQuery(person=oksana.person.id)) == 1


def test_every_part_of_a_list_is_the_same_from_both_ends(oksana: Workspace) -> None:
    for number in range(60):
        oksana.audit.record(
            "server_changed" if number % 3 else "recovery_used", **({"address": "a"} if number % 3 else {})
        )
    for query in (AuditQuery(), AuditQuery(kind="server_changed"), AuditQuery(kind="recovery_used")):
        with oksana.store.read() as connection:
            from desktop_app.audit import queries

            def part(offset: int, limit: int, query: AuditQuery = query) -> list[int]:
                return [e.number for e in queries.page(connection, oksana._directory, query, None, offset, limit)]

            whole = part(0, 1000)
            assert whole == sorted(whole, reverse=True)
            assert len(whole) == queries.count(connection, query, None)
            for limit in (1, 7, 50):
                for offset in range(len(whole) + 3):
                    assert part(offset, limit) == whole[offset : offset + limit]


def test_wrong_tries_and_other_administration_are_told(office: Office, oksana: Workspace) -> None:
    from desktop_app import auto_lock

    auto_lock.set_minutes(oksana, 20)
    oksana.change_passphrase(PASSPHRASE, "жито стежка верба колодязь 8")
    folder = office.close("oksana")
    for _try in range(2):
        with pytest.raises(Refused):
            open_workspace(folder, "не та фраза зовсім 1")
    with open_workspace(folder, "жито стежка верба колодязь 8") as again:
        told = {entry.kind: entry.detail for entry in entries(again)}
    assert told["locking_changed"] == {"minutes": 20}
    assert told["passphrase_changed"] == {}
    assert told["wrong_tries"] == {"count": 2}
