"""The one exception of the protocol code: which step failed, and what follows from it."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

_CODE = re.compile(r"[a-z_]{1,40}")


class Kind(str, Enum):
    """What a failure means for the sign-in it concerns."""

    PERMANENT = "permanent"
    """The service has withdrawn what the user granted: the user must sign in again."""
    CLIENT = "client"
    """The service does not accept this client or its request: an admin must act, no sign-in is touched."""
    TRANSIENT = "transient"
    """The service is unreachable or talks nonsense: try again later, nothing is deleted."""
    CANCELLED = "cancelled"
    """The user said no at the service."""
    REFUSED = "refused"
    """Our own guards refused the answer, or to send the request."""
    MISCONFIGURED = "misconfigured"
    """The account's addresses or options cannot work: an admin must act."""


class OAuthError(Exception):
    """A step of a protocol failed.

    The text is short and safe to log and to show: it never holds anything of an answer's body but the
    filtered error code, and never a secret.

    :param kind: what the failure means
    :param step: ``discovery``, ``authorization``, ``exchange``, ``refresh``, ``userinfo``, ``revocation``
        or ``keys``
    :param text: what happened, in words
    :param code: the service's error code, if it is one (lower-case letters and ``_``, at most 40)
    :param retry_after: seconds to wait, when the service asked for it
    """

    def __init__(
        self, kind: Kind, step: str, text: str, *, code: str | None = None, retry_after: int | None = None
    ) -> None:
        self.kind = kind
        self.step = step
        self.text = text
        self.code = safe_code(code)
        self.retry_after = retry_after
        self.rescued: str | None = None
        """A new refresh token out of an answer that is otherwise unusable: the old one may be worth nothing
        any more. A secret: not part of the text, nor kept when the error is copied or pickled."""
        super().__init__(f"{text} ({step})")

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.kind, self.step, self.text, self.code, self.retry_after))


def _rebuild(kind: Kind, step: str, text: str, code: str | None, retry_after: int | None) -> OAuthError:
    return OAuthError(kind, step, text, code=code, retry_after=retry_after)


def safe_code(code: object) -> str | None:
    """The service's error code, or nothing if it is not of the shape that codes have.

    :param code: what the answer holds under ``error``
    :return: the code, if it is one that may be shown and stored
    """
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


_PERMANENT = frozenset(
    {
        "invalid_grant",  # RFC 6749 section 5.2
        "bad_refresh_token",  # GitHub's word for it
        "bad_verification_code",  # GitHub, for a code
        "invalid_refresh_token",  # Slack's word for it
        "interaction_required",  # OpenID Connect Core 3.1.2.6; Microsoft also says it at a refresh
        "login_required",
        "consent_required",
    }
)
_CLIENT = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "invalid_request",
        "invalid_scope",
        "invalid_target",  # RFC 8707
        "unsupported_grant_type",
        "unsupported_response_type",
        "unsupported_token_type",  # RFC 7009
        "redirect_uri_mismatch",  # GitHub, Google
        "incorrect_client_credentials",  # GitHub
        "bad_client_secret",  # Slack
        "invalid_client_id",  # Slack
        "org_internal",  # Google: the client is for one organisation only
        "deleted_client",  # Google
        "disabled_client",  # Google
        "application_suspended",  # GitHub
    }
)


def kind_of(code: str | None, step: str) -> Kind:
    """What a service's error code means; a code nobody knows deletes nothing.

    :param code: the filtered code
    :param step: where it was said: only at the authorization does ``access_denied`` come from the user
    :return: what it means to us
    """
    if code in _PERMANENT and step != "authorization":
        return Kind.PERMANENT
    if code == "access_denied":
        return Kind.CANCELLED if step == "authorization" else Kind.CLIENT
    return Kind.CLIENT if code in _CLIENT else Kind.TRANSIENT
