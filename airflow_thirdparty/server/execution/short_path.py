"""Answers a plain success with one query, in place of Airflow's route and with Airflow's own guards.

Only what the long way would have answered too is answered here: Airflow's own functions authenticate the task
and say what it may ask for, and the rules that decide are those of the long way.  Anything else (a refusal, a
token that wants refreshing, a doubt) is left to it, and so is every exception.  Of a refusal it is told, so
that it need not find it out again: it says it in place of what Airflow's route answers, and writes it down.
Nothing is kept from one request to the next but what an account's registration says, by its ciphertext.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import svcs
from airflow import configuration
from airflow.api_fastapi.execution_api import security
from airflow.api_fastapi.execution_api.routes import connections
from airflow.sdk import SecretCache
from airflow.secrets.environment_variables import CONN_ENV_PREFIX, EnvironmentVariablesBackend
from airflow.secrets.metastore import MetastoreBackend
from fastapi import Request
from fastapi.security import SecurityScopes
from sqlalchemy import Row
from starlette.types import ASGIApp, Message, Scope
from structlog.contextvars import bound_contextvars

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.acting import queries, resolver
from airflow_thirdparty.server.broker.acting.facts import RunFacts
from airflow_thirdparty.server.broker.database import utcnow
from airflow_thirdparty.server.broker.own_pool import own_pool
from airflow_thirdparty.server.broker.tokens import joined, refusals
from airflow_thirdparty.server.broker.tokens.broker import (
    freshness_of,
    missing_scopes,
    open_token,
    with_api_host,
)
from airflow_thirdparty.server.broker.tokens.freshness import Freshness
from airflow_thirdparty.server.broker.tokens.granting import Refused
from airflow_thirdparty.server.broker.usage.recorder import note_issued
from airflow_thirdparty.server.execution import airflow_route, projection
from airflow_thirdparty.server.execution.airflow_route import PATH, ConnectionRoutes, VersionedRoute
from airflow_thirdparty.server.execution.projection import Question
from airflow_thirdparty.server.people.directory import directory
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.wire import CONN_ID_PATTERN, TokenRequest

log = logging.getLogger(__name__)

NEAR_END = 0.4
"""Which part of a task token's life must be left: at 0.2 Airflow's own path hands out a new one, and 0.3 in
some versions."""

NEAR_END_SECONDS = 60
"""The same in seconds: twice the 30 at which Airflow does so."""


@dataclass(frozen=True)
class Granted:
    """A plain success."""

    person: Person
    facts: RunFacts
    connection: Mapping[str, Any]


class ShortPath:
    """Answers in place of Airflow's route, or says that it cannot.

    :param inside: what our middleware calls
    """

    def __init__(self, inside: ASGIApp) -> None:
        self._inside = inside
        self._routes: ConnectionRoutes | None = None

    async def answer(self, scope: Scope, question: Question) -> tuple[Message, Message] | Refused | None:
        """Answer a task's question for an account.

        :param scope: the request, with the asked id in its path; after a refusal it holds the task's token as
            Airflow's own function leaves it there for whoever asks that function again
        :param question: what it asks for
        :return: the answer's messages; why there is none, which the long way says; ``None`` for the long way
        """
        try:
            if not _is_plain(question.request):
                return None
            route = self._route(scope, question.asked_id)
            if route is None or not _is_in_the_database(question):
                return None
            return await self._answer(scope, route, question)
        except Exception:  # whatever it is, the long way finds it too and says it in its own words
            log.debug("'%s' is answered the long way", question.asked_id, exc_info=True)
            return None

    def _route(self, scope: Scope, asked_id: str) -> VersionedRoute | None:
        is_the_path = scope["path"] == f"{scope.get('root_path', '')}{PATH}{asked_id}"
        if not is_the_path or not CONN_ID_PATTERN.fullmatch(asked_id):
            return None
        if self._routes is None or not self._routes.hold(scope["app"]):
            self._routes = airflow_route.find(self._inside, scope)
        return self._routes.version(_header(scope, b"airflow-api-version")) if self._routes else None

    async def _answer(
        self, scope: Scope, route: VersionedRoute, question: Question
    ) -> tuple[Message, Message] | Refused | None:
        pool = own_pool()
        if pool is None or self._routes is None:
            return None
        correlation = _header(scope, b"correlation-id")
        inner = {
            **scope,
            "app": self._routes.api,
            "route": route.route,
            "endpoint": route.route.endpoint,
            "path_params": {"connection_id": question.asked_id},
        }
        with _bound(correlation):
            async with _traced(Request(inner), route) as asked:
                token = await _authenticated(asked, route, question.asked_id)
                if token is None:
                    return None
                conn_id = question.account
                parameters = {"ti_id": token.id, "asked_conn_id": conn_id, "asked_id": question.asked_id}
                granted = decide(await pool.read(joined.statement(directory()), parameters), question)
                if isinstance(granted, Refused):
                    scope["ti_token"] = inner["ti_token"]
                if not isinstance(granted, Granted):
                    return granted
                note_issued(str(token.id), granted.person, granted.facts)
        if question.request is None:  # as Airflow's router leaves it; our own hook's is rewritten in a copy
            scope.update({name: inner[name] for name in ("endpoint", "path_params", "route", "ti_token")})
        return _messages(granted.connection, route.version, correlation)


def decide(rows: Sequence[Row[Any]], question: Question) -> Granted | Refused | None:
    """Decide by the rules of the long way.

    :param rows: what the statement of :mod:`~airflow_thirdparty.server.broker.tokens.joined` brought
    :param question: what the task asks for
    :raises Exception: for what cannot be read, or is refused in another way than by words alone
    :return: a plain success, or a refusal of whom the run acts for, or of their sign-in as a whole; ``None``
        for anything else
    """
    conn_id = question.account
    row = joined.registration_of(rows, conn_id, question.asked_id) if rows else None
    if row is None:
        return None
    account, requirements = projection.account_of(row), question.requirements
    facts = queries.facts_of(rows, conn_id, utcnow(), allowed_dags=account.allowed_dags)
    if facts is None:
        return None
    try:
        person = resolver.acting_user(facts).demand()
        sign_in = joined.sign_in_of(rows, person, conn_id)
        if sign_in is None:
            if not joined.looked_for(facts, person):
                return None
            raise refusals.sign_in_required(account, person.name)
        refusals.check_sign_in(sign_in, account)
    except ThirdPartyAccountError as error:
        return Refused(error, facts)
    now = runtime.token_broker().refresher.clock()
    if (
        missing_scopes(sign_in, account, requirements)
        or freshness_of(sign_in, account, requirements, now) is not Freshness.USE
    ):
        return None
    account, token = with_api_host(account, sign_in), open_token(sign_in)
    if not question.is_foreign and projection.may_warn(token):
        return None  # the word on it takes another query
    return Granted(person, facts, projection.connection_of(row, account, token, question))


def _is_plain(request: TokenRequest | None) -> bool:
    """Whether nothing is asked for but a token, of whatever scopes and lifetime."""
    return request is None or request == TokenRequest(request.conn_id, request.scopes, request.min_lifetime)


@asynccontextmanager
async def _traced(request: Request, route: VersionedRoute) -> AsyncIterator[Request]:
    """Join the request to its caller's trace, by Airflow's own dependency."""
    if not route.traced:
        yield request
        return
    extract: Any = airflow_route.TRACE
    async with asynccontextmanager(extract)(request, "fastapi"):
        yield request


def _is_in_the_database(question: Question) -> bool:
    """Whether Airflow would look for the connection in its database first, and one team owns everything."""
    return (
        _only_database()
        and not settings.multi_team()
        and f"{CONN_ENV_PREFIX}{question.asked_id.upper()}" not in os.environ
        and f"{CONN_ENV_PREFIX}{question.account.upper()}" not in os.environ
        and SecretCache._cache is None
        and not hasattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS")
    )


@settings.kept("secrets", "backend")
def _only_database() -> bool:
    """Whether Airflow asks its environment and then its database for a connection, and nobody else."""
    found = [type(backend) for backend in configuration.ensure_secrets_loaded()]
    return found == [EnvironmentVariablesBackend, MetastoreBackend]


async def _authenticated(request: Request, route: VersionedRoute, asked_id: str) -> Any:
    """The task's token, by Airflow's own functions; they raise for what they refuse."""
    async with svcs.Container(request.app.state.svcs_registry) as services:
        token: Any = await security._jwt_bearer(request, services)
    for scopes in route.scopes:
        await security.require_auth(SecurityScopes(list(scopes)), request, token)
    if _is_near_its_end(token.claims):
        return None
    if not await connections.has_connection_access(asked_id, token):
        return None
    return token if await security.get_team_name_dep(token) is None else None


def _is_near_its_end(claims: Any) -> bool:
    issued, ends = int(claims.iat), int(claims.exp)
    return ends - time.time() <= max((ends - issued) * NEAR_END, NEAR_END_SECONDS)


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


@contextmanager
def _bound(correlation: str | None) -> Iterator[None]:
    """Name the request in the log as Airflow's own middleware does."""
    if not correlation:
        yield
        return
    with bound_contextvars(correlation_id=correlation):
        yield


def _messages(body: Mapping[str, Any], version: str, correlation: str | None) -> tuple[Message, Message]:
    content = json.dumps(body).encode()
    headers = [
        (b"content-length", str(len(content)).encode()),
        (b"content-type", b"application/json"),
        (b"airflow-api-version", version.encode()),
        (b"cache-control", b"no-store"),
    ]
    if correlation:
        headers.append((b"correlation-id", correlation.encode("latin-1")))
    return (
        {"type": "http.response.start", "status": 200, "headers": headers},
        {"type": "http.response.body", "body": content},
    )
