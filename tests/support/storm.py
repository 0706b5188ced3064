"""Many tasks that ask at once for the token of one expired sign-in, as Airflow's own client asks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx2
from airflow.sdk.api.client import API_RETRIES, API_RETRY_WAIT_MAX, API_RETRY_WAIT_MIN, API_TIMEOUT
from airflow.utils.session import create_session
from sqlalchemy import update
from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from airflow_thirdparty import wire
from airflow_thirdparty.demo import users
from airflow_thirdparty.server.store.clock import utcnow
from airflow_thirdparty.server.store.models import AccountHealth, SignIn
from tests.support import api_processes, faulty_service_client, loopback
from tests.support.accounts import Accounts, endpoints
from tests.support.databases import Database
from tests.support.faulty_service_client import Remote
from tests.support.people import Person
from tests.support.signing_in import sign_in
from tests.support.tasks import RunningTask, Tasks, task_token

CONN_ID = "stormy"


class TryAgain(Exception):
    """What Airflow's client retries: no answer in time, or one that says 5xx."""


@dataclass(frozen=True)
class Outcome:
    """How one storm went.

    :param lost: callers without a token after their client's tries
    :param slowest_s: longest until a caller had it
    """

    database: str
    callers: int
    processes: int
    delay_s: float
    service_calls: int
    lost: int
    slowest_s: float


@dataclass
class Storm:
    """An Airflow with one sign-in that many ask for.

    :param url: its API server
    """

    url: str
    kind: str
    processes: int
    service: Remote
    alice: Person
    tasks: Tasks
    task: RunningTask

    def expire(self) -> None:
        """Let the access token expire, and forget about trouble."""
        now = utcnow()
        with create_session() as session:
            session.execute(
                update(SignIn).values(
                    access_issued_at=now - timedelta(hours=2), access_expires_at=now - timedelta(hours=1)
                )
            )
            session.query(AccountHealth).delete()

    async def blow(self, callers: int, delay: float) -> Outcome:
        """Let everybody ask at once.

        :param callers: how many tasks
        :param delay: seconds the service takes to answer
        """
        self.expire()
        self.service.heal()
        self.service.fault("token", "answer", delay=delay)
        self.service.forget()
        headers = {"Authorization": f"Bearer {task_token(self.task.id)}"}
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        async with loopback.async_client(
            base_url=self.url, headers=headers, timeout=API_TIMEOUT, limits=limits
        ) as client:
            took = await asyncio.gather(*(_call(client) for _ in range(callers)))
        had = [seconds for seconds in took if seconds is not None]
        return Outcome(
            self.kind,
            callers,
            self.processes,
            delay,
            self.service.calls("token"),
            callers - len(had),
            round(max(had, default=0.0), 2),
        )


async def _call(client: httpx2.AsyncClient) -> float | None:
    """Ask as a task does.

    :return: after how many seconds it had the token
    """
    begun = time.monotonic()
    retrying = AsyncRetrying(
        retry=retry_if_exception_type(TryAgain),
        stop=stop_after_attempt(API_RETRIES),
        wait=wait_random_exponential(min=API_RETRY_WAIT_MIN, max=API_RETRY_WAIT_MAX),
    )
    try:
        has_token = await retrying(_try, client)
    except RetryError:
        return None
    return time.monotonic() - begun if has_token else None


async def _try(client: httpx2.AsyncClient) -> bool:
    try:
        answer = await client.get(f"/execution/connections/{wire.TokenRequest(CONN_ID).encode()}")
    except httpx2.HTTPError as error:
        raise TryAgain from error
    if answer.status_code >= 500:
        raise TryAgain
    return answer.status_code == 200 and bool(answer.json()["password"])


@contextlib.contextmanager
def brewing(database: Database, processes: int) -> Iterator[Storm]:
    """Start API server processes and a service, and let Alice sign in and trigger a run.

    :param database: which Airflow uses at the moment
    :param processes: API server processes
    """
    with faulty_service_client.running() as service, api_processes.running(processes) as url:
        admin, alice = Person(users.ADMIN, url), Person(users.ALICE, url)
        Accounts(admin).add(
            CONN_ID,
            service.base_url,
            service="custom",
            issuer=None,
            scopes="repo",
            **endpoints(service.base_url),
        )
        assert sign_in(alice, CONN_ID).status_code == 200
        tasks = Tasks(url)
        tasks.add_dag("storm")
        task = tasks.start("storm", alice.trigger("storm"))
        yield Storm(url, database.kind, processes, service, alice, tasks, task)
        for closing in (tasks, alice, admin):
            closing.close()
