"""The clock is set back three years or forward ten; what is written later counts, and nothing is lost."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktop_app.kits import examples
from desktop_app.opening import open_workspace
from desktop_app.verify import verify
from tests.workspace.conftest import PASSPHRASE, Office, settle

YEAR = timedelta(days=365)


@pytest.mark.parametrize("shift", [-3 * YEAR, 10 * YEAR], ids=["three years back", "ten years forward"])
def test_the_clock_is_set(office: Office, monkeypatch: pytest.MonkeyPatch, shift: timedelta) -> None:
    oksana = office.found()
    ivan = office.invite(oksana, "ivan", "Іван Черненко")
    settle(oksana, ivan)
    first = oksana.cases.register("appeal", examples.example("appeal", 1))
    settle(oksana, ivan)
    folder: Path = office.close("oksana")
    seconds, nanoseconds = time.time, time.time_ns
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: seconds() + shift.total_seconds())
        patch.setattr(time, "time_ns", lambda: nanoseconds() + int(shift.total_seconds()) * 10**9)
        with open_workspace(folder, PASSPHRASE) as shifted:
            assert shifted.notices == []
            shifted.cases.edit(first.id, {"applicant_name": "За хибним годинником"})
            today = (datetime.now(UTC) + shift).date().isoformat()
            shifted.cases.register("appeal", {**examples.example("appeal", 2), "received_on": today})
            shifted.drafts.save("form", "appeal", {"applicant_name": "Їжак"}, "applicant_name")
    oksana = office.open("oksana")
    assert oksana.cases.get(first.id).values["applicant_name"] == "За хибним годинником"
    settle(oksana, ivan)
    ivan.cases.edit(first.id, {"applicant_name": "Пізніше за правильним"})
    settle(oksana, ivan)
    for side in (oksana, ivan):
        assert side.cases.get(first.id).values["applicant_name"] == "Пізніше за правильним"
        assert side.conflicts.count() == 0
        assert [check.finding for check in verify(side) if not check.sound] == []
    assert oksana.digest() == ivan.digest()
    assert [draft.values["applicant_name"] for draft in oksana.drafts.list()] == ["Їжак"]
