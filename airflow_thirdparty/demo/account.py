"""The demo's accounts: how Airflow is registered at the local identity provider, and its notes."""

from __future__ import annotations

import json
from typing import Any

from airflow_thirdparty import wire
from airflow_thirdparty.demo.state import State

CONN_ID = "demo_service"
CLIENT_ID = "airflow-demo"

NOTES = "demo_notes"
"""An account for which people enter a key of their own: ``key-of-`` and their name."""


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


def registrations(state: State) -> bytes:
    """The accounts' connections, as JSON for the preparing process.

    :param state: the demo's folder
    :return: a JSON list in UTF-8
    """
    by_sign_in = {
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
    return json.dumps([by_sign_in, notes(state.issuer)]).encode()


def notes(issuer: str) -> dict[str, Any]:
    """The connection of the account that takes keys.

    :param issuer: the identity provider's address, at which the notes are, too
    :return: its fields
    """
    return {
        "conn_id": NOTES,
        "conn_type": wire.CONN_TYPE,
        "description": "Notes beside this demo: your key is key-of- and the name you take there",
        "host": f"{issuer}/notes",
        "extra": {"kind": "key"},
    }
