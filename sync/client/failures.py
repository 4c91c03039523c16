"""What a person is told when an exchange does not work out: one function for each sentence."""

from sync import wire
from sync.errors import Failure, Misuse, Refused, Unreachable
from sync.messages import _


class Problem(Exception):
    """The server said no.

    Args:
        code: The machine word.
        status: The HTTP status.
    """

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class Cancelled(Exception):
    """The person does not want to wait for the rest; what was done stays done."""


class BrokenOff(Unreachable):
    """The connection broke in the middle of a reply: the server is there, and another try may do."""


def bad_url(url: str) -> Failure:
    """The address of the server is not one."""
    return Misuse(
        "bad_url",
        _(
            "“{url}” is not the address of a server. It looks like https://server.example or http://192.168.1.5:8437."
        ).format(url=url),
    )


def offline() -> Failure:
    """This computer has no network."""
    return Unreachable(
        "offline",
        _("There is no network now. Everything is saved on this computer and is sent when the network is back."),
    )


def server_away(url: str) -> Failure:
    """Nobody answers there."""
    return Unreachable(
        "server_away",
        _("The server {url} does not answer. Everything is saved on this computer; try again later.").format(url=url),
    )


def broken_off(url: str) -> Failure:
    """The line broke while a reply came in."""
    return BrokenOff(
        "connection_lost",
        _(
            "The connection to the server {url} broke off. Everything is saved on this computer, and what was "
            "exchanged so far stays; try again."
        ).format(url=url),
    )


def not_a_server(url: str) -> Failure:
    """Something else answers there."""
    return Unreachable(
        "not_a_server",
        _(
            "What answers at {url} is not a server of Sprava. Check the address; on a public network, "
            "sign in to it in a browser first. All data stays on this computer."
        ).format(url=url),
    )


def bad_certificate(url: str) -> Failure:
    """TLS failed."""
    return Unreachable(
        "bad_certificate",
        _(
            "The secure connection to {url} can't be made: its certificate is not trusted. "
            "All data stays on this computer; tell the administrator."
        ).format(url=url),
    )


def no_certificates(url: str, reason: OSError) -> Failure:
    """TLS can't even begin."""
    return Unreachable(
        "no_certificates",
        _(
            "The secure connection to {url} can't be prepared: {reason}. If that names a file of trusted certificates, "
            "correct the setting REQUESTS_CA_BUNDLE of this computer or remove it. All data stays on this computer."
        ).format(url=url, reason=reason),
    )


def wrong_server(url: str) -> Failure:
    """The key is not the one that was pinned."""
    return Refused(
        "wrong_server",
        _(
            "At {url} there is not the server that this device knows: its key is another one. It got nothing that it "
            "could read. "
            "Ask the administrator whether the server was replaced; if it was, exchange once with: "
            "sprava sync VAULT --new-server"
        ).format(url=url),
    )


def no_hub_of_ours(url: str) -> Failure:
    """No member's device stands behind a server that should be an office hub."""
    return Refused(
        "no_hub_of_ours",
        _(
            "At {url} there is a server, but no device of this community stands behind it. It got nothing. Check the "
            "address; the address of the community’s own server belongs into the field “Server”."
        ).format(url=url),
    )


def misbehaving(url: str) -> Failure:
    """The server's answers are not in order."""
    return Refused(
        "server_misbehaves",
        _(
            "The server {url} gave an answer that can't be right. What this device holds is as it was, and nothing "
            "doubtful was taken. Tell the administrator."
        ).format(url=url),
    )


def other_version(version: int) -> Failure:
    """The server speaks another version of the protocol."""
    if version > wire.VERSION:
        return Refused(
            "program_too_old",
            _("The server needs a newer version of this program. Update it; nothing is lost meanwhile."),
        )
    return Refused(
        "server_too_old",
        _("The server is older than this program. Ask the administrator to update it; nothing is lost meanwhile."),
    )


def not_a_code() -> Failure:
    """What was given is no admission code."""
    return Misuse(
        "bad_code",
        _("This is not an admission code. A code has five groups of five letters and digits; check it and try again."),
    )


def of_problem(problem: Problem, url: str) -> Failure:
    """Put the server's no into a sentence."""
    match problem.code:
        case "other_community":
            message = _("The server {url} serves another community. It took nothing; all data stays on this computer.")
            return Refused("other_community", message.format(url=url))
        case "not_admitted" | "admission_unknown" | "suspended" | "not_member" | "unknown_community":
            return _not_served(problem.code, url)
        case "busy" | "slow_down":
            message = _("The server {url} is busy. Everything is saved on this computer; try again in a minute.")
            return Unreachable("server_busy", message.format(url=url))
        case "full":
            message = _(
                "The server {url} has no room left. Everything is saved on this computer; tell the administrator."
            )
            return Unreachable("server_full", message.format(url=url))
        case "server_error" | "too_slow":
            message = _("The server {url} could not finish. Everything is saved on this computer; try again later.")
            return Unreachable("server_error", message.format(url=url))
        case _:
            message = _(
                "The server {url} did not accept what this device sent ({code}). Everything is saved on this computer; "
                "tell the administrator."
            )
            return Refused("server_refuses", message.format(url=url, code=problem.code))


def _not_served(code: str, url: str) -> Failure:
    """Say why the server does not serve the community, or does not now."""
    if code == "not_admitted":
        message = _(
            "The server {url} does not serve this community yet. It took nothing; all data stays on this computer. "
            "Ask the server's operator for an admission code and exchange once with: "
            "sprava sync VAULT --admission CODE"
        )
    elif code == "admission_unknown":
        message = _(
            "The server {url} does not know this admission code, or another community has used it. All data stays "
            "on this computer; check the code or ask the server's operator for a new one."
        )
    elif code == "unknown_community":
        message = _("The server {url} does not know this community yet, or has forgotten it. The next exchange tells.")
    elif code == "not_member":
        message = _(
            "The server {url} does not know this device as a member of the community. All data stays on this "
            "computer; ask the administrator."
        )
    else:
        message = _(
            "The operator of the server {url} has suspended this community. The server takes nothing and gives "
            "nothing now; all data stays on this computer, and you go on working as usual. Ask the operator."
        )
    return Refused(code, message.format(url=url))
