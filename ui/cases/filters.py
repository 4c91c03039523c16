"""The bar that narrows the list: case type, stage, only open, overdue, and the words searched for."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from desktop_app.cases.model import CaseQuery, Unit
from desktop_app.kits.model import Kit, text
from sync.messages import _, ngettext
from ui.forms.flow import FlowRow
from ui.widgets import button, label

_MIN_CHARS = 16


class FilterBar(FlowRow):
    """Every filter at once; each change asks for other rows."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kits: Sequence[Kit] = ()
        self._words = ""
        self.kit = _combo(_("Case type"), self)
        self.stage = _combo(_("Stage"), self)
        self.unit = _combo(_("Unit"), self)
        self.unit.hide()
        self.only_open = QCheckBox(_("Only open"), self)
        self.overdue = QCheckBox(_("Only overdue"), self)
        self.words = button("", "close", "quiet", self)
        self.clear_all = button(_("Clear filters"), "", "quiet", self)
        self.count = label("", role="muted", parent=self)
        self._fill_kits()
        self._fill_stages()
        self.kit.currentIndexChanged.connect(self._kit_changed)
        self.stage.currentIndexChanged.connect(self._announce)
        self.unit.currentIndexChanged.connect(self._announce)
        self.only_open.toggled.connect(self._announce)
        self.overdue.toggled.connect(self._announce)
        self.words.clicked.connect(self._forget_words)
        self.clear_all.clicked.connect(self.clear)
        self._show_words()

    def set_kits(self, kits: Sequence[Kit]) -> None:
        """Offer these case types."""
        if list(kits) != list(self._kits):
            self._kits = kits
            chosen = self.kit.currentData()
            with QSignalBlocker(self.kit):
                self._fill_kits()
                self.kit.setCurrentIndex(max(self.kit.findData(chosen), 0))

    def set_units(self, units: Sequence[Unit]) -> None:
        """Offer these units, where there is more than one."""
        chosen = self.unit.currentData()
        with QSignalBlocker(self.unit):
            self.unit.clear()
            self.unit.addItem(_("All units"), None)
            for unit in units:
                self.unit.addItem(unit.name, unit.id)
            self.unit.setCurrentIndex(max(self.unit.findData(chosen), 0))
        self.unit.setVisible(len(units) > 1)
        if self.unit.currentData() != chosen:
            self._announce()

    def set_words(self, words: str) -> None:
        """Search for some words; empty for none."""
        if words != self._words:
            self._words = words
            self._announce()

    def show_count(self, total: int) -> None:
        """Say how many cases the filters leave."""
        number = f"{total:,}".replace(",", "\u00a0")
        self.count.setText(ngettext("{number} case", "{number} cases", total).format(number=number))

    def query(self, sort: str, *, descending: bool) -> CaseQuery:
        """Return what the filters ask for.

        Args:
            sort: The column that sorts.
            descending: From the last to the first.
        """
        return CaseQuery(
            kit=self.kit.currentData(),
            text=self._words,
            stage=self.stage.currentData(),
            unit=self.unit.currentData(),
            only_open=self.only_open.isChecked(),
            overdue=self.overdue.isChecked(),
            sort=sort,
            descending=descending,
        )

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        chosen = self.kit.currentData() or self.stage.currentData() or self.unit.currentData() or self._words
        return bool(chosen) or self.only_open.isChecked() or self.overdue.isChecked()

    def clear(self) -> None:
        """Set no filter at all."""
        blockers = [
            QSignalBlocker(widget) for widget in (self.kit, self.stage, self.unit, self.only_open, self.overdue)
        ]
        self.kit.setCurrentIndex(0)
        self.unit.setCurrentIndex(0)
        self.only_open.setChecked(False)
        self.overdue.setChecked(False)
        self._words = ""
        self._fill_stages()
        for blocker in blockers:
            blocker.unblock()
        self._announce()

    def show_overdue(self) -> None:
        """Leave only what is past its term."""
        self.overdue.setChecked(True)

    def _fill_kits(self) -> None:
        self.kit.clear()
        self.kit.addItem(_("All case types"), None)
        for kit in self._kits:
            self.kit.addItem(text(kit.title), kit.id)

    def _fill_stages(self) -> None:
        kit = next((kit for kit in self._kits if kit.id == self.kit.currentData()), None)
        with QSignalBlocker(self.stage):
            self.stage.clear()
            self.stage.addItem(_("All stages"), None)
            for stage in kit.stages if kit else ():
                self.stage.addItem(text(stage.label), stage.id)
        # Stages belong to one case type; without one there is nothing to choose from.
        self.stage.setVisible(kit is not None)

    def _kit_changed(self) -> None:
        self._fill_stages()
        self._announce()

    def _forget_words(self) -> None:
        self.set_words("")

    def _announce(self) -> None:
        self._show_words()
        self.changed.emit()

    def _show_words(self) -> None:
        self.words.setVisible(bool(self._words))
        self.words.setText(_("Search: {words}").format(words=_shortened(self._words)))
        self.words.setAccessibleName(_("Stop searching for {words}").format(words=self._words))
        self.clear_all.setVisible(self.narrowed)


def _combo(name: str, parent: QWidget) -> QComboBox:
    combo = QComboBox(parent)
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    combo.setMinimumContentsLength(_MIN_CHARS)
    combo.setMaxVisibleItems(16)
    return combo


def _shortened(words: str) -> str:
    return words if len(words) <= 24 else words[:23] + "…"
