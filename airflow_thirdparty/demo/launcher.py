"""Starts the identity provider and Airflow, watches them, and stops them."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from airflow_thirdparty.demo import account, identity_provider, ports, prepare
from airflow_thirdparty.demo.environment import (
    DAG_ID,
    child_environment,
    provider_packages,
    write_configuration,
)
from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.messages import Progress, foreign_tables, port_taken
from airflow_thirdparty.demo.processes import Processes
from airflow_thirdparty.demo.rest import AirflowClient
from airflow_thirdparty.demo.state import State
from airflow_thirdparty.demo.users import ADMIN

START_SECONDS = 180.0
"""How long one step may take on a very slow machine before we give up."""

_direct = build_opener(ProxyHandler({}))


@contextlib.contextmanager
def running_demo(state: State, progress: Progress) -> Iterator[Processes]:
    """Start everything and, in the end, stop everything.

    :param state: the demo's folder
    :param progress: told about every step
    :yield: what runs
    :raises DemoError: when something cannot start
    """
    _check_ports(state)
    write_configuration(state)
    processes = Processes(child_environment(state), state.logs)
    try:
        with _identity_provider(state, processes, progress):
            _start_airflow(state, processes, progress)
            yield processes
    finally:
        progress.say("stopping")
        processes.stop()


def _check_ports(state: State) -> None:
    for what, port, option in (
        ("Airflow", state.remembered.port, "--port"),
        ("the identity provider", state.remembered.provider_port, "--provider-port"),
    ):
        if not ports.is_free(port):
            raise DemoError(port_taken(what, port, option, ports.next_free(port)))


@contextlib.contextmanager
def _identity_provider(state: State, processes: Processes, progress: Progress) -> Iterator[None]:
    """Run the identity provider, and prepare Airflow's database meanwhile."""
    progress.say("making the database, the people and the accounts")
    preparation = processes.start(
        "prepare",
        [sys.executable, "-m", "airflow_thirdparty.demo.prepare"],
        account.registrations(state),
        {prepare.FOREIGN_TABLES: foreign_tables(state.folder)},
    )
    log = state.logs / "identity-provider.log"
    try:
        provider = identity_provider.running(
            _packages(state),
            [account.client(state)],
            port=state.remembered.provider_port,
            log=log,
            state=state.provider / "state.json",
        )
        with provider:
            processes.watch("identity-provider", lambda: _listens(state.remembered.provider_port), log)
            processes.finish(preparation, START_SECONDS)
            yield
    except identity_provider.IdentityProviderError as error:
        raise DemoError(f"{error}\nThe log is {log}.") from None


def _packages(state: State) -> Path:
    """The folder of the identity provider's packages: shared if we may write there."""
    shared = provider_packages()
    try:
        shared.mkdir(parents=True, exist_ok=True)
        return identity_provider.install(shared)
    except OSError:
        return identity_provider.install(state.provider / "packages")


def _start_airflow(state: State, processes: Processes, progress: Progress) -> None:
    progress.say("starting Airflow's API server and DAG processor")
    _airflow(processes, "api-server")
    _airflow(processes, "dag-processor")
    processes.wait_until(lambda: _answers(f"{state.server_url}/api/v2/version"), START_SECONDS, "Airflow")
    progress.say("starting Airflow's scheduler")
    _airflow(processes, "scheduler", "--skip-serve-logs")
    # The first call of the tasks' API takes seconds: better now than in the first task.
    _answers(f"{state.server_url}/execution/health", seconds=60)
    client = AirflowClient(state.server_url, ADMIN)
    processes.wait_until(lambda: client.knows_dag(DAG_ID), START_SECONDS, f"the DAG {DAG_ID}")
    processes.wait_until(client.scheduler_is_healthy, START_SECONDS, "the scheduler")
    # nothing is deferred at once, so nobody has to wait for it
    _airflow(processes, "triggerer", "--skip-serve-logs")
    progress.say("ready")


def _airflow(processes: Processes, component: str, *options: str) -> None:
    processes.start(component, [sys.executable, "-m", "airflow", component, *options])


def _listens(port: int) -> bool:
    """Whether a process has the port, be it frozen or too busy to answer."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    except OSError:  # its queue is full
        return True
    return True


def _answers(url: str, seconds: float = 5) -> bool:
    try:
        with _direct.open(url, timeout=seconds) as answer:
            return bool(answer.status == 200)
    except OSError:  # what urllib raises is one, too
        return False
