"""Steps of a sign-in, as browsers and services take them, and what they leave behind."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from airflow_thirdparty import wire
from tests.support import loopback
from tests.support.people import Person

COUNTED = ("sign_in", "authorization", "revocation")


def rows() -> dict[str, int]:
    """What is stored of sign-ins."""
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        return {name: session.scalar(select(func.count()).select_from(_table(name))) or 0 for name in COUNTED}


def forget_all() -> None:
    """Empty our tables, the client secrets aside."""
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager

    kept = _table("client_secret")
    with create_session() as session:
        for table in ThirdPartyAccountsDBManager.metadata.sorted_tables:
            if table is not kept:
                session.execute(delete(table))


def _table(name: str) -> Any:
    from airflow_thirdparty.server.store.manager import ThirdPartyAccountsDBManager

    return ThirdPartyAccountsDBManager.metadata.tables[f"third_party_{name}"]


def update_authorization(**values: Any) -> None:
    """Write into every sign-in under way, past the server."""
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(update(_table("authorization")).values(**values))


def expire() -> None:
    """Let ten minutes pass for every sign-in under way."""
    update_authorization(expires_at=datetime.now(timezone.utc) - timedelta(seconds=1))


def api(conn_id: str) -> str:
    return f"{wire.WEB_PREFIX}/api/v1/accounts/{conn_id}"


def begin(browser: httpx2.Client, conn_id: str, **body: Any) -> httpx2.Response:
    """Press the button."""
    return browser.post(f"{api(conn_id)}/sign-in", json={"return_to": None, **body})


def started(browser: httpx2.Client, conn_id: str, **body: Any) -> str:
    """Press the button; where the browser is sent to."""
    answer = begin(browser, conn_id, **body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["authorization_url"])


def answered(authorization_url: str) -> str:
    """Say yes at the service; where it sends the browser back to."""
    answer = loopback.get(authorization_url, follow_redirects=False)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def with_query(url: str, **changes: str | None) -> str:
    """The address with parameters changed, or taken away."""
    params = {name: value for name, value in {**query(url), **changes}.items() if value is not None}
    return str(httpx2.URL(url.partition("?")[0], params=params))


def sign_in(person: Person, conn_id: str, **body: Any) -> httpx2.Response:
    """The whole way."""
    return person.browser.get(answered(started(person.browser, conn_id, **body)))


def view(person: Person, conn_id: str) -> dict[str, Any]:
    """The account as the person sees it."""
    answer = person.browser.get(api(conn_id))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
