"""The expressions of kits: the part of XPath that XLSForm uses, without ``eval``."""

from desktop_app.kits.expressions.compiler import Expression, Reader, compile_expression
from desktop_app.kits.expressions.errors import ExpressionError
from desktop_app.kits.expressions.operands import Operand

__all__ = ["Expression", "ExpressionError", "Operand", "Reader", "compile_expression"]
