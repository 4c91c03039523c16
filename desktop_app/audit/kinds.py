"""Everything the audit records, with its words: a kind that is not here can't be recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from desktop_app.kits import loader
from desktop_app.kits.model import text
from sync import membership
from sync.messages import N_, _


class Group(StrEnum):
    """What a kind is about."""

    READING = "reading"
    SEAT = "seat"
    SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of entry.

    Args:
        id: A machine word that never changes.
        title: What happened, to be translated.
        icon: The icon shown before the title.
        group: What it is about.
        details: The names of its details; an entry has exactly these.
        words: How the details are told, to be translated; empty for not at all.
        role: The colour of its icon: ``muted``, ``accent``, ``ok``, ``warn`` or ``error``.
        durable: Whether the entry is on disk before the program goes on; the others are a second later at most.
        part_of: A kind of reading that shows this too: shortly after it, this one says nothing new.
    """

    id: str
    title: str
    icon: str
    group: Group
    details: tuple[str, ...] = ()
    words: str = ""
    role: str = "muted"
    durable: bool = True
    part_of: str = ""


def _reading(
    id_: str,
    title: str,
    icon: str,
    details: tuple[str, ...] = (),
    words: str = "",
    role: str = "accent",
    part_of: str = "",
) -> Kind:
    return Kind(id_, title, icon, Group.READING, details, words, role, durable=False, part_of=part_of)


FILTER = ("words", "kit", "stage", "only_open", "overdue", "where")
"""What narrows a list of cases, as it stands in the details of an entry."""
_FOUND = N_("{filter} · found: {hits}")
_ALL = (
    _reading("case_opened", N_("Case opened with its history"), "case"),
    _reading("case_shown", N_("Values of a case shown"), "case", part_of="case_opened"),
    _reading("case_history", N_("History of a case shown"), "clock", part_of="case_opened"),
    _reading("conflict_shown", N_("Values in conflict shown"), "conflict", part_of="case_opened"),
    _reading("late_work_shown", N_("Changes that wait for a decision shown"), "waiting", part_of="case_opened"),
    _reading("files_listed", N_("List of a case’s files shown"), "folder", role="muted", part_of="case_opened"),
    _reading("file_opened", N_("File opened"), "eye", ("name",), "{name}"),
    Kind(
        "file_saved", N_("File saved as a readable copy"), "export", Group.READING, ("name",), "{name}", "warn",
    ),
    _reading("search", N_("Search"), "search", (*FILTER, "hits"), _FOUND),
    _reading("list_shown", N_("List of cases shown"), "cases", (*FILTER, "hits"), _FOUND, "muted"),
    _reading("today_shown", N_("“Today” shown"), "today", role="muted"),
    Kind(
        "report_made", N_("Access report made"), "export", Group.READING,
        ("cases", "words", "file"), N_("cases: {cases} · {words} · {file}"), "warn",
    ),
    _reading("audit_shown", N_("Audit shown"), "eye", ("filter", "hits"), N_("{filter} · entries: {hits}"), "muted"),
    Kind(
        "audit_exported", N_("Audit exported as a readable file"), "export", Group.READING,
        ("filter", "hits", "file"), N_("{filter} · entries: {hits} · {file}"), "warn",
    ),
    Kind("vault_made", N_("Vault made"), "saved", Group.SEAT, role="ok"),
    Kind("unlocked", N_("Vault opened"), "ok", Group.SEAT, durable=False),
    Kind("closed", N_("Vault closed"), "quit", Group.SEAT, durable=False),
    Kind("invitation_made", N_("Invitation made"), "invite", Group.SEAT, ("role", "unit"), N_("{role}, {unit}")),
    Kind(
        "device_joined", N_("A device joined the community"), "device", Group.SEAT,
        ("device", "role"), N_("device {device}, {role}"), "ok",
    ),
    Kind(
        "device_confirmed", N_("A device was let in by an administrator’s word"), "device", Group.SEAT,
        ("device", "code"), N_("device {device}, code {code}"), "ok",
    ),
    Kind("device_declined", N_("A device was turned away"), "warn", Group.SEAT, ("code",), N_("code {code}"), "warn"),
    Kind("device_revoked", N_("A device was put out"), "warn", Group.SEAT, ("device",), N_("device {device}"), "warn"),
    Kind(
        "late_work_judged", N_("Decided on late work of a device that had lost the right"), "device", Group.SEAT,
        ("device", "accepted"), N_("device {device}, taken in: {accepted}"),
    ),
    Kind("unit_made", N_("Unit made"), "device", Group.SEAT, ("unit",), "{unit}", "ok"),
    Kind("unit_renamed", N_("Unit renamed"), "device", Group.SEAT, ("unit", "name"), "{unit} → {name}"),
    Kind(
        "role_given", N_("A device was given a role"), "device", Group.SEAT,
        ("device", "role", "unit"), N_("device {device}, {role} · {unit}"),
    ),
    Kind(
        "unit_left", N_("A device was taken out of a unit"), "warn", Group.SEAT,
        ("device", "unit"), N_("device {device}, {unit}"), "warn",
    ),
    Kind(
        "case_restricted", N_("It was said who alone reads a case"), "lock", Group.SEAT,
        ("people",), "{people}", "warn",
    ),
    Kind("case_moved", N_("A case was moved to another unit"), "case", Group.SEAT, ("unit",), "{unit}"),
    Kind("server_changed", N_("Address of the server changed"), "online", Group.SEAT, ("address",), "{address}"),
    Kind(
        "locking_changed", N_("Time until the desk locks itself changed"), "clock", Group.SEAT,
        ("minutes",), N_("minutes: {minutes}"),
    ),
    Kind(
        "wrong_tries", N_("Wrong tries before the vault was opened"), "warn", Group.SEAT,
        ("count",), N_("how many: {count}"), "warn",
    ),
    Kind("ways_changed", N_("Ways into the vault were changed while it was closed"), "lock", Group.SEAT),
    Kind("key_file_put_back", N_("An older key file was put back"), "warn", Group.SEAT, role="warn"),
    Kind("passphrase_changed", N_("Pass phrase changed"), "lock", Group.SEAT),
    Kind(
        "recovery_made", N_("Recovery sheet made"), "shield", Group.SEAT, ("number", "count"),
        N_("sheet {number}, how many: {count}"),
    ),
    Kind("recovery_used", N_("Vault opened with a recovery sheet"), "warn", Group.SEAT, role="warn"),
    Kind("backup_made", N_("Backup made"), "saved", Group.SAFETY, ("file", "generation"), "{file}, {generation}", "ok"),
    Kind(
        "backup_drilled", N_("Backup proved by a restore for practice"), "shield", Group.SAFETY, ("file", "sound"),
        N_("whole: {sound} · {file}"), "ok",
    ),
    Kind(
        "backup_restored", N_("Vault restored from a backup"), "undo", Group.SAFETY, ("file", "made"),
        "{made} · {file}", "warn",
    ),
    Kind(
        "vault_checked", N_("Vault checked"), "shield", Group.SAFETY,
        ("sound", "faults"), N_("whole: {sound}; damaged: {faults}"), "ok",
    ),
    Kind(
        "vault_repaired", N_("Vault repaired: the database was built anew"), "warn", Group.SAFETY,
        ("bad", "pages", "audit_kept", "audit_lost", "gaps"),
        N_(
            "pages that could not be read: {bad} of {pages}; entries of the audit that were kept: {audit_kept}, "
            "lost: {audit_lost}"
        ),
        "warn",
    ),
    Kind(
        "loss_accepted", N_("What a repair could not find was given up"), "warn", Group.SAFETY, ("count",),
        N_("repairs: {count}"), "warn",
    ),
    Kind("mark_lost", N_("The file vault.mark was missing or damaged"), "warn", Group.SAFETY, role="warn"),
    Kind("vault_copied", N_("The vault’s folder is a copy"), "warn", Group.SAFETY, role="warn"),
    Kind(
        "audit_cut", N_("Entries are missing at the end of the audit"), "error", Group.SAFETY,
        ("expected", "found"), N_("there were {expected}, found: {found}"), "error",
    ),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.id: kind for kind in _ALL}
