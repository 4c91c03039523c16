"""Images and PDF files are drawn by a child process, whatever they are; text is read whatever its encoding."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_app.attachments import painting, texts
from desktop_app.attachments.painting import Painter, Picture
from sync.errors import Damaged, Refused
from tests.attachments import pictures
from tests.attachments.conftest import Office


@pytest.fixture(scope="module")
def shared() -> Iterator[Painter]:
    made = Painter()
    yield made
    made.close()


@pytest.fixture
def painter() -> Iterator[Painter]:
    made = Painter()
    yield made
    made.close()


def drawn(painter: Painter, kind: str, data: bytes, room: tuple[int, int] = (100, 100), page: int = 0) -> Picture:
    painter.open(kind, len(data), [data])
    return painter.draw(page, *room)


def colour(picture: Picture, x: float, y: float) -> tuple[int, ...]:
    at = (int(y * picture.height) * picture.width + int(x * picture.width)) * 3
    return tuple(picture.pixels[at : at + 3])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_images_are_drawn_to_fit(shared: Painter, kind: str) -> None:
    picture = drawn(shared, f"image/{kind.lower()}", pictures.image(kind))
    assert (picture.width, picture.height) == (100, 66)
    assert len(picture.pixels) == 100 * 66 * 3
    for channel, wanted in zip(colour(picture, 0.5, 0.5), (0xC0, 0x30, 0x20), strict=True):
        assert abs(channel - wanted) < 6


def test_a_small_image_stays_small_and_a_turned_one_is_upright(shared: Painter) -> None:
    assert drawn(shared, "image/png", pictures.image(size=(3, 2))).width == 3
    upright = drawn(shared, "image/jpeg", pictures.turned(), (400, 600))
    assert (upright.width, upright.height) == (200, 300)
    assert colour(upright, 0.5, 0.1)[2] > 200
    assert colour(upright, 0.5, 0.9)[0] > 200


def test_the_pages_of_a_pdf_are_drawn(shared: Painter) -> None:
    data = pictures.pdf()
    assert shared.open("application/pdf", len(data), [data[:100], memoryview(data)[100:]]) == 3
    for page in (2, 0, 1):
        picture = shared.draw(page, 800, 800)
        assert (picture.width, picture.height) == (534, 800)
        assert abs(colour(picture, 0.5, 0.5)[1] - 25 * page) < 4
    with pytest.raises(Refused):
        shared.draw(3, 100, 100)
    assert shared.draw(1, 10, 10).height == 10


BAD = {
    "a bomb": ("image/png", pictures.bomb(60_000, 60_000), "file_too_large"),
    "a smaller bomb": ("image/png", pictures.bomb(12_000, 12_000), "file_too_large"),
    "cut short": ("image/png", pictures.image()[:60], "file_unreadable"),
    "no image": ("image/jpeg", b"\xff\xd8\xff" + bytes(2000), "file_unreadable"),
    "no pdf": ("application/pdf", b"%PDF-1.7\n" + b"x" * 500, "file_unreadable"),
    "nothing": ("application/pdf", b"", "file_unreadable"),
    "of another kind": ("image/png", b"P6 1 1 255\n\x00\x00\x00", "file_unreadable"),
    "behind a password": ("application/pdf", pictures.pdf(1, "таємно"), "file_password"),
}


@pytest.mark.parametrize(("kind", "data", "code"), BAD.values(), ids=BAD.keys())
def test_what_can_t_be_shown_is_said_and_the_next_file_is_shown(
    shared: Painter, kind: str, data: bytes, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        drawn(shared, kind, data)
    assert refused.value.code == code
    assert drawn(shared, "image/png", pictures.image()).width == 100


def test_a_child_that_takes_too_long_or_dies_is_replaced(painter: Painter, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pictures.image()
    drawn(painter, "image/png", data)
    assert painter._child is not None
    painter._child.kill()
    with pytest.raises(Refused):
        painter.draw(0, 10, 10)
    assert drawn(painter, "image/png", data).width == 100
    monkeypatch.setattr(painting, "_SECONDS", 0.3)
    with pytest.raises(Refused) as refused:
        painter.open("image/png", len(data), late(painter, data))
    assert refused.value.code == "file_stopped"


def late(painter: Painter, data: bytes) -> Iterator[bytes]:
    """Give the rest of a file only after the child that waits for it has ended."""
    yield data[:10]
    assert painter._child is not None
    painter._child.wait(30)
    yield data[10:]


def test_a_whole_job_has_its_time_however_much_each_part_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting, "_SECONDS", 1000.0)
    data = pictures.image()
    bounded = Painter(within=2.0)
    with pytest.raises(Refused) as refused:
        bounded.open("image/png", len(data), late(bounded, data))
    assert refused.value.code == "file_stopped"
    for _page in range(16):  # nothing more is begun
        with pytest.raises(Refused) as refused:
            bounded.draw(0, 10, 10)
        assert refused.value.code == "file_stopped"
    assert bounded._child is None


def test_a_file_that_breaks_off_ends_the_child_and_tells_why(painter: Painter) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"x"
        raise Damaged("damaged_file", "…")

    with pytest.raises(Damaged):
        painter.open("image/png", 100, breaking())
    assert painter._child is None
    assert drawn(painter, "image/png", pictures.image()).width == 100


def test_closing_ends_the_child_at_once_from_any_thread(painter: Painter) -> None:
    data = pictures.image()
    drawn(painter, "image/png", data)
    child = painter._child
    assert child is not None
    begun = threading.Event()

    def waiting() -> Iterator[bytes]:
        yield data[:5]
        begun.set()
        child.wait(30)
        yield data[5:]

    found: list[str] = []

    def show() -> None:
        try:
            painter.open("image/png", len(data), waiting())
        except Refused as refused:
            found.append(refused.code)

    showing = threading.Thread(target=show)
    showing.start()
    assert begun.wait(10)
    painter.close()
    assert child.poll() is not None
    showing.join()
    assert found == ["file_stopped"]
    with pytest.raises(Refused):
        painter.draw(0, 1, 1)


@pytest.mark.skipif(not Path("/proc").exists(), reason="asks the system about a process")
def test_the_child_knows_no_secret_and_can_t_fill_memory_or_write(
    painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPRAVA_PASSPHRASE", "калина горить над ставом 77")
    drawn(painter, "image/png", pictures.image())
    assert painter._child is not None
    place = Path("/proc") / str(painter._child.pid)
    assert b"SPRAVA_" not in (place / "environ").read_bytes()
    limits = (place / "limits").read_text()
    for name, most in (("Max file size", "0"), ("Max address space", str(2 * 2**30)), ("Max core file size", "0")):
        (line,) = (line for line in limits.splitlines() if line.startswith(name))
        assert line[len(name) :].split()[0] == most
    targets = [str(each.readlink()) for each in (place / "fd").iterdir()]
    assert not [target for target in targets if "vault" in target]


def test_an_installed_program_is_its_own_child(project: Path) -> None:
    import sys

    with subprocess.Popen(
        [sys.executable, "-m", "ui.main", painting.COMMAND], cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        painting._send(child, {"do": "draw", "page": 0, "width": 1, "height": 1})
        with pytest.raises(Refused):
            painting._answer(child)
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(20) == 0


def test_thumbnails_are_made_once_kept_encrypted_and_bounded(
    office: Office, painter: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from desktop_app.attachments import thumbnails

    shown = office.files.add_bytes(office.first, "фото.png", pictures.image(colour="#123456"))
    page = office.files.add_bytes(office.first, "лист.pdf", pictures.pdf(1))
    bad = office.files.add_bytes(office.first, "x.png", pictures.image()[:60])
    text = office.files.add_bytes(office.first, "x.txt", b"abc")
    picture = office.files.thumbnail(shown.id, painter)
    assert picture is not None
    assert (picture.width, picture.height) == (96, 64)
    assert colour(picture, 0.5, 0.5) == (0x12, 0x34, 0x56)
    assert office.files.thumbnail(page.id, painter) is not None
    assert office.files.thumbnail(bad.id, painter) is None
    assert office.files.thumbnail(text.id, painter) is None
    painter.close()
    assert office.files.thumbnail(shown.id, painter) == picture
    assert office.files.thumbnail(bad.id, painter) is None
    monkeypatch.setattr(thumbnails, "MAX_KEPT", 2)
    again = Painter()
    for number in range(3):
        entry = office.files.add_bytes(office.first, f"{number}.png", pictures.image(colour=f"#00000{number}"))
        assert office.files.thumbnail(entry.id, again) is not None
    again.close()
    with office.workspace.store.read() as connection:
        assert connection.execute("SELECT count(*) FROM file_thumbnail").fetchone() == (2,)


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        ("Їжак ґава".encode(), "Їжак ґава", "utf-8"),
        ("Їжак ґава".encode("utf-8-sig"), "Їжак ґава", "utf-8"),
        ("Їжак ґава".encode("cp1251"), "Їжак ґава", "cp1251"),
        ("Їжак ґава".encode("utf-16"), "Їжак ґава", "utf-16"),
        (b"", "", "utf-8"),
    ],
)
def test_text_is_read_whatever_its_encoding(data: bytes, text: str, encoding: str) -> None:
    read = texts.decode(data)
    assert read is not None
    assert (read.text, read.encoding, read.whole) == (text, encoding, True)


def test_what_is_no_text_is_not_shown_as_text_and_a_beginning_may_end_in_a_letter() -> None:
    assert texts.decode(bytes(range(256)) * 20) is None
    assert texts.decode(b"MZ\x90\x00\x03\x00\x00\x00") is None
    beginning = texts.decode("їжак".encode()[:-1], whole=False)
    assert beginning is not None
    assert (beginning.text, beginning.whole) == ("їжа", False)
