"""What a service answered while nobody was logged in to Airflow: kept until the person is back.

A log-in can end while somebody is at the service.  The callback then comes from the right browser, and says
nothing of who sits there.  So what came is sealed into the row of the sign-in, the browser goes through
Airflow's log-in with an address that holds neither code nor state, and back from there the same person in the
same browser goes on.  The row's ten minutes go on, too (RFC 6749 section 4.1.2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.sign_in import begun, storing
from airflow_thirdparty.server.broker.sign_in.refusals import not_ours
from airflow_thirdparty.server.broker.sign_in.storing import PendingSignIn
from airflow_thirdparty.server.broker.telemetry import audit
from airflow_thirdparty.server.oauth.authorization import ANSWER_PARAMETERS
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.store import authorizations
from airflow_thirdparty.server.store.models import Authorization
from airflow_thirdparty.server.store.seal import SealContext, SealError, seal

Answer = list[tuple[str, str]]
"""The parameters of a callback, in their order."""

KEPT_PARAMETERS = ANSWER_PARAMETERS | {"scope", "auth_code"}
"""What is kept of an answer: what it is judged by, and the scopes that some services name in it."""


def keep(session: Session, conn_id: str, params: Answer, nonces: Mapping[str, str], now: datetime) -> None:
    """Keep an answer that came while nobody was logged in.

    The first answer stays: whatever else comes for the same sign-in changes nothing.

    :param session: writes in its transaction
    :param conn_id: id of the account, from the callback's path
    :param params: the callback's query, as received
    :param nonces: the browser's cookies, by hash of the state
    :param now: the time, in UTC
    :raises SignInRefused: when this browser began no such sign-in; nothing is kept
    :raises AccountMisconfigured: when Airflow has no key to seal it with
    """
    row = begun.find(session, conn_id, begun.digest(dict(params).get("state", "")), nonces, now)
    if row.sealed_answer is not None:
        return
    kept = [(name, value) for name, value in params if name in KEPT_PARAMETERS]
    try:
        row.sealed_answer = seal(json.dumps(kept), _seal_context(row))
    except SealError as error:
        raise storing.cannot_be_kept(error) from None


def find(session: Session, conn_id: str, nonces: Mapping[str, str], now: datetime) -> str:
    """The sign-in of this browser whose answer is kept; the newest, where there are several.

    :param session: a session
    :param conn_id: id of the account, from the path
    :param nonces: the browser's cookies, by hash of the state
    :param now: the time, in UTC
    :raises SignInRefused: when there is none, or none any more
    :return: the hash of its state
    """
    for row in authorizations.with_answers(session, conn_id, nonces, now):
        if begun.is_of_browser(row, nonces):
            return row.state_hash
    raise not_ours("it was used before, took longer than ten minutes or was begun in another browser")


def take(
    session: Session,
    person: Person,
    conn_id: str,
    state_hash: str,
    nonces: Mapping[str, str],
    now: datetime,
) -> tuple[PendingSignIn, Answer]:
    """Take a sign-in out of the store together with the answer that was kept for it.

    :param session: deletes in its transaction
    :param person: who is logged in to Airflow now
    :param conn_id: id of the account, from the path
    :param state_hash: as :func:`find` found it
    :param nonces: the browser's cookies, by hash of the state
    :param now: the time, in UTC
    :raises SignInRefused: when somebody else came back, and then it is gone for its user, too; or see
        :func:`begun.take`
    :return: the sign-in and the answer; nobody can take them again
    """
    row = begun.find(session, conn_id, state_hash, nonces, now)
    if row.sealed_answer is None:
        raise not_ours("the service has not answered yet")
    if row.person != person:
        audit.write(session, "kept_answer_refused", conn_id=conn_id, person=person)
        authorizations.remove(session, state_hash)
        session.commit()  # the refusal that follows rolls back, the answer stays gone
        raise not_ours("it was begun by another user than the one who is logged in now")
    answer = json.loads(begun.opened(session, row, row.sealed_answer, _seal_context(row)))
    return begun.take(session, person, row), [(name, value) for name, value in answer]


def _seal_context(row: Authorization) -> SealContext:
    return begun.seal_context(row, "answer")
