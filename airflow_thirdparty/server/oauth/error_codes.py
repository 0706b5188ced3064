"""What services call their errors, and where in an answer they say it: one vocabulary for all of them.

Codes are compared in one spelling: lower case, words joined by ``_``, without ``Exception`` or ``Error`` at
the end, so that ``INVALID_GRANT``, ``invalid-grant`` and ``InvalidGrantException`` are one code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_thirdparty.server.oauth import error_sentences, paths
from airflow_thirdparty.server.service_rules import ServiceRules

PERSON_SAID_NO = frozenset(
    {
        "access_denied",  # RFC 6749 section 4.1.2.1
        "user_cancelled_login",  # LinkedIn
        "user_cancelled_authorize",  # LinkedIn, Apple
        "user_denied",  # Facebook
    }
)
"""Said at the authorization by whoever sits there."""

INTERACTION_IS_NEEDED = frozenset(
    {
        "interaction_required",
        "login_required",
        "account_selection_required",
        "consent_required",
    }
)
"""OpenID Connect Core section 3.1.2.6: the service wants something of the person that it did not ask for."""

_DEAD = (
    *("invalid", "expired", "revoked", "unknown", "inactive", "bad", "reused", "used", "already_used"),
    *("not_valid", "not_found", "not_active"),
)
"""RFC 6749 section 5.2, RFC 6750 section 3.1, RFC 8628 section 3.5, and what Django REST framework, GitHub,
HubSpot, OpenAI, Slack and Square write instead."""


def _dead(*things: str) -> frozenset[str]:
    """Codes that say of a thing that it is dead, in every order of words: ``bad_refresh_token``,
    ``refresh_token_expired``, ``refresh_token_is_invalid`` …
    """
    orders = ("{state}_{thing}", "{thing}_{state}", "{thing}_is_{state}", "{thing}_has_{state}")
    return frozenset(
        order.format(state=state, thing=thing) for thing in things for state in _DEAD for order in orders
    )


GRANT_IS_DEAD = _dead("grant", "refresh_token") | {
    "mfa_required",  # Auth0
    *INTERACTION_IS_NEEDED,  # Microsoft also says it at a refresh
}
"""A code or refresh token that will never be good again: the person has to sign in."""

TOKEN_IS_DEAD = _dead("token", "access_token") | {
    "account_inactive",  # Slack: the token of a person who has left
    "oauth_exception_190",  # Facebook: the access token has expired or was withdrawn
    "oauth_access_token_exception_190",  # Instagram
}
"""The same, in words that other endpoints use of access tokens: believed where a grant was sent only."""

CODE_IS_DEAD = _dead("code", "auth_code", "authorization_code", "verification_code")
"""The same of a code (Slack, HubSpot); not believed of a refresh token."""

CLIENT_IS_REFUSED = frozenset(
    {
        "invalid_client",  # RFC 6749 section 5.2
        "incorrect_client_credentials",  # GitHub
        "bad_client_secret",  # Slack, HubSpot
        "bad_client_id",  # HubSpot
        "invalid_client_id",  # Slack
        "invalid_client_secret",
        "invalid_client_credentials",
        "invalid_client_identifier",  # Apigee
        "client_not_found",
        "deleted_client",  # Google
        "disabled_client",  # Google
        "org_internal",  # Google: the client is for one organisation only
        "application_suspended",  # GitHub
    }
)
"""The service does not know this client or its secret."""

REQUEST_IS_REFUSED = frozenset(
    {
        "unauthorized_client",
        "invalid_request",
        "invalid_scope",
        "invalid_target",  # RFC 8707
        "unsupported_grant_type",
        "unsupported_response_type",
        "unsupported_token_type",  # RFC 7009
        "redirect_uri_mismatch",  # GitHub, Google
        "access_denied",
    }
)
"""The service does not accept what was asked. Before somebody has signed in, that is the account's fault; at
a refresh the same words are also used of one person's token, so they say nothing certain."""

