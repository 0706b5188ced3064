"""How a service deviates from the RFCs: plain data, which a preset fills and the protocol code executes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from airflow_thirdparty.options import ClientAuthMethod

Pkce = Literal["S256", "ignored", "none"]
"""What a service makes of PKCE (RFC 7636): it checks the verifier, it passes over the parameters like others
that it does not know (RFC 6749 section 3.1), or it refuses them."""

Body = Literal["form", "json"]
"""How parameters travel: as RFC 6749 has them, or as a JSON object."""

IdentitySource = Literal["openid", "userinfo", "token_answer"]
"""Who says who signed in: the ID token and, without one, userinfo; userinfo alone; or the token answer."""

RevokeStyle = Literal["rfc7009", "json", "bearer", "delete_bearer", "delete_json"]
"""How tokens are revoked: as RFC 7009 has it; the same as a JSON object; by showing the access token itself,
with POST or DELETE; or by DELETE with a JSON object."""


@dataclass(frozen=True, kw_only=True)
class ServiceRules:
    """How a service's requests and answers deviate from the RFCs.

    A *path* leads into a JSON answer: ``data.user.id``, ``errors[0].code``; of ``first|second`` the first
    that is there counts.

    :param pkce: what it makes of PKCE
    :param nonce: whether ID tokens hold the nonce that was sent
    :param scope_param: parameter of the authorization request in which scopes stand
    :param scope_separator: between the scopes of a request, and besides blanks between those of an answer
    :param client_id_param: what it calls ``client_id``, everywhere
    :param code_param: what it calls ``code`` in its answer to the browser
    :param token_body: how an exchange and a refresh are sent
    :param token_params: further parameters of an exchange
    :param refresh_params: further parameters of a refresh
    :param refresh_sends_scope: whether a refresh has to name the scopes again
    :param headers: sent to all its endpoints; ``{client_id}`` stands for the client id
    :param answer: paths of ``access_token``, ``refresh_token``, ``expires_in``, ``expires_at``,
        ``token_type`` and ``id_token`` in a token answer; what is not named lies where RFC 6749
        section 5.1 has it. ``expires_at`` is a moment, as a number of seconds or as ISO 8601, and is read
        where it is named
    :param token_types: what ``token_type`` may say, in any letter case; empty, null and absent are always
        fine, ``bot`` never is
    :param granted_scopes: path of the scopes granted, a text or a list
    :param ok: ``path=value``, what a token answer that is a success says of itself; empty where a success is
        what has no ``error``
    :param error_code: path of the error code in the service's own errors; looked at before all other places
    :param lapse_codes: ``step:code`` of what means *this refresh token (or code) is dead* at this service
        besides the words known for all, step being ``refresh`` or ``exchange``
    :param client_codes: ``step:code`` of what means *this client is not accepted*, likewise
    :param expires: ``never`` where ``expires_in`` says nothing about an end
    :param issuer_pattern: the name of every issuer behind one address, with ``{tid}`` for the tenant
    :param identity: who says who signed in
    :param subject: path of a person's id
    :param subject_name: path of a person's name
    :param userinfo_method: ``GET`` or ``POST``; with a body always ``POST``
    :param userinfo_form: fields of the form in which it is asked; ``{access_token}``, ``{client_id}`` and
        ``{client_secret}`` stand for what they name
    :param userinfo_json: the JSON object with which it is asked, such as a GraphQL query
    :param userinfo_scheme: the word before the access token in ``Authorization``; ``none`` to leave it out
    :param userinfo_header: the header that holds the access token instead of ``Authorization``
    :param userinfo_ok: ``path=value``, what a success of userinfo says of itself
    :param host_from: path of the address of the API in a token answer, else in userinfo
    :param host_pattern: regular expression that the host in such an address has to match as a whole
    :param revoke_style: how tokens are revoked
    :param revoke_param: what the token is called there
    :param revoke_tokens: which tokens can be revoked there
    :param revoke_auth: how the client shows who it is there; ``None`` for as everywhere
    """

    pkce: Pkce = "S256"
    nonce: bool = True
    scope_param: str = "scope"
    scope_separator: str = " "
    client_id_param: str = "client_id"
    code_param: str = "code"
    token_body: Body = "form"  # noqa: S105  # no secret
    token_params: Mapping[str, str] = field(default_factory=dict)
    refresh_params: Mapping[str, str] = field(default_factory=dict)
    refresh_sends_scope: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, str] = field(default_factory=dict)
    token_types: tuple[str, ...] = ("bearer",)
    granted_scopes: str = "scope"
    ok: str = ""
    error_code: str = ""
    lapse_codes: tuple[str, ...] = ()
    client_codes: tuple[str, ...] = ()
    expires: Literal["answer", "never"] = "answer"
    issuer_pattern: str | None = None
    identity: IdentitySource = "openid"
    subject: str = "sub|id|account_id|user_id"
    subject_name: str = "preferred_username|login|username|email|name|display_name"
    userinfo_method: Literal["GET", "POST"] = "GET"
    userinfo_form: Mapping[str, str] = field(default_factory=dict)
    userinfo_json: Mapping[str, str] = field(default_factory=dict)
    userinfo_scheme: str = "Bearer"
    userinfo_header: str = "Authorization"
    userinfo_ok: str = ""
    host_from: str = ""
    host_pattern: str = ""
    revoke_style: RevokeStyle = "rfc7009"
    revoke_param: str = "token"
    revoke_tokens: Literal["both", "refresh", "access"] = "both"
    revoke_auth: ClientAuthMethod | None = None


STANDARD = ServiceRules()
"""A service that does as the RFCs say."""
