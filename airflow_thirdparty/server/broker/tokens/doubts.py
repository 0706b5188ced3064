"""An access token that a service refused to a task, and that nothing can refresh: has the sign-in lapsed?

What refused it may have been another service than the account's, or have wanted a scope, so one 401 proves
nothing.  The service itself is asked once whose token it is, which every token may ask.  Where it answers 401
as well, the sign-in softly lapses: when tasks want it, the service is asked again now and then, and it works
again when that accepts it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import endpoints, oauth_client
from airflow_thirdparty.server.broker.tokens import refusals, results, soft_lapses
from airflow_thirdparty.server.oauth import identity
from airflow_thirdparty.server.oauth.errors import Kind
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints
from airflow_thirdparty.server.store import retries, sign_ins
from airflow_thirdparty.server.store.clock import Clock
from airflow_thirdparty.server.store.models import SignIn

log = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=5)
"""How often a service is asked about one sign-in at most, whatever its tasks say of it."""


@dataclass(frozen=True)
class _Question:
    client: Client
    endpoints: Endpoints


class Doubts:
    """Asks services about tokens, each once at a time.

    :param transport: the way to services
    :param clock: tells the time
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock
        self._asked: dict[tuple[int, int], asyncio.Task[bool]] = {}

    async def settle(
        self, row_id: int, version: int, account: Account, access_token: str, max_wait: float
    ) -> None:
        """Return where the token may be handed out all the same.

        :param row_id: id of the sign-in
        :param version: of its credentials
        :param account: the account as it is registered now
        :param access_token: the token
        :param max_wait: longest to wait for the service, in seconds; then the token is handed out
        :raises SoftLapsed: when the service refuses it itself
        """
        asked = (row_id, version)  # what is found out about a token says nothing of the next one
        task = self._asked.get(asked)
        if task is None or task.done() or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.create_task(self._ask(row_id, version, account, access_token))
            self._asked[asked] = task
            task.add_done_callback(partial(self._forget, asked))
        done, _ = await asyncio.wait({task}, timeout=max_wait)
        if done and task.exception() is None and task.result():
            raise refusals.token_refused(account)

    def _forget(self, asked: tuple[int, int], task: asyncio.Task[bool]) -> None:
        if self._asked.get(asked) is task:
            del self._asked[asked]
        if not task.cancelled() and (error := task.exception()):
            log.info("Whether a token is still accepted was not found out: %s", type(error).__name__)

    async def _ask(self, row_id: int, version: int, account: Account, access_token: str) -> bool:
        """Whether the sign-in has softly lapsed."""
        question = await in_database(self._begin, row_id=row_id, version=version, account=account)
        if not isinstance(question, _Question):
            return question
        accepts = await identity.still_accepts(
            self._transport,
            question.endpoints,
            access_token,
            question.client,
            self._clock(),
            oauth_client.rules(account),
        )
        return await in_database(self._note, row_id=row_id, version=version, accepts=accepts)

    def _begin(self, session: Session, row_id: int, version: int, account: Account) -> _Question | bool:
        now = self._clock()
        if not retries.claim(session, row_id, version, now, now + INTERVAL):
            return _has_lapsed(session.get(SignIn, row_id), version)  # another process has just asked
        row = session.get_one(SignIn, row_id)
        if not _is_for_userinfo(row, account):
            return False
        client = oauth_client.client(session, account)
        return _Question(client, endpoints.current(row.endpoints, account))

    def _note(self, session: Session, row_id: int, version: int, accepts: bool | None) -> bool:
        row = session.get(SignIn, row_id)
        if row is None or row.version != version or accepts is None:
            return _has_lapsed(row, version)
        now = self._clock()
        if accepts:
            columns = {**sign_ins.CLEAN, "retry_at": now + INTERVAL}
            sign_ins.note(session, row_id, version, None, **columns)
            return False
        judged = soft_lapses.judge(session, row, now, certain=True)
        retry_at = now + (soft_lapses.interval(judged.since, now) if judged.since else INTERVAL)
        failed = {
            "failed_at": now,
            "failed_kind": Kind.UNKNOWN.value,
            "failed_code": "401",
            "failed_text": refusals.NOT_ACCEPTED,
        }
        sign_ins.note(session, row_id, version, None, **judged.columns, **failed, retry_at=retry_at)
        results.tell(session, row.conn_id, row.person, judged, "401")
        return judged.since is not None


def _is_for_userinfo(row: SignIn, account: Account) -> bool:
    """Whether every such token may ask whose it is.

    Where an ID token said who signed in, nobody has asked with it; and a scope that names another resource,
    as at Microsoft, makes it a token for that resource alone.
    """
    return account.preset.identity != "openid" or not any("/" in scope for scope in row.scopes.split())


def _has_lapsed(row: SignIn | None, version: int) -> bool:
    return row is not None and row.version == version and row.soft_lapsed_at is not None
