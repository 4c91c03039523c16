"""Finds office hubs in the network, and announces the own one (docs/formats/hub.md).

What is announced tells strangers nothing. What is found is believed by nobody: see `meeting`.
"""

import base64
import binascii
import ipaddress
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync import introduction
from sync.errors import whereabouts

if TYPE_CHECKING:
    from zeroconf import ServiceBrowser, ServiceInfo, Zeroconf

SERVICE = "_sprava._tcp.local."
_VERSION = b"1"
_LOOK_SECONDS = 10.0
_ASK_MS = 3_000
_MOST_FOUND = 200
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A hub that announces itself as one of the own community.

    Args:
        name: The hub's id; another one at every start and every day.
        urls: Where it may be reached, the likeliest first.
    """

    name: str
    urls: tuple[str, ...]


class _Around:
    """Uses the network until it is closed; works on when the network goes, comes or changes.

    Args:
        interfaces: Addresses of the network cards to use; by default all.
    """

    def __init__(self, interfaces: Sequence[str]) -> None:
        self._interfaces = list(interfaces)
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="office-beacon", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say goodbye, and use the network no more."""
        self._closed.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._be_there()
            except Exception as error:  # noqa: BLE001 - a network that can't be used at all is no reason to fail
                _logger.info("hubs can't be looked for or announced now: %s", whereabouts(error))
            self._gone()
            if not self._closed.is_set():
                self._wake.wait(_LOOK_SECONDS)
                self._wake.clear()

    def _be_there(self) -> None:
        """Use the network as it is now, until it is another."""
        from zeroconf import InterfaceChoice, IPVersion, Zeroconf

        addresses = _addresses(self._interfaces)
        if not addresses:
            return
        wanted = self._interfaces or InterfaceChoice.All
        zeroconf = Zeroconf(interfaces=wanted, ip_version=None if self._interfaces else IPVersion.All)
        try:
            self._come(zeroconf)
            while not self._closed.is_set():
                self._step(zeroconf, addresses)
                self._wake.wait(_LOOK_SECONDS)
                self._wake.clear()
                if _addresses(self._interfaces) != addresses:
                    return
        finally:
            self._leave(zeroconf)
            zeroconf.close()

    def _come(self, zeroconf: "Zeroconf") -> None:
        """The network is there."""

    def _step(self, zeroconf: "Zeroconf", addresses: list[str]) -> None:
        """Something changed, or some seconds have passed."""

    def _leave(self, zeroconf: "Zeroconf") -> None:
        """The network is another now, or not wanted any more."""

    def _gone(self) -> None:
        """Nothing is known of any network."""


class Beacon(_Around):
    """Looks around in the network for hubs of the own community.

    Args:
        keys: Gives the keys of the common unit, the newest first.
        changed: Called on a thread of the beacon's own when other hubs are in sight than before.
        interfaces: Addresses of the network cards to use; by default all.
    """

    def __init__(
        self, keys: Callable[[], list[bytes]], changed: Callable[[], None], interfaces: Sequence[str] = ()
    ) -> None:
        self._keys = keys
        self._changed = changed
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[bytes, bytes, tuple[str, ...]]] = {}
        self._browser: ServiceBrowser | None = None
        super().__init__(interfaces)

    def found(self) -> list[Found]:
        """Return the hubs in sight that announce themselves as the own community's."""
        with self._lock:
            seen = dict(self._seen)
        keys = self._keys() if seen else []
        return [
            Found(name, urls)
            for name, (hub, tags, urls) in sorted(seen.items())
            if introduction.is_ours(keys, hub, tags)
        ]

    def _come(self, zeroconf: "Zeroconf") -> None:
        from zeroconf import ServiceBrowser

        self._browser = ServiceBrowser(zeroconf, SERVICE, handlers=[self._heard])

    def _leave(self, _zeroconf: "Zeroconf") -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            browser.cancel()

    def _heard(self, zeroconf: "Zeroconf", service_type: str, name: str, state_change: object) -> None:
        """Take note of a hub that came, changed or went; called on a thread of the library."""
        from zeroconf import ServiceStateChange

        if state_change is ServiceStateChange.Removed:
            with self._lock:
                known = self._seen.pop(name, None)
        else:
            info = zeroconf.get_service_info(service_type, name, _ASK_MS)
            known = None if info is None else _read(info)
            if known is None:
                return
            with self._lock:
                if len(self._seen) >= _MOST_FOUND:  # somebody floods the network
                    return
                self._seen[name] = known
        if known is not None:
            self._changed()

    def _gone(self) -> None:
        with self._lock:
            any_seen = bool(self._seen)
            self._seen.clear()
        if any_seen and not self._closed.is_set():
            self._changed()


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a hub announces.

    Args:
        port: Where it listens.
        hub: Its id.
        tags: By which members recognise it.
    """

    port: int
    hub: bytes
    tags: bytes


class Announcer(_Around):
    """Announces a hub on this computer.

    Args:
        interfaces: Addresses of the network cards to use; by default all.
    """

    def __init__(self, interfaces: Sequence[str] = ()) -> None:
        self._wanted: Announcement | None = None
        self._said: Announcement | None = None
        self._service: ServiceInfo | None = None
        super().__init__(interfaces)

    def announce(self, announcement: Announcement) -> None:
        """Announce something from now on, in the place of what was announced before."""
        self._wanted = announcement
        self._wake.set()

    def _step(self, zeroconf: "Zeroconf", addresses: list[str]) -> None:
        wanted = self._wanted
        if wanted is None or wanted == self._said:
            return
        self._leave(zeroconf)
        service = _service(wanted, addresses)
        zeroconf.register_service(service)
        self._service, self._said = service, wanted

    def _leave(self, zeroconf: "Zeroconf") -> None:
        service, self._service, self._said = self._service, None, None
        if service is not None:
            zeroconf.unregister_service(service)


def _service(announced: Announcement, addresses: list[str]) -> "ServiceInfo":
    from zeroconf import ServiceInfo

    name = announced.hub.hex()
    return ServiceInfo(
        SERVICE,
        f"{name}.{SERVICE}",
        port=announced.port,
        properties={b"v": _VERSION, b"t": base64.b64encode(announced.tags).rstrip(b"=")},
        server=f"{name}.local.",
        parsed_addresses=addresses,
    )


def _read(info: "ServiceInfo") -> tuple[bytes, bytes, tuple[str, ...]] | None:
    """Return id, tags and addresses of a hub; None when it is none of this version."""
    from zeroconf import IPVersion

    properties = info.properties
    tags = properties.get(b"t")
    if properties.get(b"v") != _VERSION or not tags or not info.port:
        return None
    with suppress(ValueError, binascii.Error):
        hub = bytes.fromhex(info.name.removesuffix(f".{SERVICE}"))
        addresses = [ipaddress.ip_address(text) for text in info.parsed_addresses(IPVersion.All)]
        urls = [
            f"http://[{address}]:{info.port}" if address.version == 6 else f"http://{address}:{info.port}"
            for address in sorted(addresses, key=lambda address: (address.version, address.is_global))
            if not address.is_link_local or address.version == 4
        ]
        if urls:
            return hub, base64.b64decode(tags + b"=" * (-len(tags) % 4), validate=True), tuple(urls)
    return None


def _addresses(wanted: Sequence[str]) -> list[str]:
    """Return the addresses by which this computer is reached in its networks now."""
    import ifaddr

    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text.partition("%")[0])
            usable = text in wanted if wanted else not (address.is_loopback or address.is_link_local)
            if usable:
                found.append(str(address))
    return sorted(set(found))
