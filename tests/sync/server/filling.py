"""Puts a replica into a store by hand, and looks what is there."""

from sync import frames, membership
from sync.server.store import Ingested, Store
from tests.sync.replicas import Replica


def fill(store: Store, replica: Replica) -> Ingested:
    with store.writing() as writer:
        writer.claim(replica.log.community)
        writer.add_links(replica.log.community, [membership.parse(link) for link in replica.log.links()])
        return writer.ingest(replica.log.community, [frames.parse(body) for body in replica.frames()])


def stored(store: Store, replica: Replica) -> list[bytes]:
    with store.reading() as reader:
        return reader.frames_missing(replica.log.community, frozenset({replica.unit}), {}, 2**30).frames
