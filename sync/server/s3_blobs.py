"""Chunks of files in a store that speaks S3: one object each."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sync.errors import Refused
from sync.messages import _
from sync.server.blobs import Blobs
from sync.server.store import StoreBusy, StoreFull

_log = logging.getLogger("sprava.server")
_AT_ONCE = 8
_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 5, 20, 3
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})
_FULL = frozenset({"507", "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"})


class S3Blobs(Blobs):
    """Chunks in a bucket. Who may write there, the environment or the machine says, as boto3 looks for it.

    Args:
        bucket: Its name; it is there already.
        prefix: What the name of every object begins with.
        endpoint: The store's address; Amazon's by default, or what ``AWS_ENDPOINT_URL_S3`` says.

    Raises:
        Refused: It can't be used.
    """

    def __init__(self, bucket: str, prefix: str, endpoint: str | None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
            max_pool_connections=2 * _AT_ONCE,
            s3={"addressing_style": "path"} if endpoint else {},
            # Not every store that speaks S3 knows the newer checksums; a chunk is its own.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sprava-s3")
        try:
            self._client: Any = boto3.client("s3", endpoint_url=endpoint, config=config)
            self._client.head_bucket(Bucket=bucket)
        except (BotoCoreError, ClientError, ValueError) as error:
            self._pool.shutdown()
            raise Refused(
                "server_files",
                _(
                    "The bucket {bucket} can't be used for the server's files: {reason}. See that it exists, and that "
                    "the address and the keys in the environment are right."
                ).format(bucket=bucket, reason=_reason(error)),
            ) from error

    def put(self, community: bytes, chunks: Mapping[bytes, bytes]) -> None:
        """Put several at once; an object is there whole or not at all."""

        def put(item: tuple[bytes, bytes]) -> None:
            chunk, data = item
            self._client.put_object(Bucket=self._bucket, Key=self._key(community, chunk), Body=data)

        with _plainly():
            list(self._pool.map(put, chunks.items()))

    def get(self, community: bytes, chunk: bytes) -> bytes | None:
        """Get it."""
        return self._get(self._key(community, chunk))

    def gone(self, community: bytes, chunks: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002
        """Say nothing: each would be a request of its own. What is lost is noticed by the first who asks for it."""
        return []

    def remove(self, community: bytes, chunk: bytes) -> None:
        """Delete it."""
        with _plainly():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(community, chunk))

    def knows(self, epoch: bytes) -> bool:
        """Look for the mark."""
        return self._get(self._mark(epoch)) is not None

    def belong_to(self, epoch: bytes) -> None:
        """Leave a mark."""
        with _plainly():
            self._client.put_object(Bucket=self._bucket, Key=self._mark(epoch), Body=b"")

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown()
        self._client.close()

    def _key(self, community: bytes, chunk: bytes) -> str:
        name = chunk.hex()
        return f"{self._prefix}{community.hex()}/{name[:2]}/{name}"

    def _mark(self, epoch: bytes) -> str:
        return f"{self._prefix}store-{epoch.hex()}"

    def _get(self, key: str) -> bytes | None:
        with _plainly():
            try:
                body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _ABSENT:
                    return None
                raise
            return body


@contextmanager
def _plainly() -> Iterator[None]:
    """Say what went wrong without the names of objects, which name communities."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        reason = _reason(error)
        if reason in _FULL:
            raise StoreFull from None
        _log.error("the bucket can't be used: %s", reason)
        raise StoreBusy from None


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__
