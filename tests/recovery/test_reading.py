"""Sheets read back from paper and files: PDF, photo, scan, text; and whatever a stranger may hand in instead."""

import io
import random
import struct
import zlib
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageFilter

from desktop_app import recovery_reading
from desktop_app.attachments import painting
from desktop_app.documents.recovery_sheet import Names, recovery_sheet
from desktop_app.recovery_reading import read_bytes, read_shares
from desktop_app.vault import shares
from desktop_app.vault.shares import Arrangement, Share
from sync.errors import Refused
from tests.attachments import pictures

VAULT = bytes(range(16))
NAMES = Names("Ґанківська громада", "Приймальня", "Їжакевич Євгенія")


@pytest.fixture(scope="module")
def sheets() -> list[Share]:
    return shares.split(Arrangement(2, 3))[1]


@pytest.fixture(scope="module")
def document(sheets: list[Share]) -> bytes:
    return recovery_sheet(sheets[0], Arrangement(2, 3), NAMES, VAULT, date(2026, 11, 25))


@pytest.fixture(scope="module")
def scan(document: bytes) -> Image.Image:
    pdf = pypdfium2.PdfDocument(document)
    return pdf[0].render(scale=150 / 72).to_pil().convert("RGB")


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        read_bytes(data)
    return caught.value.code


def packed(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def test_the_sheet_as_it_was_made(document: bytes, sheets: list[Share], tmp_path: Path) -> None:
    path = tmp_path / "s.pdf"
    path.write_bytes(document)
    (found,) = read_shares(path)
    assert (found.indices, found.vault) == (sheets[0].indices, VAULT)


def test_the_sheet_says_its_words_and_whose_it_is_as_text_on_one_page(document: bytes, sheets: list[Share]) -> None:
    pdf = pypdfium2.PdfDocument(document)
    assert len(pdf) == 1
    text = " ".join(pdf[0].get_textpage().get_text_bounded().split())
    for number, word in enumerate(sheets[0].words, 1):
        assert f"{number} {word}" in text
    for words in (*vars_of(NAMES), "25.11.2026", shares.sheet_number(sheets[0].sheet), "Аркуш 1 з 3", "Sheet 1 of 3"):
        assert words in text
    assert "Що робить довірена особа" in text
    assert "What a trustee does" in text


def vars_of(names: Names) -> tuple[str, str, str]:
    return names.community, names.unit, names.person


def test_the_longest_names_stay_on_one_page(sheets: list[Share]) -> None:
    names = Names("Щ" * 200, "Щ " * 100, "Щ" * 200)
    data = recovery_sheet(sheets[0], Arrangement(16, 16), names, VAULT, date(2026, 11, 25))
    assert len(pypdfium2.PdfDocument(data)) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("turn", [0, 3, 90, 180, 271])
def test_a_scan_or_photo(scan: Image.Image, sheets: list[Share], kind: str, turn: int) -> None:
    seen = scan.rotate(turn, expand=True, fillcolor="white").filter(ImageFilter.GaussianBlur(1))
    (found,) = read_bytes(packed(seen, kind))
    assert found.indices == sheets[0].indices


def test_a_dark_and_slanted_photo(scan: Image.Image, sheets: list[Share]) -> None:
    wide, high = scan.size
    corners = (-40, -30, -10, high + 60, wide + 90, high + 20, wide + 30, -70)
    seen = scan.transform(scan.size, Image.Transform.QUAD, corners, fillcolor="gray").point(
        lambda value: value // 3 + 40
    )
    (found,) = read_bytes(packed(seen, "JPEG", quality=60))
    assert found.indices == sheets[0].indices


def test_words_in_a_file_of_any_editor(sheets: list[Share]) -> None:
    text = "\r\n".join(f"{number}. {word}" for number, word in enumerate(sheets[0].words, 1))
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (found,) = read_bytes(text.encode(encoding))
        assert found.indices == sheets[0].indices


def test_a_page_without_the_code(scan: Image.Image) -> None:
    blank = Image.new("L", (800, 600), 255)
    assert refused(packed(blank, "PNG")) == "no_recovery_code"
    upper = scan.crop((0, scan.height // 2, scan.width, scan.height))
    assert refused(packed(upper, "JPEG")) == "no_recovery_code"


def test_the_code_of_something_else() -> None:
    import zxingcpp

    code = zxingcpp.create_barcode("https://example.com", zxingcpp.BarcodeFormat.QRCode)
    picture = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=5))
    assert refused(packed(picture, "PNG")) == "no_recovery_code"
    forged = zxingcpp.create_barcode(shares.QR_PREFIX + "0" * 32 + "/ACADEMIC", zxingcpp.BarcodeFormat.QRCode)
    picture = Image.fromarray(zxingcpp.write_barcode_to_image(forged, scale=5))
    assert refused(packed(picture, "PNG")) == "recovery_foreign"


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG that says of itself whatever it likes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n"
    for tag, data in ((b"IHDR", head), *chunks):
        whole += struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))
    return whole


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_arguments: object) -> None:
        pytest.fail("it was decoded")

    monkeypatch.setattr(Image.Image, "convert", forbidden)
    packed_zeros = zlib.compress(bytes(10_000_000), 9)
    for width, height in ((100_000, 100_000), (2**31 - 1, 1), (1, 2**31 - 1), (60_000, 1001)):
        data = png(width, height, (b"IDAT", packed_zeros), (b"IEND", b""))
        assert refused(data) in {"sheet_too_large", "no_recovery_code"}


