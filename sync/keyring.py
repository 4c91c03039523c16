"""Opening frames with whatever key this device has for them."""

from dataclasses import dataclass

from sync.crypto import Opener
from sync.frames import BadFrame, Frame, Header
from sync.sqlcipher import Connection


class NoKey(Exception):
    """This device has no key for a frame."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of units that a device holds, and what opens its own frames where it holds none.

    Args:
        keys: By unit and epoch.
        device: The 16-byte id of the device, where there is one.
        opener: Its key.
    """

    keys: dict[tuple[bytes, bytes], bytes]
    device: bytes | None = None
    opener: Opener | None = None

    @classmethod
    def load(cls, connection: Connection) -> "Keyring":
        """Read the keys in a log's database."""
        rows = connection.execute("SELECT u.uuid, k.epoch, k.key FROM epoch_key k JOIN unit u ON u.id = k.unit")
        keys = {(unit, epoch): key for unit, epoch, key in rows}
        local = dict(connection.execute("SELECT name, value FROM local WHERE name IN ('device', 'opener')").fetchall())
        return cls(keys, local.get("device"), Opener(local["opener"]) if "opener" in local else None)

    def holds(self, header: Header) -> bool:
        """Say whether the unit's key of a frame's epoch is held."""
        return (header.unit, header.epoch) in self.keys

    def open(self, frame: Frame) -> bytes:
        """Decrypt the payload of a frame.

        Raises:
            NoKey: Nothing here opens it.
            BadFrame: It does not open with its key.
        """
        key = self.keys.get((frame.header.unit, frame.header.epoch))
        if key is not None:
            return frame.open(key)
        if self.opener is None or frame.header.device != self.device:
            raise NoKey
        try:
            return frame.open_own(self.opener)
        except BadFrame as error:
            raise NoKey from error
