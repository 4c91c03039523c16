"""Every place where a server may keep chunks does the same: a folder, and a store that speaks S3 over HTTP."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.client import sync_with
from sync.errors import Misuse, Refused
from sync.server import Options, RunningServer
from sync.server.blobs import Blobs, open_blobs
from sync.server.store import StoreBusy, StoreFull
from tests.sync.replicas import Replica
from tests.sync.server.test_chunks import get, missing, put

Again = Callable[[], Blobs]
OURS, THEIRS = b"o" * 32, b"t" * 32


@pytest.fixture(params=["folder", "s3"])
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Again:
    if request.param == "folder":
        return lambda: open_blobs(tmp_path, None)
    bucket = request.getfixturevalue("bucket")
    return lambda: open_blobs(tmp_path, f"s3://{bucket.name}/some/where", bucket.endpoint)


@pytest.fixture
def blobs(again: Again) -> Iterator[Blobs]:
    opened = again()
    yield opened
    opened.close()


def test_kept_for_each_community_apart(blobs: Blobs, again: Again) -> None:
    chunks = {os.urandom(32): os.urandom(size) for size in (1, 1_000, 2**20 + 36)}
    blobs.put(OURS, chunks)
    blobs.put(OURS, chunks)
    other = again()
    for name, data in chunks.items():
        assert blobs.get(OURS, name) == other.get(OURS, name) == data
        assert blobs.get(THEIRS, name) is None
    name = next(iter(chunks))
    other.remove(OURS, name)
    other.remove(OURS, name)
    assert blobs.get(OURS, name) is None
    assert set(blobs.gone(OURS, list(chunks))) <= {name}
    other.close()


def test_it_remembers_whose_it_is(blobs: Blobs, again: Again) -> None:
    assert not blobs.knows(b"e" * 16)
    blobs.belong_to(b"e" * 16)
    other = again()
    assert other.knows(b"e" * 16)
    assert not other.knows(b"f" * 16)
    other.close()


def test_a_place_that_can_not_be_used(tmp_path: Path, bucket: "tests.sync.server.conftest.Bucket") -> None:  # noqa: F821
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Refused, match="file"):
        open_blobs(tmp_path, str(tmp_path / "file"))
    with pytest.raises(Refused, match="404"):
        open_blobs(tmp_path, "s3://nowhere/x", bucket.endpoint)
    with pytest.raises(Refused, match="bucket"):
        open_blobs(tmp_path, "s3://bucket", "http://127.0.0.1:9")
    with pytest.raises(Misuse):
        open_blobs(tmp_path, "s3:///x")


def test_a_bucket_that_goes_away_is_asked_again_later(blobs: Blobs, request: pytest.FixtureRequest) -> None:
    if "folder" in request.node.name:
        folder = blobs._folder  # type: ignore[attr-defined]
        (folder / OURS.hex()).write_bytes(b"in the way")
    else:
        request.getfixturevalue("bucket").remove()
    with pytest.raises(StoreBusy):
        blobs.put(OURS, {bytes(32): b"x"})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing half written stays, and the device is told that there is no room."""
    blobs = open_blobs(tmp_path, None)
    real = os.open

    def full(path: object, flags: int, mode: int = 0o777) -> int:
        return real("/dev/full", os.O_WRONLY) if "new" in str(path) else real(path, flags, mode)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(StoreFull):
        blobs.put(OURS, {bytes(32): b"x"})
    monkeypatch.undo()
    assert blobs.get(OURS, bytes(32)) is None


def test_with_postgres_and_s3_together(
    tmp_path: Path,
    first: Replica,
    cluster: object,
    bucket: "tests.sync.server.conftest.Bucket",  # noqa: F821
) -> None:
    options = Options(
        database=cluster.new_database(),  # type: ignore[attr-defined]
        files=f"s3://{bucket.name}/sprava",
        files_endpoint=bucket.endpoint,
    )
    chunk = os.urandom(2**20)
    with RunningServer(tmp_path / "data", options=options) as server:
        sync_with(first.log, server.url)
        name = put(server, first, [chunk]).accepted
    with RunningServer(tmp_path / "data", options=options) as server:
        assert missing(server, first, [name]).missing == b""
        assert get(server, first, [(name, 0)]) == [(len(chunk), chunk)]
        bucket.empty()
        assert get(server, first, [(name, 0)]) == [(0, b"")]
        assert missing(server, first, [name]).missing == name
        put(server, first, [chunk])
        assert get(server, first, [(name, 0)]) == [(len(chunk), chunk)]
