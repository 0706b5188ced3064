"""The one declaration Airflow reads."""

from __future__ import annotations

from typing import Any

HOOK = "airflow_thirdparty.hooks.third_party_account.ThirdPartyAccountHook"


def _field(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "label": label,
        "description": description,
        "schema": {"type": ["string", "null"], **schema},
    }


def _option(
    description: str, type_: str = "string", default: str | None = None, example: str | None = None
) -> dict[str, Any]:
    return {
        "description": description,
        "version_added": "0.1.0",
        "type": type_,
        "example": example,
        "default": default,
    }


CONNECTION_FIELDS = {
    "service": _field(
        "Service",
        "Which service this is. Known services bring their addresses with them.",
        enum=["autodesk", "github", "gitlab", "google", "microsoft", "openid", "custom"],
        default="openid",
    ),
    "kind": _field(
        "Kind",
        "How people authenticate: OAuth 2.0, a key of their own, or login and password of their own.",
        enum=["oauth2", "key", "basic"],
        default="oauth2",
    ),
    "issuer": _field(
        "Issuer",
        "For OpenID Connect: the service's issuer; the addresses below are then found by themselves.",
    ),
    "authorize_url": _field("Authorize URL", "Where people sign in."),
    "exchange_url": _field(
        "Token endpoint URL", "Where authorization codes and refresh tokens become access tokens."
    ),
    "userinfo_url": _field("User info URL", "Says who a person is there."),
    "revoke_url": _field("Revoke URL", "Where tokens are revoked at sign-out."),
    "scopes": _field("Scopes", "What a sign-in asks for, separated by spaces."),
    "client_auth_method": _field(
        "Client authentication",
        "How the client secret is sent to the service.",
        enum=["client_secret_basic", "client_secret_post", "none"],
    ),
    "authorize_params": _field(
        "Further authorization parameters", 'A JSON object, such as {"prompt": "consent"}.'
    ),
    "expose_as": _field(
        "Expose as",
        "Where hooks of other providers look for the credential: password, bearer_header, or extra.<field>.",
    ),
    "allowed_dags": _field("Allowed DAGs", "Ids of the DAGs that may use the account; empty means all."),
    "min_lifetime": _field(
        "Minimum lifetime", "Seconds before expiry at which an access token is refreshed.", default="60"
    ),
}
"""The fields of the connection form that stand in the connection's extra."""


def get_provider_info() -> dict[str, Any]:
    """Describe this provider."""
    return {
        "package-name": "airflow-thirdparty",
        "name": "Third-Party Accounts",
        "description": "Tasks act in other services as the person who triggered the run.",
        "connection-types": [
            {
                "hook-class-name": HOOK,
                "hook-name": "Third-Party Account",
                "connection-type": "third_party_account",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port"],
                    "relabeling": {
                        "login": "Client ID",
                        "password": "Client Secret",
                        "host": "API base URL",
                    },
                    "placeholders": {
                        "login": "the id that the service gave you when you registered this Airflow there",
                        "password": "kept sealed, apart from the connection, and never shown again",
                        "host": "https://api.service.example",
                    },
                },
                "conn-fields": CONNECTION_FIELDS,
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
            "third_party_accounts": {
                "description": "Accounts in other services with which tasks act as the person who "
                "triggered the run.",
                "options": {
                    "accounts": _option(
                        "Ids of accounts that live only in a secrets backend, separated by commas. "
                        "A secrets backend cannot be listed, so they have to be named.",
                        default="",
                        example="github,slack",
                    ),
                    "public_dag_policy": _option(
                        "What the DAG processor does about a public DAG that uses accounts: off, warn (log, "
                        "warning, a tag on the DAG, the banner in its tab) or error (an import error).",
                        default="warn",
                    ),
                    "public_dag_tags": _option(
                        "Tags that say a DAG is public, separated by commas.", default="public"
                    ),
                    "public_roles": _option(
                        "Roles that everybody or nearly everybody has, separated by commas. A DAG whose "
                        "access_control lets one of them run or edit it is public.",
                        default="Public, Viewer, User",
                    ),
                    "acknowledgement_tag": _option(
                        "The tag with which a DAG says that it was reviewed; <tag>:<account> covers a single "
                        "account. Empty: tags do not acknowledge.",
                        default="third-party-accounts-reviewed",
                    ),
                    "acknowledgement_param": _option(
                        "The param with which a DAG says that it was reviewed: true, or the ids of the "
                        "accounts. Empty: params do not acknowledge.",
                        default="",
                        example="third_party_accounts_reviewed",
                    ),
                    "account_ids_file": _option(
                        "Where the DAG processor keeps the list of account ids between two reads. Its folder "
                        "must be writable for Airflow only. Empty: a file in Airflow's home, or in a folder "
                        "of its own among the temporary files.",
                        default="",
                    ),
                    "keep_uses_days": _option(
                        "For how many days people can see where their sign-ins were used.",
                        type_="integer",
                        default="90",
                    ),
                    "allow_http": _option(
                        "Reach services outside this machine without TLS. For closed test networks only: "
                        "whoever listens there can read everybody's tokens.",
                        type_="boolean",
                        default="False",
                    ),
                },
            }
        },
    }
