"""The accounts of a DAG, and the DAGs at risk."""

from __future__ import annotations

from pydantic import BaseModel

from airflow_thirdparty.server.web.schemas.account_view import AccountView


class DagAccount(BaseModel):
    """An account that a DAG uses, as the caller sees it.

    :param found_in: ids of the tasks that use it, where that is known
    """

    account: AccountView
    found_in: list[str]


class DagWarning(BaseModel):
    """What the policy says of a DAG.

    :param code: of the words that pages have for it
    :param values: what stands in those words
    :param why: paragraphs apart by blank lines; the first line of each is its heading
    """

    code: str
    values: dict[str, str]
    message: str
    why: str


class DagAnswer(BaseModel):
    """A DAG's tab in one answer.

    :param missing: names that the DAG uses as accounts, but there are none, or none any more
    :param unknown: whether it uses an account, or may use one, that is only known when it runs
    :param scheduled: whether a schedule starts its runs
    :param asset_events: whether asset events start its runs
    """

    accounts: list[DagAccount]
    missing: list[str]
    unknown: bool
    scheduled: bool
    asset_events: bool
    warning: DagWarning | None


class DagAtRisk(BaseModel):
    """A public DAG that uses accounts.

    :param unknown: whether it uses an account that is only known when it runs
    :param acknowledged: whether its author says that it was reviewed
    :param how_to_acknowledge: what the author writes into it to say so
    :param acknowledgement_tag: the tag in those words; empty where none is configured
    :param acknowledgement_param: the param in those words; empty where none is configured
    """

    dag_id: str
    file: str
    bundle: str
    accounts: list[str]
    unknown: bool
    acknowledged: bool
    how_to_acknowledge: str
    acknowledgement_tag: str
    acknowledgement_param: str


class DagsAtRiskPage(BaseModel):
    """Some of the DAGs at risk.

    :param total: how many there are
    """

    dags: list[DagAtRisk]
    total: int
