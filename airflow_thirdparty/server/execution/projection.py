"""Answers a task that asks for an account: with the right person's token, or in words."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from airflow.configuration import conf
from airflow.models.connection import Connection
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import (
    WORTH_WAITING,
    AccountMisconfigured,
    ServiceUnavailable,
    ThirdPartyAccountError,
)
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.acting import queries, resolver
from airflow_thirdparty.server.broker.acting.resolver import RunFacts
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.telemetry import audit, metrics
from airflow_thirdparty.server.broker.tokens.broker import AccessToken, Found
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.tokens.refresher import StillRefreshing
from airflow_thirdparty.server.broker.usage.recorder import usage_recorder
from airflow_thirdparty.server.execution import ahead, expose
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.urls import origin_of
from airflow_thirdparty.wire import CONN_TYPE, PROJECTION_KEY, TokenRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExecutionResponse:
    """What the Execution API answers instead of the row.

    :param body: JSON
    """

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Granted:
    """Whom the task instance acts for, and what their sign-in yields at once."""

    person: Person
    facts: RunFacts
    found: Found


@dataclass(frozen=True)
class Refused:
    """Why the task instance gets nothing."""

    error: ThirdPartyAccountError
    facts: RunFacts | None = None


async def project(row: dict[str, Any], ti_id: str, request: TokenRequest | None) -> ExecutionResponse:
    """Answer a task instance that asks for an account.

    :param row: the connection as the Execution API would answer it
    :param ti_id: the task instance, as Airflow authenticated it
    :param request: what our own hook asks for; ``None`` when a foreign hook asks
    :return: the answer that the task gets in place of the connection
    """
    conn_id = str(row["conn_id"])
    outcome = await _decide(row, ti_id, request)
    if request is not None and (request.waits or request.grant):
        return await _ahead(row, ti_id, request, outcome)
    if isinstance(outcome, tuple):
        account, granted, token = outcome
        metrics.issued(conn_id)
        usage_recorder().note(ti_id, granted.person, granted.facts)
        return ExecutionResponse(200, _projected(row, account, token, request))
    error = outcome.error
    if isinstance(error, (StillRefreshing, resolver.NotYetOnRecord)):
        return ExecutionResponse(503, {"detail": error.as_dict()})
    metrics.refused(conn_id, error.code)
    await _explain(conn_id, outcome)
    if request is not None:
        return ExecutionResponse(200, _empty(row, {"refusal": error.as_dict()}))
    status = 503 if isinstance(error, ServiceUnavailable) else 403
    return ExecutionResponse(status, {"detail": {"reason": error.code, "message": str(error)}})


async def _ahead(
    row: dict[str, Any],
    ti_id: str,
    request: TokenRequest,
    outcome: tuple[Account, Granted, AccessToken] | Refused,
) -> ExecutionResponse:
    """Answer a task that wants no token itself."""
    if isinstance(outcome, tuple):
        person, error = outcome[1].person, None
    else:
        person, error = None, outcome.error
        if isinstance(error, (StillRefreshing, resolver.NotYetOnRecord)) and not request.waits:
            return ExecutionResponse(503, {"detail": error.as_dict()})
        if outcome.facts is not None:
            person = resolver.acting_user(outcome.facts).person
        if not (request.waits and isinstance(error, WORTH_WAITING)):
            metrics.refused(request.conn_id, error.code)
            await _explain(request.conn_id, outcome)
    return ExecutionResponse(200, _empty(row, ahead.answer(request, ti_id, person, error)))


async def _decide(
    row: dict[str, Any], ti_id: str, request: TokenRequest | None
) -> tuple[Account, Granted, AccessToken] | Refused:
    requirements = (
        TokenRequirements(request.scopes, request.min_lifetime, request.force_refresh)
        if request
        else TokenRequirements()
    )
    refused_facts: RunFacts | None = None
    try:
        account = _account(row)
        granted = await in_database(_look_up, ti_id=ti_id, account=account, requirements=requirements)
        if isinstance(granted, Refused):
            return granted
        refused_facts = granted.facts
        token = await runtime.token_broker().hand_out(granted.found, requirements)
    except ThirdPartyAccountError as error:
        return Refused(error, refused_facts)
    return account, granted, token


def _account(row: dict[str, Any]) -> Account:
    if row["conn_id"] == conf.get("logging", "remote_log_conn_id", fallback=None):
        raise AccountMisconfigured(
            f"Account '{row['conn_id']}' is named as [logging] remote_log_conn_id. Logs of several people go "
            "through that connection, so it cannot be a personal account.",
            "An admin names a plain connection there.",
            field="[logging] remote_log_conn_id",
        )
    return parse(
        Registration(
            row["conn_id"],
            host=row.get("host"),
            login=row.get("login"),
            extra=row.get("extra"),
            port=row.get("port"),
            schema=row.get("schema"),
        )
    )


def _look_up(
    session: Session, ti_id: str, account: Account, requirements: TokenRequirements
) -> Granted | Refused:
    team = None
    if conf.getboolean("core", "multi_team", fallback=False):
        team = Connection.get_team_name(account.conn_id, session=session)
    found = queries.gather(
        session,
        ti_id,
        account.conn_id,
        utcnow(),
        allowed_dags=account.allowed_dags,
        account_team=team,
    )
    if found is None:
        return Refused(resolver.superseded())
    acting = resolver.acting_user(found)
    try:
        person = acting.demand()
        return Granted(person, found, runtime.token_broker().look_up(session, person, account, requirements))
    except ThirdPartyAccountError as error:
        return Refused(error, found)


def _projected(
    row: dict[str, Any], account: Account, token: AccessToken, request: TokenRequest | None
) -> dict[str, Any]:
    if request is None:
        return {**_empty(row, None), **expose.for_foreign_hook(account, token)}
    answer = {
        "kind": account.kind,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "scopes": list(token.scopes),
        "subject": token.subject,
        "subject_name": token.subject_name,
        "origins": [origin_of(account.host)] if account.host else [],
    }
    return {
        **_empty(row, answer),
        "host": account.host,
        "login": token.login,
        "password": token.value,
    }


def _empty(row: dict[str, Any], answer: dict[str, Any] | None) -> dict[str, Any]:
    """A connection that holds nothing of the registration."""
    return {
        "conn_id": row["conn_id"],
        "conn_type": CONN_TYPE,
        "host": None,
        "schema": None,
        "login": None,
        "password": None,
        "port": None,
        "extra": json.dumps({PROJECTION_KEY: answer}) if answer is not None else None,
    }


async def _explain(conn_id: str, refused: Refused) -> None:
    """Leave the reason where people look for it: in the audit log of the run."""
    found = refused.facts
    words: dict[str, Any] = {name: text[:500] for name, text in refused.error.as_dict().items() if text}
    run = (found.dag_id, found.task_id, found.run_id, found.map_index) if found else None
    try:
        await in_database(audit.write, event="refused", conn_id=conn_id, run=run, **words)
    except Exception:  # the refusal stands, written down or not
        log.warning("A refusal could not be written to the audit log", exc_info=True)
