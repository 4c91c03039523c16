"""Forms made from a kit: every field type, live rules, and what survives while a case changes underneath."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop_app.kits import loader
from desktop_app.kits.model import Kit
from tests.ui.cases.hands import ChooseLook, Hands, Show, Wait
from ui.forms.form import FormView
from ui.forms.reader import ReadView

NOW = datetime(2026, 11, 23, 10, 42).astimezone()


def local(words: str) -> dict[str, str]:
    return {"uk": words, "en": words}


def choices(*values: str) -> list[dict[str, object]]:
    return [{"value": value, "label": local(value.title())} for value in values]


FIELDS: list[dict[str, object]] = [
    {"id": "name", "type": "text", "required": True, "max_length": 60},
    {"id": "story", "type": "long_text"},
    {"id": "people", "type": "integer"},
    {"id": "area", "type": "decimal"},
    {"id": "sum", "type": "money"},
    {"id": "born", "type": "date"},
    {"id": "came", "type": "datetime"},
    {"id": "way", "type": "choice", "choices": choices("post", "phone")},
    {"id": "place", "type": "choice", "choices": choices("kyiv", "lviv", "odesa", "dnipro", "sumy", "lutsk")},
    {"id": "needs", "type": "multiple_choice", "choices": choices("food", "water", "heat")},
    {"id": "urgent", "type": "yes_no"},
    {"id": "why", "type": "text", "shown": "${urgent}", "required": "${urgent}"},
    {"id": "phone", "type": "phone"},
    {"id": "mail", "type": "email"},
    {"id": "code", "type": "identifier", "check": "rnokpp"},
    {"id": "each", "type": "calculated", "calculation": "${sum} div ${people}"},
    {"id": "reminder", "type": "note", "hint": local("Ask for the passport")},
    {"id": "on", "type": "date", "default": "today()"},
]


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return make_kit(tmp_path / "everything", FIELDS)


def make_kit(folder: Path, fields: list[dict[str, object]]) -> Kit:
    folder.mkdir()
    document = {
        "id": folder.name,
        "version": 1,
        "title": local("Everything"),
        "description": local("Every type"),
        "authors": ["Sprava"],
        "licence": "Apache-2.0",
        "legal_basis": [{"title": local("Act"), "effective_from": "2020-01-01", "verified": None}],
        "sections": [{"id": "all", "label": local("All")}],
        "fields": [{"section": "all", "label": local(str(field["id"]).title()), **field} for field in fields],
        "stages": [{"id": "new", "label": local("New")}, {"id": "done", "label": local("Done"), "final": True}],
        "transitions": [{"from": "new", "to": "done", "label": local("Finish")}],
        "numbering": {"mask": "{counter}/{device}/{year}"},
        "title_field": "name",
        "person_field": "name",
        "date_field": "on",
    }
    (folder / "kit.json").write_text(json.dumps(document), "utf-8")
    return loader.load(folder)


@pytest.fixture
def shown(look: ChooseLook, wait: Wait) -> Iterator[Show]:
    look("light", 100)
    windows: list[QWidget] = []

    def show(view: QWidget) -> QWidget:
        window = QWidget()
        layout = QVBoxLayout(window)
        layout.addWidget(view)
        window.resize(900, 1200)
        window.show()
        window.activateWindow()
        wait(window.isActiveWindow)
        windows.append(window)
        return view

    yield show
    for window in windows:
        window.close()
        window.deleteLater()
    wait(lambda: True)


STORED = {
    "name": "Ґудзь Ївга",
    "story": "Перший рядок\nдругий",
    "people": 3,
    "area": "12.5",
    "sum": "1234.50",
    "born": "1985-04-12",
    "came": "2026-11-23T09:05",
    "way": "phone",
    "place": "sumy",
    "needs": ["food", "heat"],
    "urgent": True,
    "why": "Холодно",
    "phone": "+380671234567",
    "mail": "a@example.org",
    "code": "3184710691",
    "on": "2026-11-20",
}


def test_every_type_comes_out_as_it_went_in(kit: Kit, shown: Show) -> None:
    form = shown(FormView(kit, None, lambda: NOW))
    form.set_values(STORED)
    assert {name: value for name, value in form.values().items() if value is not None} == STORED
    assert form.touched() == frozenset()
    assert form.problems() == ()
    for field in kit.field_ids:
        form.editor(field).settle()
    assert form.touched() == frozenset(), "showing a value in the usual format changes nothing"
    assert form.editor("each").raw() is not None, "a calculated field is shown"


def test_what_is_shown_and_required_follows_the_answers(kit: Kit, shown: Show, hands: Hands, wait: Wait) -> None:
    form = shown(FormView(kit, None, lambda: NOW, fresh=True))
    assert "why" not in form.shown
    form.focus_field("urgent")
    hands.type("т" if form.editor("urgent").focus_targets()[0].text().startswith(("Т", "т")) else "y")
    wait(lambda: "why" in form.shown)
    assert [problem.field for problem in form.problems()] == ["name", "why"]
    assert form.values()["on"] == "2026-11-23"
    form.focus_field("urgent")
    hands.press(Qt.Key.Key_Delete)
    wait(lambda: "why" not in form.shown)
    assert form.values()["urgent"] is None
    assert [problem.field for problem in form.problems()] == ["name"]


def test_a_choice_is_found_by_any_part_of_its_name(kit: Kit, shown: Show, hands: Hands) -> None:
    form = shown(FormView(kit, None, lambda: NOW))
    form.focus_field("place")
    hands.type("nip")
    assert form.values()["place"] == "dnipro"
    hands.press(Qt.Key.Key_Tab)
    assert form.editor("place").widget.currentText() == "Dnipro"


def test_dates_are_typed_and_settle(kit: Kit, shown: Show, hands: Hands) -> None:
    form = shown(FormView(kit, None, lambda: NOW))
    form.focus_field("born")
    hands.type("вчора")
    hands.press(Qt.Key.Key_Tab)
    assert form.editor("born").line.text() == "22.11.2026"
    assert form.values()["born"] == "2026-11-22"


def test_enter_goes_on_and_tab_leaves_a_long_text(kit: Kit, shown: Show, hands: Hands) -> None:
    form = shown(FormView(kit, None, lambda: NOW))
    form.focus_field("name")
    hands.press(Qt.Key.Key_Return)
    assert form.editor("story").widget.hasFocus()
    hands.type("а")
    hands.press(Qt.Key.Key_Return)
    hands.type("б")
    assert form.values()["story"] == "а\nб"
    hands.press(Qt.Key.Key_Tab)
    assert form.editor("people").widget.hasFocus()


def test_tab_goes_through_the_fields_in_their_order_with_one_stop_each(kit: Kit, shown: Show, hands: Hands) -> None:
    form = shown(FormView(kit, None, lambda: NOW))
    form.focus_first()
    visited = []
    for _ in range(14):
        visited.append(form.place().partition(":")[0])
        hands.press(Qt.Key.Key_Tab)
    expected = [name for name in kit.field_ids if name in form.shown and form.editor(name).focus_targets()]
    assert visited[: len(expected)] == expected[:14]


def test_rebase_updates_what_nobody_typed_in_and_nothing_else(kit: Kit, shown: Show, hands: Hands) -> None:
    form = shown(FormView(kit, None, lambda: NOW))
    form.set_values(STORED)
    form.focus_field("name")
    hands.press(Qt.Key.Key_End)
    hands.type("!")
    changed = form.rebase({**STORED, "name": "Інше ім’я", "story": "Нове", "way": "post"})
    assert changed == ("story", "way")
    assert form.values()["name"] == "Ґудзь Ївга!"
    assert (form.values()["story"], form.values()["way"]) == ("Нове", "post")
    assert form.changes() == {"name": "Ґудзь Ївга!"}
    assert form.draft() == {"name": "Ґудзь Ївга!"}, "a draft of an edit never brings old values back"


def test_an_emptied_field_is_a_change(kit: Kit, shown: Show) -> None:
    form = shown(FormView(kit, None, lambda: NOW))
    form.set_values(STORED)
    form.editor("mail").set_raw(None)
    assert form.changes() == {"mail": None}


def test_three_hundred_fields_make_a_form(tmp_path: Path, shown: Show) -> None:
    kinds = [field for field in FIELDS if field["type"] not in {"calculated", "note"} and field["id"] != "why"]
    fields = [FIELDS[0], FIELDS[-1]] + [
        {**kinds[number % len(kinds)], "id": f"field_{number}", "required": False} for number in range(298)
    ]
    form = shown(FormView(make_kit(tmp_path / "large", fields), None, lambda: NOW))
    assert len(form.shown) == 300
    assert [problem.field for problem in form.problems()] == ["name", "on"] or form.problems()[0].field == "name"


def test_a_case_is_read_in_the_words_of_the_kit(kit: Kit, shown: Show) -> None:
    chosen: list[str] = []
    view = shown(ReadView(kit))
    view.conflict_chosen.connect(chosen.append)
    view.set_values(STORED, {"phone": 2})
    words = view.accessibleDescription()
    for part in ("Born: 12.04.1985", "Came: 23.11.2026 09:05", "Needs: Food; Heat", "Sum: 1\u00a0234,50", "Way: Phone"):
        assert part in words
    for link in view.findChildren(QWidget):
        if link.accessibleName().startswith("Phone:"):
            link.click()
    assert chosen == ["phone"]
