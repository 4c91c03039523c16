"""How vaults come about and how they are opened: founding, joining, example data."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from desktop_app import directory, schema, vault
from desktop_app.attachments.whereabouts import SERVER
from desktop_app.projection import DeskProjection
from desktop_app.recovery import Prepared
from desktop_app.vault import KdfParameters, NewPhrase, Stick, Vault, shares
from desktop_app.vault.shares import Arrangement, Secret, Share
from desktop_app.vault.tries import Tries
from desktop_app.workspace import EXAMPLE, Workspace
from sync import enrolment, ids
from sync.changes import Change
from sync.enrolment import Start
from sync.log import Log
from sync.messages import _
from sync.pins import pin_server
from sync.sqlcipher import Connection

EXAMPLE_CASES = 300
EXAMPLE_PERIOD = timedelta(days=36)


class _InOneTransaction:
    """Lets a log write inside the transaction in which its vault is made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        yield self._connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self._connection


def create_workspace(
    folder: Path, passphrase: str, *, community: str, unit: str, person: str, kdf: KdfParameters | None = None
) -> Workspace:
    """Found a community and make its first vault.

    Args:
        folder: Where; must not exist or be empty.
        passphrase: The pass phrase of the founding person.
        community: The name of the community.
        unit: The name of its first unit.
        person: The name of the founding person, its first administrator.
        kdf: Cost of the key derivation; by default what this machine bears.

    Raises:
        Refused: A name is empty, the pass phrase is weak, or the folder is taken; nothing was made.
    """
    for given in (community, unit, person):
        directory.require_name(given)
    person_id = ids.new_id()
    start = enrolment.found(person_id)
    names = [
        directory.named(directory.COMMUNITY, start.identity.community[: ids.ID_BYTES], community.strip()),
        directory.named(directory.UNIT, start.units[0], unit.strip()),
        directory.named(directory.PERSON, person_id, person.strip()),
    ]
    return _make(folder, passphrase, start, names, [], kdf)


def invitation_code(invitation: bytes) -> str:
    """Return the code that the two people compare before one joins.

    Args:
        invitation: The bytes of the invitation file.

    Raises:
        Damaged: The invitation is damaged.
    """
    return enrolment.read_invitation(invitation).code


def join_workspace(
    folder: Path, passphrase: str, *, invitation: bytes, person: str, kdf: KdfParameters | None = None
) -> Workspace:
    """Enter a community with an invitation and make a vault.

    Args:
        folder: Where; must not exist or be empty.
        passphrase: The pass phrase of the new vault.
        invitation: The bytes of the invitation file.
        person: The name of the person whose seat it is.
        kdf: Cost of the key derivation; by default what this machine bears.

    Raises:
        Damaged: The invitation is damaged.
        Refused: The pass phrase is weak, or the folder is taken; nothing was made.
    """
    directory.require_name(person)
    contents = enrolment.read_invitation(invitation)
    person_id = ids.new_id()
    start = enrolment.accept(contents, person_id)
    names = [directory.named(directory.PERSON, person_id, person.strip())]
    return _make(folder, passphrase, start, names, contents.frames, kdf)


def open_workspace(folder: Path, passphrase: str, *, stick: Stick | None = None, raise_cost: bool = False) -> Workspace:
    """Open a vault.

    Args:
        folder: The vault's folder.
        passphrase: Its pass phrase.
        stick: The second secret, where the vault needs one; else it is looked for on what is plugged in.
        raise_cost: Let a guess cost what this machine bears, if it was much cheaper; for the doors that people use.

    Raises:
        Refused: The pass phrase is wrong, it is too early to try again, the stick is missing, there is no vault, or
            it is open elsewhere.
        Damaged: A file of the vault is damaged; the message says which.
    """
    wrong = Tries(folder).count
    held = vault.open_vault(folder, passphrase, schema.migrate, schema_version=schema.VERSION, stick=stick)
    workspace = _opened(held)
    if wrong:
        workspace.audit.record("wrong_tries", count=wrong)
    if raise_cost:
        held.raise_cost(passphrase, stick)
    return workspace


