"""The demo's account: how Airflow is registered at the local identity provider."""

from __future__ import annotations

import json
from typing import Any

from airflow_thirdparty import wire
from airflow_thirdparty.demo.state import State

CONN_ID = "demo_service"
CLIENT_ID = "airflow-demo"


def redirect_uri(state: State) -> str:
    """Where the identity provider sends people back to.

    :param state: the demo's folder
    :return: an absolute address
    """
    return f"{state.base_url}{wire.WEB_PREFIX}/callback/{CONN_ID}"


def client(state: State) -> dict[str, Any]:
    """How the identity provider knows this Airflow.

    :param state: the demo's folder
    :return: the fields of OpenID Connect Dynamic Registration
    """
    return {
        "client_id": CLIENT_ID,
        "client_name": "Airflow",
        "client_secret": state.remembered.client_secret,
        "redirect_uris": [redirect_uri(state)],
    }


def registration(state: State) -> bytes:
    """The account's connection, as JSON for the preparing process.

    :param state: the demo's folder
    :return: a JSON object in UTF-8
    """
    return json.dumps(
        {
            "conn_id": CONN_ID,
            "conn_type": wire.CONN_TYPE,
            "description": "The identity provider that runs beside this demo",
            "login": CLIENT_ID,
            "password": state.remembered.client_secret,
            "host": state.issuer,
            "extra": {
                "kind": "oauth2",
                "issuer": state.issuer,
                "scopes": "openid profile offline_access",
            },
        }
    ).encode()
