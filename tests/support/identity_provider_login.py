"""Signs somebody in at the demo's identity provider, as a browser would by hand."""

from __future__ import annotations

import html
import re
import ssl
from urllib.parse import urljoin

import httpx2

_FORM = re.compile(r'<form method="post" action="([^"]+)">')


class LoginFailedError(AssertionError):
    """The provider showed an error page, or asked for the name again."""


def sign_in(
    authorization_url: str, user_name: str, *, answer: str = "allow", trusted: ssl.SSLContext | bool = True
) -> str:
    """Walk through the provider's page.

    :param authorization_url: where the browser would be sent
    :param user_name: who to be
    :param answer: ``allow`` or ``cancel``
    :param trusted: the authorities that the browser trusts
    :return: the address of the client's callback, with the provider's answer in its query; not called
    :raises LoginFailedError: if the provider does not send the browser back
    """
    back = httpx2.URL(authorization_url).params["redirect_uri"]
    with httpx2.Client(follow_redirects=False, trust_env=False, timeout=30, verify=trusted) as browser:
        page = _followed(browser, browser.get(authorization_url), back)
        if not page.has_redirect_location:
            action = _FORM.search(page.text)
            if action is None:
                raise LoginFailedError(f"no sign-in page ({page.status_code}): {_words(page)}")
            fields = {"user_name": user_name, "answer": answer}
            sent = browser.post(urljoin(str(page.url), html.unescape(action[1])), data=fields)
            page = _followed(browser, sent, back)
    if not page.has_redirect_location:
        raise LoginFailedError(f"not sent back ({page.status_code}): {_words(page)}")
    return _target(page)


def _followed(browser: httpx2.Client, response: httpx2.Response, back: str) -> httpx2.Response:
    """The first answer that is a page, or leads back to the client."""
    while response.has_redirect_location and not _target(response).startswith(back):
        response = browser.get(_target(response))
    return response


def _target(response: httpx2.Response) -> str:
    return urljoin(str(response.url), response.headers["location"])


def _words(response: httpx2.Response) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>|\s+", " ", response.text, flags=re.DOTALL).strip()[:300]
