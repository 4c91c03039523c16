"""What every test shares: no screen, no settings of the person at this desk, Ukrainian messages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.messages import set_language

# Before anything imports Qt, and for child processes too.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["LANGUAGE"] = "uk"
os.environ.pop("SPRAVA_PASSPHRASE", None)


@pytest.fixture(autouse=True)
def _settings_of_nobody(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SPRAVA_SETTINGS_DIR", str(tmp_path_factory.getbasetemp() / "settings-of-nobody"))
    set_language("uk")
    yield
    set_language("uk")


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
