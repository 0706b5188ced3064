"""The API's documents for people: its description, and Swagger UI, told what it may load."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse

from airflow_thirdparty import __version__

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_LOADED = re.compile(r"""<(?:script src|link type="text/css" rel="stylesheet" href)="([^"]+)\"""")
_ICON = re.compile(r'<link rel="shortcut icon" href="([^"]+)"')


TITLE = "Third-Party Accounts"
DESCRIPTION = "/openapi.json"
"""Where it lies, below our prefix."""


def of(routes: APIRouter) -> APIRouter:
    """Build the routes of the documents.

    :param routes: what they describe
    :return: them
    """
    router = APIRouter(include_in_schema=False)

    @router.get(DESCRIPTION)
    async def description(request: Request) -> JSONResponse:
        return JSONResponse(describe(routes, _below(request)))

    @router.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        """Swagger UI; it may run the script of this very page and load the files that it names."""
        url = f"{_below(request)}{DESCRIPTION}"
        page = get_swagger_ui_html(openapi_url=url, title=f"{TITLE} - API")
        page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())
        return page

    return router


def describe(routes: APIRouter, below: str = "") -> dict[str, Any]:
    """Describe the API (OpenAPI 3.1).

    :param routes: of the API
    :param below: path of the address that its paths begin at
    :return: the description, as JSON
    """
    servers = [{"url": below}] if below else None
    return get_openapi(title=TITLE, version=__version__, routes=routes.routes, servers=servers)


def _below(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")


def _policy(text: str) -> str:
    """What the page may load (Content Security Policy Level 3, section 6.7); styles it makes by itself."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in _INLINE.findall(text))
    files = " ".join(_LOADED.findall(text))
    icons = " ".join(_ICON.findall(text))
    return (
        f"default-src 'none'; script-src {hashes} {files}; style-src 'unsafe-inline' {files}; "
        f"img-src 'self' data: {icons}; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
