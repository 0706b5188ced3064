"""A developer's own token under ``dag.test()``, and worker variables that shadow an account.

A worker looks into its environment before it asks the server.  For an account that would be one login for
everybody, so a variable is refused, unless a developer marked it as their own and runs ``dag.test()``, where
there is no server that could know them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import Connection

from airflow_thirdparty.exceptions import AccountMisconfigured, NotProjected
from airflow_thirdparty.urls import origin_of, with_port
from airflow_thirdparty.wire import CONN_TYPE

MARK = "my_own_login"
"""The key in the variable's extra with which a developer says that the token is theirs."""


def variable(conn_id: str) -> str:
    """Name of the environment variable that shadows this connection.

    :param conn_id: id of the connection
    :return: the name, as Airflow makes it
    """
    return f"AIRFLOW_CONN_{conn_id.upper()}"


def is_shadowed(conn_id: str) -> bool:
    """Whether this process's environment defines the connection.

    :param conn_id: id of the connection
    :return: true when it does, whatever the value is
    """
    return variable(conn_id) in os.environ


def _read(conn_id: str) -> Any:
    value = os.environ[variable(conn_id)]
    if value.lstrip().startswith("{"):
        return Connection.from_json(value, conn_id=conn_id)
    return Connection.from_uri(value, conn_id=conn_id)


def is_marked(conn_id: str) -> bool:
    """Whether the variable says that it holds the developer's own token.

    :param conn_id: id of a connection for which the variable is set
    :return: false also when the variable cannot be read
    """
    try:
        return str(_read(conn_id).extra_dejson.get(MARK, "")).lower() == "true"
    except Exception:  # whatever cannot be read is not marked
        return False


def shadowed(conn_id: str) -> NotProjected:
    """The refusal of a variable that would be one login for everybody.

    :param conn_id: id of the connection
    :return: the error, to be raised
    """
    return NotProjected(
        f"The environment variable {variable(conn_id)} shadows the third-party account '{conn_id}' on this "
        "worker, so the run would not act as the person who triggered it.",
        f'Remove the variable. Under dag.test() only, mark a token of your own: "{MARK}": true in its extra.',
    )


def not_projected(conn_id: str) -> NotProjected:
    """The refusal where nothing answered for an account.

    :param conn_id: id of the account
    :return: the error, to be raised
    """
    return NotProjected(
        f"The API server did not answer for the third-party account '{conn_id}': there is no such account, "
        "the API server runs without this package, or it could not answer in time.",
        "Check the account's id, and that airflow-thirdparty is installed where the API server runs; one "
        "that serves tasks alone is started as 'uvicorn airflow_thirdparty.execution_server:app', not by "
        "'airflow api-server --apps execution', which loads no plugin. Under "
        f"dag.test() set {variable(conn_id)} to a token of your own.",
    )


def refuse_shadow(conn_id: str) -> None:
    """Refuse a variable that would be one login for everybody, or that cannot be read.

    :param conn_id: id of an account
    :raises NotProjected: when the variable is set and not marked as a developer's own
    :raises AccountMisconfigured: when it is spelled so that Airflow reads nothing of it
    """
    if is_shadowed(conn_id):
        refuse_misspelled(conn_id)
        if not is_marked(conn_id):
            raise shadowed(conn_id)


@dataclass(frozen=True)
class OwnConnection:
    """A developer's own login.

    :param password: the token, key or password
    :param host: address of the API; ``None`` when there is none
    :param login: the user name, where the service wants one
    :param origins: scheme, host and port of the only place the credential is sent to
    :param scopes: what the token may do, where the variable says so
    """

    password: str = field(repr=False)
    host: str | None
    login: str | None
    origins: tuple[str, ...]
    scopes: tuple[str, ...] = ()


def _is_dag_test() -> bool:
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.supervisor import InProcessSupervisorComms

    return isinstance(getattr(task_runner, "SUPERVISOR_COMMS", None), InProcessSupervisorComms)


def own_connection(conn_id: str, log: Any) -> OwnConnection:
    """The developer's own login, under ``dag.test()``.

    :param conn_id: id of a connection for which the variable is set
    :param log: where the developer is told whose token is used
    :raises NotProjected: when the variable is not marked, or this is no ``dag.test()``
    :raises AccountMisconfigured: when the variable's host is no address, or its port or schema has no place
    :return: the login
    """
    if not (is_marked(conn_id) and _is_dag_test()):
        raise shadowed(conn_id)
    connection = _read(conn_id)
    log.warning(
        "Using your own token from %s: this is dag.test(), and no run acts for anybody.", variable(conn_id)
    )
    _refuse_schema(conn_id, connection)
    host = connection.host
    if host and "://" not in host:
        host = f"https://{host}"
    if connection.port is not None:
        host = _with_port(conn_id, host, connection.port)
    try:
        origins = (origin_of(host),) if host else ()
    except ValueError:
        raise AccountMisconfigured(
            f"The host in {variable(conn_id)} is no address.",
            "Write it like https://service.example, or leave it out.",
            field="host",
        ) from None
    scopes = tuple(str(connection.extra_dejson.get("scopes", "")).split())
    return OwnConnection(connection.password or "", host, connection.login, origins, scopes)


def _with_port(conn_id: str, host: str | None, port: int) -> str:
    try:
        if host:
            return with_port(host, port)
    except ValueError:
        pass
    raise AccountMisconfigured(
        f"The port in {variable(conn_id)} belongs to no host, or the host names another one.",
        "Write the port once, and the host with it.",
        field="port",
    )


def _refuse_schema(conn_id: str, connection: Any) -> None:
    if connection.schema:
        raise AccountMisconfigured(
            f"The schema in {variable(conn_id)}, which is also the path of a URI, is not used.",
            "Write the path into the host, like https://service.example/path; in a URI it is spelled "
            "%2Fpath.",
            field="schema",
        )


def refuse_misspelled(conn_id: str) -> None:
    """Refuse a marked URI whose type Airflow does not read: nor does it read token and host of it then.

    :param conn_id: id of a connection for which the variable is set
    :raises AccountMisconfigured: with the spelling that works (a scheme holds no underscore, RFC 3986
        section 3.1)
    """
    value = os.environ[variable(conn_id)].strip()
    is_uri = "://" in value and not value.startswith("{")
    if is_uri and MARK in value and not urlsplit(value).scheme:
        raise AccountMisconfigured(
            f"The address in {variable(conn_id)} begins with a type that Airflow cannot read.",
            f"Spell it {CONN_TYPE.replace('_', '-')}://, with dashes, or write JSON.",
            field="conn_type",
        )
