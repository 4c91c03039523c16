"""The one way to say no to a request."""


class Rejected(Exception):
    """A request that gets no answer.

    Args:
        status: The HTTP status.
        code: The machine word of docs/formats/http.md.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
