"""What may lie in the repository: nothing of one machine, nothing invisible, nothing heavy."""

import re
import subprocess
from pathlib import Path

import pytest

BINARY = {
    ".zdict",
    ".png",
    ".svgz",
    ".ttf",
    ".otf",
    ".woff2",
    ".xlsx",
    ".xls",
    ".pdf",
    ".docx",
    ".ico",
    ".icns",
    ".db",
    ".bin",
    ".zst",
    ".key",
    ".previous",
    ".mark",
    ".seat",
}
LARGEST = 5_000_000

# Written in pieces, so that this file passes its own tests.
PLACES = re.compile(
    "|".join(("/" + "home/[a-z]", "/" + r"root\b", "/" + r"work/\w", r"[A-Z]:\\" + "Users", r"\.\./" + "shared"))
)
# Controls but tab and line ends; marks that turn the direction of text or take no room; the byte-order mark.
INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def text_files(project: Path) -> dict[str, str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project, capture_output=True, text=True, check=True).stdout
    paths = [project / name for name in listed.split("\0") if name]
    return {
        str(path.relative_to(project)): path.read_text(encoding="utf-8")
        for path in paths
        if path.is_file() and path.suffix not in BINARY
    }


@pytest.fixture(scope="module")
def texts(project: Path) -> dict[str, str]:
    return text_files(project)


@pytest.mark.parametrize("pattern", [PLACES, INVISIBLE], ids=["places", "invisible"])
def test_no_text_names_a_place_of_one_machine_or_hides_a_character(
    texts: dict[str, str], pattern: re.Pattern[str]
) -> None:
    found = [
        f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()!r}"
        for name, text in texts.items()
        for hit in pattern.finditer(text)
    ]
    assert not found, "\n".join(found)


def test_text_ends_with_a_line_end_and_uses_one_kind(texts: dict[str, str]) -> None:
    assert not [name for name, text in texts.items() if "\r" in text or (text and not text.endswith("\n"))]


def test_the_locks_name_packages_and_not_where_they_come_from(texts: dict[str, str]) -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        assert "://" not in texts[name]
        assert not re.search(r"^\s*--(?!hash=sha256:)", texts[name], re.MULTILINE)


def test_every_locked_package_has_hashes_and_one_version_for_each_python(texts: dict[str, str]) -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        entries = re.split(r"\n(?=\S)", texts[name])
        assert all(re.match(r"[a-z0-9.-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)


def test_no_tracked_file_is_heavy(project: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=project, capture_output=True, text=True, check=True).stdout
    heavy = [
        name
        for name in listed.split("\0")
        if name and (project / name).is_file() and (project / name).stat().st_size > LARGEST
    ]
    assert not heavy
