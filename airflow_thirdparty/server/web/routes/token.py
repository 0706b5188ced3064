"""Where a trigger exchanges its grant for access tokens, as often as it needs while its task is deferred.

Nobody is logged in here: who shows a grant that this server signed acts for a task instance, and everything
that decides about a running task's question is asked again.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import WORTH_WAITING, ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.grants import Grant, GrantInvalid, read_grant
from airflow_thirdparty.server.accounts import exposing
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.api_auth import api_auth
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.acting.facts import TRIGGER
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.registry import registrations
from airflow_thirdparty.server.broker.tokens import expose, trigger_grants
from airflow_thirdparty.server.broker.tokens.broker import AccessToken
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.tokens.granting import Granted, Refused, look_up, note_refused
from airflow_thirdparty.server.broker.usage.recorder import note_issued
from airflow_thirdparty.server.web.schemas.common import Problem, ProblemAnswer
from airflow_thirdparty.server.web.schemas.token import TokenAnswer, TokenQuestion

router = APIRouter(prefix="/api/v1", tags=["Triggers"])

RETRY_AFTER = 2
"""Seconds: about as long as a refresh under way still takes."""


class NotGranted(ThirdPartyAccountError):
    """What was shown is no grant that holds."""

    code = "not_granted"


@router.post("/token", response_model=TokenAnswer)
async def exchange(question: TokenQuestion, request: Request) -> Response:
    """An access token for the bearer of a valid grant, while its task instance is deferred."""
    try:
        grant = _shown(request)
    except NotGranted as error:
        return _problem(error, 401, {"WWW-Authenticate": "Bearer"})
    requirements = TokenRequirements(grant.scopes, question.min_lifetime, question.force_refresh)
    granted = await in_database(_look_up, grant=grant, requirements=requirements)
    if isinstance(granted, Refused):
        return await _refused(granted, grant)
    try:
        token = await runtime.token_broker().hand_out(granted.found, requirements)
        connection = _connection(granted.found.account, token, question.entry)
    except ThirdPartyAccountError as error:
        return await _refused(Refused(error, granted.facts), grant)
    if not grant.waits:
        note_issued(grant.ti_id, granted.person, granted.facts)
    answer = _answer(granted.found.account, token, waits=grant.waits)
    answer.connection = None if grant.waits else connection
    return JSONResponse(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store"})


def _shown(request: Request) -> Grant:
    scheme, _, signed = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise GrantInvalid("no grant was shown")
        return read_grant(signed.strip(), settings.fernet_key())
    except GrantInvalid as error:
        raise NotGranted(
            f"Nothing is granted: {error}.", "A task asks for a grant before it defers."
        ) from None


def _look_up(session: Session, grant: Grant, requirements: TokenRequirements) -> Granted | Refused:
    try:
        account = registrations.find(session, grant.conn_id)
    except ThirdPartyAccountError as error:
        return Refused(error)
    return look_up(
        session,
        runtime.token_broker(),
        grant.ti_id,
        account,
        requirements,
        asker=TRIGGER,
        check=partial(trigger_grants.check, session, grant),
    )


async def _refused(refused: Refused, grant: Grant) -> Response:
    error = refused.error
    if isinstance(error, ServiceUnavailable):
        return _problem(error, 503, {"Retry-After": str(RETRY_AFTER)})
    if not (grant.waits and isinstance(error, WORTH_WAITING)):
        await note_refused(grant.conn_id, refused)
    return _problem(error, 403)


def _answer(account: Account, token: AccessToken, *, waits: bool) -> TokenAnswer:
    return TokenAnswer(
        token=None if waits else token.value,
        kind=account.kind,
        host=account.host,
        login=token.login,
        expires_at=token.expires_at,
        scopes=list(token.scopes),
        subject=token.subject,
        subject_name=token.subject_name,
        origins=list(account.api_origins),
        **api_auth(account),
    )


def _connection(account: Account, token: AccessToken, entry: str | None) -> dict[str, Any] | None:
    if entry is None:
        return None
    return expose.for_foreign_hook(
        account, exposing.check_complete(account, entry), token, utcnow(), for_trigger=True
    )


def _problem(error: ThirdPartyAccountError, status: int, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(
        ProblemAnswer(error=Problem.of(error)).model_dump(), status_code=status, headers=headers
    )
