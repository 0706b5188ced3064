"""Says why a hook of another provider was denied an account: Airflow itself drops the server's words.

It does what Airflow's own way to the API server does, and asks for the reason after a denial only.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import Any

from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from airflow.sdk.execution_time.secrets import ExecutionAPISecretsBackend

from airflow_thirdparty.exceptions import NotProjected, ThirdPartyAccountError, from_dict
from airflow_thirdparty.links.announcing import announce
from airflow_thirdparty.wire import PROJECTION_KEY, REQUEST_PREFIX, TokenRequest, split_entry

log = logging.getLogger(__name__)


class ExplainedBackend(ExecutionAPISecretsBackend):
    """Airflow's way from a task to its API server, with the server's words in a denial."""

    def get_connection(self, conn_id: str, *args: Any, **kwargs: Any) -> Any:
        """Ask for a connection.

        :param conn_id: its id
        :param args: what Airflow's own takes
        :param kwargs: what Airflow's own takes
        :raises AirflowSecretsBackendAccessDenied: when the server denies it; for an account that is one of
            the errors in ``airflow_thirdparty.exceptions`` too
        :return: the connection, or ``None``
        """
        try:
            return super().get_connection(conn_id, *args, **kwargs)
        except AirflowSecretsBackendAccessDenied as denied:
            answer = None
            with suppress(AirflowSecretsBackendAccessDenied):
                answer = super().get_connection(asked_id) if (asked_id := _reason(conn_id)) else None
            raise _explained(conn_id, denied, answer) from None

    async def aget_connection(self, conn_id: str, *args: Any, **kwargs: Any) -> Any:
        """The same as :meth:`get_connection`, for asynchronous code.

        :param conn_id: its id
        :param args: what Airflow's own takes
        :param kwargs: what Airflow's own takes
        :raises AirflowSecretsBackendAccessDenied: as :meth:`get_connection`
        :return: the connection, or ``None``
        """
        try:
            return await super().aget_connection(conn_id, *args, **kwargs)
        except AirflowSecretsBackendAccessDenied as denied:
            answer = None
            with suppress(AirflowSecretsBackendAccessDenied):
                answer = await super().aget_connection(asked_id) if (asked_id := _reason(conn_id)) else None
            raise _explained(conn_id, denied, answer) from None


def _reason(conn_id: str) -> str:
    """The question for the reason of a denial; empty for what is such a question itself."""
    if conn_id.startswith(REQUEST_PREFIX):
        return ""
    account, entry = split_entry(conn_id)
    try:
        asked_id = TokenRequest(account, entry=entry, why=True).encode()
        TokenRequest.decode(asked_id)
    except ValueError:
        return ""
    return asked_id


def _explained(conn_id: str, denied: Exception, answer: Any) -> Exception:
    try:
        refusal = from_dict(json.loads(answer.extra)[PROJECTION_KEY]["refusal"])
    except (ValueError, KeyError, TypeError, AttributeError):
        # nobody of ours was there to give a reason
        return AirflowSecretsBackendAccessDenied(f"{denied} {_unanswered(conn_id)}")
    announce(log, refusal)
    return as_denial(refusal)


def _unanswered(conn_id: str) -> str:
    return str(
        NotProjected(
            f"If '{conn_id}' is a third-party account: no user acts here. A DAG file that is parsed, a "
            "trigger and a callback act for no user, and so does a task whose API server runs without this "
            "package.",
            "Ask for the connection inside a task, not at the top of the DAG file. An API server that serves "
            "tasks alone is started as 'uvicorn airflow_thirdparty.execution_server:app'.",
        )
    )


def as_denial(refusal: ThirdPartyAccountError) -> Exception:
    """The refusal as an error after which Airflow asks no other secrets backend.

    :param refusal: what the server said
    :return: of the same class, and Airflow's denial
    """
    name = type(refusal).__name__
    members = {"__module__": __name__, "__reduce__": lambda _self: refusal.__reduce__()}
    denial = type(name, (type(refusal), AirflowSecretsBackendAccessDenied), members)
    return denial(refusal.message, refusal.remedy, link=refusal.link, field=refusal.field)  # type: ignore[no-any-return]
