"""Accounts of a service: what an admin registers, by the REST API or past it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2
from airflow.models.connection import Connection
from airflow.utils.session import create_session
from sqlalchemy import delete

from airflow_thirdparty import wire
from tests.support.people import Person

CLIENT = {"login": "client", "password": "client-secret-canary"}
"""The client that the faulty service knows."""


def connection(
    conn_id: str,
    host: str,
    login: str | None = CLIENT["login"],
    password: str | None = CLIENT["password"],
    **extra: Any,
) -> dict[str, Any]:
    """An account as the REST API takes it.

    :param conn_id: its id
    :param host: its service's address
    :param login: the client's id
    :param password: the client's secret
    :param extra: further fields; those that are ``None`` are left out
    """
    return {
        "connection_id": conn_id,
        "conn_type": wire.CONN_TYPE,
        "host": host,
        "login": login,
        "password": password,
        "extra": json.dumps({name: value for name, value in extra.items() if value is not None}),
    }


def endpoints(base_url: str) -> dict[str, str]:
    """The fields that say where a faulty service listens, for those who do not ask it.

    :param base_url: its address
    """
    paths = {"authorize_url": "authorize", "exchange_url": "token"}
    paths |= {"userinfo_url": "userinfo", "revoke_url": "revoke"}
    return {name: f"{base_url}/{path}" for name, path in paths.items()}


def store(body: dict[str, Any]) -> None:
    """Write an account into the database past the REST API, where no server runs.

    :param body: as :func:`connection` answers it
    """
    conn_id = body["connection_id"]
    with create_session(scoped=False) as session:
        session.execute(delete(Connection).where(Connection.conn_id == conn_id))
        row = Connection(conn_id, body["conn_type"], login=body["login"], password=body["password"])
        row.host = body["host"]
        row.set_extra(body["extra"])
        session.add(row)


@dataclass
class Accounts:
    """Registers accounts by the REST API."""

    admin: Person
    made: list[str] = field(default_factory=list)

    def add(self, conn_id: str, host: str, password: str | None = CLIENT["password"], **extra: Any) -> str:
        """Register an account; a field of ``None`` is left out, and the host is the issuer by default."""
        fields = {"service": "openid", "issuer": host, "scopes": "openid read", **extra}
        body = connection(conn_id, host, password=password, **fields)
        answer = self.admin.rest.post("/api/v2/connections", json=body)
        assert answer.status_code == 201, answer.text
        self.made.append(conn_id)
        return conn_id

    def change(self, conn_id: str, **body: Any) -> httpx2.Response:
        """Change a registration, the secret aside."""
        answer = self.admin.rest.patch(
            f"/api/v2/connections/{conn_id}",
            params={"update_mask": list(body)},
            json={"connection_id": conn_id, "conn_type": wire.CONN_TYPE, **body},
        )
        assert answer.status_code == 200, answer.text
        return answer

    def remove_all(self) -> None:
        """Take them all away."""
        for conn_id in self.made:
            self.admin.rest.delete(f"/api/v2/connections/{conn_id}")
