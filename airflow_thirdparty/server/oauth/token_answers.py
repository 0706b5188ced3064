"""What stands in a token answer (RFC 6749 section 5.1): read what can be read, refuse what would do harm."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_thirdparty.protocol import SCOPE_PATTERN
from airflow_thirdparty.server.oauth import api_hosts, paths
from airflow_thirdparty.server.oauth.answers import HttpResponse, usable_text
from airflow_thirdparty.server.oauth.error_codes import SERVICE_IS_IN_TROUBLE, told
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError, kind_of
from airflow_thirdparty.server.oauth.types import TokenSet
from airflow_thirdparty.server.service_rules import ServiceRules

TOKEN_CAP = 16 * 1024
"""Most characters of an access or refresh token."""

LONGEST_LIFETIME = timedelta(days=365)
"""What is said to live longer has no lifetime that can be believed: services that mean *for ever* say ten
years, 2^31 seconds, or milliseconds by mistake."""

_ID_TOKEN_CAP = 64 * 1024
"""Bytes of an ID token: those with hundreds of groups have some 20 kB."""

_VISIBLE = re.compile(r"[\x21-\x7e]+")  # RFC 6749 appendix A.12 without blanks: fits into a header
_LONGEST_SCOPE = 500
"""Letters of one scope: those that are addresses have up to 150."""

_SEPARATORS = (",", ";", "+", "%20")
"""Between scopes instead of blanks: GitHub's commas, and blanks that were encoded once too often."""

_NUMBER = re.compile(r"\+?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,3})?")


def read(answer: HttpResponse, known: tuple[str, ...] | None, now: datetime, rules: ServiceRules) -> TokenSet:
    """Read a token answer of a status that says success.

    :param answer: of the exchange or a refresh, in JSON or a form
    :param known: scopes that are granted if the answer does not say
    :param now: aware, when it was asked for
    :param rules: of the service
    :return: what was granted
    :raises OAuthError: REFUSED for a token of a type or shape that cannot be used, TRANSIENT if there is
        none; a new refresh token is then in ``rescued``, unless it is a bot's
    """
    found = _Answer(answer.fields() or answer.json(), rules, answer.step)
    kind_of_token = found.token_type()
    try:
        if kind_of_token not in ("", *(one.lower() for one in rules.token_types)):
            text = "The service handed out a token of a type other than Bearer"
            raise OAuthError(Kind.REFUSED, answer.step, text)
        access_token = found.token("access_token", TOKEN_CAP)
        if access_token is None:
            raise _no_token(answer, rules)
        subject, name = found.who() if answer.step == "exchange" else ("", "")
        return TokenSet(
            access_token=access_token,
            refresh_token=found.token("refresh_token", TOKEN_CAP),
            expires_at=_expiry(found.lifetime(now), now, rules),
            scopes=granted_scopes(found.scopes(), known, rules),
            # a refresh may bring one (OpenID Connect Core 12.2); nobody reads it
            id_token=found.token("id_token", _ID_TOKEN_CAP) if answer.step == "exchange" else None,
            subject=subject,
            subject_name=name,
            api_host=found.api_host() if answer.step == "exchange" else None,
        )
    except OAuthError as error:
        error.rescued = found.rescued()
        raise


