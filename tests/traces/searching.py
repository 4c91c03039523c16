"""Finds words in bytes in every form a program leaves them behind in: encodings, escapes, base64, packed, zipped."""

import base64
import io
import json
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import zstandard

import resources
from tests.faults.powercut import record

_CODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "cp1251", "koi8-u")
_DEPTH = 3
_DICTIONARY = zstandard.ZstdCompressionDict(resources.path("compression", "frame-1.zdict").read_bytes())
_MOST = 64 << 20
_BASE64_HEADS = re.compile(rb"H4sI|eJ|eN|eA|eF|UEs|KLUv")
"""How gzip, zlib, zip and zstd begin in base64."""
_HEADS = re.compile(rb"(?P<gzip>\x1f\x8b\x08)|(?P<zlib>\x78[\x01\x5e\x9c\xda])|(?P<zstd>\x28\xb5\x2f\xfd)")
_ZIP = re.compile(rb"PK\x03\x04.{4}(?P<method>..)", re.DOTALL)
_XZ = b"\xfd7zXZ\x00"
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}")
_STEP = 256
"""How much is unpacked at a time: what comes before a break is kept, and two bytes of a head arise by chance."""


class Words:
    """What is searched for.

    Args:
        words: Any letters; each is searched as it is, in capitals and in small letters.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._forms: dict[bytes, str] = {}
        for word in words:
            for variant in (word, word.upper(), word.lower(), word.casefold()):
                for form in _forms(variant):
                    self._forms.setdefault(form, word)

    def found(self, data: bytes, depth: int = _DEPTH) -> set[str]:
        """Return the words that some bytes hold, in the clear or in anything that is merely packed.

        Args:
            data: Any bytes.
            depth: How many layers of packing are opened.
        """
        hits = {word for form, word in self._forms.items() if form in data}
        if depth:
            for inner in _unpacked(data):
                hits |= self.found(inner, depth - 1)
        return hits

    def found_in(self, root: Path, left_out: Iterable[Path] = ()) -> dict[str, set[str]]:
        """Return where words are below a folder: in names of files, and in files.

        Args:
            root: The folder.
            left_out: Files and folders that are not searched.
        """
        skipped = list(left_out)
        hits: dict[str, set[str]] = {}
        for path in sorted(root.rglob("*")):
            if any(path == one or one in path.parents for one in skipped):
                continue
            words = self.found(path.name.encode("utf-8", "surrogatepass"), 0)
            if path.is_file():
                words |= self.found(path.read_bytes())
            if words:
                hits[str(path.relative_to(root))] = words
        return hits

    def found_in_calls(self, trace: Path) -> dict[str, set[str]]:
        """Return in which system calls words are: in what was written or sent, and in names of files.

        Args:
            trace: What strace wrote with ``-xx``.
        """
        hits: dict[str, set[str]] = {}
        streams: dict[str, bytearray] = {}
        with trace.open(encoding="utf-8") as lines:
            for call in record.parsed(lines):
                said = b"\0".join(
                    bytes.fromhex(text.replace("\\x", "")) for text in _STRING.findall(" ".join(call.args))
                )
                # What follows each other in one file belongs together, however the program cut it.
                stream = streams.setdefault(f"{call.name} {call.args[0]}", bytearray())
                stream += said
                if len(stream) > _MOST:
                    _note(hits, call.name, self.found(bytes(stream)))
                    del stream[:-4096]
        for name, stream in streams.items():
            _note(hits, name, self.found(bytes(stream)))
        return hits


_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def _note(hits: dict[str, set[str]], place: str, words: set[str]) -> None:
    if words:
        hits.setdefault(place, set()).update(words)


def _forms(word: str) -> Iterator[bytes]:
    for coding in _CODINGS:
        data = word.encode(coding, "ignore")
        yield data
        # Wherever it begins in what is encoded: the letters that depend on its neighbours are left away.
        for ahead in range(3):
            coded = base64.b64encode(bytes(ahead) + data)
            begin, end = (0, 2, 3)[ahead], len(coded) - (0 if (ahead + len(data)) % 3 == 0 else 4)
            yield coded[begin:end]
            yield base64.urlsafe_b64encode(bytes(ahead) + data)[begin:end]
        yield data.hex().encode()
    yield json.dumps(word).strip('"').encode()
    yield quote(word).encode()


def _unpacked(data: bytes) -> Iterator[bytes]:
    for head in _HEADS.finditer(data):
        inner = _inflated(data, head.start(), str(head.lastgroup))
        if inner:
            yield inner
    for entry in _ZIP.finditer(data):
        if entry["method"] == b"\x08\0":
            names = int.from_bytes(data[entry.start() + 26 : entry.start() + 28], "little")
            extra = int.from_bytes(data[entry.start() + 28 : entry.start() + 30], "little")
            inner = _inflated(data, entry.start() + 30 + names + extra, "raw")
            if inner:
                yield inner
    if (at := data.find(_XZ)) >= 0:
        with suppress(lzma.LZMAError):
            yield lzma.LZMADecompressor().decompress(data[at:], _MOST)
    for text in _BASE64.findall(data):
        # Wherever it begins in a run of such letters: the byte before it may be one by chance.
        for head in _BASE64_HEADS.finditer(text):
            coded = text[head.start() :].replace(b"-", b"+").replace(b"_", b"/")
            yield base64.b64decode(coded[: len(coded) // 4 * 4])


def _inflated(data: bytes, at: int, kind: str) -> bytes:
    """Return what a packed stream holds, up to the very byte where it is broken off; nothing where none begins."""
    inner, good = _fed(data, at, len(data), kind, _STEP)
    return inner if good == len(data) else _fed(data, at, good + _STEP, kind, 1)[0]


def _fed(data: bytes, at: int, end: int, kind: str, step: int) -> tuple[bytes, int]:
    """Return what was unpacked, and up to where that went well."""
    unpack: Any = (
        zstandard.ZstdDecompressor(dict_data=_DICTIONARY).decompressobj()
        if kind == "zstd"
        else zlib.decompressobj({"gzip": 31, "zlib": 15, "raw": -15}[kind])
    )
    inner = bytearray()
    for begin in range(at, end, step):
        try:
            inner += unpack.decompress(data[begin : begin + step])
        except (zlib.error, zstandard.ZstdError):
            return bytes(inner), begin
        if len(inner) > _MOST or unpack.unused_data:
            break
    return bytes(inner), len(data)


def zipped(members: dict[str, bytes]) -> bytes:
    """Return a zip archive, as spreadsheets and office documents are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
