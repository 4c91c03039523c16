"""What can be wrong with an expression."""


class ExpressionError(Exception):
    """An expression can't be used; the message is a translated sentence for the author of a kit."""
