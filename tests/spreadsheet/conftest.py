"""A real vault, and tables to import into it."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import openpyxl
import pytest

from desktop_app import vault
from desktop_app.opening import create_workspace
from desktop_app.workspace import Workspace

PASSPHRASE = "довга парольна фраза"
KIT = "humanitarian-aid"
DATA = Path(__file__).parent.parent / "data" / "spreadsheets"
SUBMISSIONS = DATA / "msna2024_submissions.xlsx"
SUBMISSIONS_MAPPING = DATA / "msna2024-humanitarian-aid.json"

HEADER = ["recipient_name", "Де проживає зараз", "Tax number (RNOKPP)", "received_on", "household_size", "aid_kinds"]
Row = Sequence[object]
Write = Callable[..., Path]


def person(number: int = 0, **changed: object) -> list[object]:
    """Return a row that fits, in the order of HEADER."""
    letter = "абвгдежзик"[number % 10]
    values = {
        "recipient_name": f"Коваль Олена {letter.upper() * (number // 10 + 1)}",
        "Де проживає зараз": f"с. Вільне, вул. Нова, {number + 1}",
        "Tax number (RNOKPP)": "3652687674",
        "received_on": "05.11.2026",
        "household_size": 4.0,
        "aid_kinds": "Питна вода; food",
    } | changed
    return list(values.values())


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = create_workspace(
        tmp_path / "v", PASSPHRASE, community="Громада", unit="Центр", person="Олена", kdf=vault.KDF_FLOOR
    )
    with made:
        yield made


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a workbook; sheets beside the first are given by name."""

    def writer(rows: Sequence[Row], name: str = "table.xlsx", **others: Sequence[Row]) -> Path:
        book = openpyxl.Workbook()
        first = book.active
        assert first is not None
        for row in rows:
            first.append(list(row))
        for title, others_rows in others.items():
            sheet = book.create_sheet(title)
            for row in others_rows:
                sheet.append(list(row))
        path = tmp_path / name
        book.save(path)
        return path

    return writer


@pytest.fixture
def mapping(tmp_path: Path) -> Callable[..., Path]:
    """Write a mapping file."""

    def writer(**rules: object) -> Path:
        path = tmp_path / "mapping.json"
        path.write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")
        return path

    return writer
