"""A small kit to change at will, and the day on which the tests happen."""

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from desktop_app.kits.loader import KIT_FILE, load
from desktop_app.kits.model import Kit

RawKit = dict[str, Any]
LoadKit = Callable[[RawKit], Kit]


def both(words: str) -> dict[str, str]:
    return {"uk": f"{words} українською", "en": f"{words} in English"}


def raw_field(field_id: str, kind: str = "text", **more: object) -> RawKit:
    return {"id": field_id, "type": kind, "section": "main", "label": both(field_id), **more}


SMALL: RawKit = {
    "id": "small",
    "version": 1,
    "title": both("Small"),
    "description": both("A kit for tests"),
    "licence": "Apache-2.0",
    "legal_basis": [{"title": both("Law"), "effective_from": "2020-01-01", "verified": None}],
    "sections": [{"id": "main", "label": both("Main")}],
    "fields": [
        raw_field("name", required=True),
        raw_field("title"),
        raw_field("received_on", "date", default="today()"),
    ],
    "stages": [
        {"id": "open", "label": both("Open")},
        {"id": "closed", "label": both("Closed"), "final": True},
    ],
    "transitions": [{"from": "open", "to": "closed", "label": both("Close"), "requires": ["title"]}],
    "terms": [],
    "numbering": {"mask": "{letter}-{counter}/{device}/{year}"},
    "title_field": "title",
    "person_field": "name",
    "date_field": "received_on",
}


@pytest.fixture
def today() -> date:
    return date(2026, 11, 23)


@pytest.fixture
def small() -> RawKit:
    """The raw form of a small valid kit."""
    return copy.deepcopy(SMALL)


@pytest.fixture
def load_kit(tmp_path: Path) -> LoadKit:
    """Write a raw kit to a folder of its own and load it."""

    def write_and_load(raw: RawKit) -> Kit:
        folder = tmp_path / "small"
        folder.mkdir(exist_ok=True)
        (folder / KIT_FILE).write_text(json.dumps(raw, ensure_ascii=False), encoding="utf-8")
        return load(folder)

    return write_and_load
