"""A server as a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = """
import sys
from pathlib import Path
for name in ("PySide6", "desktop_app", "ui"):
    sys.modules[name] = None  # whoever imports it gets an ImportError
from sync.server import serve
serve(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), on_started=lambda url, key: print(url, key, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def server_process(data: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _PROGRAM, str(data), str(port)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().split()[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
