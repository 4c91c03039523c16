"""Requests made by hand, right and wrong ones."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import requests

from sync import wire
from sync.crypto import SIGNATURE_BYTES, Signer
from sync.linkgraph import tips
from sync.membership import parse
from sync.server import RunningServer
from sync.wire import Problem, Reply, Request
from tests.sync.replicas import Replica


@dataclass(frozen=True)
class Answer:
    status: int
    message: bytes

    @property
    def code(self) -> str:
        return wire.decode(Problem, self.message).code

    @property
    def reply(self) -> Reply:
        assert self.status == 200, self.code
        return wire.decode(Reply, self.message)


def request_of(replica: Replica, frames: Sequence[bytes] = (), **changes: object) -> Request:
    """A request that introduces a replica with all its links and heads."""
    links = list(replica.log.links())
    request = Request(
        version=wire.VERSION,
        community=replica.log.community,
        base=b"",
        heads=wire.pack_heads(replica.log.heads()),
        tips=tips(map(parse, links)),
        links=links,
        frames=list(frames),
        budget=wire.MAX_ROUND_BYTES,
    )
    return msgspec.structs.replace(request, **changes)


def signed(
    server: RunningServer,
    replica: Replica,
    message: bytes,
    *,
    signer: Signer | None = None,
    nonce: bytes | None = None,
    device: bytes | None = None,
    key: bytes | None = None,
    community: bytes | None = None,
    path: str = wire.EXCHANGE_PATH,
) -> bytes:
    return wire.sign_request(
        signer or replica.log.signer,
        server=key or server.key,
        community=community or replica.log.community,
        device=device or replica.log.device,
        nonce=nonce or os.urandom(16),
        message=message,
        path=path,
    )


def post(server: RunningServer, body: bytes, path: str = wire.EXCHANGE_PATH) -> Answer:
    """Send a body, and check that the answer is signed for its nonce."""
    response = requests.post(server.url + path, data=body, timeout=30)
    nonce = body[16:32] if len(body) >= wire.ENVELOPE_BYTES else bytes(16)
    nonce = body if path == wire.HELLO_PATH and len(body) == 16 else nonce
    wire.open_reply(response.content, server=server.key, nonce=nonce, status=response.status_code)
    return Answer(response.status_code, response.content[SIGNATURE_BYTES:])


def ask(server: RunningServer, replica: Replica, request: Request) -> Answer:
    return post(server, signed(server, replica, wire.encode(request)))
