"""Watches a process from outside: its system calls, and its memory."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults.powercut import record

_WATCHED = (
    "write,pwrite64,writev,pwritev,?pwritev2,sendto,sendmsg,?sendmmsg,?open,openat,?creat,?rename,renameat,?renameat2,"
    "?mkdir,mkdirat,?unlink,unlinkat,?link,linkat,?symlink,symlinkat,execve,?setxattr,?memfd_create"
)
_LONGEST = 64 << 20


def traced(command: Sequence[str], trace: Path) -> list[str]:
    """Return the command that runs another one and notes what it writes, sends, and calls its files.

    Args:
        command: What to run.
        trace: Where to note it.
    """
    options = ["-f", "--seccomp-bpf", "-qq", "-xx", "-s", str(_LONGEST), "-e", f"trace={_WATCHED}", "-e", "signal=none"]
    return ["strace", *options, "-o", str(trace), *command]


def memory(process: int) -> Iterator[bytes]:
    """Give all that a process holds in memory of its own, piece by piece; only root and its parent may ask.

    Args:
        process: Its number.
    """
    maps = Path(f"/proc/{process}/maps").read_text(encoding="utf-8")
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as held:
        for line in maps.splitlines():
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r\S+) \S+ \S+ (\d+)\s*(.*)", line)
            if found is None or found[5] in {"[vvar]", "[vsyscall]"}:
                continue
            begin, end = int(found[1], 16), int(found[2], 16)
            try:
                held.seek(begin)
                piece = bytearray()
                while begin + len(piece) < end and (more := held.read(end - begin - len(piece))):
                    piece += more
            except OSError:
                continue
            yield bytes(piece)


def places_written(trace: Path) -> set[str]:
    """Return the files that were opened for writing or made, by the whole names that the process used.

    Args:
        trace: What strace noted.
    """
    found = set()
    with trace.open(encoding="utf-8") as lines:
        for call in record.parsed(lines):
            if call.name == "openat" and re.search(r"O_WRONLY|O_RDWR|O_CREAT", call.args[2]):
                found.add(call.text(1).decode("utf-8", "surrogateescape"))
    return {name for name in found if name.startswith("/")}
