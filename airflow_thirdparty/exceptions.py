"""The error catalogue: every way in which acting as a person can be refused, as data.

An error carries a ``code`` (stable, for programs), a ``message`` (what happened, to whose sign-in), a
``remedy`` (what to do) and, where a page mends it, a ``link``.  Permanent errors are Airflow's
``AirflowFailException``: the task fails at once without burning retries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException

__all__ = [
    "AccountChanged",
    "AccountMisconfigured",
    "AccountNotAllowed",
    "ActingUserUnknown",
    "CannotDefer",
    "DataByOtherUser",
    "LeavesAccount",
    "NotProjected",
    "PermanentError",
    "RerunByOtherUser",
    "ScopesMissing",
    "ServiceUnavailable",
    "SignInLapsed",
    "SignInRequired",
    "ThirdPartyAccountError",
]


class ThirdPartyAccountError(AirflowException):
    """Base of all errors of this package.

    :param message: what happened, in words for the person who reads the task's log
    :param remedy: what to do about it
    :param link: address of the page that mends it
    :param field: the field or parameter at fault, where there is one
    :param reason: what exactly is wrong, as a code that pages have words for; empty where there is none
    :param values: what stands in those words
    """

    code: ClassVar[str] = "third_party_account_error"
    acting_user: tuple[str, str] | None = None
    """Airflow's id and name of the person who can mend it; known to a task that waits for them."""
    announced: bool = False
    """Whether its words stand in the task's log already."""

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        link: str | None = None,
        field: str | None = None,
        reason: str = "",
        values: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message
        self.remedy = remedy
        self.link = link
        self.field = field
        self.reason = reason
        self.values = dict(values or {})
        super().__init__(" ".join(part for part in (message, remedy, link) if part))

    def __reduce__(self) -> tuple[Any, ...]:
        further = {name: getattr(self, name) for name in ("link", "field", "reason", "values")}
        return (_rebuild, (type(self), self.message, self.remedy, further))

    def as_dict(self) -> dict[str, str | None]:
        """The error as it travels in JSON.

        :return: ``code``, ``message``, ``remedy``, ``link`` and ``field``
        """
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "link": self.link,
            "field": self.field,
        }


def _rebuild(
    cls: type[ThirdPartyAccountError], message: str, remedy: str, further: dict[str, Any]
) -> ThirdPartyAccountError:
    return cls(message, remedy, **further)


class PermanentError(ThirdPartyAccountError, AirflowFailException):
    """A refusal that another try does not mend."""


class SignInRequired(PermanentError):
    """The acting user has not signed in to the account."""

    code = "sign_in_required"


class SignInLapsed(PermanentError):
    """The acting user's sign-in no longer works at the service."""

    code = "sign_in_lapsed"


class AccountChanged(SignInLapsed):
    """The account was pointed elsewhere after the acting user signed in."""

    code = "account_changed"


class ScopesMissing(PermanentError):
    """The acting user's sign-in is too narrow for what the task asks."""

    code = "scopes_missing"


class ActingUserUnknown(PermanentError):
    """Nobody can be named for whom the run acts."""

    code = "acting_user_unknown"


class RerunByOtherUser(PermanentError):
    """The run was re-run by somebody other than the user it acted for."""

    code = "rerun_by_other_user"


class DataByOtherUser(PermanentError):
    """Somebody other than the user it acts for had a hand in the run's data."""

    code = "data_by_other_user"


class AccountNotAllowed(PermanentError):
    """The account may not be used by this DAG or this task instance."""

    code = "account_not_allowed"


class AccountMisconfigured(PermanentError):
    """The account's registration is incomplete or wrong; an admin has to mend it."""

    code = "account_misconfigured"


class CannotDefer(PermanentError):
    """Nothing can be handed to the triggerer here; operators and sensors that meet it wait on the worker."""

    code = "cannot_defer"


class LeavesAccount(PermanentError):
    """An address leads to another origin than the account's, where the person's login is not sent."""

    code = "leaves_account"


class NotProjected(ThirdPartyAccountError):
    """The connection reached the task without passing through this package's part of the API server.

    Airflow retries the task: to its client, a server that could not answer in time looks the same.
    """

    code = "not_projected"


class ServiceUnavailable(ThirdPartyAccountError):
    """The service or the broker cannot answer now; Airflow retries the task."""

    code = "service_unavailable"


BY_CODE: dict[str, type[ThirdPartyAccountError]] = {
    cls.code: cls
    for cls in (
        SignInRequired,
        SignInLapsed,
        AccountChanged,
        ScopesMissing,
        ActingUserUnknown,
        RerunByOtherUser,
        DataByOtherUser,
        AccountNotAllowed,
        AccountMisconfigured,
        CannotDefer,
        LeavesAccount,
        NotProjected,
        ServiceUnavailable,
    )
}
"""Every error, by its code; most of them travel from the server to a task."""


WORTH_WAITING = (SignInRequired, SignInLapsed, ScopesMissing, ServiceUnavailable)
"""What the person, or time, can mend."""


def from_dict(data: dict[str, Any]) -> ThirdPartyAccountError:
    """Rebuild an error that travelled as :meth:`ThirdPartyAccountError.as_dict`.

    :param data: what travelled; an unknown code becomes a :class:`PermanentError`
    :return: the error, to be raised
    """
    cls = BY_CODE.get(str(data.get("code")), PermanentError)
    return cls(
        str(data.get("message", "")),
        str(data.get("remedy", "")),
        link=data.get("link"),
        field=data.get("field"),
    )
