"""The one description of this package that Airflow reads, made from its options and form."""

from __future__ import annotations

import os
from typing import Any

from airflow_thirdparty import options, own_presets
from airflow_thirdparty.account_form import CONNECTION_FIELDS, EXTRA_FIELDS, HIDDEN_FIELDS, ExtraField
from airflow_thirdparty.wire import CONN_TYPE

HOOK = "airflow_thirdparty.hooks.third_party_account.ThirdPartyAccountHook"
"""The class that Airflow loads for connections of our type."""


_OWN_PRESETS = f"AIRFLOW__{options.SECTION}__{options.OWN_PRESETS_FOLDER.name}".upper()
"""The environment variable that configures the folder: Airflow asks for the form while it reads its own
configuration, which cannot be asked for anything then."""


def _field(field: ExtraField) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": ["string", "null"]}
    if field.choices == options.SERVICES:
        own = own_presets.files(os.environ.get(_OWN_PRESETS, ""))
        schema["enum"] = sorted({*options.SERVICES, *own})
    elif field.choices:
        schema["enum"] = list(field.choices)
    if field.default is not None:
        schema["default"] = field.default
    return {"label": field.label, "description": field.description, "schema": schema}


def _option(option: options.Option[Any]) -> dict[str, Any]:
    return {
        "description": option.description,
        "version_added": options.SINCE,
        "type": option.type,
        "example": option.example,
        "default": option.default_text,
    }


def get_provider_info() -> dict[str, Any]:
    """Describe this provider.

    :return: what Airflow's schema ``provider_info.schema.json`` asks for
    """
    return {
        "package-name": "airflow-thirdparty",
        "name": "Third-Party Accounts",
        "description": "Tasks act in other services as the person who triggered the run.",
        "connection-types": [
            {
                "hook-class-name": HOOK,
                "hook-name": "Third-Party Account",
                "connection-type": CONN_TYPE,
                "ui-field-behaviour": {
                    "hidden-fields": list(HIDDEN_FIELDS),
                    "relabeling": {field.name: field.label for field in CONNECTION_FIELDS},
                    "placeholders": {field.name: field.placeholder for field in CONNECTION_FIELDS},
                },
                "conn-fields": {field.name: _field(field) for field in EXTRA_FIELDS},
            }
        ],
        "db-managers": ["airflow_thirdparty.server.store.manager.ThirdPartyAccountsDBManager"],
        "cli": ["airflow_thirdparty.cli.definition.get_third_party_accounts_commands"],
        "plugins": [
            {
                "name": "third_party_accounts",
                "plugin-class": "airflow_thirdparty.plugin.ThirdPartyAccountsPlugin",
            }
        ],
        "config": {
            options.SECTION: {
                "description": "Accounts in other services with which tasks act as the person who "
                "triggered the run.",
                "options": {option.name: _option(option) for option in options.OPTIONS},
            }
        },
    }
