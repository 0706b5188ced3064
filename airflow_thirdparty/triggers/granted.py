"""The connections that a trigger of another provider finds: its own task's person's, and nobody else's.

They lie in a context of that trigger alone.  Their ids are unique for each task instance, so that what keeps
clients by id never gives one person's to another's trigger.  Where the context does not reach, as in a thread
that a library starts by itself, the look-up is denied.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.bases.secrets_backend import BaseSecretsBackend
from airflow.sdk.exceptions import AirflowSecretsBackendAccessDenied

from airflow_thirdparty.exceptions import ThirdPartyAccountError
from airflow_thirdparty.hooks.explained import as_denial

PREFIX = "third-party-granted--"
"""How the ids begin."""

Connections = dict[str, "Connection | ThirdPartyAccountError"]

granted: ContextVar[Connections | None] = ContextVar("third_party_accounts_granted", default=None)
"""By id; the reason instead, where the person's login cannot be used any more."""


def id_for(ti_id: str, conn_id: str) -> str:
    """The id under which a trigger finds a connection.

    :param ti_id: its task instance
    :param conn_id: as its operator named it
    :return: the id, of letters, digits and hyphens where the operator's is
    """
    return f"{PREFIX}{ti_id}--{conn_id}"


class GrantedBackend(BaseSecretsBackend):
    """Answers from the context of the trigger that asks."""

    def get_conn_value(self, conn_id: str, team_name: str | None = None) -> str | None:
        """Nothing is kept as text.

        :param conn_id: any
        :param team_name: any
        :return: ``None``
        """
        return None

    def get_connection(self, conn_id: str, *_args: Any, **_kwargs: Any) -> Any:
        """The connection of that id.

        :param conn_id: as :func:`id_for` wrote it; any other is somebody else's to answer
        :param _args: what Airflow's backends take
        :param _kwargs: what Airflow's backends take
        :raises AirflowSecretsBackendAccessDenied: where the trigger's context does not reach, or the login
            cannot be used any more
        :return: the connection, or ``None``
        """
        if not conn_id.startswith(PREFIX):
            return None
        found = (granted.get() or {}).get(conn_id)
        if found is None:
            raise AirflowSecretsBackendAccessDenied(
                "A third-party account was asked for outside of the trigger that acts for somebody, as in a "
                "thread that a library started. No user acts there: run the task without deferrable=True."
            )
        if isinstance(found, ThirdPartyAccountError):
            raise as_denial(found)
        return found

    async def aget_connection(self, conn_id: str, *_args: Any, **_kwargs: Any) -> Any:
        """The same as :meth:`get_connection`, for asynchronous code.

        :param conn_id: as :func:`id_for` wrote it
        :param _args: what Airflow's backends take
        :param _kwargs: what Airflow's backends take
        :return: the connection, or ``None``
        """
        return self.get_connection(conn_id)
