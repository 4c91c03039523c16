"""A request on its way through the server."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from sync import wire
from sync.server.limits import network_of


class Asked:
    """A request, and its nonce as soon as it is known: every answer is signed for it.

    Args:
        request: As it came.
    """

    def __init__(self, request: Request) -> None:
        self.http = request
        self.nonce = bytes(wire.NONCE_BYTES)
        self.sender = network_of(request.client.host) if request.client else ""

    def signed(self, data: bytes) -> wire.Envelope:
        """Take apart what stands before the message, and remember the nonce.

        Args:
            data: The beginning of the body.

        Raises:
            BadMessage: It is neither of the two forms.
        """
        envelope = wire.open_envelope(data)
        self.nonce = envelope.nonce
        return envelope


Handler = Callable[[Asked], Awaitable[wire.Message]]
