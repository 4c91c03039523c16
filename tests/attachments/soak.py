"""The largest file that there may be, in and out, with bounded memory: ``python -m tests.attachments.soak FOLDER``.

It takes minutes and 4 GB of disk, so no test run includes it.
"""

import hashlib
import resource
import sys
import time
from pathlib import Path

from desktop_app import vault
from desktop_app.attachments.chunks import MAX_FILE_BYTES
from desktop_app.kits import examples
from desktop_app.opening import create_workspace
from desktop_app.verify import verify

PASSPHRASE = "калина горить над ставом 77"


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(folder: Path) -> None:
    large = folder / "large.bin"
    with large.open("wb") as sparse:
        sparse.truncate(MAX_FILE_BYTES)
        sparse.seek(MAX_FILE_BYTES // 2)
        sparse.write(b"not only zeros")
    with create_workspace(
        folder / "vault", PASSPHRASE, community="Г", unit="Ц", person="П", kdf=vault.KDF_FLOOR
    ) as workspace:
        case = workspace.cases.register("appeal", examples.example("appeal", 1)).id
        workspace.files.add_bytes(case, "small", b"x")
        before, start = peak(), time.monotonic()
        entry = workspace.files.add(case, large)
        added = time.monotonic() - start
        digest = hashlib.sha256()
        start = time.monotonic()
        for block in workspace.files.content(entry.id).blocks():
            digest.update(block)
        read = time.monotonic() - start
        used = peak() - before
        with large.open("rb") as file:
            assert digest.digest() == hashlib.file_digest(file, "sha256").digest()
        assert used < 64, f"{used} MB more than for a small file"
        assert workspace.files.clean().removed == 0
        assert [check for check in verify(workspace, thorough=False) if not check.sound] == []
    sys.stdout.write(f"added in {added:.0f} s, read in {read:.0f} s, {used} MB more than for a small file\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
