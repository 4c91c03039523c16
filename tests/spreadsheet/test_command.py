"""The command line with a real vault, and a computer that loses power in the middle of an import."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop_app.cases.model import CaseQuery
from desktop_app.opening import open_workspace
from desktop_app.workspace import Workspace

from .conftest import HEADER, KIT, PASSPHRASE, SUBMISSIONS, SUBMISSIONS_MAPPING, Write, person

IMPORT = """
import sys
from pathlib import Path
from desktop_app.spreadsheet import import_spreadsheet
from desktop_app.opening import open_workspace
folder, table, kit, passphrase = sys.argv[1:]
with open_workspace(Path(folder), passphrase) as workspace:
    print("ready", flush=True)
    import_spreadsheet(workspace.cases, Path(table), kit)
    print("done", flush=True)
"""
ROWS = 1_500


def sprava(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SPRAVA_PASSPHRASE": PASSPHRASE, "PYTHONIOENCODING": "utf-8"}
    code = "import sys; from ui.main import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_command_imports_tells_and_refuses(workspace: Workspace, write: Write, tmp_path: Path) -> None:
    folder = workspace.folder
    workspace.close()
    command = ("import", folder, SUBMISSIONS, "--kit", KIT, "--map", SUBMISSIONS_MAPPING)
    trial = sprava(*command, "--dry-run")
    assert (trial.returncode, trial.stderr) == (0, "")
    assert "201" in trial.stdout
    real = sprava(*command, "--json")
    assert real.returncode == 0, real.stderr
    assert json.loads(real.stdout)["registered"] == 201
    again = sprava(*command, "--json")
    assert again.returncode == 3
    assert json.loads(again.stdout)["problem_count"] == 201
    assert again.stderr.strip()
    wrong = sprava("--lang", "en", "import", folder, SUBMISSIONS, "--kit", "appeal", "--json")
    assert wrong.returncode == 3
    assert json.loads(wrong.stdout)["error"]["code"] == "wrong_columns"
    (tmp_path / "torn.xlsx").write_bytes(b"PK\x03\x04")
    assert sprava("import", folder, tmp_path / "torn.xlsx", "--kit", KIT).returncode == 4
    faulty = sprava("--lang", "en", "import", folder, write([HEADER, person(household_size=0)]), "--kit", KIT)
    assert faulty.returncode == 3
    assert "Row 2, column E (household_size)" in faulty.stdout
    assert "Nothing was registered" in faulty.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a process there has no signals to be killed with")
def test_a_kill_in_the_middle_leaves_all_rows_or_none(workspace: Workspace, write: Write) -> None:
    folder = workspace.folder
    workspace.close()
    table = write([HEADER, *(person(number % 90) for number in range(ROWS))])
    expected, delay = 0, 0.05
    finished = False
    # Each kill comes later than the one before, until an import is done before it comes.
    while not finished:
        child = subprocess.Popen(
            [sys.executable, "-c", IMPORT, str(folder), str(table), KIT, PASSPHRASE], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(delay)
        child.kill()
        said = child.stdout.read()
        child.stdout.close()
        finished = child.wait() == 0 or "done" in said
        with open_workspace(folder, PASSPHRASE) as reopened:
            present = reopened.cases.count(CaseQuery())
            # Killed after the commit and before it could say so, the import is there whole.
            assert present in {expected, expected + ROWS}
            assert not finished or present == expected + ROWS
            expected = present
        delay *= 1.6
    assert expected
