"""Runs a process under strace and reads what it asked of the file system."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_MODELLED = (
    "?open,openat,?creat,close,?dup,?dup2,dup3,fcntl,lseek,read,write,pwrite64,writev,pwritev,?pwritev2,ftruncate,"
    "truncate,fallocate,fsync,fdatasync,sync,syncfs,?rename,renameat,?renameat2,?unlink,unlinkat,?mkdir,mkdirat,"
    "?rmdir,?link,linkat,mmap,clone,?clone3,chdir"
)
"""What `kernel` understands."""
_NOT_MODELLED = (
    "?fork,?vfork,execveat,?openat2,?close_range,?symlink,symlinkat,sendfile,copy_file_range,splice,sync_file_range,"
    "io_setup,?io_uring_setup,msync,fchdir,chroot,mount"
)
"""What would change files or descriptors behind the model's back; a recording with one of these is refused."""
_LONGEST = 64 << 20
_LINE = re.compile(r"(?P<pid>\d+) +(?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<args>.*)\) += (?P<result>0x[0-9a-f]+|-?\d+|\?)(?P<error> E\w+)?.*")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(?P<rest>.*)")
_CLOSING = re.compile(r"close\((?P<number>\d+)")


class NotRecorded(Exception):
    """The process could not be watched, or did what can't be replayed; the argument says what."""


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that succeeded."""

    name: str
    args: tuple[str, ...]
    result: int

    def text(self, index: int) -> bytes:
        """Return an argument that is a string or a buffer."""
        return unescaped(self.args[index])

    def number(self, index: int) -> int:
        """Return an argument that is a number."""
        return int(self.args[index], 0)

    def __str__(self) -> str:
        shown = (unescaped(arg)[:20] if arg.startswith('"') else arg[:40] for arg in self.args)
        return f"{self.name}({', '.join(map(str, shown))}) = {self.result}"


@dataclass(frozen=True, slots=True)
class Recording:
    """A folder as it was, and what a process then did in it.

    Args:
        kept: Where both lie: ``start`` is the folder as it was, ``trace`` what strace wrote.
        root: The path at which the process saw the folder.
    """

    kept: Path
    root: Path

    @property
    def start(self) -> Path:
        """The folder as it was before."""
        return self.kept / "start"

    def calls(self) -> list[Call]:
        """Return the successful calls in the order in which they ended."""
        with (self.kept / "trace").open(encoding="utf-8") as lines:
            return list(parsed(lines))


def record(command: Sequence[str], root: Path, kept: Path, at: Path) -> Recording:
    """Run a command that works in a folder, to its end.

    Args:
        command: The command and its arguments.
        root: The folder that it works in.
        kept: A new folder for the recording.
        at: Where the command is started, outside of that folder.

    Raises:
        NotRecorded: strace is missing or may not trace here, or the command failed.
    """
    if shutil.which("strace") is None:
        raise NotRecorded("strace is missing, which power cuts are recorded with: `make test` installs it")
    shutil.copytree(root, kept / "start")
    (kept / "root").write_text(str(root.resolve()), encoding="utf-8")
    strace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-xx",
        "-s",
        str(_LONGEST),
        "-e",
        f"trace={_MODELLED},{_NOT_MODELLED}",
    ]
    strace += ["-e", "raw=read", "-e", "signal=none", "-o", str(kept / "trace")]
    done = subprocess.run([*strace, *command], capture_output=True, encoding="utf-8", check=False, cwd=at)
    if "ptrace" in done.stderr:
        raise NotRecorded(f"strace may not trace here (a container without SYS_PTRACE?): {done.stderr}")
    if done.returncode != 0:
        raise NotRecorded(f"the process failed: {done.stderr[-4000:]}")
    return Recording(kept, root.resolve())


def load(kept: Path) -> Recording:
    """Return a recording that was kept."""
    return Recording(kept, Path((kept / "root").read_text(encoding="utf-8")))


def parsed(lines: Iterator[str] | Sequence[str]) -> Iterator[Call]:
    """Read what strace wrote.

    Raises:
        NotRecorded: A call is not understood.
    """
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line.rstrip("\n"))
        if found is None:
            raise NotRecorded(f"strace wrote what is no call: {line[:200]!r}")
        pid, rest = found["pid"], found["rest"]
        if rest.startswith(("+++", "---")):
            continue
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest.removesuffix("<unfinished ...>").rstrip()
            if closing := _CLOSING.match(begun[pid]):  # another thread may get its number before it has ended
                yield Call("close", (closing["number"],), 0)
            continue
        resumed = _RESUMED.match(rest)
        whole = begun.pop(pid) + resumed["rest"] if resumed else rest
        if resumed and _CLOSING.match(whole):
            continue
        call = _CALL.match(whole)
        if call is None:
            raise NotRecorded(f"strace wrote a call that is not understood: {line[:200]!r}")
        if call["result"] == "?" or call["error"]:
            continue
        yield Call(call["name"], tuple(_split(call["args"])), int(call["result"], 0))


def _split(args: str) -> list[str]:
    """Split at the commas outside brackets; strings hold none, as strace writes them in hexadecimal."""
    parts: list[str] = []
    depth = 0
    for part in args.split(", "):
        if depth:
            parts[-1] += f", {part}"
        else:
            parts.append(part)
        depth += part.count("[") + part.count("{") - part.count("]") - part.count("}")
    return parts


def unescaped(arg: str) -> bytes:
    r"""Return the bytes of a string as strace writes it, such as ``"\x41\x42"``.

    Raises:
        NotRecorded: It is none, or was cut short.
    """
    if not (arg.startswith('"') and arg.endswith('"')):
        raise NotRecorded(f"strace did not write a whole string: {arg[:100]}")
    return bytes.fromhex(arg[1:-1].replace("\\x", ""))


def buffers(arg: str) -> bytes:
    """Return the bytes of the buffers of a writev, one after the other."""
    return b"".join(unescaped(part) for part in re.findall(r'iov_base=("[^"]*"(?:\.\.\.)?)', arg))
