"""Warnings are errors, in the tests' own process and from Qt."""

import warnings

import pytest


def test_a_warning_fails_a_test() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
