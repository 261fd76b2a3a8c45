"""Databases of either kind."""

from tests.audit.conftest import url

__all__ = ["url"]
