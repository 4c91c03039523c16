"""Files of every kind, and files that mean harm: a table or a sentence, never a crash and nothing half-done."""

import datetime as dt
import json
import os
import random
import struct
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from desktop_app.cases.model import CaseQuery
from desktop_app.spreadsheet import archive, import_spreadsheet, reading
from desktop_app.spreadsheet.reading import open_book
from desktop_app.workspace import Workspace
from sync.errors import Damaged, Failure, Refused

from .conftest import HEADER, KIT, SUBMISSIONS, Write, person

ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Аркуш1">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
)


def ods(path: Path, rows: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("META-INF/manifest.xml", "<manifest/>")
        file.writestr("content.xml", ODS.format(rows=rows))
    return path


def csv_text(separator: str) -> str:
    rows: list[list[object]] = [[*HEADER], person(), person(1)]
    return "\r\n".join(
        separator.join(f'"{cell}"' if separator in str(cell) else str(cell) for cell in row) for row in rows
    )


def changed_sheet(source: Path, target: Path, old: bytes, new: bytes) -> Path:
    """Copy a workbook with other bytes in its first sheet."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            data = before.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old in data
                data = data.replace(old, new)
            after.writestr(name, data)
    return target


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_in_every_usual_form(workspace: Workspace, tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(csv_text(separator).encode(encoding))
    report = import_spreadsheet(workspace.cases, path, KIT)
    assert [row for _case, row in report.cases] == [2, 3], report.lines()
    assert workspace.cases.get(report.cases[0][0].id).values["recipient_address"] == "с. Вільне, вул. Нова, 1"


def test_json_and_ods(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(json.dumps([dict(zip(HEADER, person(), strict=True))]), encoding="utf-8")
    assert len(import_spreadsheet(workspace.cases, path, KIT).cases) == 1

    def line(cells: Sequence[object]) -> str:
        inner = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
        )
        return f"<table:table-row>{inner}</table:table-row>"

    sheet = ods(tmp_path / "table.ods", line(HEADER) + line(person()))
    assert len(import_spreadsheet(workspace.cases, sheet, KIT).cases) == 1


def test_dates_of_the_1904_calendar_and_shifted_tables(workspace: Workspace, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    rows: list[list[object]] = [[*HEADER], person(received_on=dt.date(2026, 11, 5))]
    for row in [[], [], [], *rows]:
        sheet.append([None, None, *row])
    book.save(tmp_path / "mac.xlsx")
    report = import_spreadsheet(workspace.cases, tmp_path / "mac.xlsx", KIT)
    assert report.cases[0][1] == 5
    assert workspace.cases.get(report.cases[0][0].id).values["received_on"] == "2026-11-05"


def test_a_row_longer_than_the_header_is_a_problem(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(csv_text(";") + ";зайве", encoding="utf-8")
    report = import_spreadsheet(workspace.cases, path, KIT)
    assert [each.row for each in report.problems] == [3]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.xlsx", b"PK\x03\x04 no archive", "damaged_file"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged_file"),
        ("a.csv", b"\x00\x01\x02\x98", "unknown_format"),
        ("a.csv", b"%PDF-1.7 \xd0", "unknown_format"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table>", "unknown_format"),
        ("a.csv", b'name;"unfinished\n' + b"x" * 50, "bad_csv"),
        ("a.csv", b"", "empty_sheet"),
        ("a.json", b"[" * 100_000, "bad_json"),
        ("a.json", b"[1, 2]", "bad_json"),
        ("a.json", b"[]", "empty_sheet"),
        ("a.json", b'{"a": 1}', "bad_json"),
        ("a.csv", b"\n\n\n", "no_header"),
    ],
)
def test_what_is_no_table_ends_in_a_sentence(
    workspace: Workspace, tmp_path: Path, name: str, data: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Failure) as failure:
        import_spreadsheet(workspace.cases, tmp_path / name, KIT)
    assert failure.value.code == code


def test_an_archive_that_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as file:
        file.writestr("word/document.xml", "<w/>")
    with pytest.raises(Refused) as refused:
        open_book(tmp_path / "a.docx")
    assert refused.value.code == "unknown_format"


def test_a_cell_in_the_far_corner_is_refused_before_it_is_read(write: Write, tmp_path: Path) -> None:
    path = write([HEADER, person()])
    for far in (b'r="XFD1048576"', b"r = 'XFD1048576'", b'\nr="ZZ999999"'):
        with pytest.raises(Refused) as refused:
            open_book(changed_sheet(path, tmp_path / "far.xlsx", b'r="F2"', far))
        assert refused.value.code == "too_large"
    many = b'<mergeCells count = "4294967296"/><sheetData>'
    with pytest.raises(Refused):
        open_book(changed_sheet(path, tmp_path / "many.xlsx", b"<sheetData>", many))
    repeated = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string"'
    sheet = ods(
        tmp_path / "far.ods",
        repeated + ' table:number-columns-repeated="16000"><text:p>x</text:p></table:table-cell></table:table-row>',
    )
    with pytest.raises(Failure):
        open_book(sheet).sheet()


def test_a_zip_bomb_is_refused_whatever_it_says_of_its_size(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_EXPANDED", 3_000_000)
    path = changed_sheet(write([HEADER]), tmp_path / "bomb.xlsx", b"<sheetData>", b" " * 5_000_000 + b"<sheetData>")
    with pytest.raises(Refused) as refused:
        open_book(path)
    assert refused.value.code == "too_large"
    with zipfile.ZipFile(path) as file:
        size = file.getinfo("xl/worksheets/sheet1.xml").file_size
    # The same archive, claiming to hold ten bytes.
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", size), struct.pack("<I", 10)))
    with pytest.raises(Refused) as refused:
        open_book(path)
    assert refused.value.code == "too_large"


def test_a_file_of_more_than_the_limit_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 1_000)
    (tmp_path / "a.csv").write_bytes(b"x" * 1_001)
    with pytest.raises(Refused) as refused:
        open_book(tmp_path / "a.csv")
    assert refused.value.code == "too_large"


def test_hostile_text_is_refused_by_its_cell(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    rows = [
        dict(zip(HEADER, person(recipient_name="Коваль\x00"), strict=True)),
        dict(zip(HEADER, person(1), strict=True)) | {"aid_kinds": {"nested": ["food"]}},
        dict(zip(HEADER, person(2, recipient_name="а" * 900_000), strict=True)),
        dict(zip(HEADER, person(3, household_size=10**400), strict=True)),
        dict(zip(HEADER, person(4, received_on="0001-01-01"), strict=True)),
    ]
    path.write_text(json.dumps(rows), encoding="utf-8")
    report = import_spreadsheet(workspace.cases, path, KIT)
    assert [(each.row, each.letter) for each in report.problems] == [
        (2, "A"), (3, "F"), (4, "A"), (5, "E"), (6, "D")
    ]  # fmt: skip
    assert max(len(each["value"]) for each in report.document()["problems"]) <= 200


def test_a_formula_is_text_and_stays_what_it_is(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    name = '=HYPERLINK("evil")'
    path.write_text(csv_text(";").replace(str(person()[1]), name), encoding="utf-8")
    report = import_spreadsheet(workspace.cases, path, KIT)
    assert workspace.cases.get(report.cases[0][0].id).values["recipient_address"] == name


def test_torn_and_flipped_workbooks_end_in_a_sentence_or_a_table(write: Write, tmp_path: Path) -> None:
    chance = random.Random(20261123)
    good = write([HEADER, *(person(number) for number in range(30))]).read_bytes()
    torn = tmp_path / "torn.xlsx"
    for _attempt in range(150):
        data = bytearray(good)
        if chance.random() < 0.4:
            del data[chance.randrange(len(data)) :]
        for _flip in range(chance.randrange(1, 6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        torn.write_bytes(data)
        # Anything but a Failure fails the test.
        with suppress(Failure):
            open_book(torn).sheet()


def test_a_damaged_real_workbook_leaves_the_vault_as_it_was(workspace: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "torn.xlsx"
    path.write_bytes(SUBMISSIONS.read_bytes()[:400_000])
    with pytest.raises(Damaged) as damaged:
        import_spreadsheet(workspace.cases, path, KIT)
    assert damaged.value.code == "damaged_file"
    assert workspace.cases.count(CaseQuery()) == 0


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("rows", [0, 1])
def test_labels_that_hold_commas_do_not_decide_what_separates(tmp_path: Path, separator: str, rows: int) -> None:
    header = ["Прізвище, ім’я, по батькові заявника", "Місце проживання", "Короткий зміст"]
    row = ["Коваль Олена", "м. Суми, вул. Садова, 2", "дрова"]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join(separator.join(line) for line in [header, *[row] * rows]), encoding="utf-8")
    assert [list(line) for line in open_book(path).sheet().rows] == [header, *[row] * rows]


def test_labels_in_quotation_marks_may_hold_the_separator(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text('"Прізвище, ім’я; по батькові",Місце\n"Коваль; Олена; О.",Суми\n', encoding="utf-8")
    assert list(open_book(path).sheet().rows) == [
        ["Прізвище, ім’я; по батькові", "Місце"],
        ["Коваль; Олена; О.", "Суми"],
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(Failure) as refusal:
        open_book(tmp_path / "pipe.csv")
    assert refusal.value.code == "not_a_file"
