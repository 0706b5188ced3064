"""Sending the user to the service, and judging the answer they come back with (RFC 6749 4.1, 7636, 9207)."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from airflow_thirdparty.protocol import PROTOCOL_PARAMETERS
from airflow_thirdparty.server.oauth import issuers
from airflow_thirdparty.server.oauth.addresses import AddressRefused, parse
from airflow_thirdparty.server.oauth.error_codes import SERVICE_IS_IN_TROUBLE, Told
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError, kind_of
from airflow_thirdparty.server.oauth.types import AuthorizationRequest, Client, Endpoints
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules

ANSWER_PARAMETERS = frozenset({"state", "code", "iss", "error"})
"""What an answer is judged by (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2); services send more,
which must be ignored."""

_STEP = "authorization"
_LONGEST_CODE = 4096
"""Letters of a code: Microsoft's have up to 2,000, and no browser's address carries much more."""


def begin(
    client: Client,
    endpoints: Endpoints,
    redirect_uri: str,
    scopes: Sequence[str],
    extra_params: Mapping[str, str] | None = None,
    *,
    allow_http: bool = False,
    rules: ServiceRules = STANDARD,
) -> AuthorizationRequest:
    """Make the address the browser is sent to. PKCE wherever it is not refused, and always with S256.

    :param client: who asks
    :param endpoints: of the service
    :param redirect_uri: the account's own, never shared with another account
    :param scopes: to ask for
    :param extra_params: what the service wants besides (``access_type=offline`` …)
    :param allow_http: accept an unencrypted service outside this machine
    :param rules: of the service
    :raises OAuthError: MISCONFIGURED, if an extra parameter is one of the protocol's own or the address is
        none to send a browser to
    :return: where the browser goes, and what has to be kept until it comes back
    """
    protected = PROTOCOL_PARAMETERS | {rules.client_id_param, rules.scope_param}
    if clash := sorted(protected & {name.lower() for name in extra_params or {}}):
        raise OAuthError(Kind.MISCONFIGURED, _STEP, f"The account must not set {', '.join(clash)} itself")
    try:
        parse(endpoints.authorize_url, allow_http=allow_http)
    except AddressRefused as error:
        raise OAuthError(Kind.MISCONFIGURED, _STEP, str(error)) from None
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    nonce = secrets.token_urlsafe(32) if "openid" in scopes and rules.nonce else None
    params = {
        "response_type": "code",
        rules.client_id_param: client.client_id,
        "redirect_uri": redirect_uri,
        rules.scope_param: rules.scope_separator.join(scopes),
        "state": state,
        "nonce": nonce,
        **_challenge(verifier, rules),
        **(extra_params or {}),
    }
    url = add_params_to_uri(endpoints.authorize_url, [pair for pair in params.items() if pair[1]])
    return AuthorizationRequest(str(url), state, verifier, nonce)


def _challenge(verifier: str, rules: ServiceRules) -> dict[str, str]:
    if rules.pkce == "none":
        return {}
    return {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}


def check_answer(
    endpoints: Endpoints,
    params: Mapping[str, str] | Iterable[tuple[str, str]],
    state: str,
    rules: ServiceRules = STANDARD,
) -> str:
    """Judge what the browser brought back.

    :param endpoints: of the service this authorization was begun at
    :param params: of the callback's query; as pairs, one of :data:`ANSWER_PARAMETERS` that comes twice is
        noticed, and everything else ignored, however often it comes
    :param state: of the authorization
    :param rules: of the service
    :return: the code to exchange
    :raises OAuthError: REFUSED for an answer that is not to this request or not from this service,
        CANCELLED if the user said no, otherwise what the service's error code means
    """
    found = _once(params.items() if isinstance(params, Mapping) else params, rules.code_param)
    if not hmac.compare_digest(found.get("state", "").encode(), state.encode()):
        raise OAuthError(Kind.REFUSED, _STEP, "The answer belongs to another request")
    _check_issuer(endpoints, found.get("iss"))
    if "error" in found:
        raise _refusal(found["error"])
    code = found.get(rules.code_param, "")
    if not code or len(code) > _LONGEST_CODE:
        raise OAuthError(Kind.REFUSED, _STEP, "The answer has no usable code")
    return code


def _refusal(error: str) -> OAuthError:
    told = Told(codes=(error,))
    kind, code = kind_of(told, _STEP)
    if trouble := told.first_of(SERVICE_IS_IN_TROUBLE):
        kind, code = Kind.TRANSIENT, trouble
    code = code or told.shown()
    text = f"The service refused: {code}" if code else "The service refused"
    return OAuthError(kind, _STEP, "The sign-in was cancelled" if kind is Kind.CANCELLED else text, code=code)


def _check_issuer(endpoints: Endpoints, issuer: str | None) -> None:
    """Compare ``iss`` to the letter (RFC 9207 section 2.4).

    A service that never gave itself a name has none to compare with.  What defends those accounts against
    a mix-up is that each has a redirect URI of its own.
    """
    if endpoints.issuer is None:
        return
    if issuer is None and endpoints.iss_in_answer:
        raise OAuthError(Kind.REFUSED, _STEP, "The answer does not say which service it comes from")
    if issuer is not None and not issuers.is_one_of(issuer, endpoints):
        raise OAuthError(Kind.REFUSED, _STEP, "The answer comes from another service")


def _once(pairs: Iterable[tuple[str, str]], code_param: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in ANSWER_PARAMETERS and name != code_param:
            continue
        if name in found:  # RFC 6749 section 3.1
            raise OAuthError(Kind.REFUSED, _STEP, f"The answer has the parameter '{name}' twice")
        found[name] = value
    return found
