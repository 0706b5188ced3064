"""Answers a task that asks for an account: with the right person's token, or in words."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import (
    WORTH_WAITING,
    AccountMisconfigured,
    ServiceUnavailable,
    ThirdPartyAccountError,
)
from airflow_thirdparty.server.accounts import exposing
from airflow_thirdparty.server.accounts.account import Account, Registration, parse
from airflow_thirdparty.server.accounts.api_auth import api_auth
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.acting import resolver
from airflow_thirdparty.server.broker.acting.resolver import RunFacts
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.tokens import expose, horizon
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.tokens.granting import Granted, Refused, look_up, note_refused
from airflow_thirdparty.server.broker.tokens.refresher import StillRefreshing
from airflow_thirdparty.server.broker.usage.recorder import note_issued
from airflow_thirdparty.server.execution import ahead, waits
from airflow_thirdparty.wire import CONN_TYPE, PROJECTION_KEY, TokenRequest, split_entry

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ExecutionResponse:
    """What the Execution API answers instead of the row.

    :param body: JSON
    """

    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Question:
    """What a task asks for.

    :param asked_id: the connection id as it asks for it
    :param request: what our own hook asks for; ``None`` when a foreign hook asks
    """

    asked_id: str
    request: TokenRequest | None

    @property
    def is_foreign(self) -> bool:
        """Whether a foreign hook asks, or somebody who wants to know why one was refused."""
        return self.request is None or self.request.why

    @property
    def account(self) -> str:
        """The id of the account."""
        return split_entry(self.asked_id)[0] if self.request is None else self.request.conn_id

    @property
    def entry(self) -> str:
        """The exposure entry that the id names; empty for the account's own."""
        return split_entry(self.asked_id)[1] if self.request is None else self.request.entry

    @property
    def requirements(self) -> TokenRequirements:
        """What is asked of the token."""
        if self.request is None:
            return TokenRequirements()
        return TokenRequirements(self.request.scopes, self.request.min_lifetime, self.request.force_refresh)


@dataclass(frozen=True)
class Answered:
    """What the task gets.

    :param granted: whose
    :param connection: in place of the row
    """

    granted: Granted
    connection: dict[str, Any]


async def project(
    row: dict[str, Any],
    ti_id: str,
    asked_id: str,
    request: TokenRequest | None,
    refused: Refused | None = None,
) -> ExecutionResponse:
    """Answer a task instance that asks for an account.

    :param row: the connection as the Execution API would answer it
    :param ti_id: the task instance, as Airflow authenticated it
    :param asked_id: the connection id that it asked for
    :param request: what our own hook asks for; ``None`` when a foreign hook asks
    :param refused: why it gets nothing, where that was found out already while this request was answered
    :return: the answer that the task gets in place of the connection
    """
    question = Question(asked_id, request)
    outcome = refused or await _decide(row, ti_id, question)
    if request is not None and request.why:
        reason = {"refusal": _reason(outcome.error)} if isinstance(outcome, Refused) else {}
        return ExecutionResponse(200, _empty(row, reason))
    if request is not None and (request.waits or request.grant):
        return await _ahead(row, ti_id, request, outcome)
    if isinstance(outcome, Answered):
        note_issued(ti_id, outcome.granted.person, outcome.granted.facts)
        return ExecutionResponse(200, outcome.connection)
    return await _refuse(row, ti_id, question, outcome)


async def _ahead(
    row: dict[str, Any], ti_id: str, request: TokenRequest, outcome: Answered | Refused
) -> ExecutionResponse:
    """Answer a task that wants no token itself."""
    if isinstance(outcome, Answered):
        person, error = outcome.granted.person, None
        found = json.loads(outcome.connection["extra"])[PROJECTION_KEY]
        ends = {"ends_at": None if found["renewable"] else found["expires_at"], "warning": found["warning"]}
    else:
        person, error, ends = None, outcome.error, {}
        if isinstance(error, (StillRefreshing, resolver.NotYetOnRecord)) and not request.waits:
            return ExecutionResponse(503, {"detail": error.as_dict()})
        if outcome.facts is not None:
            person = resolver.acting_user(outcome.facts).person
        if not (request.waits and isinstance(error, WORTH_WAITING)):
            await note_refused(request.conn_id, outcome)
    return ExecutionResponse(200, _empty(row, ahead.answer(request, ti_id, person, error) | ends))


