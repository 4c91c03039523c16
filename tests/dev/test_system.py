"""System packages are found lacking by trying them, and the way to get them is told exactly."""

import os
import sys

import pytest

from dev import system
from dev.process import SetupError

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has its packages installed for it")


@linux_only
def test_a_library_is_tried_not_guessed() -> None:
    assert system._loads("libc.so.6")
    assert not system._loads("libno-such-library.so.7")


def test_whoever_is_not_root_is_given_the_exact_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(system, "_on_path", lambda _program: lambda: True)
    with pytest.raises(
        SetupError, match="sudo apt-get update && sudo apt-get install --yes --no-install-recommends liba1 libb1"
    ):
        system._install(["libb1", "liba1"])


def test_where_there_is_no_apt_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "_on_path", lambda _program: lambda: False)
    with pytest.raises(SetupError, match=r"missing .*: liba1"):
        system._install(["liba1"])


def test_nothing_lacking_is_nothing_to_do() -> None:
    system._install([])
