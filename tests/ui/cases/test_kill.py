"""A power cut while somebody types takes at most two seconds of text, and the draft reopens in the same field."""

import subprocess
import sys
import time
from pathlib import Path

from desktop_app.opening import create_workspace, open_workspace
from desktop_app.vault import KDF_FLOOR
from tests.ui.cases.conftest import PASSPHRASE

BEARABLE = 2.0
TYPIST = """
import sys
from pathlib import Path
from PySide6.QtCore import QEvent, QTimer, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from desktop_app.settings import Settings
from desktop_app.opening import open_workspace
from ui.app import make_application
from ui.cases.new_case_page import NewCasePage
from ui.context import DeskContext

app = make_application(Settings(language="uk"))
context = DeskContext(open_workspace(Path(sys.argv[1]), sys.argv[2]), Settings())
page = NewCasePage(context)
page.resize(1000, 700)
page.show()
page.activate()
typed = []

def begin():
    kit = page.chooser.kit("appeal")
    if kit is None:
        return
    if page.form is None:
        page.chooser.kit_chosen.emit(kit)
        page.form.fields.focus_field("text")
    letter = "абвгґдеєжз"[len(typed) % 10]
    target = page.form.fields.editor("text").widget
    no_modifier = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_unknown, no_modifier, letter))
    typed.append(letter)
    print("".join(typed), flush=True)

keys = QTimer(page)
keys.timeout.connect(begin)
keys.start(50)
app.exec()
"""


def test_a_killed_desk_loses_two_seconds_at_most(tmp_path: Path, project: Path) -> None:
    folder = tmp_path / "vault"
    create_workspace(folder, PASSPHRASE, community="Громада", unit="Відділ", person="Олена", kdf=KDF_FLOOR).close()
    desk = subprocess.Popen(
        [sys.executable, "-c", TYPIST, str(folder), PASSPHRASE], cwd=project, stdout=subprocess.PIPE, text=True
    )
    assert desk.stdout is not None
    seen: list[tuple[float, str]] = []
    for line in desk.stdout:
        seen.append((time.monotonic(), line.strip()))
        if len(seen) == 100:
            break
    desk.kill()
    killed = time.monotonic()
    desk.wait()
    desk.stdout.close()
    must_be_there = max((text for moment, text in seen if moment < killed - BEARABLE), key=len)
    with open_workspace(folder, PASSPHRASE) as reopened:
        (draft,) = reopened.drafts.list()
    kept = str(draft.values["text"])
    assert kept.startswith(must_be_there), "nobody who never pauses loses more than that"
    assert draft.focus == f"text:{len(kept)}"
