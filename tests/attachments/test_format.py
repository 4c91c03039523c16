"""The format of docs/formats/attachment.md, against a second implementation; and what is no chunk is noticed."""

import json
from pathlib import Path

import pytest

from desktop_app.attachments import chunks, kinds
from desktop_app.attachments.chunks import BadChunk, Manifest, Sealer
from tests.attachments import second
from tests.attachments.conftest import MIB, Office, content

FOLDER = Path(__file__).parent.parent / "data" / "vectors"
KEY = bytes(range(32))


def vector() -> dict[str, object]:
    """Two small files; the chunks of large ones would only be long."""
    files = []
    for number, text in enumerate(("Акт обстеження", "x" * 1000)):
        nonces = [bytes([number, n]) * 6 for n in range(2)]
        made = second.write(KEY, text.encode(), nonces)
        files.append(
            {
                "content": text.encode().hex(),
                "chunk_id": second.id_of(made[0]).hex(),
                "chunk": made[0].hex(),
                "manifest_id": second.id_of(made[1]).hex(),
                "manifest": made[1].hex(),
            }
        )
    return {"key": KEY.hex(), "files": files}


def test_the_vectors_are_what_the_second_implementation_makes() -> None:
    text = json.dumps(vector(), indent=1) + "\n"
    assert (FOLDER / "attachment.json").read_text(encoding="utf-8") == text


def test_the_program_reads_the_vectors() -> None:
    for made in json.loads((FOLDER / "attachment.json").read_text(encoding="utf-8"))["files"]:
        sealer, plain = Sealer(KEY), bytes.fromhex(made["content"])
        manifest = sealer.open_manifest(bytes.fromhex(made["manifest"]))
        assert manifest == Manifest(len(plain), (bytes.fromhex(made["chunk_id"]),))
        room = bytearray(MIB)
        assert sealer.open(memoryview(bytes.fromhex(made["chunk"])), len(plain), 0, room) == plain


@pytest.mark.parametrize("size", [1, 300, MIB, 2 * MIB + 1])
def test_the_second_implementation_reads_what_the_program_stored(office: Office, size: int) -> None:
    entry = office.files.add_bytes(office.first, "x", content(size))
    with office.workspace.store.read() as connection:
        manifest, key = connection.execute("SELECT manifest, key FROM file_row").fetchone()
    stored = {bytes.fromhex(path.name): path.read_bytes() for path in office.stored}
    assert second.read(key, manifest, stored) == content(size)
    assert office.files.content(entry.id).read(size + 1) == content(size)


def test_a_chunk_opens_in_its_own_place_only() -> None:
    size = 2 * MIB + 5
    sealer, room = Sealer(KEY), bytearray(MIB)
    sealed = bytes(sealer.seal(bytearray(content(MIB)), size, 0, bytearray(chunks.MAX_STORED_BYTES)))
    assert sealer.open(memoryview(sealed), size, 0, room) == content(MIB)
    for other, where in ((size, 1), (size + 1, 0), (size - 6, 0), (3 * MIB + 1, 0)):
        with pytest.raises(BadChunk):
            sealer.open(memoryview(sealed), other, where, room)
    with pytest.raises(BadChunk):
        Sealer(bytes(32)).open(memoryview(sealed), size, 0, room)
    with pytest.raises(BadChunk):
        sealer.open_manifest(sealed)
    for place in (0, 4, 5, 7, 8, 30, len(sealed) - 1):
        bad = bytearray(sealed)
        bad[place] ^= 1
        with pytest.raises(BadChunk):
            sealer.open(memoryview(bad), size, 0, room)
    for cut in (b"", sealed[:10], sealed[:-1], sealed + b"x"):
        with pytest.raises(BadChunk):
            sealer.open(memoryview(cut), size, 0, room)


@pytest.mark.parametrize(("size", "count"), [(0, 1), (1, 0), (1, 2), (2**32 + 1, 4097), (MIB + 1, 1), (1, 2**32 - 1)])
def test_a_manifest_that_contradicts_itself_is_none(size: int, count: int) -> None:
    import struct

    plain = struct.pack(">QI", size, count) + bytes(32) * min(count, 4097)
    sealed = second.stored(KEY, bytes(12), plain, second.MANIFEST_PLACE)
    with pytest.raises(BadChunk):
        Sealer(KEY).open_manifest(sealed)


def test_two_files_of_one_content_share_nothing(office: Office, colleague: Office) -> None:
    for seat in (office, colleague):
        seat.files.add_bytes(office.first, "x", content(1000))
    assert not {path.name for path in office.stored} & {path.name for path in colleague.stored}


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("акт.pdf", "акт.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("..", "file"),
        ("", "file"),
        (None, "file"),
        (["x"], "file"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("рядок\nдругий\x00.txt", "рядокдругий.txt"),
        ("a:b?.txt", "a_b_.txt"),
        ("CON.txt", "_CON.txt"),
        ("nul", "_nul"),
        ("крапка.", "крапка"),
        ("й" * 300 + ".docx", "й" * 117 + ".docx"),
        ("x" * 300, "x" * 200),
    ],
)
def test_names_that_can_do_harm_become_harmless(given: object, safe: str) -> None:
    assert kinds.safe_name(given) == safe


@pytest.mark.parametrize(
    ("name", "beginning", "kind"),
    [
        ("x.txt", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("x", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("x.jpg", b"%PDF-1.4", "application/pdf"),
        ("Звіт.DOCX", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("нотатки.txt", "Добрий день".encode(), "text/plain"),
        ("без закінчення", b"abc", "application/octet-stream"),
    ],
)
def test_what_a_file_is_shows_in_how_it_begins(name: str, beginning: bytes, kind: str) -> None:
    assert kinds.type_of(name, beginning) == kind
