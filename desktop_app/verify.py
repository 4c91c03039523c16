"""Whether everything in a vault is whole: each part checked and named, and nothing changed by looking."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from desktop_app import losses, schema
from desktop_app.checks import contents, folder, projection
from desktop_app.checks.model import Check, Fault, Part, Subject
from desktop_app.highwater import HighWater
from desktop_app.lives import Past, examine
from desktop_app.place import read_place
from desktop_app.private import private_folder
from desktop_app.projection import DeskProjection
from desktop_app.salvage.pages import Pages
from desktop_app.vault import Stick, failures, opening
from desktop_app.vault.custody import Custody
from desktop_app.vault.mark import Mark
from desktop_app.workspace import Workspace
from sync import sqlcipher
from sync.errors import Damaged, Failure
from sync.log import Log
from sync.membership import BadLink
from sync.messages import N_, _
from sync.sqlcipher import Connection, DatabaseError

DATABASE = "database"
IN_THE_WAY = "in_the_way"
"""What lies beside the database and is no file: the database may be whole, but does not open."""
LOSSES = "losses"
"""What repairs could not find: no part of a vault, and no damage."""
PARTS: tuple[Part, ...] = (
    Part("log", N_("Log: chains, signatures, contents"), contents.check_chains),
    Part("projection", N_("Cases as the log has them"), projection.check_projection),
    Part("drafts", N_("Drafts"), contents.check_drafts),
    Part("audit", N_("Audit"), contents.check_audit),
    Part("files", N_("Attached files"), contents.check_attached),
)
"""What is checked in a database that can be read; whoever keeps more in a vault adds its part here."""


def verify(workspace: Workspace, *, thorough: bool = True) -> list[Check]:
    """Check every part of an opened vault.

    The projection is built anew in memory from the frames and compared; nothing in the vault is changed
    but that the audit tells of the check.

    Args:
        workspace: An opened vault.
        thorough: Decrypt every part of every attached file; otherwise only presence and length are looked at.
    """
    store = workspace.store
    workspace.audit.flush()
    # Page authentication looks at the file alone, where a power cut may have torn what the write-ahead log holds whole.
    store.checkpoint()
    subject = Subject(
        workspace.folder,
        store.read,
        workspace.log.membership,
        tuple(workspace.log.me.units),
        workspace.lives.highwater.audit,
        workspace.audit.cut,
        thorough,
    )
    checks = [
        _checked("key", _("Key file"), lambda: folder.check_keys(workspace.folder, store.key_file)),
        _checked("seat", _("Seat"), lambda: folder.check_seat(store.seat)),
        _checked("mark", _("High-water mark"), lambda: folder.check_past(workspace.lives.past, opened=True)),
        *_check_contents(subject),
    ]
    faults = [check.part for check in checks if not check.sound]
    if DATABASE not in faults:  # nothing is written into a damaged one
        workspace.audit.record("vault_checked", sound=not faults, faults=faults)
    return checks


def verify_folder(path: Path, passphrase: str, *, stick: Stick | None = None) -> list[Check]:
    """Check every part of a vault that is not open, as far as it can be read; nothing in it is changed.

    Args:
        path: The vault's folder.
        passphrase: Its pass phrase.
        stick: The second secret, where the vault needs one.

    Raises:
        Refused: There is no vault, the pass phrase does not fit, the vault is open, or a newer program wrote it.
    """
    try:
        custody = Custody(path, passphrase, stick=stick, only_look=True)
    except Damaged as damage:
        if damage.code != "damaged_key_file":
            raise
        return _without_key(path.absolute())
    with custody:
        return verify_custody(custody)


def verify_custody(custody: Custody) -> list[Check]:
    """Check every part of a vault in custody; see `verify_folder`."""
    checks = [
        _checked("key", _("Key file"), lambda: folder.check_keys(custody.folder, custody.key_file)),
        _checked("seat", _("Seat"), lambda: folder.check_seat(custody.seat)),
    ]
    if (name := opening.in_the_way(custody.database_path)) is not None:
        checks.append(Check(IN_THE_WAY, _title(), sound=False, finding=failures.in_the_way(name).message))
    try:
        with private_folder() as room:
            copy = custody.copy_database(room)
            pages = _checked(DATABASE, _title(), lambda: _check_pages(copy, custody))
            return checks + _check_copy(custody, copy, pages)
    except Damaged:
        finding = _("vault.db is missing, or no file lies in its place")
        return checks + _unreadable(custody, Check(DATABASE, _title(), sound=False, finding=finding))


class _Look:
    """A copied database as a log sees it that nobody writes to.

    Args:
        path: The copy.
        key: Its raw key.
    """

    def __init__(self, path: Path, key: bytearray) -> None:
        self._path = path
        self._key = key

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a new connection each time: SQLCipher gives one up at the first page that is not authentic."""
        connection = sqlcipher.connect(self._path, self._key, read_only=True, create=False)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.close()

    def write(self) -> AbstractContextManager[Connection]:
        """Refuse.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError("nothing is written while looking")


def _check_copy(custody: Custody, copy: Path, pages: Check) -> list[Check]:
    look = _Look(copy, custody.database_key)
    try:
        with look.read() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        log = Log(look, DeskProjection())
        if not 0 < version <= schema.VERSION:
            raise BadLink("not the tables of a vault")
        units = tuple(log.me.units)
        mark = HighWater(custody.mark())
        past = examine(mark, log.position(), read_place(custody.mark().path))
    except (DatabaseError, BadLink, KeyError):
        broken = pages if not pages.sound else Check(DATABASE, pages.title, sound=False, finding=_foreign())
        return _unreadable(custody, broken)
    subject = Subject(custody.folder, look.read, log.membership, units, mark.audit)
    found = _check_contents(subject)
    if not pages.sound:
        found = [pages, *found[1:]]
    return [_checked("mark", _("High-water mark"), lambda: folder.check_past(past, opened=False)), *found]


def _unreadable(custody: Custody, database: Check) -> list[Check]:
    """Return what can be said when the database can't be read at all."""
    mark = _checked("mark", _("High-water mark"), lambda: _check_mark_alone(custody.mark()))
    return [mark, database, *(folder.not_checked(part.part, _(part.title)) for part in PARTS)]


