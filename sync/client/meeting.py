"""Meets a server that may be an office hub of the own community: nothing is sent before a member vouches for it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sync import introduction
from sync.client import failures
from sync.errors import Failure, Unreachable
from sync.membership import Membership


@dataclass(frozen=True, slots=True)
class Met:
    """An office hub of the own community.

    Args:
        url: Where it answered.
        key: Its 32-byte key.
        device: The 16-byte id of the member's device that serves it.
    """

    url: str
    key: bytes
    device: bytes


def meet(
    urls: Iterable[str],
    keys: Sequence[bytes],
    members: Membership,
    cancelled: Callable[[], bool] = lambda: False,
) -> Met:
    """Find out who stands behind a hub, at the first of its addresses that answers.

    Args:
        urls: Where it may be reached.
        keys: The keys of the common unit.
        members: The members.
        cancelled: Asked while a reply comes in.

    Raises:
        Unreachable: It answers nowhere.
        Refused: No member's device stands behind it, or it speaks another version.
        Misuse: An address is not one.
    """
    from sync.client.channel import Channel  # brings in requests

    away: Failure | None = None
    for url in urls:
        try:
            with Channel(url, cancelled, hasty=True) as channel:
                key = channel.hello().key
                found = introduction.introduced(channel.introduction(key), keys, server=key, members=members)
        except Unreachable as failure:
            away = failure
            continue
        except (failures.Problem, failures.Cancelled) as problem:
            raise failures.server_away(url) from problem
        if found is None:
            raise failures.no_hub_of_ours(url)
        return Met(url, key, found.device)
    raise away or failures.server_away("")
