"""The ways of a vault: the server and the office hubs, how each stands, and how it may be used."""

from functools import partial

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from desktop_app.exchange_watch import Reach
from desktop_app.office.hub import Running
from desktop_app.office.ways import Kind, WayStatus
from desktop_app.office.words import reach_words, way_name
from sync.errors import Failure
from sync.messages import _, ngettext
from ui import theme
from ui.cases.states import State
from ui.context import DeskContext
from ui.row_list import Row, RowList
from ui.status_bar import when_words
from ui.widgets import Card, button, caption, label

_RATES = (None, 16, 64, 256, 1_024, 4_096)
_LARGEST = (1, 5, 20, 100)
_CHIPS = {
    Reach.ONLINE: ("ok", "online"),
    Reach.WRONG: ("warn", "warn"),
    Reach.NOT_SERVED: ("warn", "warn"),
    Reach.REFUSED: ("warn", "warn"),
}


class WaysCard(Card):
    """The ways as rows; one that is opened shows its terms below.

    Args:
        context: The vault.
        parent: The page.
    """

    def __init__(self, context: DeskContext, parent: QWidget | None = None) -> None:
        super().__init__(_("Ways of exchange"), parent)
        self._context = context
        self._ways = context.workspace.ways
        self._shown: list[WayStatus] = []
        self.none = caption(_("No server is named and no office hub is in sight."), self)
        self.rows = RowList(_("Ways of exchange"), self)
        self.terms = TermsPanel(context, self)
        self.serve = QCheckBox(_("Serve this office"), self)
        self.serve.setMinimumHeight(theme.scaled(32))
        self.serving = caption("", self)
        self.address = QLineEdit(self)
        self.address.setAccessibleName(_("Address of an office hub"))
        self.address.setPlaceholderText("http://192.168.1.5:8438")
        self.address.setMinimumHeight(theme.scaled(32))
        self.add = button(_("Add"), parent=self)
        self.add.setAccessibleName(_("Add the address of an office hub"))
        self._build()
        self.rows.opened.connect(self._open)
        self.serve.clicked.connect(self._serve)
        self.add.clicked.connect(self._add)
        self.address.returnPressed.connect(self._add)
        self.terms.kept.connect(self.load)
        self.terms.closed.connect(self.rows.setFocus)

    def _build(self) -> None:
        self.body.addWidget(self.none)
        self.body.addWidget(self.rows)
        self.body.addWidget(self.terms)
        self.body.addWidget(self.serve)
        self.body.addWidget(self.serving)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        prompt = label(_("A hub that is not found"), parent=self)
        prompt.setBuddy(self.address)
        row.addWidget(prompt)
        row.addWidget(self.address, 1)
        row.addWidget(self.add)
        self.body.addLayout(row)

    def load(self) -> None:
        """Load the state anew."""
        self._context.run(self._ways.status, self.show_ways)

    def show_ways(self, found: list[WayStatus]) -> None:
        """Show the ways.

        Args:
            found: How they stand.
        """
        self._shown = found
        self.rows.show_rows([way_row(status) for status in found])
        self.rows.setVisible(bool(found))
        self.none.setVisible(not found)
        self.terms.renew(found)
        running = self._ways.hub.running
        self.serve.setChecked(self._ways.book.serves)
        self.serving.setText(serving_words(running))

    def _open(self, key: str) -> None:
        status = next((status for status in self._shown if status.way.id == key), None)
        if status is not None:
            self.terms.open(status)

    def _serve(self, on: bool) -> None:  # noqa: FBT001 - as Qt calls it
        self.serve.setEnabled(False)
        self._context.run(partial(self._ways.serve, on=on), self._served, self._not_served, aside=True)

    def _served(self, _running: Running | None) -> None:
        self.serve.setEnabled(True)
        self.load()

    def _not_served(self, failure: Failure) -> None:
        self.serve.setEnabled(True)
        self._context.show_failure(failure)
        self.load()

    def _add(self) -> None:
        address = self.address.text().strip()
        if not address:
            self.address.setFocus()
            return
        self._context.run(partial(self._ways.add, address), self._added)

    def _added(self, _nothing: None) -> None:
        self.address.clear()
        self._context.show_message(_("The address is kept; the desk looks who is there."), "ok")
        self.load()


