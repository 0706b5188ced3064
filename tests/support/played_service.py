"""A service that does exactly what a preset says, and refuses whatever comes otherwise.

Every deviation is played: where requests go and what they look like, how the client shows who it is, where
values stand in answers, which words mean that a sign-in is dead, how tokens are revoked.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from airflow_thirdparty.options import DEFAULT_ASSUMED_LIFETIME
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.preset import Preset
from tests.support.accounts import CLIENT
from tests.support.faulty_answers import Reply, send
from tests.support.faulty_service import _signing_key

LIFETIME = 3600
"""Seconds that an access token lives here, unless the preset assumes otherwise."""

PERSON = "4711"
"""The id of whoever signs in: a number, as at many services."""

KEYS = "/played/keys"


def put(found: dict[str, Any], path: str, value: Any) -> None:
    """Write a value where a path leads, making what is on the way."""
    place: Any = found
    steps = re.findall(r"([^.\[\]]+)|\[([0-9]+)\]", path.partition("|")[0])
    for number, (name, index) in enumerate(steps):
        last = number == len(steps) - 1
        made: Any = value if last else ([] if steps[number + 1][1] else {})
        if index:
            if last or not place:
                place.append(made)
            place = place[0]
        elif last:
            place[name] = made
        else:
            place = place.setdefault(name, made)


def truth(text: str) -> Any:
    """What stands behind ``path=``, as services write it."""
    return {"true": True, "false": False}.get(text, int(text) if text.isdecimal() else text)


@dataclass
class Request:
    """What has arrived."""

    method: str
    host: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    content_type: str


@dataclass
class Grant:
    """A sign-in as the service knows it.

    :param used: refresh tokens that were used, and when
    """

    scope: str
    nonce: str | None
    refresh: str = ""
    used: dict[str, datetime] = field(default_factory=dict)
    access: str = ""
    dead: bool = False


class Refused(Exception):
    """What came is not what the service takes."""


def demand(true: object, why: str) -> None:
    """Refuse unless it is so."""
    if not true:
        raise Refused(why)


class PlayedService:
    """The service.

    :param account: as an admin registered it
    :param clock: tells the time
    """

    def __init__(self, account: Account, clock: Callable[[], datetime]) -> None:
        self.account = account
        self.preset: Preset = account.preset
        self.clock = clock
        self.codes: dict[str, dict[str, str]] = {}
        self.grants: list[Grant] = []
        self.refused: list[str] = []
        self.revoked: list[str] = []
        self.called: list[str] = []
        self.lose_answers = 0
        self.at: dict[tuple[str, str, str], Callable[[Request], Reply]] = {}
        self._listen()

    def _listen(self) -> None:
        account = self.account
        issuer = (account.issuer or "").rstrip("/")
        for url, handler in (
            (account.exchange_url, self._token),
            (account.refresh_url, self._token),
            (account.userinfo_url, self._userinfo),
            (account.revoke_url, self._revoke),
            (issuer and f"{issuer}/.well-known/openid-configuration", self._discovery),
            (issuer and issuer.partition("://")[0] + "://" + urlsplit(issuer).netloc + KEYS, self._keys),
            (self.preset.key_check_url and self._filled(self.preset.key_check_url), self._key),
        ):
            if url:
                parts = urlsplit(url.replace("{client_id}", str(CLIENT["login"])))
                where = parts.netloc.removesuffix(":443"), parts.path or "/"
                self.at.setdefault(("", *where), handler)
                if handler == self._revoke:  # some revoke where they exchange, by another method
                    self.at[("DELETE", *where)] = handler

    def _filled(self, template: str) -> str:
        for name, tenant in self.preset.tenant.items():
            template = template.replace(f"{{{name}}}", tenant.example)
        return template

    @property
    def hosts(self) -> list[str]:
        """Every name it goes by."""
        return sorted({host.partition(":")[0] for _, host, _ in self.at})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                reply = self._answer(await self._read(reader))
                if reply is None:
                    break
                await send(writer, reply)
        writer.close()

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        content_type = headers.get("content-type", "")
        in_body = json.loads(body) if content_type == "application/json" else dict(parse_qsl(body))
        parts = urlsplit(target)
        params = {**dict(parse_qsl(parts.query)), **in_body}
        return Request(method, headers["host"], parts.path, params, headers, content_type)

    def _answer(self, request: Request) -> Reply | None:
        self.called.append(f"{request.method} https://{request.host}{request.path}")
        where = (request.host, request.path)
        handler = self.at.get((request.method, *where), self.at.get(("", *where)))
        try:
            demand(handler, "there is nothing at this address")
            assert handler is not None
            reply = handler(request)
        except Refused as why:
            self.refused.append(f"{request.method} {request.host}{request.path}: {why}")
            return self._error(request, "played_refusal", status=400)
        if self.lose_answers:
            self.lose_answers -= 1
            return None
        return reply

    # --- the browser's side

    def authorize(self, query: dict[str, str], also: Iterable[tuple[str, str]] = ()) -> list[tuple[str, str]]:
        """Somebody says yes: what the browser brings back.

        :param query: of the address that the browser was sent to
        :param also: parameters of the callback besides
        """
        rules, account = self.preset, self.account
        demand(query.get(rules.client_id_param) == CLIENT["login"], "another client")
        demand(query["response_type"] == "code", "another response_type")
        scope = rules.scope_separator.join(account.scopes)
        demand(query.get(rules.scope_param, "") == scope, f"scopes are not {scope!r}")
        for name, value in rules.authorize_params.items():
            demand(query.get(name) == value, f"{name} is missing")
        demand(rules.pkce != "none" or "code_challenge" not in query, "PKCE is refused")
        demand(rules.pkce == "none" or query.get("code_challenge_method") == "S256", "no PKCE")
        demand(("nonce" in query) == (rules.nonce and "openid" in account.scopes), "nonce")
        code = secrets.token_urlsafe(12)
        self.codes[code] = query
        answer = [(rules.code_param, code), ("state", query["state"]), *also]
        return [*answer, ("scope", scope)] if rules.scopes_checked == "callback" else answer

    # --- tokens

    def _token(self, request: Request) -> Reply:
        rules = self.preset
        given = request.params
        expected = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
        demand(request.method == "POST", "not a POST")
        demand(request.content_type == expected[rules.token_body], "another kind of body")
        self._demand_headers(request)
        self._demand_client(request, self.account.client_auth_method)
        where = f"https://{request.host}{request.path}"
        if given.get("grant_type") == "authorization_code":
            demand(where == self.account.exchange_url, "no exchange here")
            return self._exchange(request)
        demand(where == (self.account.refresh_url or self.account.exchange_url), "no refresh here")
        return self._refresh(request)

    def _exchange(self, request: Request) -> Reply:
        rules, given = self.preset, request.params
        for name, value in rules.token_params.items():
            demand(given.get(name) == value, f"{name} is missing")
        asked = self.codes.pop(given.get("code", ""), None)
        demand(asked is not None, "another code")
        assert asked is not None
        demand(asked["redirect_uri"] == given.get("redirect_uri"), "another redirect URI")
        if rules.pkce == "none":
            demand("code_verifier" not in given, "PKCE is refused")
        if rules.pkce == "S256":
            digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            demand(asked["code_challenge"] == challenge, "another verifier")
        grant = Grant(asked.get(rules.scope_param, ""), asked.get("nonce"))
        self.grants.append(grant)
        return Reply(200, self._tokens(grant, is_first=True))

    def _refresh(self, request: Request) -> Reply:
        rules, given = self.preset, request.params
        for name, value in rules.refresh_params.items():
            demand(given.get(name) == value, f"{name} is missing")
        demand(
            (rules.scope_param in given) == (rules.refresh_sends_scope and bool(self.account.scopes)), "scope"
        )
        token = given.get("refresh_token", "")
        grant = next((each for each in self.grants if token in (each.refresh, *each.used)), None)
        if grant is None or grant.dead or not self._is_good(grant, token):
            return self._error(request, self._dead())
        grant.used[token] = grant.used.get(token, self.clock())
        return Reply(200, self._tokens(grant))

    def _is_good(self, grant: Grant, token: str) -> bool:
        if self.preset.rotation != "single_use" or token not in grant.used:
            return True
        return self.clock() <= grant.used[token] + timedelta(seconds=self.preset.refresh_grace)

    def _dead(self) -> str:
        own = [code.partition(":")[2] for code in self.preset.lapse_codes if code.startswith("refresh:")]
        return own[0] if own else "invalid_grant"

    def _tokens(self, grant: Grant, is_first: bool = False) -> dict[str, Any]:
        rules = self.preset
        grant.access = f"access-{secrets.token_urlsafe(12)}"
        told: dict[str, Any] = {"access_token": grant.access, "token_type": rules.token_types[0].title()}
        if not rules.no_refresh and (is_first or rules.rotation != "none"):
            grant.refresh = f"refresh-{secrets.token_urlsafe(12)}"
            told["refresh_token"] = grant.refresh
        found: dict[str, Any] = {}
        for name, value in {**told, **self._lifetime()}.items():
            put(found, rules.answer.get(name, name), value)
        if rules.scopes_checked == "answer" and grant.scope:
            put(found, rules.granted_scopes, grant.scope)
        if is_first and rules.identity == "token_answer":
            put(found, rules.subject_name, "alice")
            put(found, rules.subject, int(PERSON) if rules.subject != rules.subject_name else PERSON)
        if is_first and rules.host_from and not self._names_host_in_userinfo:
            put(found, rules.host_from, self.api_host)
        if is_first and rules.identity == "openid" and "openid" in self.account.scopes:
            found["id_token"] = self._id_token(grant)
        if rules.ok:
            path, _, value = rules.ok.partition("=")
            put(found, path, truth(value))
        return found

    def _lifetime(self) -> dict[str, Any]:
        rules = self.preset
        if rules.expires == "never":
            return {"expires_in": 0}
        if rules.assumed_lifetime != DEFAULT_ASSUMED_LIFETIME:
            return {}
        if "expires_at" in rules.answer:
            return {"expires_at": (self.clock() + timedelta(seconds=LIFETIME)).strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {"expires_in": LIFETIME}

    def _id_token(self, grant: Grant) -> str:
        now = int(self.clock().timestamp())
        issuer, tenant = self.account.issuer or "", "11111111-2222-3333-4444-555555555555"
        claims: dict[str, Any] = {"iss": issuer, "aud": CLIENT["login"], "sub": PERSON, "iat": now}
        claims |= {"exp": now + 600, "preferred_username": "alice"}
        if self.preset.issuer_pattern and issuer.endswith("/organizations/v2.0"):
            claims |= {"iss": self.preset.issuer_pattern.replace("{tid}", tenant), "tid": tenant}
        if self.preset.nonce and grant.nonce:
            claims["nonce"] = grant.nonce
        return jwt.encode({"alg": "RS256", "kid": "k"}, claims, _signing_key())

    def kill(self) -> None:
        """End every sign-in, as a person does in their settings there."""
        for grant in self.grants:
            grant.dead = True

    def knows(self, access_token: str) -> bool:
        """Whether an access token is the newest of a sign-in that is alive."""
        return any(grant.access == access_token and not grant.dead for grant in self.grants)

    # --- everything else

    @property
    def _names_host_in_userinfo(self) -> bool:
        return self.preset.identity == "userinfo" and self.preset.id.startswith(("docusign", "mailchimp"))

    @property
    def api_host(self) -> str:
        """Where the API is, at a service that says so: what its pattern stands for."""
        return f"https://{EXAMPLES_OF_API_HOSTS[self.preset.id]}"

    def _userinfo(self, request: Request) -> Reply:
        rules = self.preset
        self._demand_headers(request)
        token = request.params.get("token", "") if rules.userinfo_form else ""
        shown = request.headers.get(rules.userinfo_header.lower(), "")
        if rules.userinfo_form:
            demand(request.content_type == "application/x-www-form-urlencoded", "no form")
            demand(set(rules.userinfo_form) <= request.params.keys(), "a field is missing")
            demand("authorization" not in request.headers, "a header that is not wanted")
        elif rules.userinfo_scheme == "none":
            token = shown
        else:
            scheme, _, token = shown.partition(" ")
            demand(scheme == rules.userinfo_scheme, f"the scheme is not {rules.userinfo_scheme}")
        if rules.userinfo_json:
            demand(request.content_type == "application/json", "no JSON")
            demand(request.params == dict(rules.userinfo_json), "another query")
        posts = bool(rules.userinfo_form or rules.userinfo_json or rules.userinfo_method == "POST")
        demand(request.method == ("POST" if posts else "GET"), "another method")
        demand(self.knows(token), "another token")
        found: dict[str, Any] = {}
        put(found, rules.subject_name, "alice")
        put(found, rules.subject, PERSON if rules.subject == rules.subject_name else int(PERSON))
        if rules.identity == "openid":
            put(found, "sub", PERSON)
        if rules.host_from and self._names_host_in_userinfo:
            put(found, rules.host_from, self.api_host)
        if rules.userinfo_ok:
            path, _, value = rules.userinfo_ok.partition("=")
            put(found, path, truth(value))
        return Reply(200, found)

    def _revoke(self, request: Request) -> Reply:
        rules = self.preset
        self._demand_headers(request)
        if rules.revoke_style in ("bearer", "delete_bearer"):
            demand(
                request.method == ("POST" if rules.revoke_style == "bearer" else "DELETE"), "another method"
            )
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            demand(scheme == "Bearer" and self.knows(token), "another token")
            self.revoked.append(token)
            return Reply(200, {})
        demand(
            request.method == ("DELETE" if rules.revoke_style == "delete_json" else "POST"), "another method"
        )
        is_json = request.content_type == "application/json"
        demand(is_json == (rules.revoke_style != "rfc7009"), "another kind of body")
        self._demand_client(request, rules.revoke_auth or self.account.client_auth_method)
        token = request.params.get(rules.revoke_param, "")
        alive = [grant for grant in self.grants if token in (grant.access, grant.refresh)]
        demand(alive, "another token")
        demand(rules.revoke_tokens != "refresh" or token == alive[0].refresh, "only refresh tokens")
        demand(rules.revoke_tokens != "access" or token == alive[0].access, "only access tokens")
        self.revoked.append(token)
        return Reply(200, {})

    def _discovery(self, request: Request) -> Reply:
        account = self.account
        host = urlsplit(account.issuer or "").netloc
        return Reply(
            200,
            {
                "issuer": account.issuer,
                "authorization_endpoint": account.authorize_url or f"https://{host}/authorize",
                "token_endpoint": account.exchange_url,
                "userinfo_endpoint": account.userinfo_url,
                "jwks_uri": f"https://{host}{KEYS}",
            },
        )

    def _keys(self, request: Request) -> Reply:
        return Reply(200, dict(KeySet([_signing_key()]).as_dict(private=False)))

    def _key(self, request: Request) -> Reply:
        """Tell whether a key is good that somebody has entered."""
        preset = self.preset
        shown = [request.headers.get(name.lower(), "") for name in (preset.api_header, *preset.api_headers)]
        return Reply(
            200 if any("good-key" in text or "Z29vZC" in text for text in shown) else 401, {"a": "b"}
        )

    def _demand_headers(self, request: Request) -> None:
        for name, value in self.preset.headers.items():
            demand(request.headers.get(name.lower()) == value, f"the header {name} is missing")

    def _demand_client(self, request: Request, method: str) -> None:
        rules, given = self.preset, request.params
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if method == "client_secret_basic":
            demand(scheme == "Basic", "no Basic")
            name, _, secret = base64.b64decode(text).decode().partition(":")
            demand("client_secret" not in given, "the secret in the body")
            shown = (unquote_plus(name), unquote_plus(secret))
        else:
            demand(not scheme, "a header that is not wanted")
            shown = (given.get(rules.client_id_param, ""), given.get("client_secret", ""))
        secret = CLIENT["password"] if method != "none" else ""
        demand(shown == (CLIENT["login"], secret), "another client")

    def _error(self, request: Request, code: str, status: int | None = None) -> Reply:
        rules, found = self.preset, dict[str, Any]()
        put(found, rules.error_code or "error", int(code) if code.isdecimal() else code)
        if rules.ok:
            path, _, value = rules.ok.partition("=")
            put(found, path, False if value == "true" else 1)
            put(found, "error", code)
            return Reply(200, found)
        return Reply(status or 400, found)


EXAMPLES_OF_API_HOSTS = {
    "salesforce": "acme.my.salesforce.com",
    "salesforce_sandbox": "acme--uat.sandbox.my.salesforce.com",
    "docusign": "eu.docusign.net",
    "docusign_demo": "demo.docusign.net",
    "mailchimp": "us6.api.mailchimp.com",
    "surveymonkey": "api.eu.surveymonkey.com",
    "zoho": "www.zohoapis.eu",
    "pipedrive": "acme.pipedrive.com",
}
"""What the answers of these services hold."""
