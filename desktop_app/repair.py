"""Repair: what is damaged in a vault is built again from its log, and the log from whatever still holds it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from desktop_app import losses, schema
from desktop_app.backup import putting_back
from desktop_app.checks.model import Check
from desktop_app.highwater import Contents, HighWater
from desktop_app.rebuilding import rebuild_tables
from desktop_app.salvage.building import Built, rebuild_database
from desktop_app.salvage.collecting import collect
from desktop_app.vault import Stick, wal
from desktop_app.vault.custody import Custody
from desktop_app.verify import DATABASE, verify, verify_custody
from desktop_app.workspace import Workspace
from sync import frames
from sync.bundle import heads_of
from sync.errors import Damaged, Failure
from sync.messages import _, ngettext
from sync.replica import Heads

LOG, PROJECTION, DRAFTS, MARK = "log", "projection", "drafts", "mark"


@dataclass
class Report:
    """What a repair did.

    Args:
        before: What was found at first.
        after: What was found at the end.
        done: What was done, a sentence each.
        missing: What is still missing, and where it may be, a sentence each.
        built: What became of the database, when it had to be built anew.
        taken_back: How many frames came back, by where from.
        parts_back: How many parts of attached files came back.
    """

    before: list[Check]
    after: list[Check] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    built: Built | None = None
    taken_back: dict[str, int] = field(default_factory=dict)
    parts_back: int = 0

    @property
    def sound(self) -> bool:
        """Whether every part is whole now."""
        return all(check.sound for check in self.after)


def repair(
    folder: Path,
    passphrase: str,
    sources: Sequence[Path] = (),
    *,
    stick: Stick | None = None,
    progress: Callable[[str], None] | None = None,
    accept_loss: bool = False,
) -> Report:
    """Mend a vault that is not open: build again what follows from the log, salvage the log, take back the rest.

    Nothing that is damaged is deleted: a damaged database is kept beside the new one.

    Args:
        folder: The vault's folder.
        passphrase: Its pass phrase.
        sources: Bundle and backup files to take back from, a lost key file too; the server is asked as well, when one
            is set.
        stick: The second secret, where the vault needs one.
        progress: Told what is being done, a sentence each.
        accept_loss: The person says that what is missing after all of this is given up.

    Raises:
        Refused: The pass phrase does not fit, the vault is open, or the disk refuses.
        Damaged: Nothing tells who this device is ("cannot_repair"), or both key files are lost.
    """
    tell = progress or (lambda _sentence: None)
    put_back = putting_back.key_file(folder, sources, passphrase, stick=stick)
    try:
        custody = Custody(folder, passphrase, stick=stick)
    except Damaged as damage:
        foreign = damage.code == "foreign_key_file"
        put_back += putting_back.key_file(folder, sources, passphrase, stick=stick, foreign=foreign)
        if not put_back:
            raise
        custody = Custody(folder, passphrase, stick=stick)
    with custody:
        tell(_("Everything is being checked."))
        report = Report(verify_custody(custody), done=put_back)
        faulty = {check.part for check in report.before if not check.sound}
        former = _noted(custody)
        if faulty & {DATABASE, LOG, DRAFTS} or (MARK in faulty and _has_wal(custody)):
            tell(_("A new database is being built from what can still be read."))
            report.built = rebuild_database(custody)
            report.done.append(_said_of(report.built))
        with _workspace(custody) as workspace:
            if report.built is None and PROJECTION in faulty:
                _rebuild_told(workspace, report, tell)
            report.done += workspace.notices
            _take_back_aside(workspace, custody, report)
            covered = _take_back(workspace, custody, sources, report, tell)
            _remember_losses(workspace, former, report, covered=covered)
            if accept_loss:
                workspace.audit.record("loss_accepted", count=losses.accept(workspace.store))
            with workspace.store.read() as connection:
                gone = [losses.words(connection, loss) for loss in losses.standing(connection)]
            report.missing += gone or missing(workspace)
            workspace.lives.keep_position()
            tell(_("Everything is being checked once more."))
            report.after = verify(workspace)
            if {check.part for check in report.after if not check.sound} == {PROJECTION}:
                # What was salvaged came in another order than it was written in: one pass in order sets it right.
                _rebuild_told(workspace, report, tell)
                report.after = verify(workspace)
    return report


def _rebuild_told(workspace: Workspace, report: Report, tell: Callable[[str], None]) -> None:
    tell(_("Lists, search and histories are being built anew from the log."))
    rebuild(workspace)
    report.done.append(_("Lists, search and histories were built anew from the log."))


def rebuild(workspace: Workspace) -> None:
    """Build everything that follows from the frames anew, in one transaction; frames and ids stay.

    Args:
        workspace: An opened vault whose log is whole.

    Raises:
        Failure: The disk refused; nothing was changed.
    """
    with workspace.store.write() as connection:
        rebuild_tables(connection)
    workspace.store.drop_readers()


def missing(workspace: Workspace) -> list[str]:
    """Say which frames are known to exist and are not here.

    Args:
        workspace: An opened vault.
    """
    with workspace.store.read() as connection:
        held = {
            (unit, incarnation): seq
            for unit, incarnation, seq in connection.execute(
                "SELECT u.uuid, i.uuid, h.seq FROM head h JOIN unit u ON u.id = h.unit"
                " JOIN incarnation i ON i.id = h.incarnation"
            )
        }
        wanted: dict[tuple[bytes, bytes], int] = {}
        for table in ("frame", "waiting"):
            for (body,) in connection.execute(f"SELECT body FROM {table}"):  # noqa: S608 - the names above
                header = frames.parse(body).header
                own = ((header.incarnation, header.seq - 1),)
                for incarnation, seq in (*header.heads, *own):
                    place = (header.unit, incarnation)
                    wanted[place] = max(seq, wanted.get(place, 0))
    count = sum(max(0, seq - held.get(place, 0)) for place, seq in wanted.items())
    if not count:
        return []
    said = ngettext(
        "{count} frame of the log that others named is not here.",
        "{count} frames of the log that others named are not here.",
        count,
    ).format(count=count)
    advice = _("They come back with an exchange from whoever has them: the server, or a colleague's bundle file.")
    return [f"{said} {advice}"]


def _noted(custody: Custody) -> Contents | None:
    """Return what the mark says before anything is mended."""
    try:
        return HighWater(custody.mark()).contents
    except Damaged:
        return None


def _has_wal(custody: Custody) -> bool:
    wal = custody.database_path.with_name(custody.database_path.name + "-wal")
    return wal.is_file() and wal.stat().st_size > 0


def _remember_losses(workspace: Workspace, former: Contents | None, report: Report, *, covered: bool) -> None:
    """Remember what is not here any more, and be sure of what came back.

    Building a database has noted already what was lost of it. Where none was built, only the mark may know that this
    device had written more.
    """
    if report.built is None and former is not None:
        with workspace.store.write() as connection:
            losses.note(connection, losses.new_loss(former.incarnation, former.counter, ""))
    with workspace.store.read() as connection:
        standing = losses.standing(connection)
        named = losses.count_lacking(connection, standing)
    if covered and standing and not named and not missing(workspace):
        losses.settle(workspace.store)


def _take_back_aside(workspace: Workspace, custody: Custody, report: Report) -> None:
    """Take in the frames of databases that were put aside; known ones change nothing."""
    aside = wal.put_aside_before(custody.database_path)
    if not aside:
        return
    found = collect(aside, bytes(custody.database_key), b"")
    order = sorted(found.frames.values(), key=lambda each: (each.header.incarnation, each.header.seq))
    count = workspace.log.apply([frame.body for frame in order], list(found.links.values())).frames
    if count:
        report.taken_back[_("put aside before")] = count
        report.done.append(_("Frames taken back from what was put aside: {count}.").format(count=count))


def _workspace(custody: Custody) -> Workspace:
    opened = custody.open(schema.migrate, schema.VERSION)
    try:
        return Workspace(opened)
    except BaseException:
        opened.close()
        raise


def _take_back(
    workspace: Workspace, custody: Custody, sources: Sequence[Path], report: Report, tell: Callable[[str], None]
) -> bool:
    """Take back what sources and the server hold; return whether a source has all chains as far as they are here."""
    covered = False
    for source in sources:
        tell(_("{file} is being taken in.").format(file=source.name))
        if putting_back.is_backup(source):
            count, heads = putting_back.frames(workspace, custody, source)
            held = [heads]
            _take_files_back(workspace, custody, source, report)
        else:
            count = workspace.exchange.import_bundle(source).frames
            held = [heads_of(workspace.log, device) or {} for device in workspace.log.membership.devices]
        covered = covered or any(_covers(workspace, heads) for heads in held)
        report.taken_back[source.name] = count
        report.done.append(_("Frames taken back from {file}: {count}.").format(file=source.name, count=count))
    server = workspace.exchange.server
    with workspace.store.read() as connection:
        lacking = report.built is not None or bool(losses.standing(connection))
    if server is None or not lacking:
        return covered
    tell(_("The server is being asked."))
    try:
        count = workspace.exchange.sync().received
    except Failure as problem:
        report.missing.append(problem.message)
        return covered
    report.taken_back[server] = count
    report.done.append(_("Frames taken back from the server: {count}.").format(count=count))
    return covered


def _take_files_back(workspace: Workspace, custody: Custody, source: Path, report: Report) -> None:
    """Bring back the parts of attached files that a backup has and this vault has not, or not whole."""
    brought, lost = putting_back.chunks(workspace, custody, source)
    report.parts_back += brought
    if brought:
        report.done.append(
            _("Parts of attached files brought back from {file}: {count}.").format(file=source.name, count=brought)
        )
    if lost:
        report.missing.append(
            _("Parts of attached files that are damaged in {file} too: {count}.").format(file=source.name, count=lost)
        )


def _covers(workspace: Workspace, theirs: Heads) -> bool:
    """Whether somebody's chains reach as far as those here, but for what this device wrote since it was mended."""
    own = workspace.log.identity.incarnation
    return all(
        theirs.get(unit, {}).get(incarnation, (0, b""))[0] >= seq
        for unit, chains in workspace.log.heads().items()
        for incarnation, (seq, _hash) in chains.items()
        if incarnation != own
    )


def _said_of(built: Built) -> str:
    said = _(
        "A new database was built: frames kept {frames}, of them waiting for earlier ones {waiting}; drafts kept "
        "{drafts}. Pages that could not be read: {bad} of {pages}."
    ).format(
        frames=built.frames + built.frames_waiting,
        waiting=built.frames_waiting,
        drafts=built.drafts,
        bad=built.bad_pages,
        pages=built.pages,
    )
    said += " " + _said_of_audit(built)
    if not built.aside:
        return said
    return f"{said} " + _("The damaged one was put aside as {file}; nothing was deleted.").format(file=built.aside)


def _said_of_audit(built: Built) -> str:
    audit = built.audit
    said = _("Audit: entries kept {kept}, lost {lost}.").format(kept=audit.kept, lost=audit.lost)
    if audit.lost:
        said += " " + _("The audit says so itself from now on.")
    if not audit.end_known:
        said += " " + _("Whether its end is missing can't be told, since vault.mark does not tell either.")
    if audit.is_other:
        said += " " + _("It is not the audit that vault.mark noted; the audit says so from now on.")
    return said
