"""How the client shows who it is at the exchange and revocation endpoints (RFC 6749 section 2.3)."""

from __future__ import annotations

import base64
from urllib.parse import quote_plus

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.types import Client


def authenticated(client: Client, form: str, step: str) -> tuple[str, dict[str, str]]:
    """Add the client's credentials to a form.

    Authlib's own encoder leaves out the percent-encoding that RFC 6749 2.3.1 asks for, and fails on
    secrets outside Latin-1; so this is our own.

    :param client: who asks
    :param form: already encoded
    :param step: for the error
    :return: the form and the headers to send
    :raises OAuthError: MISCONFIGURED, if the client needs a secret and has none
    """
    client_id = quote_plus(client.client_id)
    if client.auth_method == "none":
        return f"{form}&client_id={client_id}", {}
    if not client.client_secret:
        raise OAuthError(Kind.MISCONFIGURED, step, "The account has no client secret")
    secret = quote_plus(client.client_secret)
    if client.auth_method == "client_secret_post":
        return f"{form}&client_id={client_id}&client_secret={secret}", {}
    basic = base64.b64encode(f"{client_id}:{secret}".encode("ascii")).decode("ascii")
    return form, {"Authorization": f"Basic {basic}"}
