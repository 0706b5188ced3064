"""The page's address without its last slash, which Airflow would take for a page of its own."""

from __future__ import annotations

from starlette._utils import get_route_path
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_thirdparty.server.broker import links
from airflow_thirdparty.wire import WEB_PREFIX


class SlashMiddleware:
    """Sends whoever leaves the slash out to the page; everything else passes untouched.

    :param app: the rest of Airflow's API server
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if (
            scope["type"] != "http"
            or get_route_path(scope) != WEB_PREFIX
            or scope["method"] not in ("GET", "HEAD")
        ):
            await self.app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        response = RedirectResponse(f"{links.page()}?{query}" if query else links.page(), status_code=307)
        await response(scope, receive, send)
