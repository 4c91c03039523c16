"""A working day at the desk in a process of its own, with words that are looked for everywhere afterwards.

Standard input: the pass phrase and the words in one line of JSON, each word written backwards, so that this process
holds none of them but where the program does. Then ``check``, ``unlock``, ``lock``. It answers each with a line.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QWidget

from desktop_app.backup.making import back_up
from desktop_app.cases.model import CaseQuery
from desktop_app.hardening import harden
from desktop_app.kits.examples import example
from desktop_app.opening import create_workspace, join_workspace, open_workspace
from desktop_app.settings import Settings
from desktop_app.vault import KDF_FLOOR
from desktop_app.verify import verify
from desktop_app.workspace import Workspace
from sync.server import RunningServer
from tests.ui.conftest import Hands
from ui.app import make_application
from ui.pages import PAGES
from ui.window import Window


class Day:
    """One day; each part of it is a method, in the order of `work`."""

    def __init__(self, root: Path, phrase: str, words: dict[str, str]) -> None:
        self.root = root
        self.words = words
        self.phrase = phrase
        self.settings = Settings.load()
        self.hands = Hands(make_application(self.settings))
        self.case = ""

    def word(self, name: str) -> str:
        return self.words[name][::-1]

    def work(self) -> None:
        self.found()
        self.sign_in()
        self.register()
        self.leave_a_draft()
        self.search()
        self.attach()
        self.edit()
        self.exchange()
        self.carry_and_back_up()
        self.look_everywhere()
        self.begin_to_edit()

    def found(self) -> None:
        names = {"community": self.word("community"), "unit": self.word("unit"), "person": self.word("clerk")}
        with create_workspace(self.root / "vaults" / "a", self.phrase[::-1], kdf=KDF_FLOOR, **names) as first:
            invitation = first.invite("clerk", first.unit.name).data
        join = {"invitation": invitation, "person": self.word("colleague"), "kdf": KDF_FLOOR}
        join_workspace(self.root / "vaults" / "b", self.phrase[::-1], **join).close()  # type: ignore[arg-type]

    def sign_in(self) -> None:
        self.window = Window(self.settings)
        self.hands.window = self.window
        self.window.begin(str(self.root / "vaults" / "a"))
        self.window.show()
        self.window.watch()
        self.window.activateWindow()
        self.hands.wait()
        self.hands.type(self.phrase[::-1])
        self.hands.press("Return")
        self.hands.wait(lambda: self.window.desk is not None)

    @property
    def workspace(self) -> Workspace:
        assert self.window.context is not None
        return self.window.context.workspace

    def page(self) -> Any:  # noqa: ANN401 - whatever page it is
        assert self.window.desk is not None
        return self.window.desk.page

    def show(self, page_id: str, target: str = "") -> None:
        assert self.window.desk is not None
        self.window.desk.show_page(page_id, target)
        self.hands.wait()

    def new_form(self) -> Any:  # noqa: ANN401
        self.hands.press("F7")
        self.hands.wait()
        page = self.page()
        page.chooser.kit_chosen.emit(page.chooser.kit("appeal"))
        self.hands.wait()
        return page.form.fields

    def type_into(self, form: Any, field: str, name: str) -> None:  # noqa: ANN401
        form.focus_field(field)
        self.hands.press("Ctrl+A")
        self.hands.type(self.word(name))
        self.hands.wait()

    def register(self) -> None:
        form = self.new_form()
        form.fill(example("appeal", 3))
        self.type_into(form, "applicant_name", "person")
        self.type_into(form, "text", "text")
        self.page().register()
        self.hands.wait()
        self.case = self.workspace.cases.page(CaseQuery(sort="updated"), 0, 1)[0].id

    def leave_a_draft(self) -> None:
        self.type_into(self.new_form(), "subject", "draft")
        self.show("today")

    def search(self) -> None:
        self.hands.press("Ctrl+F")
        self.hands.type(self.word("search"))
        self.hands.wait()
        end = time.monotonic() + 1
        self.hands.wait(lambda: time.monotonic() > end)

    def attach(self) -> None:
        content = (self.word("content") + " ").encode() * 500
        self.workspace.files.add_bytes(self.case, self.word("file") + ".txt", content)
        self.show("case", self.case)

    def edit(self) -> None:
        self.hands.press("F2")
        self.hands.wait()
        self.type_into(self.page().form.fields, "executor", "edited")
        self.page().save()
        self.hands.wait()

    def exchange(self) -> None:
        with (
            RunningServer(self.root / "server") as server,
            open_workspace(self.root / "vaults" / "b", self.phrase[::-1]) as other,
        ):
            for one in (self.workspace, other, self.workspace):
                one.exchange.sync(server.url)
            other.cases.edit(self.case, {"subject": self.word("theirs")})
            self.workspace.cases.edit(self.case, {"subject": self.word("ours")})
            for one in (self.workspace, other, self.workspace):
                one.exchange.sync(server.url)
            assert self.workspace.conflicts.count() == other.conflicts.count() == 1
        self.show("conflicts")

    def carry_and_back_up(self) -> None:
        (self.root / "stick").mkdir()
        self.workspace.exchange.export_bundle(self.root / "stick" / "bundle")
        back_up(self.workspace, self.root / "stick")
        assert all(check.sound for check in verify(self.workspace))

    def look_everywhere(self) -> None:
        for spec in PAGES:
            self.show(spec.page_id, self.case if spec.page_id == "case" else "")

    def begin_to_edit(self) -> None:
        self.show("case", self.case)
        self.hands.press("F2")
        self.hands.wait()
        self.type_into(self.page().form.fields, "text", "unsaved")
        self.hands.press("Ctrl+A")
        self.hands.press("Ctrl+C")

    def lock(self) -> None:
        self.hands.press("F12")
        self.hands.wait(lambda: self.window.lock is not None)

    def unlock(self) -> None:
        self.hands.type(self.phrase[::-1])
        self.hands.press("Return")
        self.hands.wait(lambda: self.window.desk is not None)
        self.hands.wait()

    def typed(self) -> str:
        focused = self.hands.focus()
        text = getattr(focused, "toPlainText", lambda: "")()
        return str(text)[::-1]

    def reachable(self) -> list[str]:
        """Return the names of the words that any object of Python still holds."""
        for _round in range(3):
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            self.hands.app.processEvents()
            gc.collect()
        words = {name: self.word(name) for name in self.words}
        mine = {id(word) for word in words.values()}
        seen = {id(words)}
        found: set[str] = set()
        stack: list[object] = list(gc.get_objects())
        while stack:
            held = stack.pop()
            if id(held) in seen:
                continue
            seen.add(id(held))
            if id(held) in mine:
                continue
            if isinstance(held, str | bytes | bytearray):
                text = held if isinstance(held, str) else bytes(held).decode("utf-8", "ignore")
                found.update(name for name, word in words.items() if word in text)
            elif isinstance(held, QWidget) and shiboken6.isValid(held):  # one that Qt took away shows nothing
                for shown in ("text", "plainText"):
                    text = str(held.property(shown) or "")
                    found.update(name for name, word in words.items() if word in text)
                stack.extend(gc.get_referents(held))
            else:
                stack.extend(gc.get_referents(held))
        return sorted(found)


def main() -> int:
    harden()
    given = json.loads(sys.stdin.readline())
    day = Day(Path(sys.argv[1]), given["phrase"], given["words"])
    day.work()
    print("worked", os.getpid(), flush=True)
    for line in sys.stdin:
        match line.strip():
            case "lock":
                day.lock()
                print("locked", flush=True)
            case "check":
                print(json.dumps(day.reachable()), flush=True)
            case "unlock":
                day.unlock()
                print(day.typed() == day.words["unsaved"], flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
