"""The API's documents for people: Swagger UI, as FastAPI makes it, told what it may load."""

from __future__ import annotations

import base64
import hashlib
import re

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

router = APIRouter()

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_LOADED = re.compile(r"""<(?:script src|link type="text/css" rel="stylesheet" href)="([^"]+)\"""")
_ICON = re.compile(r'<link rel="shortcut icon" href="([^"]+)"')


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """Swagger UI; it may run the script of this very page and load the files that it names."""
    below = request.scope.get("root_path", "").rstrip("/")
    page = get_swagger_ui_html(
        openapi_url=f"{below}{request.app.openapi_url}", title=f"{request.app.title} - API"
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())
    return page


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
