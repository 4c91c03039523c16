"""``sprava tour``: the story of `desktop_app.tour`, with pictures of the real screens."""

import os
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from desktop_app.cli import output
from desktop_app.tour import Step, StepFailed, Tour, register_until_killed
from desktop_app.workspace import Workspace
from sync.errors import Misuse
from sync.messages import _

FAILED = 1


def run_tour(arguments: Namespace) -> int:
    """Go through the whole story and tell each step.

    Args:
        arguments: ``out``, the folder to leave everything in; ``register_in``, a vault to register cases in until
            this process is killed.

    Returns:
        0 when every step checked out.
    """
    if arguments.register_in is not None:
        register_until_killed(arguments.register_in, output.passphrase(arguments), _acknowledge)
        return 0
    folder = _empty_folder(arguments.out)
    # The pictures are taken without a display, wherever the tour runs.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    tour = Tour(folder, lambda step: _tell(len(tour.steps), step), _photograph, _worker())
    try:
        tour.run()
    except StepFailed as problem:
        output.tell(_("✗ The step after these did not check out: {problem}").format(problem=problem))
        return FAILED
    return output.result(
        arguments,
        {
            "sound": True,
            "folder": folder,
            "steps": [{"title": step.title, "finding": step.finding} for step in tour.steps],
            "pictures": tour.pictures,
        },
        _("Every step checked out. Vaults and pictures are in {folder}.").format(folder=folder),
        _("The pass phrase of these example vaults: {passphrase}").format(passphrase=tour.passphrase),
    )


def _empty_folder(chosen: Path | None) -> Path:
    if chosen is None:
        return Path(tempfile.mkdtemp(prefix="sprava-tour-"))
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        occupied = any(chosen.iterdir())
    except OSError as error:
        raise output.unwritable(chosen, error.strerror or "") from error
    if occupied:
        raise Misuse(
            "folder_not_empty",
            _("{folder} holds other files; nothing was changed. Choose a new or an empty folder.").format(
                folder=chosen
            ),
        )
    return chosen.absolute()


def _tell(number: int, step: Step) -> None:
    output.tell(f"{number:2}. ✓ {step.title}: {step.finding}")


def _acknowledge(number: str) -> None:
    sys.stdout.write(number + "\n")
    sys.stdout.flush()


def _worker() -> list[str]:
    """The command of this program itself, from a checkout or from an installed bundle."""
    own = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "ui.main"]
    return [*own, "tour", "--register-in"]


def _photograph(workspace: Workspace, folder: Path) -> list[Path]:
    from ui.photographs import take_photographs

    return take_photographs(workspace, folder)