def open_recovered(folder: Path, secret: Secret) -> Workspace:
    """Open a vault with what its recovery sheets stand for, and leave its ways in as they are.

    Args:
        folder: The vault's folder.
        secret: From `desktop_app.vault.shares.combine`.

    Raises:
        Refused: It is not the secret of this vault, or as for `open_workspace`.
        Damaged: A file of the vault is damaged; the message says which.
    """
    wrong = Tries(folder).count
    workspace = _opened(vault.open_with_recovery(folder, secret, schema.migrate, schema_version=schema.VERSION))
    if wrong:
        workspace.audit.record("wrong_tries", count=wrong)
    workspace.audit.record("recovery_used")
    return workspace


def recover_workspace(
    folder: Path, found: Sequence[Share], new: NewPhrase, keep: Callable[[Prepared], object]
) -> Workspace:
    """Open a vault with its recovery sheets and give it a new pass phrase and new sheets of the same arrangement.

    The new sheets are handed over to be kept before they come into force; then, in one moment, the new pass phrase
    and the new sheets open the vault and the old ones do not. So there is always a way in that the person holds.

    Args:
        folder: The vault's folder.
        found: The sheets, as read.
        new: The pass phrase to use from now on.
        keep: Writes or prints the new sheets; when it raises, nothing has changed.

    Raises:
        Refused: The sheets don't open this vault, too few were given, the pass phrase is weak, or as for
            `open_workspace`; the old sheets are still valid.
        Damaged: A file of the vault is damaged; the message says which.
    """
    vault.check_passphrase(new.text)
    secret = shares.combine(found)
    workspace = open_recovered(folder, secret)
    try:
        known = workspace.recovery.state().arrangement
        # How many sheets there were is noted in the vault; the sheets themselves say only how many are needed.
        arrangement = known or Arrangement(secret.threshold, max(secret.threshold, len(found)))
        prepared = workspace.recovery.prepare(arrangement)
        keep(prepared)
        workspace.recovery.put_in_force(prepared, new)
    except BaseException:
        workspace.close()
        raise
    return workspace


def create_example_workspace(folder: Path, passphrase: str, *, kdf: KdfParameters | None = None) -> Workspace:
    """Make a vault of its own with example data, to learn with.

    Args:
        folder: Where; must not exist or be empty.
        passphrase: Its pass phrase.
        kdf: Cost of the key derivation; by default what this machine bears.
    """
    from desktop_app.kits import examples

    workspace = create_workspace(
        folder,
        passphrase,
        community=_("Example community"),
        unit=_("Citizen service centre"),
        person=_("Example clerk"),
        kdf=kdf,
    )
    workspace.log.remember(EXAMPLE, b"1")
    workspace.is_example = True
    today = date.today()  # noqa: DTZ011 - the clerk's calendar day
    since = (today - EXAMPLE_PERIOD).isoformat()
    for kit in workspace.kits():
        many = examples.examples(kit.id, EXAMPLE_CASES, 1, until=today)
        workspace.cases.register_many(kit.id, [case for case in many if str(case[kit.date_field]) >= since])
    return workspace


def _make(
    folder: Path,
    passphrase: str,
    start: Start,
    names: list[Change],
    received: list[bytes],
    kdf: KdfParameters | None,
) -> Workspace:
    def initialise(connection: Connection) -> None:
        enrolment.initialise(connection, start)
        schema.create(connection)
        log = Log(_InOneTransaction(connection), DeskProjection())
        log.apply(received)
        log.write(start.common_unit, names)
        if start.server:
            log.remember(SERVER, start.server.encode())
        if start.server and start.server_key:
            pin_server(log, start.server, start.server_key)

    workspace = _opened(vault.create(folder, passphrase, initialise, kdf=kdf, schema_version=schema.VERSION))
    workspace.audit.record("vault_made")
    return workspace


def _opened(held: Vault) -> Workspace:
    """Return the workspace of a vault, which is closed again when its log can't be used."""
    try:
        return Workspace(held)
    except BaseException:
        held.close()
        raise