async def _refuse(row: dict[str, Any], ti_id: str, question: Question, refused: Refused) -> ExecutionResponse:
    conn_id, error = str(row["conn_id"]), refused.error
    is_wait = isinstance(error, (StillRefreshing, resolver.NotYetOnRecord))
    if is_wait and (question.request is not None or await waits.may_wait(ti_id, conn_id)):
        return ExecutionResponse(503, {"detail": error.as_dict()})
    await note_refused(conn_id, refused)
    if question.request is not None:
        return ExecutionResponse(200, _empty(row, {"refusal": error.as_dict()}))
    return ExecutionResponse(403, {"detail": {"reason": error.code, "message": str(error)}})


async def _decide(row: dict[str, Any], ti_id: str, question: Question) -> Answered | Refused:
    requirements = question.requirements
    refused_facts: RunFacts | None = None
    try:
        account = account_of(row)
        broker = runtime.token_broker()
        granted = await in_database(
            look_up, broker=broker, ti_id=ti_id, account=account, requirements=requirements
        )
        if isinstance(granted, Refused):
            return granted
        refused_facts, account = granted.facts, granted.found.account
        if question.is_foreign:
            exposing.check_complete(account, question.entry)
        token = await broker.hand_out(granted.found, requirements)
        warning = "" if question.is_foreign else await _warning(granted, token)
        return Answered(granted, connection_of(row, account, token, question, warning))
    except ThirdPartyAccountError as error:
        return Refused(error, refused_facts)


def connection_of(
    row: dict[str, Any], account: Account, token: AccessToken, question: Question, warning: str = ""
) -> dict[str, Any]:
    """The connection that a task gets in place of the registration.

    :param row: the connection as the Execution API would answer it
    :param account: what it registers
    :param token: the access token
    :param question: what the task asks for
    :param warning: a word for the task's log, which our own hook puts there
    :raises AccountMisconfigured: when the entry that a foreign hook asks for is not complete
    :return: its fields
    """
    if not question.is_foreign:
        return _for_our_hook(row, account, token, warning)
    entry = exposing.check_complete(account, question.entry)
    connection = expose.for_foreign_hook(account, entry, token, utcnow())
    return {**_empty(row, None), **connection, "conn_id": question.asked_id}


def _reason(error: ThirdPartyAccountError) -> dict[str, str | None]:
    reason = error.as_dict()
    if isinstance(error, ServiceUnavailable):
        reason["code"] = ServiceUnavailable.code  # however it is told apart here, the task tries again
    return reason


def account_of(row: dict[str, Any]) -> Account:
    """The account that a connection registers.

    :param row: the connection as the Execution API would answer it
    :raises AccountMisconfigured: in words
    :return: the account, every field checked
    """
    if row["conn_id"] == split_entry(settings.remote_log_conn_id())[0]:
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


def may_warn(token: AccessToken) -> bool:
    """Whether a token may end before the run does.

    :param token: what the task is handed
    :return: false where it can be refreshed, or has no end
    """
    return not token.renewable and token.expires_at is not None


async def _warning(granted: Granted, token: AccessToken) -> str:
    """A word on a sign-in that ends before the run usually does; asked for only where that can be."""
    if token.expires_at is None or not may_warn(token):
        return ""
    usual = await in_database(horizon.usual_duration, dag_id=granted.facts.dag_id)
    return horizon.will_not_outlive(token.expires_at, granted.facts.run_created or utcnow(), usual)


def _for_our_hook(row: dict[str, Any], account: Account, token: AccessToken, warning: str) -> dict[str, Any]:
    answer = {
        "kind": account.kind,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "scopes": list(token.scopes),
        "subject": token.subject,
        "subject_name": token.subject_name,
        "origins": list(account.api_origins),
        "renewable": token.renewable,
        "warning": warning,
        **api_auth(account),
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