class _Answer:
    """An answer's values by name. What stands beside the access token counts before what stands elsewhere:
    one answer can hold the tokens of a person and of a bot.
    """

    def __init__(self, found: Mapping[str, Any], rules: ServiceRules, step: str) -> None:
        self._found = found
        self._rules = rules
        self._step = step
        places = self._paths("access_token")
        path = next((path for path in places if paths.text_at(found, path)), None)
        self._parent = None if path is None else _parent(path)
        before = places[: places.index(path)] if path is not None else ()
        self._is_second_choice = any(
            isinstance(paths.value_at(found, _parent(one)), Mapping) for one in before
        )
        """Whether the answer speaks of the person apart from others, and holds no token there."""

    def _paths(self, name: str) -> tuple[str, ...]:
        return paths.alternatives(self._rules.answer.get(name, name))

    def value(self, name: str) -> Any:
        """What stands under a name; nothing for null."""
        places = self._paths(name)
        beside = tuple(path for path in places if _parent(path) == self._parent)
        values = (paths.value_at(self._found, path) for path in beside or places)
        return next((value for value in values if value is not None), None)

    def token_type(self) -> str:
        """In lower case; empty if it is not said (RFC 6749 section 7.1 wants it, some services leave it out).

        ``BearerToken``, as Apigee writes it, is ``bearer``.

        :return: lower case
        :raises OAuthError: REFUSED, if it is a bot's token, or the type is no text
        """
        found = self.value("token_type")
        if found is not None and not isinstance(found, str):
            raise OAuthError(Kind.REFUSED, self._step, "The service's token_type is not a text")
        name = (found or "").strip().lower()
        name = name.removesuffix("token").rstrip(" _-") or name
        if name == "bot" or (not name and self._is_second_choice):
            text = "The service handed out the token of a bot, not of the person who signed in"
            raise OAuthError(Kind.REFUSED, self._step, text)
        return name

    def token(self, name: str, cap: int) -> str | None:
        """A token that fits into a header and a database, or nothing if there is none."""
        token = self.value(name)
        if not token or (isinstance(token, str) and not token.strip()):
            return None  # PHP says false, or an empty list, where there is none
        if not isinstance(token, str):
            raise OAuthError(Kind.REFUSED, self._step, f"The service's {name} is not a text")
        token = token.strip()
        if len(token) > cap:
            raise OAuthError(
                Kind.REFUSED, self._step, f"The service's {name} is larger than {cap // 1024} KiB"
            )
        if not _VISIBLE.fullmatch(token):
            raise OAuthError(
                Kind.REFUSED, self._step, f"The service's {name} has characters that no token has"
            )
        return token

    def lifetime(self, now: datetime) -> Any:
        """Seconds that the access token lives, from now where the service names the moment of its end."""
        moment = self.value("expires_at") if "expires_at" in self._rules.answer else None
        ends = _moment(moment)
        return self.value("expires_in") if ends is None else (ends - now).total_seconds()

    def who(self) -> tuple[str, str]:
        """Id and name of whoever signed in, at services that say it beside the tokens."""
        if self._rules.identity != "token_answer":
            return "", ""
        found = (paths.text_at(self._found, path) for path in (self._rules.subject, self._rules.subject_name))
        subject, name = (text if text is not None and usable_text(text) else "" for text in found)
        return subject, name or subject

    def api_host(self) -> str | None:
        """Where the API is, at services that say it beside the tokens."""
        return api_hosts.named_in(self._found, self._rules, self._step)

    def scopes(self) -> Any:
        """What the service says of scopes, a text or a list; nothing if it does not."""
        values = (paths.value_at(self._found, one) for one in paths.alternatives(self._rules.granted_scopes))
        return next((value for value in values if value is not None), None)

    def rescued(self) -> str | None:
        """The refresh token of an answer whose other parts cannot be used."""
        try:
            return self.token("refresh_token", TOKEN_CAP)
        except OAuthError:
            return None


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _no_token(answer: HttpResponse, rules: ServiceRules) -> OAuthError:
    """A success without a token: an error under a name of the service's own, or nonsense."""
    said = told(answer.fields(), rules)
    kind, code = kind_of(said, answer.step, rules)
    if kind is Kind.UNKNOWN and (not said or said.first_of(SERVICE_IS_IN_TROUBLE)):
        # what is a success and cannot be understood before anybody has signed in is no passing trouble
        kind = Kind.MISCONFIGURED if answer.step == "exchange" and not said else Kind.TRANSIENT
        return OAuthError(kind, answer.step, "The service's answer has no access_token", status=answer.status)
    text = f"The service refused: {code}" if code else "The service refused"
    return OAuthError(kind, answer.step, text, code=code, status=answer.status)


def _expiry(lifetime: object, now: datetime, rules: ServiceRules) -> datetime | None:
    """When the token expires; nothing if that is not said in a way that can be believed.

    0 is how some services say *never* (VK, Mailchimp); taken at its word, nobody could ever use the token.
    """
    seconds = None if rules.expires == "never" else _seconds(lifetime)
    if seconds is None or not 1 <= seconds <= LONGEST_LIFETIME.total_seconds():
        return None
    return now.astimezone(timezone.utc) + timedelta(seconds=int(seconds))


def _moment(told: object) -> datetime | None:
    """A moment, told as seconds since 1970 or as ISO 8601; nothing if it is neither."""
    seconds = _seconds(told)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, timezone.utc)
        found = datetime.fromisoformat(str(told).strip().replace("Z", "+00:00")) if told else None
    except (ValueError, OverflowError, OSError):
        return None
    return found if found is None or found.tzinfo else found.replace(tzinfo=timezone.utc)


def _seconds(lifetime: object) -> float | None:
    if isinstance(lifetime, str) and _NUMBER.fullmatch(lifetime.strip()):
        return float(lifetime)
    if isinstance(lifetime, (int, float)) and not isinstance(lifetime, bool):
        return lifetime
    return None


def granted_scopes(
    scope: object, known: tuple[str, ...] | None, rules: ServiceRules
) -> tuple[str, ...] | None:
    """What was granted; what holds no scope, such as blanks, an empty list or ``false``, does not say.

    Separated by blanks (RFC 6749 section 3.3), and by what services put there instead, unless one of the
    known scopes holds it.

    :param scope: what stands where an answer names scopes
    :param known: scopes that are granted if the answer does not say
    :param rules: of the service
    :return: scopes, each once; ``known`` where none is named
    """
    listed = scope if isinstance(scope, list) else [scope]
    text = " ".join(one for one in listed if isinstance(one, str))
    for separator in _SEPARATORS:
        if separator == rules.scope_separator or not any(separator in one for one in known or ()):
            text = text.replace(separator, " ")
    words = (one for one in text.split() if len(one) <= _LONGEST_SCOPE and SCOPE_PATTERN.fullmatch(one))
    return tuple(dict.fromkeys(words)) or known
