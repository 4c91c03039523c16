"""Attached files on the exchange page: how many wait where, and which ones come by themselves."""

from functools import partial

from PySide6.QtWidgets import QButtonGroup, QLabel, QRadioButton, QWidget

from desktop_app.attachments.exchanging import Standing
from desktop_app.attachments.whereabouts import FileChoice, InAdvance
from desktop_app.sizes import size_words
from desktop_app.workspace import Workspace
from sync.messages import _, ngettext
from ui.context import DeskContext
from ui.widgets import Card, caption, label


class FilesExchangeCard(Card):
    """Says how the files stand, and lets a person choose which come before anybody opens them.

    Args:
        context: The vault.
        parent: The page.
    """

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Attached files"), parent)
        self._context = context
        self.state: QLabel = label("", parent=self, wrap=True)
        self.body.addWidget(self.state)
        self.body.addWidget(caption(_("Files of colleagues that come before anybody opens them:"), self))
        self.choices: dict[FileChoice, QRadioButton] = {}
        self._group = QButtonGroup(self)
        for choice in FileChoice:
            shown = QRadioButton(self)
            self._group.addButton(shown)
            self.choices[choice] = shown
            self.body.addWidget(shown)
        self._name(InAdvance())
        self._group.buttonClicked.connect(self._choose)

    def show_files(self, standing: Standing, chosen: InAdvance) -> None:
        """Show how the files stand.

        Args:
            standing: How many are where.
            chosen: Which come by themselves.
        """
        self.state.setText(standing_words(standing))
        self._name(chosen)
        self.choices[chosen.choice].setChecked(True)

    def _name(self, chosen: InAdvance) -> None:
        words = {
            FileChoice.ALL: _("all of them"),
            FileChoice.SMALL: _("those up to {size}").format(size=size_words(chosen.limit)),
            FileChoice.NONE: _("none of them"),
        }
        for choice, shown in self.choices.items():
            shown.setText(words[choice])

    def _choose(self) -> None:
        choice = next(choice for choice, shown in self.choices.items() if shown.isChecked())
        self._context.run(partial(_keep, self._context.workspace, choice), self._chosen)

    def _chosen(self, _nothing: None) -> None:
        self._context.show_message(_("Kept. It holds from the next exchange on."), "ok")


def _keep(workspace: Workspace, choice: FileChoice) -> None:
    carrier = workspace.exchange.files
    carrier.choose(InAdvance(choice, carrier.in_advance.limit))


def standing_words(standing: Standing) -> str:
    """Return how the files stand, in a sentence for each thing that there is to say.

    Args:
        standing: How many are where.
    """
    found = []
    if standing.to_send:
        found.append(
            ngettext("{count} file waits to be sent.", "{count} files wait to be sent.", standing.to_send).format(
                count=standing.to_send
            )
        )
    if standing.to_fetch:
        found.append(
            ngettext(
                "{count} file is on the server and comes when it is opened.",
                "{count} files are on the server and come when they are opened.",
                standing.to_fetch,
            ).format(count=standing.to_fetch)
        )
    if standing.nowhere:
        found.append(
            ngettext(
                "{count} file is still on a colleague’s computer.",
                "{count} files are still on colleagues’ computers.",
                standing.nowhere,
            ).format(count=standing.nowhere)
        )
    return " ".join(found) or _("No file waits.")