def test_a_picture_whose_texts_are_bombs() -> None:
    bomb = b"x\x00\x00" + zlib.compress(bytes(80_000_000), 1)
    data = png(8, 8, (b"zTXt", bomb), (b"IDAT", zlib.compress(bytes(72))), (b"IEND", b""))
    assert refused(data) == "no_recovery_code"


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_reading, "_MOST_FILE_BYTES", 1000)
    path = tmp_path / "large"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    with pytest.raises(Refused) as caught:
        read_shares(path)
    assert caught.value.code == "sheet_too_large"
    monkeypatch.undo()
    assert refused(b"a" * 100_000) == "sheet_too_large"


def test_files_that_are_not_what_they_begin_like(document: bytes, scan: Image.Image) -> None:
    image, photo = packed(scan, "PNG"), packed(scan, "JPEG")
    for data in (image[:8], image[: len(image) // 2], image[:40] + bytes(100), photo[:3], photo[: len(photo) // 3]):
        refused(data)
    for data in (b"%PDF-", b"%PDF-1.7\n" + bytes(1000), document[: len(document) // 2], b"\xff\xfe\x00", b"\xff" * 10):
        refused(data)
    assert refused(b"GIF89a" + bytes(100)) in {"recovery_word", "recovery_word_count", "no_recovery_code"}
    refused(b"\x00" * 1000)


def test_flipped_bytes_are_a_sentence_at_most(document: bytes, scan: Image.Image) -> None:
    dice = random.Random(7)
    for whole in (document, packed(scan.resize((400, 560)), "PNG"), packed(scan.resize((400, 560)), "JPEG")):
        for _time in range(15):
            broken = bytearray(whole)
            for _flip in range(20):
                broken[dice.randrange(8, len(broken))] = dice.randrange(256)
            try:
                found = read_bytes(bytes(broken))
            except Refused:
                continue
            assert all(len(share.indices) == 20 for share in found)


def test_a_pdf_of_huge_pages(tmp_path: Path) -> None:
    """A page may say that it is as large as a field; it is drawn no larger than a bounded picture."""
    from reportlab.pdfgen.canvas import Canvas

    path = tmp_path / "huge.pdf"
    canvas = Canvas(str(path), pagesize=(14_400, 14_400))
    for _page in range(40):
        canvas.drawString(100, 100, "x")
        canvas.showPage()
    canvas.save()
    with pytest.raises(Refused) as caught:
        read_shares(path)
    assert caught.value.code == "no_recovery_code"


def nested_forms(depth: int) -> bytes:
    """A PDF of a few kilobytes in which each form draws the next one ten times."""
    head = b"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</F %d 0 R>>>>/Length %d>>stream\n%b\n"
    drawing = b"/F Do " * 10
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
        *(head % (5 + level, len(drawing), drawing) + b"endstream" for level in range(depth)),
        b"<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Length 19>>stream\n0 0 m 600 800 l S \nendstream",
    ]
    whole, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return whole + end % (size, table, size, len(whole))


def test_a_document_that_would_never_be_drawn_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "_SECONDS", 1.0)
    assert refused(nested_forms(20)) == "no_recovery_code"


def test_a_file_made_to_be_slow_keeps_nobody_waiting_for_each_of_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(painting, "_SECONDS", 1000.0)
    monkeypatch.setattr(recovery_reading, "_SECONDS", 2.0)
    (tmp_path / "sheet.pdf").write_bytes(pictures.slow_pdf(16))
    with pytest.raises(Refused) as refused:
        read_shares(tmp_path / "sheet.pdf")
    assert refused.value.code == "no_recovery_code"
    assert isinstance(refused.value.__cause__, Refused)
    assert refused.value.__cause__.code == "file_stopped"
