"""What the fault suite stands on: real rows, real calls, and several brokers that pass for processes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.models.log import Log
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.broker.database import in_transaction
from airflow_thirdparty.server.broker.registry import endpoints, registrations
from airflow_thirdparty.server.broker.tokens.broker import AccessToken, TokenBroker
from airflow_thirdparty.server.broker.tokens.freshness import TokenRequirements
from airflow_thirdparty.server.broker.tokens.refresher import Refresher, StillRefreshing
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import sign_ins
from airflow_thirdparty.server.store.models import AccountHealth, Authorization, Revocation, SignIn
from airflow_thirdparty.server.store.sign_ins import Credentials
from tests.support import accounts
from tests.support.faulty_service import Family, FaultyService

AUTH_MANAGER = "tests.AuthManager"

_numbers = itertools.count(1)


class StepClock:
    """A clock that moves when it is told to.

    :param pace: how many seconds pass by this clock while one passes outside, when somebody sleeps by it
    """

    def __init__(self, pace: float = 1.0) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=timezone.utc)
        self.pace = pace

    def __call__(self) -> datetime:
        return self.now

    def measure(self, session: Session) -> None:
        """Nothing to measure."""

    def step(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Let time pass while others work; two who sleep at once sleep through the same time."""
        wakes = self.now + timedelta(seconds=seconds)
        await asyncio.sleep(seconds / self.pace)
        self.now = max(self.now, wakes)


def person(name: str) -> Person:
    """Somebody."""
    return Person(AUTH_MANAGER, f"id-of-{name}", "2026-01-01T00:00:00+00:00", name)


NO_NEED = TokenRequirements()
"""Whatever the account says."""

ALICE, BOB, CAROL = person("alice"), person("bob"), person("carol")


def endpoints_of(base_url: str) -> Endpoints:
    """Where a faulty service listens."""
    return Endpoints(issuer=None, **accounts.endpoints(base_url))


def register(
    base_url: str, conn_id: str | None = None, secret: str = "client-secret-canary", **extra: Any
) -> Account:
    """Register an account for a faulty service, as an admin does.

    :param conn_id: its id; a new one if none is named
    :param extra: further fields
    """
    conn_id = conn_id or f"account_{next(_numbers)}"
    fields = {"service": "custom", "scopes": "repo", **accounts.endpoints(base_url), **extra}
    accounts.store(accounts.connection(conn_id, base_url, password=secret, **fields))
    return in_transaction(lambda session: registrations.find(session, conn_id))


def columns_of(account: Account, base_url: str, subject: str, now: datetime) -> dict[str, Any]:
    """The columns that only a sign-in sets."""
    return {
        "kind": "oauth2",
        "issuer": base_url,
        "subject": subject,
        "subject_name": subject.title(),
        "binding": account.binding().text(),
        "endpoints": endpoints.dump(endpoints_of(base_url)),
        "signed_in_at": now,
        "refreshed_at": None,
    }