SERVICE_IS_IN_TROUBLE = frozenset(
    {
        "server_error",  # RFC 6749 section 4.1.2.1
        "temporarily_unavailable",
        "service_unavailable",  # Slack
        "internal_error",  # Slack
        "fatal_error",  # Slack
        "request_timeout",  # Slack
        "ratelimited",  # Slack
        "rate_limited",
        "rate_limit_exceeded",
        "too_many_requests",
        "throttled",
        "try_again_later",
        "maintenance",
        "slow_down",  # RFC 8628
    }
)
"""Said with a status of success, the same as a 5xx or 429."""

_LONGEST_COMPARED = 80
"""Letters of a code that is compared: the longest known has 32; what is longer is a sentence."""

_LONGEST_SHOWN = 40
"""Letters of a code that is shown and logged: codes are words, and most tokens are longer."""

_MOST = 60
"""Codes, and entries of one object or list, that are looked at: answers that fail have fewer than ten."""

_DEEPEST = 4
"""Levels of an answer that are looked into: ``errors[0].extensions.code`` of GraphQL is the deepest known."""

_CODE_KEYS = (
    *("error", "errorcode", "code", "type", "errortype", "reason", "status", "errorstatus", "err", "errors"),
    *("fault", "detail", "errcode"),
)
_WRAPPERS = ("data", "meta", "response", "result", "body")
"""Objects in which services put the whole answer; texts there are none of ours."""

_MESSAGE_KEYS = (
    *("errordescription", "message", "errormessage", "errorsummary", "description", "detail", "title", "msg"),
    *("errormsg", "errmsg", "faultstring", "developermessage", "usermessage"),  # Autodesk has the last two
    *("name", "errorname", "id", "errorid", "ecode", "suberror", "errorsubtype"),
)
"""Where sentences stand, and codes in the places where others have a person's name or a number: compared,
never shown."""

