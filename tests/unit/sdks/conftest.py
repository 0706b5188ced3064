"""A worker, its account's own service, and somebody else's."""

from tests.support.worker import acme, elsewhere, hook, service, supervisor

__all__ = ["acme", "elsewhere", "hook", "service", "supervisor"]