class Rig:
    """Accounts and sign-ins at a service, and brokers that pass for API server processes.

    :param clock: of all brokers
    """

    def __init__(self, at: FaultyService, transport: Transport, clock: StepClock) -> None:
        self.service = at
        self.transport = transport
        self.clock = clock
        self.account = register(at.base_url)
        self._brokers: list[TokenBroker] = []

    def broker(
        self, owner: str = "process-1", transport: Transport | None = None, clock: Any = None
    ) -> TokenBroker:
        """A broker as every API server process has one."""
        used = clock or self.clock
        sleep = getattr(used, "sleep", asyncio.sleep)
        made = TokenBroker(Refresher(transport or self.transport, owner, used, sleep))
        self._brokers.append(made)
        return made

    def sign_in(
        self,
        who: Person = ALICE,
        account: Account | None = None,
        *,
        lives: float = 3600,
        ago: float = 0,
        refresh: str | None = "from the service",
    ) -> Family:
        """Store a sign-in with tokens of the service.

        :param lives: seconds its access token is good for, from when it was issued
        :param ago: when that was, in seconds
        :return: what the service knows of it
        """
        account = account or self.account
        family = Family(who.name, "repo")
        tokens = self.service._hand_out(family, new=True).fields
        issued = self.clock() - timedelta(seconds=ago)
        credentials = Credentials(
            tokens["access_token"],
            tokens["refresh_token"] if refresh else None,
            issued,
            issued + timedelta(seconds=lives),
            ("repo",),
        )
        in_transaction(
            lambda session: sign_ins.put(
                session,
                who,
                account.conn_id,
                credentials,
                columns_of(account, self.service.base_url, who.name, issued),
            )
        )
        return family

    def row(self, who: Person = ALICE, account: Account | None = None) -> SignIn | None:
        """The sign-in as it is stored."""
        conn_id = (account or self.account).conn_id
        return in_transaction(lambda session: sign_ins.find(session, who, conn_id))

    def there(self, who: Person = ALICE, account: Account | None = None) -> SignIn:
        """The same, which has to be there."""
        row = self.row(who, account)
        assert row is not None
        return row

    @staticmethod
    def there_is_now() -> datetime:
        """The time outside, for tests with processes that live there."""
        return datetime.now(timezone.utc)

    def change(self, who: Person = ALICE, **values: Any) -> None:
        """Write into a sign-in's row, past the broker."""
        row = self.there(who)
        in_transaction(
            lambda session: session.execute(update(SignIn).where(SignIn.id == row.id).values(**values))
        )

    def change_of(self, account: Account, who: Person = ALICE, **values: Any) -> None:
        """The same for a sign-in to another account."""
        row = self.there(who, account)
        in_transaction(
            lambda session: session.execute(update(SignIn).where(SignIn.id == row.id).values(**values))
        )

    def health(self, account: Account | None = None) -> AccountHealth | None:
        """What is known about the account's service."""
        conn_id = (account or self.account).conn_id
        return in_transaction(lambda session: session.get(AccountHealth, conn_id))

    def events(self, account: Account | None = None) -> list[str]:
        """What the audit log says about the account, oldest first."""
        conn_id = (account or self.account).conn_id
        mark = json.dumps({"account": conn_id})[1:-1]

        def read(session: Session) -> list[str]:
            rows = session.scalars(
                select(Log).where(Log.event.like("third_party_account.%")).order_by(Log.id)
            )
            return [row.event.partition(".")[2] for row in rows if mark in (row.extra or "")]

        return in_transaction(read)

    def to_revoke(self) -> list[Revocation]:
        """What is still to be revoked at the account's service."""
        conn_id = self.account.conn_id
        statement = select(Revocation).where(Revocation.conn_id == conn_id)
        return in_transaction(lambda session: list(session.scalars(statement)))

    def authorizations(self) -> int:
        """How many sign-ins to the account were begun and not finished."""
        statement = select(func.count()).where(Authorization.conn_id == self.account.conn_id)
        return int(in_transaction(lambda session: session.scalar(statement)) or 0)

    @property
    def calls(self) -> int:
        """How often the service was asked for tokens."""
        return self.service.calls["token"]

    async def end(self) -> None:
        """Let what is under way come to its end."""
        self.service.heal()
        for broker in self._brokers:
            for flight in broker.refresher._flights.values():
                flight.task.cancel()
            await broker.refresher.drain(5)


async def ask(
    broker: TokenBroker,
    who: Person,
    account: Account,
    need: TokenRequirements = NO_NEED,
    max_wait: float = 3.0,
    tries: int = 5,
) -> AccessToken:
    """Ask as Airflow's client does: again when told that the refresh goes on."""
    for _ in range(tries - 1):
        with contextlib.suppress(StillRefreshing):
            return await broker.token(who, account, need, max_wait)
        await asyncio.sleep(0.05)
    return await broker.token(who, account, need, max_wait)


async def until(true: Any, seconds: float = 10.0) -> None:
    """Wait until something is true."""
    ends = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < ends, "it never came true"
        await asyncio.sleep(0.01)
