"""Which key the server at an address must have: from the invitation, or as it was at first contact."""

from sync.crypto import check_verify_key
from sync.replica import Replica


def pin_name(url: str) -> str:
    """Return the name of the note that holds the key of the server at an address."""
    return f"server-key {url.strip().rstrip('/').lower()}"


def pin_server(replica: Replica, url: str, key: bytes) -> None:
    """Remember the key that the server at an address must have, in place of an earlier one.

    Args:
        replica: Where to remember it.
        url: The server's address.
        key: Its 32-byte public key.

    Raises:
        CryptoError: The key is not one.
    """
    check_verify_key(key)
    replica.remember(pin_name(url), key)


def pinned_server(replica: Replica, url: str) -> bytes | None:
    """Return the key that the server at an address must have, or None before the first contact."""
    return replica.recall(pin_name(url))
