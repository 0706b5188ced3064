"""Delegations as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.models.dag import DagModel
from pydantic import BaseModel
from sqlalchemy.orm import Session

from airflow_thirdparty.server.broker.acting.delegations import Consent
from airflow_thirdparty.server.people.person import Person


class DelegationView(BaseModel):
    """A delegation, for whoever may read the DAG."""

    conn_id: str
    user_name: str
    is_me: bool
    scheduled: bool
    asset_events: bool
    expires_at: datetime | None
    pinned: bool
    state: Literal["active", "expired", "code_changed", "delegate_gone"]
    created_at: datetime

    @classmethod
    def of(cls, consent: Consent, caller: Person) -> DelegationView:
        """Spell what the broker knows."""
        row = consent.row
        return cls(
            conn_id=row.conn_id,
            user_name=row.user_name,
            is_me=row.person == caller,
            scheduled=row.on_schedule,
            asset_events=row.on_asset_events,
            expires_at=row.expires_at,
            pinned=row.pinned,
            state=consent.state.value,
            created_at=row.made_at,
        )


class DagDelegations(BaseModel):
    """Who lets a DAG's runs act with one account.

    :param mine: the caller's own delegation
    :param others: name of somebody else whose delegation is in force
    :param allowed: whether the caller may delegate
    """

    mine: DelegationView | None
    others: list[str]
    allowed: bool

    @classmethod
    def of(cls, consents: Iterable[Consent], caller: Person, may_delegate: bool) -> DagDelegations:
        """Spell the consents for one account, of which there is at most one."""
        mine = [DelegationView.of(consent, caller) for consent in consents if consent.row.person == caller]
        others = [
            consent.row.user_name
            for consent in consents
            if consent.row.person != caller and consent.holds_the_place
        ]
        return cls(mine=mine[0] if mine else None, others=others, allowed=may_delegate and not others)


def may_trigger(session: Session, dag_id: str, user: BaseUser) -> bool:
    """Whether the user may trigger the DAG, which is what delegating takes."""
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id, session=session))
    return bool(
        get_auth_manager().is_authorized_dag(
            method="POST", access_entity=DagAccessEntity.RUN, details=details, user=user
        )
    )
