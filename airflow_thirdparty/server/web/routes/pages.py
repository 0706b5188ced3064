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
from airflow_thirdparty.server.web import cookies, words
from airflow_thirdparty.server.web.dependencies import OptionalUserDep, demand_entitled, own_team_only
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
    language = words.asked(request.headers.get("accept-language"))
    text = index.read_text(encoding="utf-8").replace("__NONCE__", nonce)
    text = text.replace("__LANG__", language.code).replace("__DIR__", language.direction)
    response = HTMLResponse(text.replace("__TITLE__", html.escape(language.say("page.title"))))
    response.headers["Vary"] = "Accept-Language"
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
    window = _Window(conn_id, request)
    if user is None or person is None:
        return await _keep(window, params, nonces)
    try:
        demand_entitled(user)
        await own_team_only(conn_id, user)
    except ThirdPartyAccountError as error:
        return window.refused(error)
    done = flow.complete(runtime.transport(), person, conn_id, params, nonces, utcnow)
    return await _end(window, state_hash, done)


async def _keep(window: _Window, params: kept_answers.Answer, nonces: dict[str, str]) -> Response:
    """Keep what the service answered; the address to come back to holds nothing of it."""
    try:
        await in_database(kept_answers.keep, window.conn_id, params, nonces, utcnow())
    except ThirdPartyAccountError as error:
        return window.refused(error)
    return _to_log_in(f"{_below()}/callback/{quote(window.conn_id, safe='')}/resume")


@router.get("/callback/{conn_id}/resume", include_in_schema=False)
async def resume(conn_id: str, request: Request, user: OptionalUserDep) -> Response:
    """Where Airflow's log-in takes the browser back to: the sign-in goes on with the answer that was kept."""
    nonces = cookies.nonces(request.cookies)
    person = directory.person_of(user) if user is not None else None
    window = _Window(conn_id, request)
    try:
        if user is None or person is None:  # not to the log-in once more: that might go on for ever
            raise SignInRefused(
                "You are not logged in to Airflow as one single person.",
                "Log in to Airflow with a user of your own, then reload this page.",
            )
        demand_entitled(user)
        await own_team_only(conn_id, user)
        state_hash = await in_database(kept_answers.find, conn_id, nonces, utcnow())
    except ThirdPartyAccountError as error:
        return window.refused(error)
    done = flow.resume(runtime.transport(), person, conn_id, state_hash, nonces, utcnow)
    return await _end(window, state_hash, done)


async def _end(window: _Window, state_hash: str, completed: Awaitable[flow.Completed]) -> Response:
    """Say how a sign-in ended, and take its cookie back."""
    try:
        done = await completed
    except ThirdPartyAccountError as error:
        response = window.refused(error)
    else:
        response = window.signed_in(done)
    cookies.release(response, window.conn_id, state_hash)
    return response


class _Window:
    """The small window at the end of a sign-in, in the language of whoever sits before it.

    :param conn_id: id of the account
    :param request: what the browser sent
    """

    def __init__(self, conn_id: str, request: Request) -> None:
        self.conn_id = conn_id
        self._language = words.asked(request.headers.get("accept-language"))

    def signed_in(self, done: flow.Completed) -> Response:
        """Say who one is there now, and what the service did not grant."""
        say = self._language.say
        message = say("window.message", account=self.conn_id, who=done.identity.name)
        if done.not_granted:
            message += " " + say("window.not_granted", scopes=" ".join(done.not_granted))
        return self._show(say("window.signed_in"), message, say("window.close_it"), "", done.return_to or "")

    def refused(self, error: ThirdPartyAccountError) -> Response:
        """Say why not."""
        status = 403 if isinstance(error, SignInRefused) else 400
        title = self._language.say("window.not_signed_in")
        message, remedy = self._language.told(error.code, error.message, error.remedy)
        return self._show(title, message, remedy, error.code, status=status)

    def _show(
        self, title: str, message: str, remedy: str, code: str, return_to: str = "", status: int = 200
    ) -> Response:
        window = STATIC_FOLDER / "callback.html"
        if not window.is_file():
            return PlainTextResponse(f"{title}: {message} {remedy}", status_code=status)
        values: dict[str, Any] = {
            "lang": self._language.code,
            "dir": self._language.direction,
            "conn_id": self.conn_id,
            "title": title,
            "message": message,
            "remedy": remedy,
            "code": code,
            "ok": "false" if code else "true",
            "return_to": return_to,
            "static": f"{_below()}/static",
            "page": f"{_below()}/?account={quote(self.conn_id, safe='')}",
            "close": self._language.say("window.close"),
            "accounts": self._language.say("page.your_accounts"),
        }
        escaped = {name: html.escape(value, quote=True) for name, value in values.items()}
        template = Template(window.read_text(encoding="utf-8"))
        return HTMLResponse(template.substitute(escaped), status_code=status)
