"""``python -m airflow_thirdparty.demo``."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from airflow_thirdparty.demo import messages, ports
from airflow_thirdparty.demo.check import check
from airflow_thirdparty.demo.environment import DAG_ID
from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.launcher import running_demo
from airflow_thirdparty.demo.state import State, open_state

INTERRUPTED = 130
"""Exit status of a check that somebody stopped: it has not shown anything."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until somebody stops it, or check it.

    :param arguments: command line, without the program
    :return: exit status
    """
    options = _parser().parse_args(arguments)
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return _check(options) if options.check else _run(options)
    except KeyboardInterrupt:
        return INTERRUPTED if options.check else 0
    except DemoError as error:
        messages.problem(str(error))
        return 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(options: argparse.Namespace) -> int:
    progress = messages.Progress()
    folder = options.state or Path(".demo")
    with (
        open_state(folder, options.port, options.provider_port) as state,
        running_demo(state, progress) as processes,
    ):
        print(messages.welcome(state, DAG_ID), flush=True)
        processes.supervise()
    return 0


def _check(options: argparse.Namespace) -> int:
    progress = messages.Progress()
    with _state_of_check(options) as state, running_demo(state, progress):
        return 0 if check(state, progress) else 1


@contextlib.contextmanager
def _state_of_check(options: argparse.Namespace) -> Iterator[State]:
    """A state of its own on free ports, unless the user names them."""
    port, provider_port = ports.free_ports(2)
    with contextlib.ExitStack() as stack:
        folder = options.state or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-check-")))
        yield stack.enter_context(
            open_state(folder, options.port or port, options.provider_port or provider_port)
        )


def _interrupt(number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_thirdparty.demo",
        description="Airflow with people who act as themselves at a local identity provider.",
    )
    parser.add_argument("--state", type=Path, help="folder that keeps everything (default: .demo)")
    parser.add_argument("--port", type=int, help="where Airflow listens (default: 8080, or as last time)")
    parser.add_argument(
        "--provider-port",
        type=int,
        help="where the identity provider listens (default: 8090, or as last time)",
    )
    parser.add_argument("--check", action="store_true", help="try it all unattended and say how it went")
    return parser


if __name__ == "__main__":
    sys.exit(main())
