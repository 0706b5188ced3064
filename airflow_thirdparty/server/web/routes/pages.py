"""The stand-alone page, and the small window that a sign-in ends in."""

from __future__ import annotations

import html
import secrets
from collections.abc import Awaitable
from string import Template
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from airflow_thirdparty import settings
from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.plugin_views import STATIC_FOLDER
from airflow_thirdparty.server.broker import runtime
from airflow_thirdparty.server.broker.database import in_database, utcnow
from airflow_thirdparty.server.broker.sign_in import begun, flow, kept_answers
from airflow_thirdparty.server.broker.sign_in.refusals import SignInRefused
from airflow_thirdparty.server.people import directory
from airflow_thirdparty.server.web import cookies
from airflow_thirdparty.server.web.dependencies import OptionalUserDep, own_team_only
from airflow_thirdparty.server.web.headers import content_security_policy
from airflow_thirdparty.wire import WEB_PREFIX

router = APIRouter()


def _below() -> str:
    return f"{settings.base_url()}{WEB_PREFIX}"


@router.get("/", include_in_schema=False)
async def page(request: Request, user: OptionalUserDep) -> Response:
    """The page, outside Airflow's own frame; whoever is not logged in goes to Airflow's log-in first."""
    if user is None:
        query = f"?{request.url.query}" if request.url.query else ""
        return _to_log_in(f"{_below()}/{query}")
    index = STATIC_FOLDER / "index.html"
    if not index.is_file():
        return HTMLResponse("The page was not built into this installation.", status_code=500)
    nonce = secrets.token_urlsafe(16)
    response = HTMLResponse(index.read_text(encoding="utf-8").replace("__NONCE__", nonce))
    response.headers["Content-Security-Policy"] = content_security_policy(nonce)
    return response


def _to_log_in(back: str) -> Response:
    """Through Airflow's log-in, which takes the browser back to an address of ours."""
    log_in = f"{settings.base_url()}/api/v2/auth/login?next={quote(back, safe='')}"
    return RedirectResponse(log_in, status_code=303)


@router.get("/callback/{conn_id}", include_in_schema=False)
async def callback(conn_id: str, request: Request, user: OptionalUserDep) -> Response:
    """Where the service sends the browser back to; whoever is not logged in logs in first."""
    params = list(request.query_params.multi_items())
    state_hash = begun.digest(dict(params).get("state", ""))
    nonces = cookies.nonces(request.cookies)
    person = directory.person_of(user) if user is not None else None
    if user is None or person is None:
        return await _keep(conn_id, params, nonces)
    try:
        await own_team_only(conn_id, user)
    except ThirdPartyAccountError as error:
        return _refused(conn_id, error)
    done = flow.complete(runtime.transport(), person, conn_id, params, nonces, utcnow)
    return await _end(conn_id, state_hash, done)


async def _keep(conn_id: str, params: kept_answers.Answer, nonces: dict[str, str]) -> Response:
    """Keep what the service answered; the address to come back to holds nothing of it."""
    try:
        await in_database(kept_answers.keep, conn_id, params, nonces, utcnow())
    except ThirdPartyAccountError as error:
        return _refused(conn_id, error)
    return _to_log_in(f"{_below()}/callback/{quote(conn_id, safe='')}/resume")


@router.get("/callback/{conn_id}/resume", include_in_schema=False)
async def resume(conn_id: str, request: Request, user: OptionalUserDep) -> Response:
    """Where Airflow's log-in takes the browser back to: the sign-in goes on with the answer that was kept."""
    nonces = cookies.nonces(request.cookies)
    person = directory.person_of(user) if user is not None else None
    try:
        if user is None or person is None:  # not to the log-in once more: that might go on for ever
            raise SignInRefused(
                "You are not logged in to Airflow as one single person.",
                "Log in to Airflow with a user of your own, then reload this page.",
            )
        await own_team_only(conn_id, user)
        state_hash = await in_database(kept_answers.find, conn_id, nonces, utcnow())
    except ThirdPartyAccountError as error:
        return _refused(conn_id, error)
    done = flow.resume(runtime.transport(), person, conn_id, state_hash, nonces, utcnow)
    return await _end(conn_id, state_hash, done)


async def _end(conn_id: str, state_hash: str, completed: Awaitable[flow.Completed]) -> Response:
    """Say how a sign-in ended, and take its cookie back."""
    try:
        done = await completed
    except ThirdPartyAccountError as error:
        response = _refused(conn_id, error)
    else:
        response = _small_window(
            conn_id,
            "Signed in",
            f"You are signed in to '{conn_id}' as {done.identity.name}.{_narrower(done.not_granted)}",
            "You can close this window.",
            "",
            done.return_to or "",
        )
    cookies.release(response, conn_id, state_hash)
    return response


def _refused(conn_id: str, error: ThirdPartyAccountError) -> Response:
    status = 403 if isinstance(error, SignInRefused) else 400
    return _small_window(conn_id, "Not signed in", error.message, error.remedy, error.code, status=status)


def _narrower(not_granted: tuple[str, ...]) -> str:
    return f" The service did not grant: {' '.join(not_granted)}." if not_granted else ""


def _small_window(
    conn_id: str, title: str, message: str, remedy: str, code: str, return_to: str = "", status: int = 200
) -> Response:
    window = STATIC_FOLDER / "callback.html"
    if not window.is_file():
        return PlainTextResponse(f"{title}: {message} {remedy}", status_code=status)
    values: dict[str, Any] = {
        "conn_id": conn_id,
        "title": title,
        "message": message,
        "remedy": remedy,
        "code": code,
        "ok": "false" if code else "true",
        "return_to": return_to,
        "static": f"{_below()}/static",
        "page": f"{_below()}/?account={quote(conn_id, safe='')}",
    }
    escaped = {name: html.escape(value, quote=True) for name, value in values.items()}
    template = Template(window.read_text(encoding="utf-8"))
    return HTMLResponse(template.substitute(escaped), status_code=status)
