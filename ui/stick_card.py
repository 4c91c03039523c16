"""Exchange by a stick that goes round between several devices: one action for both directions."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QProgressBar, QWidget

from desktop_app.sticks import Attachments, StickDevice, StickPlace, StickResult, StickService
from sync.messages import _, ngettext
from ui import theme, tips
from ui.context import DeskContext
from ui.files import ask_folder
from ui.status_bar import when_words
from ui.widgets import Card, button, caption, label

if TYPE_CHECKING:
    from sync.stick import Progress

_MANY = 6
"""How many devices are shown."""


class StickCard(Card):
    """Chooses a stick, exchanges by it, and shows who else uses it.

    Args:
        context: The vault and its jobs.
        parent: The page.
    """

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("By a stick that goes round"), parent)
        self._context = context
        self._service: StickService = context.workspace.sticks
        self._job = context.sticks
        self._places: list[StickPlace] = []
        self._plugged_in: list[StickPlace] | None = None
        self._chosen: Path | None = None
        self.place = QComboBox(self)
        self.place.setAccessibleName(_("Stick"))
        self.place.setMinimumHeight(theme.scaled(32))
        self.place.setMinimumContentsLength(12)
        self.place.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.other = button(_("Another folder…"), "folder", parent=self)
        self.files = QComboBox(self)
        self.files.setAccessibleName(_("Attached files"))
        self.files.setMinimumHeight(theme.scaled(32))
        self.exchange = button(_("Exchange by the stick"), "sync", "primary", self)
        self.stop = button(_("Stop"), "close", parent=self)
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(_("How far the exchange by the stick is"))
        self.doing = caption("", self)
        self.by_itself = QCheckBox(_("With a known stick by itself"), self)
        self.by_itself.setToolTip(
            tips.plain(_("As soon as a stick is plugged in by which this community exchanges, without being asked."))
        )
        self._users = caption(_("Who else uses this stick, when they had it, and what they lacked:"), self)
        self._devices = QGridLayout()
        self._build()
        self._connect()
        self._show_running(running=self._job.running)

    def load(self) -> None:
        """Load what was chosen before, and look what is plugged in."""
        self._context.run(partial(_chosen_before, self._service), self._show_chosen)
        self._job.look()

    def choose_folder(self, path: str) -> None:
        """Choose a folder that is not plugged in as a stick.

        Args:
            path: The folder.
        """
        self._chosen = Path(path)
        self._context.run(partial(_look, self._service, self._places, self._chosen), self.show_places)

    def show_places(self, places: list[StickPlace]) -> None:
        """Show the sticks that can be chosen; the one that was chosen stays."""
        kept = self._chosen
        self._places = places
        if kept is not None and all(place.folder != kept for place in places) and kept.is_dir():
            self._context.run(partial(_look, self._service, places, kept), self.show_places)
            return
        self.place.blockSignals(True)  # noqa: FBT003 - Qt has it so
        self.place.clear()
        for place in places:
            self.place.addItem(place.folder.name or str(place.folder))
            self.place.setItemData(self.place.count() - 1, str(place.folder), Qt.ItemDataRole.ToolTipRole)
        if not places:
            self.place.addItem(_("None plugged in"))
        chosen = next((row for row, place in enumerate(places) if place.folder == kept), 0)
        self.place.setCurrentIndex(chosen)
        self.place.blockSignals(False)  # noqa: FBT003 - Qt has it so
        self._show_place(chosen)

    def _build(self) -> None:
        self.body.addWidget(
            caption(
                _(
                    "Takes in what colleagues left on it and writes what they lack. Whoever finds the stick reads "
                    "nothing."
                ),
                self,
            )
        )
        choice = QHBoxLayout()
        choice.setSpacing(theme.SPACE_S)
        choice.addWidget(self.place, 1)
        choice.addWidget(self.other)
        self.body.addLayout(choice)
        carried = QHBoxLayout()
        carried.setSpacing(theme.SPACE_S)
        prompt = label(_("Attached files"), parent=self)
        prompt.setBuddy(self.files)
        carried.addWidget(prompt)
        carried.addWidget(self.files, 1)
        self.body.addLayout(carried)
        for words, value in (
            (_("None"), Attachments.NONE),
            (_("Small ones, up to 2 MB"), Attachments.SMALL),
            (_("All"), Attachments.ALL),
        ):
            self.files.addItem(words, value)
        doing = QHBoxLayout()
        doing.setSpacing(theme.SPACE_S)
        doing.addWidget(self.exchange)
        doing.addWidget(self.stop)
        doing.addWidget(self.progress, 1)
        doing.addStretch(1)
        self.body.addLayout(doing)
        self.body.addWidget(self.doing)
        self.body.addWidget(self._users)
        self._devices.setHorizontalSpacing(theme.SPACE_L)
        self._devices.setVerticalSpacing(theme.SPACE_XS)
        self._devices.setColumnStretch(0, 1)
        self.body.addLayout(self._devices)
        self.body.addWidget(self.by_itself)

    def _connect(self) -> None:
        self.other.clicked.connect(self._ask)
        self.exchange.clicked.connect(self._start)
        self.stop.clicked.connect(self._stop_it)
        self.place.activated.connect(self._choose)
        self.files.activated.connect(self._choose_files)
        self.by_itself.clicked.connect(self._allow)
        self._job.found.connect(self._show_found)
        self._job.started.connect(partial(self._show_running, running=True))
        self._job.progressed.connect(self._progressed)
        self._job.succeeded.connect(self._succeeded)
        self._job.ended.connect(partial(self._show_running, running=False))

    def _show_found(self, places: list[StickPlace]) -> None:
        if places != self._plugged_in:
            self._plugged_in = places
            self.show_places(places)

    def _ask(self) -> None:
        ask_folder(self, _("Choose the stick or a folder on it"), self.choose_folder)

    def _start(self) -> None:
        if self._places:
            self._chosen = self._places[self.place.currentIndex()].folder
            self._job.start(self._chosen)

    def _stop_it(self) -> None:
        self._job.stop()
        self.doing.setText(_("Stopping; what was exchanged stays."))

    def _choose(self, row: int) -> None:
        if row < len(self._places):
            self._chosen = self._places[row].folder
            self._show_place(row)

    def _choose_files(self, row: int) -> None:
        chosen = Attachments(self.files.itemData(row))
        self._context.run(partial(self._service.choose, chosen), self._kept)

    def _allow(self) -> None:
        job = partial(self._service.allow_by_itself, allowed=self.by_itself.isChecked())
        self._context.run(job, self._kept)

    def _kept(self, _nothing: None) -> None:
        """Nothing is said: the choice shows itself."""

    def _show_chosen(self, chosen: tuple[Path | None, Attachments, bool]) -> None:
        place, attachments, by_itself = chosen
        self._chosen = self._chosen or place
        self.files.setCurrentIndex(self.files.findData(attachments))
        self.by_itself.setChecked(by_itself)
        if self._chosen is not None:
            self.show_places(self._places)

    def _show_place(self, row: int) -> None:
        there = row < len(self._places)
        self.exchange.setEnabled(there and not self._job.running)
        self._show_devices(self._places[row].devices if there else ())

    def _show_devices(self, devices: tuple[StickDevice, ...]) -> None:
        while (item := self._devices.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        self._users.setVisible(bool(devices))
        for row, device in enumerate(devices[:_MANY]):
            name = _("{person}, device {device}").format(person=device.person, device=device.device)
            self._devices.addWidget(label(name, parent=self, wrap=True), row, 0)
            self._devices.addWidget(label(when_words(device.when), "", "muted", self), row, 1)
            self._devices.addWidget(label(_behind_words(device), "", "muted", self), row, 2)

    def _progressed(self, progress: "Progress") -> None:
        words = {
            "reading": _("Checking what is on the stick…"),
            "taking": _("Taking in what is new…"),
            "writing": _("Writing what the others lack, and reading it back…"),
            "files": _("Attached files…"),
        }
        self.progress.setRange(0, 1_000)
        self.progress.setValue(1_000 * progress.done // max(progress.total, 1))
        if not self._job.cancelled:
            self.doing.setText(words[progress.stage])

    def _succeeded(self, result: StickResult) -> None:
        self._show_devices(result.devices)

    def _show_running(self, *, running: bool) -> None:
        had_focus = self.exchange.hasFocus() or self.stop.hasFocus()
        self.progress.setRange(0, 0)
        self.doing.setText(_("Looking at the stick…") if running else "")
        for widget in (self.progress, self.doing, self.stop):
            widget.setVisible(running)
        self.exchange.setVisible(not running)
        for choice in (self.place, self.other, self.files):
            choice.setEnabled(not running)
        self.exchange.setEnabled(not running and bool(self._places))
        if had_focus:
            (self.stop if running else self.exchange).setFocus()


def _behind_words(device: StickDevice) -> str:
    if not device.behind:
        return _("has everything")
    words = ngettext("lacks {count} packet", "lacks {count} packets", device.behind)
    return words.format(count=device.behind)


def _chosen_before(service: StickService) -> tuple[Path | None, Attachments, bool]:
    return service.place, service.attachments, service.by_itself


def _look(service: StickService, places: list[StickPlace], folder: Path) -> list[StickPlace]:
    return [service.look(folder), *(place for place in places if place.folder != folder)]
