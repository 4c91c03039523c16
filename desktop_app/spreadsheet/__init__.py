"""Rows of a spreadsheet become cases: all of them or none, and what doesn't fit is named by row and column."""

from desktop_app.spreadsheet.importing import import_spreadsheet
from desktop_app.spreadsheet.report import Problem, Report

__all__ = ["Problem", "Report", "import_spreadsheet"]