def _without_key(path: Path) -> list[Check]:
    key = _checked("key", _("Key file"), lambda: folder.check_keys(path, None))
    others = [("seat", _("Seat")), ("mark", _("High-water mark")), (DATABASE, _title())]
    others += [(part.part, _(part.title)) for part in PARTS]
    return [key, *(folder.not_checked(part, title) for part, title in others)]


def _check_contents(subject: Subject) -> list[Check]:
    def run(check: Callable[[Subject, Connection], str]) -> str:
        with subject.read() as connection:
            return check(subject, connection)

    found = [
        _checked(DATABASE, _title(), lambda: run(contents.check_database)),
        *(_checked(part.part, _(part.title), lambda part=part: run(part.check)) for part in PARTS),  # type: ignore[misc]
    ]
    return found + _check_losses(subject)


def _check_losses(subject: Subject) -> list[Check]:
    """Return what repairs could not find; it is no part of a vault, so nothing is said when nothing is missing."""
    try:
        with subject.read() as connection:
            missing = [losses.words(connection, loss) for loss in losses.standing(connection)]
    except DatabaseError:
        return []  # what is damaged is named already
    title = _("What repairs could not find")
    return [Check(LOSSES, title, sound=False, finding=words) for words in missing]


def _checked(part: str, title: str, check: Callable[[], str]) -> Check:
    try:
        return Check(part, title, sound=True, finding=check())
    except Fault as fault:
        finding = str(fault)
    except DatabaseError as error:
        finding = _("The database can't be read here: {problem}").format(problem=type(error).__name__)
    except Failure as problem:
        if problem.code in {"newer_vault", "vault_closed"}:
            raise
        finding = problem.message
    return Check(part, title, sound=False, finding=finding)


def _check_pages(copy: Path, custody: Custody) -> str:
    """Every page is authentic, taken from the write-ahead log where it is newer there."""
    pages = Pages(copy, bytes(custody.database_key), as_sqlite=True)
    try:
        bad = sum(pages.page(number) is None for number in pages.numbers())
        count = pages.count
    finally:
        pages.close()
    if not count:
        raise Fault(_("vault.db is empty"))
    if bad:
        raise Fault(
            _("pages that are damaged, missing or another vault's: {bad} of {count}").format(bad=bad, count=count)
        )
    return _("pages: {pages}, every one authentic").format(pages=count)


def _check_mark_alone(mark: Mark) -> str:
    found = HighWater(mark)
    lost = found.contents is None and found.state != "empty"
    return folder.check_past(Past.LOST if lost else Past.KNOWN, opened=False)


def _foreign() -> str:
    return _("what vault.db holds is no vault of this program")


def _title() -> str:
    return _("Database")
