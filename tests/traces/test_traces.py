"""A day at the desk leaves no word of a case anywhere: in files, names, whatever was written, crashes, or memory."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from desktop_app import hardening
from desktop_app.opening import open_workspace
from tests.traces.searching import Words
from tests.traces.watching import memory, places_written, traced

PHRASE = "жайвір підкова криниця гомін сіль"
WORDS = {
    "person": "Ґалаґан-Їжакевич Явдоха",
    "text": "Протікає Щебетунівський дах",
    "draft": "Чорнеткове прохання Шелестуна",
    "search": "Пошуковенко",
    "content": "Довідка Джерельцева",
    "file": "Паспорт Кульбабенка",
    "edited": "Виконавець Хвощ-Мандрика",
    "theirs": "Думка Перепелиці",
    "ours": "Думка Одуда",
    "unsaved": "Незбережене про Журавлиху",
    "clerk": "Оксана Бджолинська",
    "colleague": "Мирон Фасолька",
    "unit": "Приймальня Вишневецька",
}
_TELLING = 7
"""Letters from which on a part of a name does not arise by chance in megabytes of what is encrypted."""
COMMUNITY = "Сонцепоклонська громада"


@dataclass
class Life:
    """A process that worked through its day, and where it was watched."""

    process: subprocess.Popen[str]
    root: Path
    trace: Path
    pid: int = 0
    said: list[str] = field(default_factory=list)

    def ask(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        self.said.append(answer)
        return answer.strip()


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Life]:
    top = tmp_path_factory.mktemp("life")
    root = top / "computer"
    places = {
        name: str(root / name.lower())
        for name in ("HOME", "TMPDIR", "SPRAVA_SETTINGS_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    } | {"XDG_RUNTIME_DIR": str(root / "run"), "XDG_STATE_HOME": str(root / "state")}
    for place in (*places.values(), root / "vaults", root / "here"):
        Path(place).mkdir(parents=True, mode=0o700)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    environment = kept | places | {"PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1", "LANGUAGE": "uk"}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "QT_LOGGING_RULES": "*.debug=true;qt.*.debug=false"}
    if os.geteuid() != 0:
        environment[hardening.TRACING] = "1"
    command = [
        "bash",
        "-c",
        'ulimit -c unlimited; exec "$@"',
        "-",
        sys.executable,
        "-m",
        "tests.traces.life",
        str(root),
    ]
    with (top / "errors").open("wb") as errors:
        process = subprocess.Popen(
            traced(command, top / "trace"),
            cwd=root / "here",
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    made = Life(process, root, top / "trace")
    backwards = {name: word[::-1] for name, word in (WORDS | {"community": COMMUNITY}).items()}
    made.pid = process.pid
    answer = made.ask(json.dumps({"phrase": PHRASE[::-1], "words": backwards}))
    assert answer.startswith("worked "), (top / "errors").read_text(encoding="utf-8")
    made.pid = int(answer.split()[1])
    yield made
    with suppress(ProcessLookupError):
        os.kill(made.pid, signal.SIGKILL)
    process.communicate()


@pytest.fixture(scope="module")
def keys(life: Life) -> dict[str, bytes]:
    """The keys of the vault, read while its desk is locked: the vault is free then."""
    with open_workspace(life.root / "vaults" / "a", PHRASE) as opened:
        held = opened.store
        database = bytes(held._database._key)
        return {"vault": bytes(held._vault_key), "database": database, "database as text": database.hex().encode()}


def test_the_lock_leaves_nothing_that_python_can_reach(life: Life) -> None:
    before = set(json.loads(life.ask("check")))
    assert {"person", "text", "clerk", "unsaved"} <= before, "the trial itself must find them while the desk is open"
    assert life.ask("lock") == "locked"
    assert json.loads(life.ask("check")) == ["community"], "only what stands on the lock screen"


def test_the_lock_wipes_the_keys_from_memory(life: Life, keys: dict[str, bytes]) -> None:
    held = {name for piece in memory(life.pid) for name, key in keys.items() if key in piece}
    assert not held
    assert life.ask("unlock") == "True", "the unsaved text is back"
    held = {name for piece in memory(life.pid) for name, key in keys.items() if key in piece}
    assert "vault" in held, "the trial itself must find the key while the vault is open"


def test_a_crash_adds_nothing_and_nothing_is_found_anywhere(life: Life) -> None:
    os.kill(life.pid, signal.SIGSEGV)
    life.process.wait()
    assert not list((life.root / "here").iterdir()), "no core"
    parts = {part for word in WORDS.values() for part in word.split() if len(part) >= _TELLING}
    words = Words([*WORDS.values(), *parts, PHRASE, *(part for part in PHRASE.split() if len(part) >= _TELLING)])
    assert not words.found_in(life.root)
    assert not words.found("".join(life.said).encode())
    assert not words.found((life.trace.parent / "errors").read_bytes())
    assert not words.found_in_calls(life.trace)
    # The name of the community stands in the list of vaults on purpose, and nowhere else.
    assert set(Words([COMMUNITY]).found_in(life.root)) == {"sprava_settings_dir/settings.json"}


def test_nothing_is_written_outside_the_persons_own_folders(life: Life) -> None:
    outside = {
        place for place in places_written(life.trace) if not place.startswith((str(life.root), "/dev/", "/proc/"))
    }
    assert not outside
