"""Sees every task's question for a connection after Airflow has routed and authenticated it.

Everything that is not a question for an account passes through untouched.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_thirdparty.server.broker import health
from airflow_thirdparty.server.broker.registry import guard
from airflow_thirdparty.server.broker.tokens.granting import Refused
from airflow_thirdparty.server.execution import ahead
from airflow_thirdparty.server.execution.airflow_route import PATH
from airflow_thirdparty.server.execution.projection import ExecutionResponse, Question, project
from airflow_thirdparty.server.execution.short_path import ShortPath
from airflow_thirdparty.wire import CONN_TYPE, REQUEST_PREFIX, TokenRequest

log = logging.getLogger(__name__)

ENDPOINT = ("airflow.api_fastapi.execution_api.routes.connections", "get_connection")
"""Module and name of the function with which Airflow answers a task's question for a connection."""

_QUESTION = re.compile(rf"/execution/connections/({REQUEST_PREFIX}[A-Za-z0-9_-]+)\Z")
"""Where our own hook's question stands; nothing else has its address rewritten."""

MOST_HINTS = 10_000
"""Ids of accounts that are remembered at most, which bounds the memory; beyond, all are learned anew."""

_MARK = f'"{CONN_TYPE}"'.encode()


class ProjectionMiddleware:
    """Replaces an account's registration by the acting person's connection.

    :param app: the rest of Airflow's API server
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._short_path = ShortPath(app)
        self._accounts = AccountHints()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or not health.mark_passed(scope, "projection"):
            await self.app(scope, receive, send)
            return
        request = None
        if scope["method"] == "GET" and (asked := _QUESTION.search(scope["path"])):
            try:
                request = TokenRequest.decode(asked[1])
            except ValueError:
                log.info("A request for an account that cannot be read is left to Airflow")
            else:
                scope = _for_bare_id(scope, asked[1], request.conn_id)
        asked_id = request.conn_id if request else self._accounts.asked(scope)
        short = await self._short_path.answer(scope, Question(asked_id, request)) if asked_id else None
        refused = short if isinstance(short, Refused) else None
        if short is not None and not isinstance(short, Refused):
            for message in short:
                await send(message)
            return
        with guard.reading():
            await self.app(scope, receive, _Sender(scope, send, request, self._accounts, refused))


def _for_bare_id(scope: Scope, asked: str, conn_id: str) -> Scope:
    # ids of accounts need no escaping, see CONN_ID_PATTERN
    path = scope["path"].removesuffix(asked) + conn_id
    return {**scope, "path": path, "raw_path": path.encode("ascii", "ignore")}


class AccountHints:
    """Which ids were those of accounts when they were last answered here.

    A hint says which way is tried first and never what is answered, so that the question for a plain
    connection costs no query more.
    """

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def note(self, asked_id: str) -> None:
        """Note that an account was found.

        :param asked_id: the id that was asked for
        """
        if len(self._ids) >= MOST_HINTS:
            self._ids.clear()
        self._ids.add(asked_id)

    def asked(self, scope: Scope) -> str | None:
        """The id of an account that a task may be asking for.

        :param scope: a request
        :return: ``None`` for all other requests
        """
        if not self._ids or scope["method"] != "GET":
            return None
        _, path, asked_id = scope["path"].rpartition(PATH)
        return asked_id if path and asked_id in self._ids else None


class _Sender:
    """Looks at the answer to one request, and holds back only the one that may have to be replaced."""

    def __init__(
        self,
        scope: Scope,
        send: Send,
        request: TokenRequest | None,
        accounts: AccountHints,
        refused: Refused | None,
    ) -> None:
        self.scope = scope
        self.send = send
        self.request = request
        self.accounts = accounts
        self.refused = refused
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._is_a_connection(message):
            self.start = message
            return
        if self.start is None or message["type"] != "http.response.body":
            await self.send(message)
            return
        self.body += message.get("body", b"")
        if not message.get("more_body", False):
            await self._answer(self.start)

    def _is_a_connection(self, message: Message) -> bool:
        if message["status"] != (404 if self._asks_for_dag else 200):
            return False
        endpoint = self.scope.get("endpoint")
        return (getattr(endpoint, "__module__", None), getattr(endpoint, "__name__", None)) == ENDPOINT

    @property
    def _asks_for_dag(self) -> bool:
        return self.request is not None and self.request.dag

    async def _answer(self, start: Message) -> None:
        answer = await self._of_dag() if self._asks_for_dag else None
        if answer is None and _MARK in self.body:
            row = json.loads(self.body)
            if row.get("conn_type") == CONN_TYPE:
                answer = await self._projected(row)
        if answer is None and self.request is not None:
            answer = ExecutionResponse(
                404, {"detail": {"reason": "not_found", "message": "not a third-party account"}}
            )
        if answer is None:
            await self.send(start)
            await self.send({"type": "http.response.body", "body": self.body})
            return
        body = json.dumps(answer.body).encode()
        await self.send({**start, "status": answer.status, "headers": _headers(start, len(body))})
        await self.send({"type": "http.response.body", "body": body})

    async def _of_dag(self) -> ExecutionResponse | None:
        """The accounts of the task's DAG; the question names no connection, so Airflow found none."""
        ti_token = self.scope.get("ti_token")
        if ti_token is None:
            return None
        return ExecutionResponse(200, await ahead.accounts_of_dag(str(ti_token.id)))

    async def _projected(self, row: dict[str, Any]) -> ExecutionResponse:
        ti_token = self.scope.get("ti_token")
        try:
            if ti_token is None:
                return ExecutionResponse(
                    403, {"detail": {"reason": "no_task", "message": "no task instance asks"}}
                )
            asked_id = str(self.scope["path_params"]["connection_id"])
            self.accounts.note(asked_id)
            return await project(row, str(ti_token.id), asked_id, self.request, self.refused)
        except Exception:  # whatever went wrong, the registration is not the answer to a task's question
            log.exception("The account '%s' could not be projected", row.get("conn_id"))
            # a foreign hook would take a 503 for "there is no such connection" in the end
            return ExecutionResponse(
                403 if self.request is None else 503,
                {"detail": {"reason": "failed", "message": "the account cannot be answered now"}},
            )


def _headers(start: Message, length: int) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    return [*kept, (b"content-length", str(length).encode()), (b"cache-control", b"no-store")]