class TermsPanel(QFrame):
    """How one way may be used; hidden until a way is opened.

    Args:
        context: The vault.
        parent: The card.
    """

    kept = Signal()
    closed = Signal()

    def __init__(self, context: DeskContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._ways = context.workspace.ways
        self._way: WayStatus | None = None
        self.name = label("", "strong", parent=self, wrap=True)
        self.problem = label("", "small", "muted", self, wrap=True)
        self.up, self.down, self.metered, self.largest = (QComboBox(self) for _number in range(4))
        self.by_hand = QCheckBox(_("While it costs, exchange only when I ask"), self)
        self.forget = button(_("Forget this address"), "close", parent=self)
        self.shut = button(_("Done"), "ok", parent=self)
        self._fill()
        self._build()
        self.hide()

    def open(self, status: WayStatus) -> None:
        """Show the terms of a way.

        Args:
            status: The way.
        """
        self._way = status
        terms = status.terms
        for box, value in (
            (self.up, terms.up),
            (self.down, terms.down),
            (self.metered, terms.metered),
            (self.largest, terms.largest),
        ):
            box.setCurrentIndex(max(0, box.findData(value)))
        self.by_hand.setChecked(terms.by_hand)
        self._name(status)
        self.show()
        self.up.setFocus()

    def renew(self, found: list[WayStatus]) -> None:
        """Show how the opened way stands now; close when it is gone.

        Args:
            found: The ways.
        """
        if self._way is None:
            return
        status = next((status for status in found if status.way.id == self._way.way.id), None)
        if status is None:
            self._close()
        else:
            self._name(status)

    def _name(self, status: WayStatus) -> None:
        self.name.setText(way_name(status))
        self.problem.setText(status.problem)
        self.problem.setVisible(bool(status.problem))
        self.forget.setVisible(status.way.kind is not Kind.CENTRAL and status.way.url in self._ways.book.typed)

    def _fill(self) -> None:
        for box in (self.up, self.down):
            for rate in _RATES:
                box.addItem(_("any speed") if rate is None else _("{rate} KB/s").format(rate=rate), rate)
        for words, metered in ((_("as this computer says"), None), (_("yes"), True), (_("no"), False)):
            self.metered.addItem(words, metered)
        for size in _LARGEST:
            self.largest.addItem(_("up to {size} MB").format(size=size), size)

    def _build(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE_M)
        grid.setVerticalSpacing(theme.SPACE_XS)
        fields = (
            (_("Send"), self.up),
            (_("Receive"), self.down),
            (_("Traffic costs"), self.metered),
            (_("Then files"), self.largest),
        )
        for place, (words, box) in enumerate(fields):
            box.setMinimumHeight(theme.scaled(32))
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
            box.setAccessibleName(words)
            prompt = label(words, "", "muted", self)
            prompt.setBuddy(box)
            row, column = divmod(place, 2)
            grid.addWidget(prompt, row, 2 * column)
            grid.addWidget(box, row, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)
            box.activated.connect(self._keep)
        self.by_hand.setMinimumHeight(theme.scaled(32))
        self.by_hand.clicked.connect(self._keep)
        self.forget.clicked.connect(self._forget)
        self.shut.clicked.connect(self._close)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.SPACE_S)
        buttons.addStretch(1)
        buttons.addWidget(self.forget)
        buttons.addWidget(self.shut)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        whole.setSpacing(theme.SPACE_S)
        whole.addWidget(self.name)
        whole.addWidget(self.problem)
        whole.addLayout(grid)
        whole.addWidget(self.by_hand)
        whole.addLayout(buttons)

    def _keep(self, _value: object = None) -> None:
        if self._way is None:
            return
        terms = msgspec.structs.replace(
            self._way.terms,
            up=self.up.currentData(),
            down=self.down.currentData(),
            metered=self.metered.currentData(),
            by_hand=self.by_hand.isChecked(),
            largest=self.largest.currentData(),
        )
        self._context.run(partial(self._ways.set_terms, self._way.way.id, terms), self._kept)

    def _forget(self) -> None:
        if self._way is not None:
            self._context.run(partial(self._ways.remove, self._way.way), self._kept)
            self._close()

    def _kept(self, _nothing: None) -> None:
        self.kept.emit()

    def _close(self) -> None:
        had_focus = self.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        self._way = None
        self.hide()
        if had_focus:
            self.closed.emit()


def way_row(status: WayStatus) -> Row:
    """Return the row of a way: name, address and moment, and how it stands.

    Args:
        status: The way.
    """
    central = status.way.kind is Kind.CENTRAL
    parts = [status.way.url]
    if status.last is not None:
        parts.append(_("last exchange {when}").format(when=when_words(status.last)))
    if status.waiting:
        waiting = ngettext("{count} change waits", "{count} changes wait", status.waiting)
        parts.append(waiting.format(count=status.waiting))
    if status.metered:
        parts.append(_("traffic costs"))
    role, icon = _CHIPS.get(status.reach, ("muted", "offline"))
    return Row(
        status.way.id,
        way_name(status),
        " · ".join(parts),
        State(role, icon, reach_words(status.reach)),
        "online" if central else "device",
    )


def serving_words(running: Running | None) -> str:
    """Return what stands below the switch.

    Args:
        running: What serves now.
    """
    if running is None:
        return _(
            "Colleagues in the same network then exchange with this computer when the server is out of reach. It "
            "passes everything on, and can read no more than you."
        )
    return _(
        "Colleagues’ desks find this one by themselves. If one does not, type {url} there, and let the firewall of "
        "this computer pass port {port}."
    ).format(url=running.address, port=running.port)
