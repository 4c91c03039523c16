"""Commands of whoever runs a server: serve, and say which communities are served."""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from desktop_app.cli import output
from desktop_app.cli.parser import Commands
from desktop_app.settings import server_folder
from sync.errors import Misuse, Refused, Unreachable
from sync.messages import _

if TYPE_CHECKING:
    from sync.server.store import Community, Store

DEFAULT_PORT = 8437
DATABASE_VARIABLE = "SPRAVA_DATABASE"
FILES_VARIABLE = "SPRAVA_FILES"
_UNITS = {"": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_SHORTEST_ID = 8
_SHOWN_ID = 16


def add_commands(commands: Commands) -> None:
    """Add ``serve`` and ``server community``."""
    serve = commands.add("serve", _("run the server of a community; it can read nothing"), _serve)
    _add_place(serve)
    serve.add_argument("--host", default="127.0.0.1", help=_("address to listen on; 0.0.0.0 for all"))
    serve.add_argument("--port", type=int, default=DEFAULT_PORT)
    serve.add_argument("--tls-cert", metavar="FILE", type=Path)
    serve.add_argument("--tls-key", metavar="FILE", type=Path)
    serve.add_argument(
        "--files",
        metavar="PLACE",
        help=_("where encrypted files lie: a folder or s3://BUCKET/PREFIX; also in {name}").format(name=FILES_VARIABLE),
    )
    serve.add_argument(
        "--files-endpoint", metavar="URL", help=_("address of a store that speaks S3 and is not Amazon's")
    )
    serve.add_argument(
        "--admission",
        choices=("first", "required"),
        default="first",
        help=_("who is served without an admission code: the first community that comes, or nobody"),
    )
    serve.add_argument(
        "--proxy", metavar="ADDRESS", action="append", default=[], help=_("a proxy that is believed whom it speaks for")
    )
    serve.add_argument(
        "--monitor", metavar="ADDRESS", action="append", default=[], help=_("who else may read /metrics")
    )
    community = commands.group("server", _("look after a server")).group(
        "community", _("say which communities a server serves, and how much each may store")
    )
    add = community.add("add", _("make an admission code for one more community"), _add)
    add.add_argument("label", metavar="LABEL", help=_("what you call it"))
    add.add_argument("--quota", metavar="SIZE", help=_("how much it may store, such as 20GB; by default any amount"))
    listing = community.add("list", _("list the communities and the codes not used yet"), _list)
    quota = community.add("quota", _("change how much a community may store"), _quota)
    suspend = community.add("suspend", _("stop serving a community for now; nothing is deleted"), _suspend)
    resume = community.add("resume", _("serve a suspended community again"), _resume)
    for parser in (quota, suspend, resume):
        parser.add_argument("community", metavar="COMMUNITY", help=_("its label, or the beginning of its id"))
    quota.add_argument("quota", metavar="SIZE", help=_("such as 20GB, or none for any amount"))
    for parser in (add, listing, quota, suspend, resume):
        _add_place(parser)


def _add_place(parser: ArgumentParser) -> None:
    parser.add_argument("--data", metavar="DIR", type=Path, help=_("where the server keeps its key and its data"))
    parser.add_argument(
        "--database",
        metavar="URL",
        help=_("postgresql://..., when the data lie there; without a password, or in {name}").format(
            name=DATABASE_VARIABLE
        ),
    )


def _serve(arguments: Namespace) -> int:
    from sync.server import Options, serve

    def started(url: str, fingerprint: str) -> None:
        output.result(
            arguments,
            {"url": url, "fingerprint": fingerprint},
            _("The server listens at {url}").format(url=url),
            _("Its fingerprint, to compare: {fingerprint}").format(fingerprint=fingerprint),
        )

    serve(
        arguments.data or server_folder(),
        arguments.host,
        arguments.port,
        tls_cert=arguments.tls_cert,
        tls_key=arguments.tls_key,
        on_started=started,
        options=Options(
            database=_database(arguments),
            files=arguments.files or os.environ.get(FILES_VARIABLE) or None,
            files_endpoint=arguments.files_endpoint,
            admits_first=arguments.admission == "first",
            proxies=tuple(map(_network, arguments.proxy)),
            monitors=(*Options().monitors, *map(_network, arguments.monitor)),
            log=True,
        ),
    )
    return 0


def _add(arguments: Namespace) -> int:
    from sync.admission import code_key, new_code
    from sync.server.store import Ticket

    code = new_code()
    key = code_key(code)
    if key is None:
        raise RuntimeError("a new code is one")
    quota = None if arguments.quota is None else _size(arguments.quota)
    with _opened(arguments) as store, store.writing() as writer:
        writer.add_ticket(Ticket(key.public_key, arguments.label, quota))
    return output.result(
        arguments,
        {"label": arguments.label, "quota": quota, "code": code},
        _("Admission code for {label}: {code}").format(label=arguments.label, code=code),
        _("It works once, and is not shown again. Give it to the community's administrator, who exchanges with:"),
        _("sprava sync VAULT --server URL --admission CODE"),
    )


def _list(arguments: Namespace) -> int:
    with _opened(arguments) as store, store.reading() as reader:
        communities, tickets = reader.communities(), reader.tickets()
    lines = [
        "  ".join(
            [
                known.id.hex()[:_SHOWN_ID],
                known.label or "-",
                _("{used} of {quota}").format(used=_shown(known.used), quota=_shown(known.quota)),
                *([_("suspended")] if known.suspended else []),
            ]
        )
        for known in communities
    ]
    lines += [
        _("{label}: its admission code has not been used yet").format(label=ticket.label or "-") for ticket in tickets
    ]
    document = {
        "communities": [{**asdict(known), "id": known.id.hex()} for known in communities],
        "codes": [{"label": ticket.label, "quota": ticket.quota} for ticket in tickets],
    }
    return output.result(arguments, document, *(lines or [_("No community is served yet.")]))


def _quota(arguments: Namespace) -> int:
    quota = None if arguments.quota == "none" else _size(arguments.quota)
    with _opened(arguments) as store, store.writing() as writer:
        known = _found(writer.communities(), arguments.community)
        writer.set_quota(known.id, quota)
    return output.result(
        arguments,
        {"id": known.id.hex(), "quota": quota},
        _("{label} may store: {quota}").format(label=known.label or known.id.hex()[:_SHOWN_ID], quota=_shown(quota)),
    )


def _suspend(arguments: Namespace) -> int:
    return _set_suspended(arguments, suspended=True)


def _resume(arguments: Namespace) -> int:
    return _set_suspended(arguments, suspended=False)


def _set_suspended(arguments: Namespace, *, suspended: bool) -> int:
    with _opened(arguments) as store, store.writing() as writer:
        known = _found(writer.communities(), arguments.community)
        writer.set_suspended(known.id, suspended=suspended)
    label = known.label or known.id.hex()[:_SHOWN_ID]
    message = (
        _("{label} is suspended: its devices are told so and keep everything. Nothing was deleted.")
        if suspended
        else _("{label} is served again.")
    )
    return output.result(arguments, {"id": known.id.hex(), "suspended": suspended}, message.format(label=label))


@contextmanager
def _opened(arguments: Namespace) -> "Iterator[Store]":
    """Open the store, beside a server that runs or not."""
    from sync.server.run import STORE_FILE, open_store
    from sync.server.store import StoreBusy

    folder, database = arguments.data or server_folder(), _database(arguments)
    if database is None and not (folder / STORE_FILE).is_file() and arguments.handler is not _add:
        raise Refused("no_server_data", _("In {folder} there is no server's data.").format(folder=folder))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = open_store(folder, database)
    try:
        yield store
    except StoreBusy as error:
        message = _("The server's database does not answer now. Nothing was changed; try again.")
        raise Unreachable("server_database", message) from error
    finally:
        store.close()


def _database(arguments: Namespace) -> str | None:
    given: str | None = arguments.database
    if given is not None and _has_password(given):
        raise Misuse(
            "password_shown",
            _(
                "Everybody on this computer can read a password that stands in a command. Leave it out and put it into "
                "~/.pgpass, or give the whole address in the environment variable {name}."
            ).format(name=DATABASE_VARIABLE),
        )
    return given or os.environ.get(DATABASE_VARIABLE) or None


def _has_password(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.password) or "password=" in parts.query


def _network(text: str) -> str:
    import ipaddress

    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as error:
        raise Misuse(
            "address", _("“{address}” is not an address or a network such as 10.0.0.0/8.").format(address=text)
        ) from error


def _size(text: str) -> int:
    """Return the bytes of a size such as 20GB."""
    fits = re.fullmatch(r"(\d{1,12}) ?([KMGT]B)?", text.strip().upper())
    if fits is None:
        raise Misuse("size", _("“{size}” is not a size. It looks like 500MB or 20GB.").format(size=text))
    return int(fits[1]) * _UNITS[fits[2] or ""]


def _shown(size: int | None) -> str:
    if size is None:
        return _("any amount")
    words = {"": _("B"), "KB": _("KB"), "MB": _("MB"), "GB": _("GB"), "TB": _("TB")}
    unit = max((name for name, factor in _UNITS.items() if size >= factor), key=_UNITS.__getitem__, default="")
    return f"{size / _UNITS[unit]:.4g} {words[unit]}"


def _found(communities: "list[Community]", name: str) -> "Community":
    """Return the one community that is meant.

    Raises:
        Refused: There is none, or there are several.
    """
    wanted = name.lower()
    found = [known for known in communities if known.label == name] or [
        known for known in communities if len(wanted) >= _SHORTEST_ID and known.id.hex().startswith(wanted)
    ]
    if len(found) == 1:
        return found[0]
    message = (
        _("No community here is called “{name}”. “sprava server community list” shows them.")
        if not found
        else _("Several communities here are called “{name}”. Give the beginning of the id instead.")
    )
    raise Refused("unknown_community", message.format(name=name))
