"""What answers where the API server is, and the account's own service."""

from tests.support.worker import elsewhere, service

__all__ = ["elsewhere", "service"]
