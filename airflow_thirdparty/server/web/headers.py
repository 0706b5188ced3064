"""The headers that keep our pages what they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request, Response
from starlette._utils import get_route_path

YEAR = "public, max-age=31536000, immutable"
"""For files whose address changes with their content (RFC 8246); a year is the longest that caches heed."""


def content_security_policy(nonce: str | None = None) -> str:
    """What a page of ours may load: its own files, and styles that bear the nonce of this answer.

    :param nonce: for the one page whose styles are made in the browser
    :return: the value of the header
    """
    styles = "'self'" if nonce is None else f"'self' 'nonce-{nonce}'"
    return (
        f"default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


DOCUMENTS = "/docs", "/openapi.json"
"""The API documents, relative to our prefix; nothing has a reason to show them in a frame."""

NOT_FRAMED = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}
"""For an API document, unless it says more itself."""


async def add_security_headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Send them with every answer.

    :param request: what the browser sent
    :param call_next: answers it
    :return: its answer, with the headers
    """
    # below our prefix, so that no account's id is taken for a page's; routing changes what it is relative to
    path = get_route_path(request.scope)
    response = await call_next(request)
    for name, value in (NOT_FRAMED if path in DOCUMENTS else {}).items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_security_policy())
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", _caching(request, path))
    return response


def _caching(request: Request, path: str) -> str:
    if not path.startswith("/static/"):
        return "no-store"
    return YEAR if "v" in request.query_params else "no-cache"
