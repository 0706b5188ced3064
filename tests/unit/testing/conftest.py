"""A service, beside the fixture that comes with the package."""

from tests.support.worker import service

__all__ = ["service"]
