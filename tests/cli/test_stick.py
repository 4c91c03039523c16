"""``sprava stick``: two vaults, one folder, both directions."""

from pathlib import Path

from tests.cli.conftest import Sprava


def test_two_vaults_exchange_by_a_stick(sprava: Sprava, seat: Path, second: Path, appeal: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    assert sprava("case", "register", seat, "--kit", "appeal", "--from", appeal).code == 0
    given = sprava("stick", seat, stick, "--json").json
    assert given["sent"] > 0
    assert given["bytes_written"] > 0
    assert (given["received"], given["devices"]) == (0, [])
    taken = sprava("stick", second, stick, "--json").json
    assert 0 < taken["received"] <= given["sent"]  # the invitation carried some
    assert [device["device"] for device in taken["devices"]] == ["1"]
    assert sprava("stick", seat, stick).code == 0
    again = sprava("stick", second, stick)
    assert "Оксана" in again.out
    assert sprava("digest", seat, "--json").json == sprava("digest", second, "--json").json
    assert sprava("stick", seat, stick, "--json").json["bytes_written"] == 0


def test_what_is_wrong_with_a_stick_is_said(sprava: Sprava, seat: Path, second: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    assert sprava("stick", seat, stick, "--json").error == "no_stick"
    assert sprava("stick", seat, seat, "--json").error == "inside_vault"
    stick.mkdir()
    assert sprava("stick", seat, stick).code == 0
    (volume,) = stick.rglob("*.sprava")
    volume.write_bytes(volume.read_bytes()[:-1])
    said = sprava("stick", second, stick, "--json")
    assert said.code == 0
    assert volume.name in said.err
    assert volume.name in said.json["troubles"][0]
