"""A server as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_PROGRAM = """
import sys
from pathlib import Path
for name in ("PySide6", "desktop_app", "ui"):
    sys.modules[name] = None  # whoever imports it gets an ImportError
from sync.server import Options, serve
started = lambda url, key: print(url, key, flush=True)
options = Options(log=True, database=sys.argv[3] if len(sys.argv) > 3 else None)
serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), on_started=started, options=options)
print("stopped", flush=True)
"""


@contextmanager
def server_process(
    data: Path, port: int = 0, database: str | None = None, errors: IO[bytes] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _PROGRAM, str(data), str(port), *([database] if database else [])],
        stdout=subprocess.PIPE,
        stderr=errors or subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().split()[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
