"""How what is refused to people is answered: the status of each error, and its words as JSON."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import JSONResponse

from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.server.broker.acting.delegations import (
    CannotDelegate,
    DelegatedByAnother,
    NoSuchDag,
    NoSuchDelegation,
    NotTheDelegate,
)
from airflow_thirdparty.server.broker.registry.editing import IdTaken, KeptElsewhere
from airflow_thirdparty.server.broker.registry.registrations import NoSuchAccount
from airflow_thirdparty.server.broker.sign_in.own_credentials import TooManyAttempts
from airflow_thirdparty.server.people.roles import NoSuchRole, RolesElsewhere
from airflow_thirdparty.server.web.dependencies import CrossSite, NotAdmin, NotEntitled, SharedIdentity
from airflow_thirdparty.server.web.routes.people import NoSuchSignIn
from airflow_thirdparty.server.web.routes.registry import NoSuchService
from airflow_thirdparty.server.web.routes.runs import NoSuchTaskInstance
from airflow_thirdparty.server.web.schemas.common import Problem, ProblemAnswer

STATUS = {
    NoSuchAccount: 404,
    AccountMisconfigured: 422,
    ServiceUnavailable: 503,
    SharedIdentity: 403,
    CrossSite: 403,
    NotAdmin: 403,
    NotEntitled: 403,
    NoSuchRole: 404,
    NoSuchService: 404,
    IdTaken: 409,
    KeptElsewhere: 409,
    NoSuchSignIn: 404,
    RolesElsewhere: 409,
    NoSuchDag: 404,
    NoSuchTaskInstance: 404,
    NoSuchDelegation: 404,
    NotTheDelegate: 403,
    DelegatedByAnother: 409,
    CannotDelegate: 422,
    TooManyAttempts: 429,
}
"""Which HTTP status an error answers with; the nearest class wins."""


def answer(error: ThirdPartyAccountError) -> Response:
    """Answer an error in words.

    :param error: what a route raised
    :return: the answer
    """
    status = next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 400)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyAttempts) else None
    return JSONResponse(
        ProblemAnswer(error=Problem.of(error)).model_dump(), status_code=status, headers=headers
    )
