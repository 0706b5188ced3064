"""Answers hooks in a test as the API server would: who acts, who is signed in where, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import Connection
from airflow.sdk.execution_time import context
from airflow.sdk.log import mask_secret

from airflow_thirdparty.exceptions import (
    ActingUserUnknown,
    CannotDefer,
    ScopesMissing,
    SignInLapsed,
    SignInRequired,
    ThirdPartyAccountError,
)
from airflow_thirdparty.urls import origin_of
from airflow_thirdparty.wire import CONN_TYPE, PROJECTION_KEY, REQUEST_PREFIX, TokenRequest, sign_in_page

if TYPE_CHECKING:
    import pytest

__all__ = ["ThirdPartyAccounts"]

BASE_URL = "https://airflow.example"
"""Where the links of refusals lead, in tests."""


@dataclass
class _SignIn:
    """A person's sign-in to an account.

    :param expires_at: when its newest token expires; ``None``: never
    :param lifetime: how long each of its tokens lives
    :param connection: what hooks of other providers get; ``None``: nothing
    """

    token: str = field(repr=False)
    host: str | None
    kind: str
    login: str | None
    scopes: tuple[str, ...]
    subject: str
    expires_at: datetime | None
    lifetime: timedelta | None
    renewable: bool
    connection: Mapping[str, Any] | None
    tokens: list[str] = field(default_factory=list, repr=False)

    def issue(self) -> str:
        """Another token, as a service answers a refresh."""
        number = len(self.tokens) + 1
        self.tokens.append(self.token if number == 1 else f"{self.token}-{number}")
        if self.lifetime is not None and number > 1:
            self.expires_at = _now() + self.lifetime
        mask_secret(self.tokens[-1])
        return self.tokens[-1]

    def is_good_for(self, seconds: int) -> bool:
        """Whether its newest token still lives that long."""
        return self.expires_at is None or self.expires_at > _now() + timedelta(seconds=seconds)


class ThirdPartyAccounts:
    """The accounts of a test, and for whom its run acts: ``alice``, until told otherwise.

    .. code-block:: python

        def test_report(third_party_accounts):
            third_party_accounts.sign_in("github", host="https://api.github.com", scopes=["repo"])
            report()
            assert third_party_accounts.asked_for("github")

    An account in which nobody signed in is answered with ``SignInRequired``, as the API server does.
    """

    def __init__(self) -> None:
        self.person: str | None = "alice"
        self.asked: list[TokenRequest] = []
        self._sign_ins: dict[tuple[str, str], _SignIn] = {}
        self._refusals: dict[str, ThirdPartyAccountError] = {}

    def acts_for(self, person: str | None) -> None:
        """Say for whom the run acts from now on.

        :param person: a name; ``None``: nobody is on record, so that every account is refused
        """
        self.person = person

    def sign_in(
        self,
        conn_id: str,
        *,
        person: str | None = None,
        token: str | None = None,
        host: str | None = None,
        kind: str = "oauth2",
        login: str | None = None,
        scopes: Sequence[str] = (),
        expires_in: float | None = None,
        renewable: bool = True,
        connection: Mapping[str, Any] | None = None,
    ) -> str:
        """Let somebody sign in.

        :param conn_id: id of the account
        :param person: who; whoever the run acts for by default
        :param token: the first access token, key or password; later ones have a number at their end
        :param host: address of the account's API
        :param kind: ``oauth2``, ``key`` or ``basic``
        :param login: the person's user name at the service, for ``basic``
        :param scopes: what was granted; empty means whatever is asked for
        :param expires_in: seconds that a token lives; it never expires by default, and may have expired
        :param renewable: whether the service gives a new token when one has expired
        :param connection: for hooks of other providers: the fields of the connection that they get
        :raises ValueError: when nobody is named and the run acts for nobody
        :return: the first token
        """
        who = person or self.person
        if who is None:
            raise ValueError("Name the person who signs in: the run acts for no user")
        lifetime = None if expires_in is None else timedelta(seconds=abs(expires_in))
        expires_at = None if expires_in is None else _now() + timedelta(seconds=expires_in)
        self._refusals.pop(conn_id, None)
        first = token or f"token-of-{who}-for-{conn_id}"
        self._sign_ins[who, conn_id] = _SignIn(
            first,
            host,
            kind,
            login,
            tuple(scopes),
            f"{who}-there",
            expires_at,
            lifetime,
            renewable,
            connection,
        )
        self._sign_ins[who, conn_id].issue()
        return first

    def sign_out(self, conn_id: str, *, person: str | None = None) -> None:
        """Let somebody sign out.

        :param conn_id: id of the account
        :param person: who; whoever the run acts for by default
        """
        self._sign_ins.pop((person or self.person or "", conn_id), None)

    def refuse(self, conn_id: str, error: type[ThirdPartyAccountError] | ThirdPartyAccountError) -> None:
        """Let every question for an account be refused, until somebody signs in to it.

        :param conn_id: id of the account
        :param error: one of ``airflow_thirdparty.exceptions``, or one that is made already
        """
        made = error if isinstance(error, ThirdPartyAccountError) else error("Refused by the test.")
        self._refusals[conn_id] = made

    def asked_for(self, conn_id: str) -> list[TokenRequest]:
        """What was asked for, in order.

        :param conn_id: id of the account
        :return: the questions
        """
        return [request for request in self.asked if request.conn_id == conn_id]

    def tokens(self, conn_id: str, *, person: str | None = None) -> list[str]:
        """The tokens that somebody's sign-in has had so far.

        :param conn_id: id of the account
        :param person: who; whoever the run acts for by default
        :return: oldest first
        """
        found = self._sign_ins.get((person or self.person or "", conn_id))
        return list(found.tokens) if found else []

    def answer(self, asked_id: str) -> Connection | None:
        """Answer a hook that asks for a connection.

        :param asked_id: what it asks for
        :raises PermissionError: as hooks of other providers are refused
        :return: ``None`` for anything that is no account of this test
        """
        if asked_id.startswith(REQUEST_PREFIX):
            return self._for_our_hook(TokenRequest.decode(asked_id))
        if asked_id not in self._refusals and not any(asked_id == conn_id for _, conn_id in self._sign_ins):
            return None
        return self._for_foreign_hook(TokenRequest(asked_id))

    def _for_our_hook(self, request: TokenRequest) -> Connection:
        try:
            if request.dag:
                known = {conn_id for _, conn_id in self._sign_ins} | set(self._refusals)
                return _connection(request.conn_id, {"accounts": sorted(known)})
            if request.grant:
                raise CannotDefer("In a test nothing is handed to a triggerer.")
            sign_in = self._granted(request)
        except ThirdPartyAccountError as error:
            return _connection(request.conn_id, {"refusal": error.as_dict()})
        answer = {
            "kind": sign_in.kind,
            "expires_at": sign_in.expires_at.isoformat() if sign_in.expires_at else None,
            "scopes": list(sign_in.scopes or request.scopes),
            "subject": sign_in.subject,
            "subject_name": str(self.person).capitalize(),
            "origins": [origin_of(sign_in.host)] if sign_in.host else [],
        }
        if request.waits:
            return _connection(request.conn_id, {"signed_in": True})
        return _connection(
            request.conn_id, answer, host=sign_in.host, login=sign_in.login, password=sign_in.tokens[-1]
        )

    def _for_foreign_hook(self, request: TokenRequest) -> Connection:
        try:
            sign_in = self._granted(request)
        except ThirdPartyAccountError as error:
            raise PermissionError(str(error)) from None
        if sign_in.connection is None:
            raise PermissionError(
                f"The test says nothing of what hooks of other providers get for '{request.conn_id}': "
                "sign_in(…, connection={…})."
            )
        return Connection(
            **{"conn_id": request.conn_id, "password": sign_in.tokens[-1], **sign_in.connection}
        )

    def _granted(self, request: TokenRequest) -> _SignIn:
        self.asked.append(request)
        link = sign_in_page(BASE_URL, request.conn_id)
        if self.person is None:
            raise ActingUserUnknown("No user is on record for whom this run acts.")
        if request.conn_id in self._refusals:
            raise self._refusals[request.conn_id]
        found = self._sign_ins.get((self.person, request.conn_id))
        if found is None:
            raise SignInRequired(
                f"'{self.person}' has not signed in to the third-party account '{request.conn_id}'.",
                "Sign in, then run the task again:",
                link=link,
            )
        missing = [scope for scope in request.scopes if found.scopes and scope not in found.scopes]
        if missing:
            raise ScopesMissing(f"The sign-in does not cover: {' '.join(missing)}.", link=link)
        if request.force_refresh or not found.is_good_for(request.min_lifetime):
            if not found.renewable and not found.is_good_for(0):
                raise SignInLapsed("The access token expired.", "Sign in again:", link=link)
            if found.renewable and found.kind == "oauth2":
                found.issue()
        return found


def _connection(conn_id: str, answer: Mapping[str, Any], **fields: Any) -> Connection:
    extra = json.dumps({PROJECTION_KEY: answer})
    return Connection(conn_id=conn_id, conn_type=CONN_TYPE, extra=extra, **fields)


def serve(monkeypatch: pytest.MonkeyPatch) -> ThirdPartyAccounts:
    """Put accounts in front of whatever answers hooks otherwise, until the test ends.

    Airflow's SDK asks two functions for every connection, whoever wants it.

    :param monkeypatch: undoes it
    :return: the accounts
    """
    accounts = ThirdPartyAccounts()
    one, other = context._get_connection, context._async_get_connection

    def get_connection(conn_id: str) -> Connection:
        return accounts.answer(conn_id) or one(conn_id)

    async def async_get_connection(conn_id: str) -> Connection:
        return accounts.answer(conn_id) or await other(conn_id)

    replaced: dict[str, Callable[..., Any]] = {
        one.__name__: get_connection,
        other.__name__: async_get_connection,
    }
    for name, function in replaced.items():
        monkeypatch.setattr(context, name, function)
    return accounts


def _now() -> datetime:
    return datetime.now(timezone.utc)
