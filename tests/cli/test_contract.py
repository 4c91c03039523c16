"""Every command that scripts rely on: its JSON, its exit code, both languages."""

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Said, Sprava


def register(sprava: Sprava, folder: Path, appeal: Path) -> dict[str, str]:
    said = sprava("case", "register", folder, "--kit", "appeal", "--from", appeal, "--json")
    assert said.code == 0, said.err
    return said.json


def carry(sprava: Sprava, source: Path, to: Path) -> Said:
    bundle = source.with_suffix(".sprava")
    assert sprava("bundle", "export", source, bundle, "--json").code == 0
    said = sprava("bundle", "import", to, bundle, "--json")
    assert said.code == 0, said.err
    return said


def conflict(sprava: Sprava, seat: Path, second: Path, appeal: Path) -> str:
    case = register(sprava, seat, appeal)["id"]
    carry(sprava, seat, second)
    assert sprava("case", "set", seat, case, "executor=від Оксани").code == 0
    assert sprava("case", "set", second, case, "executor=від Івана").code == 0
    carry(sprava, second, seat)
    carry(sprava, seat, second)
    return case


def test_vault_create_info_and_join(sprava: Sprava, seat: Path, second: Path) -> None:
    info = sprava("vault", "info", seat, "--json").json
    assert (info["community"], info["person"], info["role"], info["device"]) == (
        "Громада",
        "Оксана",
        "administrator",
        "1",
    )
    assert (info["units"], info["cases"], info["conflicts"], info["server"]) == (["ЦНАП"], 0, 0, None)
    other = sprava("vault", "info", second, "--json").json
    assert (other["community_id"], other["role"], other["device"]) == (info["community_id"], "clerk", "2")
    assert other["person"] == "Іван"


def test_create_and_join_answer_with_one_document(sprava: Sprava, tmp_path: Path, seat: Path) -> None:
    made = sprava("--json", "vault", "create", tmp_path / "x", "--community", "Г", "--unit", "Ц", "--person", "П")
    assert made.json["vault"] == str(tmp_path / "x")
    invited = sprava(
        "invite", seat, "--role", "head", "--unit", "ЦНАП", "--out", tmp_path / "i", "--server", "http://h:1", "--json"
    ).json
    assert (invited["file"], invited["role"], invited["unit"]) == (str(tmp_path / "i"), "head", "ЦНАП")
    joined = sprava("vault", "join", tmp_path / "y", "--invitation", tmp_path / "i", "--person", "П", "--json").json
    assert joined["server"] == "http://h:1"
    assert joined["community"] == "Громада"


def test_kits(sprava: Sprava) -> None:
    assert {kit["id"] for kit in sprava("kit", "list", "--json").json["kits"]} >= {"appeal", "humanitarian-aid"}
    shown = sprava("kit", "show", "appeal", "--json").json
    assert shown["id"] == "appeal"
    assert shown["stages"][0]["next"]
    assert {"id", "type", "label", "required", "choices"} == shown["fields"][0].keys()
    plain, as_json = (
        sprava("kit", "example", "appeal", "--seed", "3"),
        sprava("kit", "example", "appeal", "--seed", "3", "--json"),
    )
    assert json.loads(plain.out) == as_json.json


def test_register_show_set_move_history_list(sprava: Sprava, seat: Path, appeal: Path) -> None:
    case = register(sprava, seat, appeal)
    assert case.keys() == {"id", "number"}
    shown = sprava("case", "show", seat, case["number"], "--json").json
    assert (shown["id"], shown["number"], shown["kit"], shown["stage"]) == (
        case["id"],
        case["number"],
        "appeal",
        "registered",
    )
    assert shown["fields"].items() >= {k: v for k, v in json.loads(appeal.read_text("utf-8")).items() if v}.items()
    assert shown["conflicts"] == []
    changed = sprava("case", "set", seat, case["number"], "executor=Відділ ЖКГ", "appendix_sheets=3", "--json").json
    assert (changed["fields"]["executor"], changed["fields"]["appendix_sheets"]) == ("Відділ ЖКГ", 3)
    assert sprava("case", "move", seat, case["id"], "assigned", "--json").json["stage"] == "assigned"
    history = sprava("case", "history", seat, case["number"], "--json").json["history"]
    assert history[0]["field"] == "_stage"
    assert {"when", "person", "device", "field", "before", "after", "mine", "unit", "late"} == history[0].keys()
    listed = sprava("case", "list", seat, "--json").json
    assert (listed["total"], [row["id"] for row in listed["cases"]]) == (1, [case["id"]])


def test_a_value_is_taken_out_by_nothing_behind_the_sign(sprava: Sprava, seat: Path, appeal: Path) -> None:
    case = register(sprava, seat, appeal)["id"]
    sprava("case", "set", seat, case, "executor=a=b=c")
    assert sprava("case", "show", seat, case, "--json").json["fields"]["executor"] == "a=b=c"
    assert "executor" not in sprava("case", "set", seat, case, "executor=", "--json").json["fields"]


