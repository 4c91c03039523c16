"""Commands about the office network: serve it, see the ways of a vault, and say how they may be used."""

import signal
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from desktop_app.cli import output
from desktop_app.cli.community import opened
from desktop_app.cli.parser import Commands
from desktop_app.exchange_watch import Reach
from desktop_app.office.words import reach_words, way_name
from desktop_app.workspace import Workspace
from sync import wire
from sync.errors import Refused
from sync.messages import _

LOOK_SECONDS = 4.0
"""How long a command looks around for hubs."""
_YES_NO = {"yes": True, "no": False, "system": None}


def add_commands(commands: Commands) -> None:
    """Add ``hub`` and ``ways``."""
    hub = commands.add("hub", _("serve the office network with this vault, until told to stop"), _hub)
    hub.add_argument("vault", metavar="VAULT", type=Path)
    hub.add_argument("--port", type=int, help=_("the port to take; by default the one of the last time, or a free one"))
    ways = commands.group("ways", _("the ways by which a vault exchanges"))
    listing = ways.add("list", _("look around, and say how each way stands"), _list)
    add = ways.add("add", _("keep the address of an office hub that is not found by itself"), _add)
    remove = ways.add("remove", _("forget the address of an office hub"), _remove)
    limit = ways.add("limit", _("say how fast a way may be used, and what it costs"), _limit)
    for parser in (listing, add, remove, limit):
        parser.add_argument("vault", metavar="VAULT", type=Path)
    for parser in (add, remove):
        parser.add_argument("url", metavar="URL")
    limit.add_argument("way", metavar="WAY", help=_("its name in the list: central, or the beginning of the hub’s id"))
    limit.add_argument("--up", metavar="KB", help=_("KB a second that may be sent, or none"))
    limit.add_argument("--down", metavar="KB", help=_("KB a second that may be received, or none"))
    limit.add_argument("--metered", choices=tuple(_YES_NO), help=_("whether traffic costs; system: as the system says"))
    limit.add_argument(
        "--by-hand", choices=("yes", "no"), help=_("while it is metered, exchange only when somebody asks")
    )
    limit.add_argument("--largest", metavar="MB", help=_("while it is metered, the largest file that is exchanged"))


def _hub(arguments: Namespace) -> int:
    from desktop_app.office.keeping import keep_exchanging

    with opened(arguments) as workspace, _told_to_stop() as stop:
        ways = workspace.ways
        served = ways.book.serves
        running = ways.serve(on=True, port=arguments.port)
        assert running is not None  # noqa: S101 - it was switched on
        try:
            if running.mended:
                output.tell(_("The hub’s store was damaged and was begun anew; the devices fill it again."))
            output.result(
                arguments,
                {"url": running.address, "port": running.port, "fingerprint": wire.fingerprint(running.key)},
                _("This desk serves the office at {url}. Colleagues’ desks find it by themselves.").format(
                    url=running.address
                ),
                _(
                    "If they do not, type that address there, and let the firewall of this computer pass port {port}."
                ).format(port=running.port),
            )
            keep_exchanging(workspace, stop.is_set, output.tell)
        finally:
            ways.end()
            ways.book.set_serves(serves=served)
    return 0


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """Give an event that SIGTERM and SIGINT set while the block runs; only the main thread can hear them."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def looking_around(workspace: Workspace) -> Iterator[None]:
    """Look around for hubs, and know those in sight when the block begins."""
    from desktop_app.office.looking import look_around

    with look_around(workspace.ways, LOOK_SECONDS):
        yield


def _list(arguments: Namespace) -> int:
    with opened(arguments) as workspace, looking_around(workspace):
        found = workspace.ways.status()
    document = [
        {
            "id": status.way.id,
            "kind": status.way.kind.value,
            "url": status.way.url,
            "device": status.way.device,
            "reach": status.reach.value,
            "last": status.last,
            "waiting": status.waiting,
            "metered": status.metered,
            "terms": msgspec.structs.asdict(status.terms),
        }
        for status in found
    ]
    lines = [
        _("{id}  {name}, {url}: {state}; waiting: {waiting}").format(
            id=status.way.id[:16],
            name=way_name(status),
            url=status.way.url,
            state=reach_words(status.reach),
            waiting=status.waiting,
        )
        for status in found
    ]
    return output.result(
        arguments, {"ways": document}, *(lines or [_("No server is set and no office hub is in sight.")])
    )


def _add(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        workspace.ways.add(arguments.url)
        workspace.ways.meet(lambda: False)
        found = [status for status in workspace.ways.status() if status.way.url == arguments.url.strip().rstrip("/")]
    problem = next((status.problem for status in found if status.reach is not Reach.UNKNOWN), "")
    if problem:
        output.tell(problem)
    return output.result(
        arguments, {"url": arguments.url, "met": not problem}, _("The address is kept: {url}").format(url=arguments.url)
    )


def _remove(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        workspace.ways.book.remove(arguments.url.strip().rstrip("/"))
    return output.result(
        arguments, {"url": arguments.url}, _("The address is forgotten: {url}").format(url=arguments.url)
    )


def _limit(arguments: Namespace) -> int:
    with opened(arguments) as workspace:
        ways = workspace.ways
        known = {"central", *ways.book.hubs(), *ways.book.typed}
        names = [
            name
            for name in known
            if name == arguments.way or (len(arguments.way) >= 8 and name.startswith(arguments.way))
        ]
        if len(names) != 1:
            raise Refused(
                "unknown_way",
                _("There is no way “{name}”. “sprava ways list VAULT” shows them.").format(name=arguments.way),
            )
        terms = ways.book.terms(names[0])
        changed: dict[str, object] = {}
        for name in ("up", "down", "largest"):
            if (given := getattr(arguments, name)) is not None:
                changed[name] = None if given == "none" and name != "largest" else _number(given)
        if arguments.metered is not None:
            changed["metered"] = _YES_NO[arguments.metered]
        if arguments.by_hand is not None:
            changed["by_hand"] = _YES_NO[arguments.by_hand]
        terms = msgspec.structs.replace(terms, **changed)
        ways.set_terms(names[0], terms)
    return output.result(
        arguments,
        {"way": names[0], **msgspec.structs.asdict(terms)},
        _("How this way may be used is kept."),
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**7:
        raise Refused(
            "number",
            _("“{text}” is not a number that can be used here; it is a whole number such as 64.").format(text=text),
        )
    return int(text)
