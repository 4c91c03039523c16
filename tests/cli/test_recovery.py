"""Pass phrase, stick and recovery sheet from the command line: each way in, and every sentence that refuses one."""

import io
import sys
from pathlib import Path

import pytest

from desktop_app.recovery_reading import read_shares
from desktop_app.vault import stick, tries
from desktop_app.vault.shares import Arrangement, split
from tests.cli.conftest import PASSPHRASE, Sprava

NEW = "верба шумить над річкою 33"


@pytest.fixture(autouse=True)
def nothing_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stick, "removable", list)
    monkeypatch.setattr(tries, "FREE_TRIES", 100)


@pytest.fixture
def new(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SPRAVA_NEW_PASSPHRASE", NEW)
    return NEW


def opens(sprava: Sprava, vault: Path, phrase: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Whether a phrase opens a vault, or the code of what it says instead."""
    monkeypatch.setenv("SPRAVA_PASSPHRASE", phrase)
    said = sprava("vault", "info", vault, "--json")
    monkeypatch.setenv("SPRAVA_PASSPHRASE", PASSPHRASE)
    return said.error if said.code else None


@pytest.mark.usefixtures("new")
def test_the_pass_phrase_is_changed(sprava: Sprava, seat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sprava("digest", seat).out
    said = sprava("vault", "passphrase", seat, "--json")
    assert (said.code, said.json) == (0, {"changed": True, "stick": False})
    assert opens(sprava, seat, PASSPHRASE, monkeypatch) == "wrong_passphrase"
    assert opens(sprava, seat, NEW, monkeypatch) is None
    monkeypatch.setenv("SPRAVA_PASSPHRASE", NEW)
    assert sprava("digest", seat).out == before


def test_a_phrase_is_made_and_printed(sprava: Sprava, seat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    phrase = sprava("vault", "passphrase", seat, "--generate", "--json").json["passphrase"]
    assert len(phrase.split()) == 5
    assert opens(sprava, seat, phrase, monkeypatch) is None


def test_a_new_phrase_comes_from_a_file_or_is_refused(
    sprava: Sprava, seat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert sprava("vault", "passphrase", seat, "--json").error == "no_new_passphrase"
    file = tmp_path / "new"
    file.write_text("12345\n", "utf-8")
    assert sprava("vault", "passphrase", seat, "--new-passphrase-file", file, "--json").error == "weak_passphrase"
    assert opens(sprava, seat, PASSPHRASE, monkeypatch) is None
    file.write_text(f"{NEW}\n", "utf-8")
    assert sprava("vault", "passphrase", seat, "--new-passphrase-file", file, "--json").code == 0
    assert opens(sprava, seat, NEW, monkeypatch) is None


@pytest.mark.usefixtures("new")
def test_a_stick_begins_to_be_needed_and_ends(
    sprava: Sprava, seat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "a.sprava-stick"
    assert sprava("vault", "passphrase", seat, "--make-stick", key, "--json").json["stick"] is True
    monkeypatch.setenv("SPRAVA_PASSPHRASE", NEW)
    assert sprava("digest", seat, "--json").error == "stick_missing"
    assert sprava("digest", seat, "--stick", key).code == 0
    monkeypatch.setenv("SPRAVA_STICK", str(key))
    assert sprava("digest", seat).code == 0
    assert sprava("vault", "passphrase", seat, "--make-stick", key, "--json").error == "file_exists"
    (tmp_path / "b").write_bytes(b"x")
    assert sprava("digest", seat, "--stick", tmp_path / "b", "--json").error == "damaged_stick"
    assert sprava("digest", seat, "--stick", tmp_path / "c", "--json").error == "unreadable_stick"
    assert sprava("vault", "passphrase", seat, "--json").json["stick"] is True
    assert sprava("vault", "passphrase", seat, "--no-stick", "--json").json["stick"] is False
    monkeypatch.delenv("SPRAVA_STICK")
    assert sprava("digest", seat).code == 0
    assert sprava("vault", "passphrase", seat, "--no-stick", "--make-stick", key, "--json").code == 2


def test_a_vault_made_with_its_sheet_is_recovered(
    sprava: Sprava, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, sheet = tmp_path / "v", tmp_path / "sheet.pdf"
    names = ("--community", "Громада", "--unit", "ЦНАП", "--person", "Оксана")
    made = sprava("vault", "create", vault, *names, "--recovery-sheet", sheet, "--json")
    assert made.code == 0, made.err
    assert made.json["recovery_sheet"]["files"] == [str(sheet)]
    assert sheet.stat().st_mode & 0o077 == 0 or sys.platform == "win32"
    monkeypatch.setenv("SPRAVA_PASSPHRASE", NEW)  # there is no old one: what gives it gives the new one
    said = sprava("vault", "recover", vault, "--recovery-code", sheet, "--json")
    assert said.code == 0, said.err
    (following,) = said.json["recovery_sheet"]["files"]
    assert Path(following).parent == tmp_path
    assert opens(sprava, vault, NEW, monkeypatch) is None
    assert opens(sprava, vault, PASSPHRASE, monkeypatch) == "wrong_passphrase"
    assert sprava("vault", "recover", vault, "--recovery-code", sheet, "--json").error == "wrong_recovery"
    monkeypatch.setenv("SPRAVA_PASSPHRASE", PASSPHRASE)
    words = tmp_path / "words.txt"
    words.write_text("\n".join(read_shares(Path(following))[0].words), "utf-8")
    again = ("--recovery-code", words, "--recovery-sheet", tmp_path / "third.pdf")
    assert sprava("vault", "recover", vault, *again, "--json").code == 0
    assert (tmp_path / "third.pdf").exists()
    assert opens(sprava, vault, PASSPHRASE, monkeypatch) is None


@pytest.mark.usefixtures("new")
def test_trustees_recover_together_and_get_new_sheets(
    sprava: Sprava, seat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "t.pdf"
    made = sprava("vault", "recovery-sheet", seat, "--out", out, "--trustees", "2/3", "--json").json
    files = [Path(file) for file in made["files"]]
    assert (made["needed"], made["count"]) == (2, 3)
    assert [file.name for file in files] == ["t-1.pdf", "t-2.pdf", "t-3.pdf"]
    few = sprava("vault", "recover", seat, "--recovery-code", files[0], "--json")
    assert few.error == "recovery_more_needed"
    both = ("--recovery-code", files[2], "--recovery-code", files[0])
    said = sprava("vault", "recover", seat, *both, "--recovery-sheet", tmp_path / "n.pdf", "--json")
    assert said.code == 0, said.err
    assert (said.json["recovery_sheet"]["needed"], said.json["recovery_sheet"]["count"]) == (2, 3)
    assert sorted(path.name for path in tmp_path.glob("n*.pdf")) == ["n-1.pdf", "n-2.pdf", "n-3.pdf"]
    assert opens(sprava, seat, NEW, monkeypatch) is None
    mixed = ("--recovery-code", files[2], "--recovery-code", tmp_path / "n-1.pdf")
    assert sprava("vault", "recover", seat, *mixed, "--json").error == "recovery_mixed"


@pytest.mark.usefixtures("new")
def test_what_is_refused_changes_nothing(
    sprava: Sprava, seat: Path, second: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet, taken = tmp_path / "s.pdf", tmp_path / "taken.pdf"
    sprava("vault", "recovery-sheet", seat, "--out", sheet)
    taken.write_bytes(b"x")
    before = (seat / "vault.key").read_bytes()
    words = tmp_path / "words.txt"
    words.write_text(" ".join(split(Arrangement())[1][0].words), "utf-8")
    refusals = [
        (("recover", second, "--recovery-code", sheet), "no_recovery"),
        (("recover", seat, "--recovery-code", words), "wrong_recovery"),
        (("recover", seat, "--recovery-code", tmp_path / "gone"), "unreadable_sheet"),
        (("recover", seat, "--recovery-code", taken), "recovery_word"),
        (("recover", seat, "--recovery-code", sheet, "--recovery-sheet", taken), "file_exists"),
        (("recover", seat, "--recovery-code", sheet, "--recovery-sheet", sheet), "file_exists"),
        (("recover", seat, "--recovery-code", sheet, "--recovery-sheet", tmp_path / "no" / "x"), "unwritable"),
        (("recover", tmp_path / "none", "--recovery-code", sheet), "no_vault"),
        (("recovery-sheet", seat, "--out", taken), "file_exists"),
        (("recovery-sheet", seat, "--out", tmp_path / "no" / "x"), "unwritable_file"),
        (("recovery-sheet", seat, "--out", tmp_path / "y", "--trustees", "3/2"), "bad_arrangement"),
        (("recovery-sheet", seat, "--out", tmp_path / "y", "--trustees", "2/17"), "bad_arrangement"),
        (("recovery-sheet", seat, "--out", tmp_path / "y", "--trustees", "1/1"), "usage"),
        (("recovery-sheet", seat, "--out", tmp_path / "y", "--trustees", "two"), "usage"),
    ]
    for argv, code in refusals:
        said = sprava("vault", *argv, "--json")
        assert (said.error, (seat / "vault.key").read_bytes()) == (code, before), argv
    assert taken.read_bytes() == b"x"
    assert opens(sprava, seat, PASSPHRASE, monkeypatch) is None
    monkeypatch.setenv("SPRAVA_NEW_PASSPHRASE", "слабка")
    assert sprava("vault", "recover", seat, "--recovery-code", sheet, "--json").error == "weak_passphrase"
    names = ("--community", "Г", "--unit", "Ц", "--person", "О")
    made = sprava("vault", "create", tmp_path / "v", *names, "--recovery-sheet", taken, "--json")
    assert (made.error, (tmp_path / "v").exists()) == ("file_exists", False)


def test_too_many_wrong_phrases_make_wait(sprava: Sprava, seat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "FREE_TRIES", 3)
    for _try in range(3):
        assert opens(sprava, seat, "геть не та фраза", monkeypatch) == "wrong_passphrase"
    said = sprava("vault", "info", seat, "--json", "--lang", "en")
    assert (said.code, said.error) == (3, "too_many_tries")
    assert "second" in said.err


def test_no_secret_is_taken_as_an_argument(sprava: Sprava, seat: Path) -> None:
    for option in ("--new-passphrase", "--recovery-words", "--secret"):
        assert sprava("vault", "passphrase", seat, option, NEW).code == 2