@pytest.mark.parametrize("form", ["array", "lines", "lines with a mark"])
def test_many_in_one_go(sprava: Sprava, seat: Path, appeal: Path, form: str) -> None:
    one = json.loads(appeal.read_text("utf-8"))
    lines = "\r\n".join(json.dumps({**one, "subject": f"Тема {n}"}, ensure_ascii=False) for n in range(5))
    text = json.dumps([one] * 5) if form == "array" else lines
    appeal.write_text(text, encoding="utf-8-sig" if form.endswith("mark") else "utf-8")
    said = sprava("case", "register", seat, "--kit", "appeal", "--from", appeal, "--json").json
    assert len({case["number"] for case in said["cases"]}) == 5
    first = sprava("case", "list", seat, "--limit", 2, "--json").json
    second = sprava("case", "list", seat, "--limit", 2, "--offset", 2, "--json").json
    assert first["total"] == 5
    assert not {row["id"] for row in first["cases"]} & {row["id"] for row in second["cases"]}


def test_cases_from_standard_input(process: object, sprava: Sprava, seat: Path, appeal: Path) -> None:
    said = process("case", "register", seat, "--kit", "appeal", "--from", "-", "--json", data=appeal.read_bytes())  # type: ignore[operator]
    assert said.code == 0
    assert said.json.keys() == {"id", "number"}
    assert sprava("case", "list", seat, "--json").json["total"] == 1


def test_list_finds_filters_and_sorts(sprava: Sprava, seat: Path, appeal: Path) -> None:
    one = json.loads(appeal.read_text("utf-8"))
    names = ["Ґудзь Їлена", "Гай Ігор", "Єва Ящук"]
    appeal.write_text(
        json.dumps([{**one, "applicant_name": name, "without_study": name > "Є"} for name in names]), "utf-8"
    )
    sprava("case", "register", seat, "--kit", "appeal", "--from", appeal)

    def people(*options: str) -> list[str]:
        return [row["person"] for row in sprava("case", "list", seat, "--json", *options).json["cases"]]

    assert people("--sort", "person") == ["Гай Ігор", "Ґудзь Їлена", "Єва Ящук"]
    assert people("--sort", "-person") == ["Єва Ящук", "Ґудзь Їлена", "Гай Ігор"]
    assert people("--query", "гудзь") == ["Ґудзь Їлена"]
    assert people("--kit", "appeal", "--where", "applicant_name=Гай Ігор", "--where", "channel=reception") == [
        "Гай Ігор"
    ]
    assert people("--kit", "humanitarian-aid") == []
    assert people("--limit", "0") == []
    assert people("--offset", "-5", "--limit", "99999999999999999999") != []


def test_conflicts_are_listed_and_resolved(sprava: Sprava, seat: Path, second: Path, appeal: Path) -> None:
    case = conflict(sprava, seat, second, appeal)
    for folder in (seat, second):
        (found,) = sprava("conflict", "list", folder, "--json").json["conflicts"]
        assert (found["case"], found["field"]) == (case, "executor")
        assert {value["value"] for value in found["values"]} == {"від Оксани", "від Івана"}
        assert {"value", "person", "device", "when"} <= found["values"][0].keys()
        assert {value["person"] for value in found["values"]} == {"Оксана", "Іван"}
    said = sprava("conflict", "resolve", second, case, "executor", "--take", "theirs", "--json")
    assert said.json["fields"]["executor"] == "від Оксани"
    carry(sprava, second, seat)
    assert sprava("conflict", "list", seat, "--json").json == {"conflicts": []}
    assert sprava("digest", seat, "--json").json == sprava("digest", second, "--json").json


def test_a_value_of_ones_own_resolves_too(sprava: Sprava, seat: Path, second: Path, appeal: Path) -> None:
    case = conflict(sprava, seat, second, appeal)
    assert sprava("conflict", "resolve", seat, case, "executor", "--take", "третій").code == 0
    again = sprava("conflict", "resolve", seat, case, "executor", "--take", "mine", "--json")
    assert (again.code, again.error) == (3, "no_conflict")


