"""The cookie that binds a sign-in to the browser that began it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from fastapi import Response

from airflow_thirdparty import settings
from airflow_thirdparty.server.broker.sign_in.flow import LIFETIME, StartedSignIn
from airflow_thirdparty.wire import WEB_PREFIX

NAME = "third_party_authorization_"
"""How the cookies' names begin; the hash of the state follows."""


def _path(conn_id: str) -> str:
    return f"{urlsplit(settings.base_url()).path}{WEB_PREFIX}/callback/{quote(conn_id, safe='')}"


def bind(response: Response, conn_id: str, started: StartedSignIn) -> None:
    """Give the browser a random value of which only the hash is stored here.

    One cookie per sign-in, so that several can be under way at once; sent to its callback only. Those of the
    person's oldest sign-ins are taken back.

    :param response: gets the cookie
    :param conn_id: id of the account
    :param started: the sign-in that was begun
    """
    response.set_cookie(
        NAME + started.state_hash,
        started.browser_nonce,
        max_age=int(LIFETIME.total_seconds()),
        path=_path(conn_id),
        secure=settings.base_url().startswith("https://"),
        httponly=True,
        samesite="lax",  # the callback is a top-level navigation that comes from another site
    )
    for dropped in started.dropped:
        release(response, dropped.conn_id, dropped.state_hash)


def nonces(cookies: Mapping[str, str]) -> dict[str, str]:
    """The browser's values, by hash of the state.

    :param cookies: the browser's, by name
    :return: the values, by hash of the state
    """
    return {name.removeprefix(NAME): value for name, value in cookies.items() if name.startswith(NAME)}


def release(response: Response, conn_id: str, state_hash: str) -> None:
    """Take the cookie back.

    :param response: takes the cookie away
    :param conn_id: id of the account
    :param state_hash: names the cookie
    """
    response.delete_cookie(NAME + state_hash, path=_path(conn_id))
