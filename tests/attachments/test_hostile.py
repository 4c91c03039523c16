"""The child process that draws is nobody's way in, and text of any shape is shown at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_app.attachments import kinds, painter, painting, texts
from desktop_app.attachments.painting import Painter
from tests.attachments import pictures

_START = """
import sys
from desktop_app.attachments.painting import Painter
data = sys.stdin.buffer.read()
painter = Painter()
print(painter.open("image/png", len(data), [data]), flush=True)
"""


def test_nothing_is_imported_from_the_folder_in_which_the_program_was_started(tmp_path: Path, project: Path) -> None:
    trap = f"open({str(tmp_path / 'caught')!r}, 'w')\n"
    stick = tmp_path / "stick"
    (stick / "desktop_app").mkdir(parents=True)
    for name in ("msgspec.py", "struct.py", "PIL.py", "desktop_app/__init__.py"):
        (stick / name).write_text(trap)
    done = subprocess.run(
        [sys.executable, "-P", "-c", _START],
        cwd=stick,
        env=os.environ | {"PYTHONPATH": str(project)},
        input=pictures.image("PNG"),
        capture_output=True,
        check=False,
    )
    assert not (tmp_path / "caught").exists()
    assert done.stdout.strip() == b"1", done.stderr.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="how Linux keeps others out")
def test_the_child_that_holds_a_file_leaves_no_core_and_is_read_by_nobody_else() -> None:
    # The child's own words, from inside it: PR_GET_DUMPABLE, and the limit of a core.
    asked = (
        "import ctypes, resource; from desktop_app.attachments import painter; painter._limit_oneself(); "
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0 (0, 0)"


@pytest.mark.parametrize("pages", [b"1000000000000000000", b"-7", b'"many"'])
def test_a_child_that_was_taken_over_is_not_believed(monkeypatch: pytest.MonkeyPatch, pages: bytes) -> None:
    answer = b'{"pages":%b}' % pages
    lie = f"import sys; sys.stdout.buffer.write({painter.LENGTH.pack(len(answer)) + answer!r}); sys.stdout.flush()"
    liar = Painter()
    monkeypatch.setattr(
        painting,
        "_start",
        lambda: subprocess.Popen(
            [sys.executable, "-c", f"{lie}; sys.stdin.read()"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ),
    )
    try:
        if pages.startswith(b'"'):
            with pytest.raises(painting.Refused):
                liar.open(kinds.PDF, 1, [b"x"])
        else:
            assert 1 <= liar.open(kinds.PDF, 1, [b"x"]) <= painter.MAX_PAGES
    finally:
        liar.close()


def test_long_lines_are_broken_and_nothing_else_is() -> None:
    plain = "перший рядок\r\nдругий\n\n" + "ї" * 1000 + "\nкінець"
    assert texts.broken(plain) == plain
    for line in ("ж" * 1_000_000, "а" + "\u0301" * 100_000, "\u202eא" * 50_000):
        shown = texts.broken(line)
        assert shown.replace("\n", "") == line
        assert max(map(len, shown.split("\n"))) <= 1000
