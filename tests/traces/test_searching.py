"""The control: a word planted in each form is found, else the search for traces would find nothing."""

import base64
import gzip
import json
import lzma
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest
import zstandard

from tests.traces.searching import Words, zipped
from tests.traces.watching import traced

WORD = "Ґалаґан-Їжакевич"
_NOISE = os.urandom(5000)
_TEXT = ("передмова " * 50 + WORD + " післямова " * 50).encode()
_FORMS = {
    **{coding: WORD.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "cp1251")},
    "capitals": WORD.upper().encode("utf-16-le"),
    "small letters": WORD.lower().encode("cp1251"),
    **{f"base64 at {ahead}": base64.b64encode(b"-" * ahead + WORD.encode() + b"--") for ahead in range(3)},
    "base64 of utf-16": base64.b64encode(b"--" + WORD.encode("utf-16-le") + b"-"),
    "hex": WORD.encode().hex().encode(),
    "json": json.dumps({"name": f"п. {WORD}"}).encode(),
    "address": quote(f"/справи/{WORD}").encode(),
    "zlib": zlib.compress(_TEXT),
    "zlib, fast": zlib.compress(_TEXT, 1),
    "gzip": gzip.compress(_TEXT),
    "zstd": zstandard.compress(_TEXT),
    "xz": lzma.compress(_TEXT),
    "spreadsheet": zipped({"xl/sharedStrings.xml": _TEXT}),
    "zip in gzip": gzip.compress(zipped({"a.txt": _TEXT})),
    "base64 of gzip": base64.b64encode(gzip.compress(_TEXT)),
    "cut short": gzip.compress(os.urandom(3000) + _TEXT)[:-8],
}


@pytest.mark.parametrize("form", _FORMS)
def test_a_planted_word_is_found(form: str, tmp_path: Path) -> None:
    words = Words([WORD, "щось інше"])
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(_NOISE + _FORMS[form] + _NOISE)
    assert words.found_in(tmp_path) == {"deep/file": {WORD}}


def test_names_of_files_are_searched_and_noise_holds_nothing(tmp_path: Path) -> None:
    words = Words([WORD])
    (tmp_path / "noise").write_bytes(os.urandom(3_000_000))
    assert not words.found_in(tmp_path)
    (tmp_path / f"{WORD}.pdf").write_bytes(b"")
    assert list(words.found_in(tmp_path).values()) == [{WORD}]
    assert not words.found_in(tmp_path, [tmp_path / f"{WORD}.pdf"])


def test_what_a_process_wrote_and_removed_again_is_found(tmp_path: Path) -> None:
    assert shutil.which("strace"), "python3 -m dev test installs what tests need"
    script = (
        "import os, sys\n"
        "name = bytes.fromhex(sys.stdin.read()).decode()\n"
        "with open('gone', 'w') as file:\n"
        "    file.write(name[:5]); file.flush(); file.write(name[5:])\n"
        "os.remove('gone')\n"
        "os.close(os.open(name.upper(), os.O_CREAT)); os.remove(name.upper())\n"
    )
    trace = tmp_path / "trace"
    subprocess.run(
        traced([sys.executable, "-c", script], trace), input=WORD.encode().hex(), text=True, check=True, cwd=tmp_path
    )
    places = Words([WORD]).found_in_calls(trace)
    assert {place.split()[0] for place in places} >= {"write", "openat", "unlink"}
    assert not Words(["щось інше"]).found_in_calls(trace)
