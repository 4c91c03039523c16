"""Opens a vault after a fault, as a person would, and says what is there."""

from collections.abc import Sequence

from desktop_app import vault
from desktop_app.kits import examples
from desktop_app.opening import create_workspace, open_workspace
from desktop_app.verify import verify
from sync.errors import Failure, Refused
from tests.faults.work import NONE, Place, Work, look


class Broken(Exception):
    """What a fault left is not what was promised; the argument says how."""


def found(place: Place, work: Work, *, go_on: bool = False) -> str:
    """Return the look of a vault and what is beside it, after checking that it opens and is whole.

    Args:
        place: Where the work happened.
        work: What was done there.
        go_on: Also make the vault if there is none, register a case and open it once more.

    Raises:
        Broken: It is not so.
    """
    seen, phrase = _opened(place, work)
    try:
        beside = work.look_beside(place)
    except Failure as failure:
        raise Broken(f"beside the vault: {failure.code}") from failure
    if go_on:
        _go_on(place, work, phrase)
        if _opened(place, work)[0] == seen:
            raise Broken("a case registered afterwards is missing")
    return seen + beside


def _go_on(place: Place, work: Work, phrase: str) -> None:
    try:
        if vault.is_vault(place.vault):
            workspace = open_workspace(place.vault, phrase, stick=place.stick())
        else:
            workspace = create_workspace(
                place.vault, work.phrases[0], community="Г", unit="Ц", person="П", kdf=vault.KDF_FLOOR
            )
        with workspace:
            workspace.cases.register("appeal", examples.example("appeal", 99))
    except Failure as failure:
        raise Broken(f"does not go on: {failure.code}") from failure


def _opened(place: Place, work: Work) -> tuple[str, str]:
    """Return the look of the vault, and which pass phrase opened it."""
    if not vault.is_vault(place.vault):
        if place.vault.exists() and any(place.vault.iterdir()):
            raise Broken(f"no vault, and yet files: {sorted(path.name for path in place.vault.iterdir())}")
        return NONE, work.phrases[0]
    for phrase in work.phrases:
        try:
            workspace = open_workspace(place.vault, phrase, stick=place.stick())
        except Refused as refused:
            if refused.code == "wrong_passphrase":
                continue
            raise Broken(f"refused: {refused.code}") from refused
        except Failure as failure:
            raise Broken(f"does not open: {failure.code}") from failure
        with workspace:
            notices = [] if work.tells else workspace.notices
            checks = [check for check in verify(workspace) if not (work.tells and check.part == "mark")]
            unsound = [f"{check.part}: {check.finding}" for check in checks if not check.sound]
            if unsound or notices:
                raise Broken("; ".join([*unsound, *notices]))
            try:
                return look(workspace, phrase), phrase
            except Failure as failure:
                raise Broken(f"opens, and yet: {failure.code}") from failure
    raise Broken("no pass phrase opens it")


def allowed(said: Sequence[str], afterwards: Sequence[str]) -> set[str]:
    """Return the looks that a vault may have when a process ended at a moment.

    Args:
        said: What the process had said until then.
        afterwards: What it said later on, or says in a run that lives on.

    Returns:
        What was saved last, what was committed since, and what the one step under way would have made.
    """
    saved = max((at for at, line in enumerate(said) if line.startswith("saved ")), default=0)
    lines = [*said, *afterwards]
    return {line.split(" ", 1)[1] for line in lines[saved : len(said) + 1]}
