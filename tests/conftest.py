"""What every test shares: no screen, no settings of the person at this desk, Ukrainian messages."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.messages import set_language
from tests.stretching import stretched_once

# Before anything imports Qt, and for child processes too.
os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["LANGUAGE"] = "uk"
os.environ.pop("SPRAVA_PASSPHRASE", None)


def pytest_collection_finish() -> None:
    """Let Hypothesis build its tables of letters now: on a fresh machine its first example would be called too slow."""
    if "hypothesis" in sys.modules:
        from hypothesis import strategies

        strategies.characters().validate()
        strategies.text().validate()


@pytest.fixture(scope="session", autouse=True)
def _stretched_once() -> Iterator[None]:
    with stretched_once():
        yield


@pytest.fixture(autouse=True)
def _settings_of_nobody(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SPRAVA_OFFICE_ADDRESSES", "127.0.0.1")  # nothing is announced outside
    monkeypatch.setenv("SPRAVA_SETTINGS_DIR", str(tmp_path_factory.getbasetemp() / "settings-of-nobody"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data-of-nobody"))
    set_language("uk")
    yield
    set_language("uk")


# What the platform without a screen says about itself, not about our windows.
_HARMLESS = ("This plugin does not support ",)


@pytest.fixture(autouse=True)
def _no_complaint_of_qt() -> Iterator[None]:
    """Fail a test in which Qt warned, as one in which Python did."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        yield
        return
    complaints: list[str] = []

    def listen(kind: object, _context: object, message: str) -> None:
        if kind not in {core.QtMsgType.QtDebugMsg, core.QtMsgType.QtInfoMsg} and not message.startswith(_HARMLESS):
            complaints.append(message)

    previous = core.qInstallMessageHandler(listen)
    yield
    core.qInstallMessageHandler(previous)
    assert not complaints


@pytest.fixture(scope="session")
def project() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
