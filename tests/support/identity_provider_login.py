"""Signs somebody in at the demo's identity provider over plain HTTP, as a browser would by hand."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin

import httpx2

_FORM = re.compile(r'<form method="post" action="([^"]+)">')


class LoginFailedError(AssertionError):
    """The provider showed an error page, or asked for the name again."""


def sign_in(authorization_url: str, user_name: str, *, answer: str = "allow") -> str:
    """Walk through the provider's page.

    :param authorization_url: where the browser would be sent
    :param user_name: who to be
    :param answer: ``allow`` or ``cancel``
    :returns: the address of the client's callback, with the provider's answer in its query; not called
    :raises LoginFailedError: if the provider does not send the browser back
    """
    origin = _origin(authorization_url)
    with httpx2.Client(follow_redirects=False, trust_env=False, timeout=10) as browser:
        response = browser.get(authorization_url)
        if not _leads_to(response, origin):
            return _callback(response)
        page = browser.get(_target(response))
        action = _FORM.search(page.text)
        if action is None:
            raise LoginFailedError(f"no sign-in page ({page.status_code}): {_words(page)}")
        fields = {"user_name": user_name, "answer": answer}
        response = browser.post(urljoin(str(page.url), html.unescape(action[1])), data=fields)
        while _leads_to(response, origin):
            response = browser.get(_target(response))
        return _callback(response)


def _origin(url: str) -> str:
    parsed = httpx2.URL(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


def _target(response: httpx2.Response) -> str:
    return urljoin(str(response.url), response.headers["location"])


def _leads_to(response: httpx2.Response, origin: str) -> bool:
    return response.has_redirect_location and _origin(_target(response)) == origin


def _callback(response: httpx2.Response) -> str:
    if not response.has_redirect_location:
        raise LoginFailedError(f"not sent back ({response.status_code}): {_words(response)}")
    return _target(response)


def _words(response: httpx2.Response) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>|\s+", " ", response.text, flags=re.DOTALL).strip()[:300]
