"""What only a process of its own shows: serving until told to stop, exit codes, and nothing secret in its arguments."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PASSPHRASE, Said, Sprava


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_serve_tells_where_it_listens_and_ends_when_told(
    project: Path, tmp_path: Path, sprava: Sprava, seat: Path
) -> None:
    command = [sys.executable, "-m", "ui.main", "serve", "--data", str(tmp_path / "server"), "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        text = b""
        while not text.rstrip().endswith(b"}"):
            text += server.stdout.readline()
        told = json.loads(text)
        assert sprava("sync", seat, "--server", told["url"], "--json").code == 0
        arguments = Path(f"/proc/{server.pid}/cmdline")
        assert not arguments.exists() or PASSPHRASE.encode() not in arguments.read_bytes()
        server.send_signal(signal.SIGINT)
        assert server.wait(30) in {0, 130}
        assert b"Traceback" not in server.stderr.read()


def test_each_exit_code_reaches_the_shell(process: Callable[..., Said], seat: Path, tmp_path: Path) -> None:
    (tmp_path / "bundle").write_bytes(b"x" * 100)
    for code, argv in (
        (0, ("kit", "list")),
        (2, ("kit",)),
        (3, ("vault", "info", tmp_path / "nowhere")),
        (4, ("bundle", "import", seat, tmp_path / "bundle")),
        (5, ("sync", seat, "--server", "http://127.0.0.1:1")),
    ):
        said = process(*argv, "--json")
        assert said.code == code, said.err
        assert "Traceback" not in said.err
        assert ("error" in said.json) == (code != 0)


def test_a_port_that_is_taken_is_said_so(process: Callable[..., Said], tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port in (taken.getsockname()[1], 70_000, -1):
            said = process("serve", "--data", tmp_path / "server", "--port", port, "--json")
            assert said.code in {2, 3, 5}, said.err
            assert said.error


@pytest.mark.skipif(os.name != "posix", reason="bytes in arguments")
def test_bytes_that_are_no_text_are_refused(project: Path, seat: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ui.main", "case", "list", os.fspath(seat), "--query", b"\xff", "--json"],
        cwd=project,
        env={**os.environ, "SPRAVA_PASSPHRASE": PASSPHRASE},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "usage"