def test_sync_bundle_verify_and_digest(sprava: Sprava, seat: Path, second: Path, appeal: Path, tmp_path: Path) -> None:
    from sync.server import RunningServer

    register(sprava, seat, appeal)
    with RunningServer(tmp_path / "server") as server:
        first = sprava("sync", seat, "--server", server.url, "--json").json
        assert {"sent", "received", "bytes_sent", "bytes_received", "round_trips", "conflicts"} <= first.keys()
        assert first["sent"] > 0
        assert sprava("sync", second, "--server", server.url, "--json").json["received"] > 0
        assert sprava("sync", seat, "--json").code == 0
    assert sprava("digest", seat, "--json").json == sprava("digest", second, "--json").json
    assert len(sprava("digest", seat, "--unit", "ЦНАП", "--json").json["digest"]) == 64
    exported = sprava("bundle", "export", seat, tmp_path / "b", "--for", "2", "--json").json
    assert exported["bytes"] == (tmp_path / "b").stat().st_size
    imported = sprava("bundle", "import", second, tmp_path / "b", "--json").json
    assert {"frames", "changes", "conflicts"} <= imported.keys()
    report = sprava("verify", seat, "--json").json
    assert report["sound"]
    parts = {"key", "seat", "database", "log", "mark", "projection", "drafts", "audit", "files"}
    assert {check["part"] for check in report["checks"]} == parts


def test_verify_of_a_damaged_vault_is_exit_code_4(sprava: Sprava, seat: Path, appeal: Path) -> None:
    register(sprava, seat, appeal)
    (seat / "vault.mark").write_bytes(bytes(1024))
    said = sprava("verify", seat, "--json")
    assert (said.code, said.json["sound"]) == (4, False)
    assert [check["part"] for check in said.json["checks"] if not check["sound"]] == ["mark"]
    assert said.err.strip()


@pytest.mark.parametrize(
    "argv",
    [
        ("--json", "--lang", "en", "vault", "info", "VAULT"),
        ("vault", "--json", "--lang", "en", "info", "VAULT"),
        ("vault", "info", "--json", "--lang=en", "VAULT"),
        ("vault", "info", "VAULT", "--lang", "en", "--json"),
        ("--json", "vault", "--lang", "en", "info", "VAULT"),
    ],
)
def test_options_stand_anywhere(sprava: Sprava, seat: Path, argv: tuple[str, ...]) -> None:
    said = sprava(*(seat if word == "VAULT" else word for word in argv))
    assert (said.code, said.json["community"]) == (0, "Громада")


@pytest.mark.parametrize("place", [0, 3])
def test_the_passphrase_file_stands_anywhere(
    sprava: Sprava, seat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    from tests.cli.conftest import PASSPHRASE

    monkeypatch.delenv("SPRAVA_PASSPHRASE")
    file = tmp_path / "phrase"
    words: list[object] = ["vault", "info", seat]
    words[place:place] = ["--passphrase-file", file]
    for text in (f"{PASSPHRASE}\n", f"{PASSPHRASE}\r\nдругий рядок", f"\ufeff{PASSPHRASE}"):
        file.write_bytes(text.encode())
        assert sprava(*words).code == 0
    file.write_text("інша парольна фраза 99", "utf-8")
    assert sprava(*words, "--json").error == "wrong_passphrase"


COMMANDS = [
    ("vault", "info"),
    ("case", "list"),
    ("conflict", "list"),
    ("verify",),
    ("digest",),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_both_languages_and_both_forms(sprava: Sprava, seat: Path, appeal: Path, command: tuple[str, ...]) -> None:
    register(sprava, seat, appeal)
    texts = {}
    for language in ("uk", "en"):
        said = sprava(*command, seat, "--lang", language)
        assert said.code == 0
        texts[language] = said.out
        assert sprava(*command, seat, "--lang", language, "--json").json
        failed = sprava(*command, seat.parent / "nowhere", "--lang", language, "--json")
        assert failed.code == 3
        texts[f"{language}!"] = failed.json["error"]["message"]
        assert failed.json["error"]["code"] == "no_vault"
        assert failed.err.strip() == failed.json["error"]["message"]
    assert texts["uk!"] != texts["en!"]
    assert "сховищ" in texts["uk!"]
    assert command in {("digest",), ("conflict", "list")} or texts["uk"] != texts["en"]


@pytest.mark.parametrize(
    "argv",
    [
        (),
        *[
            tuple(words.split())
            for words in (
                "vault",
                "vault create",
                "vault join",
                "vault info",
                "invite",
                "kit",
                "kit list",
                "kit show",
                "case",
                "case register",
                "case show",
                "case set",
                "case move",
                "case list",
                "case history",
                "conflict",
                "conflict list",
                "conflict resolve",
                "sync",
                "bundle",
                "bundle export",
                "bundle import",
                "serve",
                "verify",
                "digest",
                "tour",
                "bench",
                "import",
                "desk",
            )
        ],
    ],
)
def test_every_command_explains_itself(sprava: Sprava, argv: tuple[str, ...]) -> None:
    for language, word in (("uk", "використання"), ("en", "usage")):
        said = sprava(*argv, "--lang", language, "--help")
        assert said.code == 0
        assert said.out.lower().startswith(word), said.out.splitlines()[0]


def test_the_version(sprava: Sprava) -> None:
    said = sprava("--version")
    assert (said.code, said.out.split()[0]) == (0, "sprava")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
