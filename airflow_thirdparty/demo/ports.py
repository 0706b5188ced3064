"""Ports on this machine: who has one, and which are free."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
"""Everything the demo starts listens here and nowhere else."""


def is_free(port: int) -> bool:
    """Whether nobody on this machine listens on the port, by IPv4 or by IPv6.

    Browsers may try ``::1`` first for ``localhost``, so a foreign listener there would get our visitors.

    :param port: the port asked about
    :return: true if it can be listened on
    """
    return _can_bind(port) and not _answers_on_ipv6(port)


def free_ports(count: int) -> tuple[int, ...]:
    """Ask the system for ports that nobody uses at the moment.

    All are held until the last is found, so no two are the same.

    :param count: how many
    :return: so many different ports
    """
    with contextlib.ExitStack() as held:
        return tuple(held.enter_context(_bound_socket(0)).getsockname()[1] for _ in range(count))


def next_free(port: int) -> int:
    """The first free port after one that is taken, to propose it to the user.

    :param port: the port that is taken
    :return: a port
    """
    for candidate in range(port + 1, min(port + 200, 65_536)):
        if is_free(candidate):
            return candidate
    return free_ports(1)[0]


@contextlib.contextmanager
def _bound_socket(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        # As servers do: a port in TIME_WAIT after our last stop is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        yield listener


def _can_bind(port: int) -> bool:
    try:
        with _bound_socket(port) as listener:
            # Linux lets two sockets bind with SO_REUSEADDR as long as neither listens.
            listener.listen(1)
            return True
    except OSError:
        return False


def _answers_on_ipv6(port: int) -> bool:
    try:
        with socket.create_connection(("::1", port), timeout=0.5):
            return True
    except OSError:
        return False
