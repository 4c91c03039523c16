"""What a command writes where a person says never takes the place of the vault's own files."""

from pathlib import Path

import pytest

from desktop_app.cli import output
from tests.cli.conftest import Sprava


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name in {"vault.key", "vault.seat"}}


@pytest.mark.parametrize("name", ["vault.db", "vault.key", "vault.seat", "new.file"])
@pytest.mark.parametrize("by", ["name", "link"])
def test_no_command_writes_into_the_vault(
    sprava: Sprava, seat: Path, appeal: Path, tmp_path: Path, name: str, by: str
) -> None:
    vault = seat
    number = sprava("case", "register", vault, "--kit", "appeal", "--from", appeal, "--json")
    assert number.code == 0, number.err
    ref = number.json["number"]
    added = sprava("file", "add", vault, ref, Path(__file__), "--json").json["id"]
    target = vault / name
    if by == "link":
        target = tmp_path / "link"
        target.symlink_to(vault / name)
    before = contents(vault)
    for command in (
        ("bundle", "export", vault, target),
        ("invite", vault, "--role", "clerk", "--unit", "ЦНАП", "--out", target),
        ("file", "get", vault, added, target, "--force"),
        ("backup", vault, target),
    ):
        said = sprava(*command, "--json")
        assert (said.code, said.error) == (3, "inside_vault"), command
    assert contents(vault) == before
    assert sprava("vault", "info", vault, "--json").json["cases"] == 1


def test_no_file_of_somebody_else_is_replaced(sprava: Sprava, seat: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.odt"
    thesis.write_bytes(b"years of work")
    before = sprava("vault", "info", seat, "--json").json
    for command in (
        ("invite", seat, "--role", "clerk", "--unit", "ЦНАП", "--out", thesis),
        ("bundle", "export", seat, thesis),
    ):
        said = sprava(*command, "--json")
        assert (said.code, said.error) == (3, "file_exists"), command
        assert thesis.name in said.err
    assert thesis.read_bytes() == b"years of work"
    assert sprava("vault", "info", seat, "--json").json == before  # no number was used up for an invitation


def test_an_earlier_file_of_the_same_kind_is_replaced(sprava: Sprava, seat: Path, tmp_path: Path) -> None:
    invitation, bundle = tmp_path / "a.sprava-invite", tmp_path / "b.sprava-bundle"
    for command, path in (
        (("invite", seat, "--role", "clerk", "--unit", "ЦНАП", "--out", invitation), invitation),
        (("bundle", "export", seat, bundle), bundle),
    ):
        assert sprava(*command).code == 0
        first = path.stat().st_ino
        assert sprava(*command).code == 0
        assert path.stat().st_ino != first


def test_a_file_that_never_ends_is_refused(sprava: Sprava, seat: Path) -> None:
    said = sprava("case", "register", seat, "--kit", "appeal", "--from", "/dev/zero", "--json")
    assert (said.code, said.error) == (2, "not_a_file")


def test_a_file_too_large_to_hold_is_refused(
    sprava: Sprava, seat: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_MOST_BYTES", 2**20)
    (tmp_path / "large").write_bytes(bytes(2**20 + 1))
    said = sprava("case", "register", seat, "--kit", "appeal", "--from", tmp_path / "large", "--json")
    assert (said.code, said.error) == (2, "file_too_large")