_PAIRS = (("type", "code"), ("field", "code"), ("resource", "code"))  # Facebook; Strava
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[./:#]+")
_COMPARED = re.compile(r"[a-z0-9_]+")
_SHOWN = re.compile(
    r"[a-z]+(?:_[a-z]+)*(?:_[0-9]{1,6})?"  # bad_refresh_token, oauth_exception_190
    r"|[A-Z]+(?:_[A-Z]+)*"  # BAD_REFRESH_TOKEN
    r"|(?:[A-Z][a-z]{2,})+"  # InvalidGrant
    r"|[a-z]{2,}(?:[A-Z][a-z]{2,})+"  # authError
    r"|[0-9]{1,6}"  # 40104
)


@dataclass(frozen=True)
class Told:
    """What an answer says about why it is none.

    :param codes: texts where services put codes, in the order in which they are looked at
    :param messages: texts where services put sentences; never shown
    """

    codes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()

    def first_of(self, known: Collection[str]) -> str | None:
        """The first code that is one of these, in the spelling of comparison.

        :param known: codes in the spelling of comparison
        :return: nothing if there is none
        """
        return next((found for code in self.codes if (found := _among(code, known))), None)

    def message_of(self, known: Collection[str]) -> str | None:
        """The same, where a service has put its code into a sentence's place.

        :param known: codes in the spelling of comparison
        :return: nothing if there is none
        """
        return next((found for text in self.messages if (found := _among(text, known))), None)

    @property
    def says_refresh_token_is_dead(self) -> bool:
        """Whether a sentence says so of the refresh token by name, also one that stands where codes do."""
        return any(map(error_sentences.says_refresh_token_is_dead, (*self.messages, *self.codes)))

    @property
    def says_client_is_refused(self) -> bool:
        """Whether a sentence says so of the client by name."""
        return any(map(error_sentences.says_client_is_refused, (*self.messages, *self.codes)))

    def __bool__(self) -> bool:
        return bool(self.codes or self.messages)

    def shown(self, secrets: Collection[str] = ()) -> str | None:
        """The first code that may be shown and logged.

        :param secrets: what was sent; a service that quotes it is not quoted
        :return: nothing if there is none
        """
        return next(
            (found for code in self.codes if code not in secrets and (found := safe_code(code))), None
        )


def told(found: Mapping[str, Any], rules: ServiceRules) -> Told:
    """Collect what an answer says about its failure.

    :param found: the answer, a JSON object or a form
    :param rules: of the service
    :return: its codes and messages, bounded in number
    """
    own = paths.text_at(found, rules.error_code) if rules.error_code else None
    codes = [own] if own else []
    messages: list[str] = []
    for is_code, text in _walk(found, 0):
        (codes if is_code else messages).append(text)
    return Told(tuple(codes[:_MOST]), tuple(messages[:_MOST]))


def _walk(found: Any, depth: int) -> Iterator[tuple[bool, str]]:
    """Texts of an answer, each with whether it stands where codes do."""
    if isinstance(found, list) and depth < _DEEPEST:
        for one in found[:_MOST]:
            yield from _walk(one, depth + 1)
    elif isinstance(found, Mapping) and depth < _DEEPEST:
        found = {_key(name): value for name, value in reversed(list(found.items())[:_MOST])}
        yield from ((True, code) for code in _pairs(found))
        for name in _CODE_KEYS:
            yield from _walk(found.get(name), depth + 1)
        for name in _WRAPPERS:
            if isinstance(found.get(name), Mapping):
                yield from _walk(found[name], depth + 1)
        yield from ((False, text) for name in _MESSAGE_KEYS if (text := _text(found.get(name))))
    elif text := _text(found):
        yield True, text


def _key(name: str) -> str:
    """A key in the one spelling: ``errorCode``, ``error_code`` and ``ErrorCode`` are one."""
    return name.lower().replace("_", "").replace("-", "")


def _pairs(found: Mapping[str, Any]) -> Iterator[str]:
    """Codes that say something only together with what they are about."""
    for first, second in _PAIRS:
        one, other = _text(found.get(first)), _text(found.get(second))
        if one and other:
            yield f"{one}_{other}"


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else ""


def same_code(code: str) -> str:
    """A code in the spelling in which codes are compared; empty if it cannot be one.

    :param code: as a service or a preset writes it
    :return: lower case
    """
    text = code.strip().rstrip(".!")
    if len(text) > _LONGEST_COMPARED:
        return ""
    text = re.sub(r"[-_ .:]+", "_", _CAMEL.sub("_", text)).lower().strip("_")
    return text if _COMPARED.fullmatch(text) else ""


def _among(code: str, known: Collection[str]) -> str | None:
    """The known code that a text is, also as an exception's name, behind the name of a module or the address
    of a page about it, or before a sentence.
    """
    parts = (code, _SEPARATORS.split(code)[-1], code.partition(":")[0])
    texts = [same_code(part) for part in parts]
    spellings = (*texts, *(text.removesuffix(end) for text in texts for end in ("_exception", "_error")))
    return next((one for one in spellings if one in known), None)


def codes_of(step: str, entries: Collection[str]) -> frozenset[str]:
    """Those of a service's own codes that count at a step, in the spelling of comparison.

    :param step: of the protocol
    :param entries: ``step:code``
    :return: without the step
    """
    pairs = (entry.partition(":") for entry in entries)
    return frozenset(same_code(code) for at, _, code in pairs if at == step) - {""}


def safe_code(code: object) -> str | None:
    """An error code in lower case, or nothing if it is not of the shape that codes have.

    :param code: what the answer holds where codes stand
    :return: the code, in the spelling of comparison
    """
    if not isinstance(code, str) or len(code) > _LONGEST_SHOWN or not _SHOWN.fullmatch(code):
        return None
    return same_code(code)