"""Every kind by its id, in the order in which they are offered."""

_ROLES = {
    membership.ADMINISTRATOR: N_("Administrator"),
    membership.HEAD: N_("Head of unit"),
    membership.CLERK: N_("Clerk"),
    membership.REGISTRAR: N_("Registrar"),
    membership.AUDITOR: N_("Auditor"),
}


def title(kind_id: str) -> str:
    """Return what a kind of entry is called; the machine word when another version of the program wrote it."""
    kind = KINDS.get(kind_id)
    return _(kind.title) if kind else kind_id


def role_title(role: str) -> str:
    """Return what a role in the community is called; the machine word when this program does not know it."""
    return _(_ROLES[role]) if role in _ROLES else role


def words(kind_id: str, detail: Mapping[str, object]) -> str:
    """Return the details of an entry as a person reads them."""
    kind = KINDS.get(kind_id)
    if kind is None:
        return "; ".join(f"{name}: {_plain(value)}" for name, value in sorted(detail.items()))
    if not kind.words:
        return ""
    told = {name: _plain(detail.get(name)) for name in kind.details}
    if detail.get("role"):
        told["role"] = role_title(str(detail["role"]))
    given = detail.get("filter")
    told["filter"] = audit_filter_words(given) if isinstance(given, Mapping) else filter_words(detail)
    whole = _(kind.words).format(**told)
    return " · ".join(part for part in whole.split(" · ") if part.strip())


def filter_words(detail: Mapping[str, object]) -> str:
    """Return what a list was narrowed to, as a person reads it."""
    parts = [_("“{words}”").format(words=detail["words"])] if detail.get("words") else []
    kit = loader.shipped().get(str(detail.get("kit")))
    if detail.get("kit"):
        parts.append(_("type: {value}").format(value=text(kit.title) if kit else detail["kit"]))
    if detail.get("stage"):
        stage = next((each for each in kit.stages if each.id == detail["stage"]), None) if kit else None
        parts.append(_("stage: {value}").format(value=text(stage.label) if stage else detail["stage"]))
    parts += [_("only open")] if detail.get("only_open") else []
    parts += [_("only overdue")] if detail.get("overdue") else []
    where = detail.get("where")
    if isinstance(where, Mapping):
        parts += [f"{name} = {value}" for name, value in where.items()]
    return ", ".join(parts) or _("all cases")


def audit_filter_words(narrowed: Mapping[str, object]) -> str:
    """Return what a list of the audit was narrowed to, as a person reads it."""
    parts = [title(str(narrowed["kind"]))] if narrowed.get("kind") else []
    parts += [_("one case")] if narrowed.get("subject") else []
    parts += [_("one person")] if narrowed.get("person") else []
    parts += [_("from {day}").format(day=narrowed["since"])] if narrowed.get("since") else []
    parts += [_("until {day}").format(day=narrowed["until"])] if narrowed.get("until") else []
    return ", ".join(parts) or _("all entries")


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "—"
    return "" if value is None else str(value)
