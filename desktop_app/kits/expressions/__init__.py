"""The expressions of kits: the part of XPath that XLSForm uses, without ``eval``."""

from desktop_app.kits.expressions.compiler import Expression, Reader, compile_expression
from desktop_app.kits.expressions.errors import ExpressionError
from desktop_app.kits.expressions.functions import Scope
from desktop_app.kits.expressions.operands import Operand

__all__ = ["Expression", "ExpressionError", "Operand", "Reader", "Scope", "compile_expression"]
