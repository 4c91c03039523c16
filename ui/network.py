"""What the system says of the network: whether traffic costs, and that it has come back."""

from PySide6.QtCore import QObject
from PySide6.QtNetwork import QNetworkInformation

from desktop_app.office.service import WaysService

_FEATURES = QNetworkInformation.Feature


class NetworkSense(QObject):
    """Tells the ways of a vault what the system says, where it says anything.

    Args:
        ways: The ways.
        parent: The desk's context.
    """

    def __init__(self, ways: WaysService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._ways = ways
        self._network: QNetworkInformation | None = None
        if QNetworkInformation.loadBackendByFeatures(_FEATURES.Reachability):
            self._network = QNetworkInformation.instance()
        if self._network is not None:
            self._network.isMeteredChanged.connect(self._renew)
            self._network.reachabilityChanged.connect(self._renew)
            self._renew()

    def _renew(self, _what: object = None) -> None:
        network = self._network
        if network is not None:
            self._ways.metered = network.supports(_FEATURES.Metered) and network.isMetered()
            self._ways.try_again()
