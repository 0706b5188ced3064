"""Delegations as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictBool

from airflow_thirdparty.server.broker.acting.consents import Consent
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.wire import CONN_ID_PATTERN


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError("it lies outside the years 1 to 9999 in UTC") from None


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A point in time, sent with its offset (RFC 3339) and turned into UTC, which not every one can be."""


class DelegationView(BaseModel):
    """A delegation, for whoever may read the DAG.

    :param bundle: name of the bundle whose DAG it is for; empty: made before bundles were recorded
    :param file: the DAG's file in that bundle
    :param rights_until: until when the delegate's last own request counts, where the auth manager cannot be
        asked about people who are not there
    """

    conn_id: str
    user_name: str
    is_me: bool
    scheduled: bool
    asset_events: bool
    expires_at: datetime | None
    pinned: bool
    bundle: str
    file: str
    rights_until: datetime | None
    state: Literal[
        "active",
        "expired",
        "code_changed",
        "delegate_gone",
        "sign_in_needed",
        "bundle_unknown",
        "dag_moved",
        "not_entitled",
        "rights_unknown",
        "dag_unseen",
    ]
    created_at: datetime

    @classmethod
    def of(cls, consent: Consent, caller: Person) -> DelegationView:
        """Spell what the broker knows.

        :param consent: the delegation as it stands
        :param caller: who looks
        :return: it as JSON
        """
        row = consent.row
        return cls(
            conn_id=row.conn_id,
            user_name=row.user_name,
            is_me=row.person == caller,
            scheduled=row.on_schedule,
            asset_events=row.on_asset_events,
            expires_at=row.expires_at,
            pinned=row.pinned,
            bundle=row.bundle_name,
            file=row.relative_fileloc,
            rights_until=consent.rights_until,
            state=consent.state.value,
            created_at=row.made_at,
        )


class DelegationsAnswer(BaseModel):
    """All delegations of a DAG.

    :param allowed: whether the caller may make one
    :param bundle: name of the DAG's bundle now
    :param file: the DAG's file in that bundle
    :param imports_known: whether pinning covers what the file imports from its bundle
    :param unknown_imports: places in the DAG's code that pinning cannot follow, such as
        ``helpers.py:3 import_module``
    """

    delegations: list[DelegationView]
    allowed: bool
    bundle: str
    file: str
    imports_known: bool
    unknown_imports: list[str]


class DelegationBody(BaseModel):
    """What the caller consents to."""

    model_config = ConfigDict(extra="forbid")

    conn_id: Annotated[str, Field(pattern=f"^(?:{CONN_ID_PATTERN.pattern})$")]
    scheduled: StrictBool
    asset_events: StrictBool = False
    expires_at: Moment | None = None
    pinned: StrictBool = False


class DelegationOfDag(DelegationView):
    """A delegation on the list of all."""

    dag_id: str


class DelegationsPage(BaseModel):
    """Some of all delegations.

    :param total: how many there are
    """

    delegations: list[DelegationOfDag]
    total: int
