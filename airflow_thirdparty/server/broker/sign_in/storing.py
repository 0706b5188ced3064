"""The end of a sign-in: what the service gave is stored, unless it belongs to somebody else than before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.account import Account
from airflow_thirdparty.server.accounts.lifetimes import expiry
from airflow_thirdparty.server.broker.registry import endpoints
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.oauth.types import Client, Endpoints, Identity, TokenSet
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import account_health, account_seen, revocations, sign_ins
from airflow_thirdparty.server.store.models import SignIn
from airflow_thirdparty.server.store.seal import SealError
from airflow_thirdparty.server.store.sign_ins import Credentials


class OtherSubject(ThirdPartyAccountError):
    """The user signed in as somebody else than before."""

    code = "other_subject"


@dataclass(frozen=True)
class PendingSignIn:
    """A sign-in as it was begun, taken out of the store: nobody can take it again."""

    account: Account
    client: Client
    endpoints: Endpoints
    redirect_uri: str
    scopes: tuple[str, ...]
    verifier: str = field(repr=False)
    nonce: str | None = field(repr=False)
    return_to: str | None
    switch_subject: bool


def store_sign_in(
    session: Session, person: Person, pending: PendingSignIn, tokens: TokenSet, who: Identity, now: datetime
) -> OtherSubject | None:
    """Store a sign-in.

    :param session: writes in its transaction
    :param person: who signed in
    :param pending: the sign-in as it was begun
    :param tokens: what the service handed out
    :param who: who they are at the service
    :param now: the time, in UTC
    :raises AccountMisconfigured: when Airflow has no key to seal it with
    :return: why it was not stored, when the user is somebody else there than before and did not agree to it
    """
    conn_id = pending.account.conn_id
    before = sign_ins.find(session, person, conn_id)
    try:
        if before is not None and _is_unexpected(before, pending, who):
            _give_back(session, person, pending, tokens, now)
            return _other_subject(before.subject_name, who.name, conn_id)
        sign_ins.put(
            session,
            person,
            conn_id,
            _credentials(pending, tokens, now),
            _columns(pending, who, tokens.api_host or who.api_host, now),
        )
    except SealError as error:
        raise cannot_be_kept(error) from None
    account_health.note_success(session, conn_id)
    account_seen.note_worked(session, conn_id, pending.account.binding().text(), now)
    audit.write(session, "sign_in", conn_id=conn_id, person=person, subject=who.subject, issuer=who.issuer)
    return None


def cannot_be_kept(error: SealError) -> AccountMisconfigured:
    """The refusal when there is no key to seal a credential with.

    :param error: why it cannot be sealed
    :return: the refusal
    """
    return AccountMisconfigured(
        f"No user can sign in: {error}.",
        "An admin sets a key as described in Airflow's documentation on Fernet.",
        field="[core] fernet_key",
    )


def _is_unexpected(before: SignIn, pending: PendingSignIn, who: Identity) -> bool:
    """Whether somebody else signed in; where the account points elsewhere now, nobody can be compared."""
    if pending.switch_subject or (before.issuer, before.subject) == (who.issuer, who.subject):
        return False
    return before.issuer == who.issuer or pending.account.binding().covers(before.binding)


def _give_back(
    session: Session, person: Person, pending: PendingSignIn, tokens: TokenSet, now: datetime
) -> None:
    revocations.queue(
        session,
        person,
        pending.account.conn_id,
        tokens.access_token,
        tokens.refresh_token,
        pending.account.binding().text(),
        endpoints.dump(pending.endpoints),
        now,
    )


def _credentials(pending: PendingSignIn, tokens: TokenSet, now: datetime) -> Credentials:
    ends = expiry(
        tokens.expires_at,
        pending.account.assumed_lifetime,
        now,
        refreshable=tokens.refresh_token is not None,
    )
    return Credentials(
        tokens.access_token,
        tokens.refresh_token,
        now,
        ends.at,
        tokens.scopes if tokens.scopes is not None else pending.scopes,
        ends.assumed,
    )


def _columns(pending: PendingSignIn, who: Identity, api_host: str | None, now: datetime) -> dict[str, object]:
    return {
        "kind": "oauth2",
        "asked_scopes": " ".join(pending.scopes),
        "issuer": who.issuer,
        "subject": who.subject,
        "subject_name": who.name,
        "binding": pending.account.binding().text(),
        "endpoints": endpoints.dump(replace(pending.endpoints, api_host=api_host)),
        "signed_in_at": now,
        "refreshed_at": None,
    }


def _other_subject(before: str, now: str, conn_id: str) -> OtherSubject:
    return OtherSubject(
        f"You signed in to account '{conn_id}' as '{now}', but before you were '{before}'. "
        "The former sign-in is untouched.",
        f"Confirm that you want to be '{now}' from now on, or sign in as '{before}'.",
    )
