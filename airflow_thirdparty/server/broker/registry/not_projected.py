"""What is answered for an account where nobody's connection stands in for its registration."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied
from fastapi import HTTPException


class NotProjectedHere(HTTPException, AirflowSecretsBackendAccessDenied):
    """An account was asked for where this package does not stand between question and answer.

    It is an ``HTTPException``, so that the Execution API answers 403 and its client does not try again, and
    Airflow's denial, so that no other secrets backend is asked.

    :param conn_id: id of the account
    """

    def __init__(self, conn_id: str) -> None:
        message = (
            f"'{conn_id}' is a third-party account, and no user acts here: not while a DAG file is parsed, "
            "not in triggers, callbacks or dag.test(), and not at an API server that was started with "
            "'airflow api-server --apps execution'. A running task is answered by an API server with this "
            "package; one that serves tasks alone is started as "
            "'uvicorn airflow_thirdparty.execution_server:app'."
        )
        super().__init__(403, {"reason": "not_projected", "message": message})
        self.message = message

    def __str__(self) -> str:
        return self.message
