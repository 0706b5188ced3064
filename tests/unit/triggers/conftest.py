"""What answers where the API server is, a triggerer's supervisor, and the account's own service."""

from tests.support.worker import elsewhere, service, supervisor

__all__ = ["elsewhere", "service", "supervisor"]
