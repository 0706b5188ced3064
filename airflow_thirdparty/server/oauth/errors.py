"""The one exception of the protocol code: which step failed, and what follows from it."""

from __future__ import annotations

from enum import Enum
from typing import Any

from airflow_thirdparty.server.oauth import error_codes
from airflow_thirdparty.server.oauth.error_codes import Told, safe_code
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules


class Kind(str, Enum):
    """What a failure means for the sign-in it concerns."""

    PERMANENT = "permanent"
    """The service has withdrawn what the user granted: the user must sign in again."""
    CLIENT = "client"
    """The service does not accept this client or its request: an admin must act, no sign-in is touched."""
    UNKNOWN = "unknown"
    """The service refused (4xx, or an error with a status of success) in words nobody knows.

    It answers, so it is not in trouble; whether this one sign-in is, only repetition tells. Nothing is
    deleted.
    """
    TRANSIENT = "transient"
    """The service is unreachable or talks nonsense: try again later, nothing is deleted."""
    CANCELLED = "cancelled"
    """The user said no at the service."""
    REFUSED = "refused"
    """Our own guards refused the answer, or to send the request."""
    MISCONFIGURED = "misconfigured"
    """The account's addresses or options cannot work: an admin must act."""


ADMINS_KINDS = (Kind.CLIENT, Kind.MISCONFIGURED)
"""Failures that an admin fixes, where they are true."""


class OAuthError(Exception):
    """A step of a protocol failed.

    The text is short and safe to log and to show: it never holds anything of an answer's body but the
    filtered error code, and never a secret.

    :param kind: what the failure means
    :param step: ``discovery``, ``authorization``, ``exchange``, ``refresh``, ``userinfo``, ``revocation``
        or ``keys``
    :param text: what happened, in words
    :param code: the service's error code, if it is one (lower-case letters, digits and ``_``, at most 40)
    :param retry_after: seconds to wait, when the service asked for it
    :param status: of HTTP, if the service answered and its status tells something
    :param field: the account's field that mends it, where one does
    """

    def __init__(
        self,
        kind: Kind,
        step: str,
        text: str,
        *,
        code: str | None = None,
        retry_after: int | None = None,
        status: int | None = None,
        field: str | None = None,
    ) -> None:
        self.kind = kind
        self.step = step
        self.text = text
        self.code = safe_code(code)
        self.retry_after = retry_after
        self.status = status
        self.field = field
        self.rescued: str | None = None
        """A new refresh token out of an answer that is otherwise unusable: the old one may be worth nothing
        any more. A secret: not part of the text, nor kept when the error is copied or pickled."""
        super().__init__(f"{text} ({step})")

    def __reduce__(self) -> tuple[Any, ...]:
        further = {name: getattr(self, name) for name in ("code", "retry_after", "status", "field")}
        return (_rebuild, (self.kind, self.step, self.text, further))


def _rebuild(kind: Kind, step: str, text: str, further: dict[str, Any]) -> OAuthError:
    return OAuthError(kind, step, text, **further)


def kind_of(told: Told, step: str, rules: ServiceRules = STANDARD) -> tuple[Kind, str | None]:
    """What the words of a refusal mean, and which of them says so.

    The service's own rules come first. A refresh can be refused for what one person's token is, so words
    that elsewhere accuse the account accuse nobody there.

    :param told: what the answer says
    :param step: where it was said: only at the authorization is it the user who answers
    :param rules: of the service
    :return: PERMANENT, CLIENT, CANCELLED, or UNKNOWN for words nobody knows, which delete nothing
    """
    meanings = _meanings(step, rules)
    for kind, known in meanings:
        if (code := told.first_of(known)) is None:
            continue
        return _by_sentence(told, step, kind), code
    for kind, known in meanings[:-1] if step in _GRANTS else ():
        if (code := told.message_of(known)) is not None:
            return kind, code
    return _by_sentence(told, step, Kind.UNKNOWN), None


def _by_sentence(told: Told, step: str, kind: Kind) -> Kind:
    """What a refusal means whose code says nothing certain."""
    if kind is not Kind.UNKNOWN or step not in _GRANTS:
        return kind
    if step == "refresh" and told.says_refresh_token_is_dead:
        return Kind.PERMANENT
    return Kind.CLIENT if told.says_client_is_refused else kind


_GRANTS = ("exchange", "refresh")
"""Steps at which a code or a refresh token was sent."""


def _meanings(step: str, rules: ServiceRules) -> list[tuple[Kind, frozenset[str]]]:
    """Which codes mean what at a step; the first that fits counts."""
    is_asked = step == "authorization"
    said_no = error_codes.PERSON_SAID_NO if is_asked else frozenset()
    dead = error_codes.INTERACTION_IS_NEEDED if is_asked else error_codes.GRANT_IS_DEAD
    if step in _GRANTS:
        dead = dead | error_codes.TOKEN_IS_DEAD
    if step == "exchange":
        dead = dead | error_codes.CODE_IS_DEAD
    return [
        (Kind.PERMANENT, error_codes.codes_of(step, rules.lapse_codes)),
        (Kind.CLIENT, error_codes.codes_of(step, rules.client_codes)),
        (Kind.CANCELLED, said_no),
        (Kind.PERMANENT, dead),
        (Kind.CLIENT, error_codes.CLIENT_IS_REFUSED),
        (Kind.UNKNOWN if step == "refresh" else Kind.CLIENT, error_codes.REQUEST_IS_REFUSED),
    ]
