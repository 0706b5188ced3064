"""The form of an account, declared once: Airflow's own fields, and those that stand in a connection's extra.

Provider info, the reading of registrations and ``docs/configuration.md`` are all made from it.
Only the options and the standard library are imported here, because every Airflow process loads this module.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_thirdparty.options import (
    CLIENT_AUTH_METHODS,
    DEFAULT_ASSUMED_LIFETIME,
    DEFAULT_KIND,
    DEFAULT_MIN_LIFETIME,
    DEFAULT_SERVICE,
    EXPOSURES,
    KINDS,
    SERVICES,
)


@dataclass(frozen=True)
class ConnectionField:
    """One field of the connection form that Airflow has anyway, as an account understands it.

    :param name: of the connection's attribute
    :param label: what the form calls it
    :param description: what it is for
    :param placeholder: what stands in the empty field
    """

    name: str
    label: str
    description: str
    placeholder: str


CONNECTION_FIELDS = (
    ConnectionField(
        "login",
        "Client ID",
        "What the service gave you when you registered this Airflow there.",
        "the id that the service gave you when you registered this Airflow there",
    ),
    ConnectionField(
        "password",
        "Client Secret",
        "Moved into a sealed table in the transaction that saves the connection; the row never keeps it. "
        "Leave it empty to keep the stored one.",
        "kept sealed, apart from the connection, and never shown again",
    ),
    ConnectionField(
        "host",
        "API base URL",
        "Where the service's API is; tasks' tokens go there and nowhere else.",
        "https://api.service.example",
    ),
    ConnectionField(
        "port",
        "Port",
        "Of the API base URL, where that does not name one: tasks' tokens go to this port.",
        "leave it empty where the API base URL says it, or needs none",
    ),
)
"""Airflow's own fields that an account uses; ``description`` it keeps as it is."""

HIDDEN_FIELDS = ("schema",)
"""Airflow's own fields that an account has no use for."""


@dataclass(frozen=True)
class ExtraField:
    """One field of the connection form that stands in the connection's extra.

    :param name: its key in the extra; none that Airflow would mask (``token`` …) and show as stars
    :param label: what the form calls it
    :param description: what it is for; shown in the form and in the documentation
    :param choices: the values it may have; empty when it is free text
    :param default: what the form shows at first; ``None`` for nothing
    :param is_address: whether it is the address of an endpoint, which an account's preset may bring along
    """

    name: str
    label: str
    description: str
    choices: tuple[str, ...] = ()
    default: str | None = None
    is_address: bool = False


EXTRA_FIELDS = (
    ExtraField(
        "service",
        "Service",
        "Which service this is. Known services bring their addresses and scopes with them. The page at "
        "/third-party-accounts has a gallery of them, asks for what each needs, and checks it.",
        choices=SERVICES,
        default=DEFAULT_SERVICE,
    ),
    ExtraField(
        "kind",
        "Kind",
        "How people authenticate: OAuth 2.0, a key of their own, or login and password of their own.",
        choices=KINDS,
        default=DEFAULT_KIND,
    ),
    ExtraField(
        "tenant",
        "Tenant",
        "For services whose addresses name their customer's tenant, realm or account, such as Microsoft.",
    ),
    ExtraField(
        "domain",
        "Domain",
        "For services where each customer has a domain or subdomain, such as Salesforce, Okta or Zendesk.",
    ),
    ExtraField("shop", "Shop", "For Shopify: the shop's name."),
    ExtraField("region", "Region", "For services with a host for each region, such as Zoho or Intercom."),
    ExtraField(
        "own_host",
        "Own host",
        "For services that customers run themselves, such as Keycloak or GitLab: host, and port where it "
        "has one.",
    ),
    ExtraField(
        "issuer",
        "Issuer",
        "For OpenID Connect: the service's issuer, to the letter; the addresses below are then found by "
        "themselves.",
        is_address=True,
    ),
    ExtraField("authorize_url", "Authorize URL", "Where people sign in.", is_address=True),
    ExtraField(
        "exchange_url",
        "Token endpoint",
        "Where authorization codes and refresh tokens are exchanged for access tokens.",
        is_address=True,
    ),
    ExtraField(
        "refresh_url",
        "Refresh URL",
        "Where refresh tokens are exchanged, where that is not the token endpoint.",
        is_address=True,
    ),
    ExtraField("userinfo_url", "User info URL", "Says who a person is there.", is_address=True),
    ExtraField("revoke_url", "Revoke URL", "Where tokens are revoked at sign-out.", is_address=True),
    ExtraField("scopes", "Scopes", "What a sign-in asks for, separated by spaces."),
    ExtraField(
        "scope_sets",
        "Scope sets",
        "Further scopes by the names that the service's preset has for them, such as drive or bigquery.",
    ),
    ExtraField(
        "client_auth_method",
        "Client authentication",
        "How the client secret is sent to the service; none is for a public client.",
        choices=CLIENT_AUTH_METHODS,
    ),
    ExtraField(
        "authorize_params",
        "Further authorization parameters",
        'A JSON object, such as {"prompt": "consent"}.',
    ),
    ExtraField(
        "expose_as",
        "Expose as",
        "Which hooks of other providers find the credential under the account's id, as an exposure entry. "
        "Empty: the one that suits the service. A DAG names another one in the id, like github--as--http.",
        choices=EXPOSURES,
    ),
    ExtraField(
        "expose_options",
        "Options of exposure entries",
        'A JSON object with what an entry asks for, such as {"project": "my-project"}; what is for another '
        'entry than the account\'s own is named with it, like {"databricks.http_path": "/sql/1.0"}.',
    ),
    ExtraField(
        "allowed_dags",
        "Allowed DAGs",
        "The DAGs that may use the account, as bundle:dag_id, compared to the letter; a bare dag_id is of "
        "the only bundle, and refused where there are several. Empty means all.",
    ),
    ExtraField(
        "min_lifetime",
        "Minimum lifetime",
        "Seconds before expiry at which an access token is refreshed.",
        default=str(DEFAULT_MIN_LIFETIME),
    ),
    ExtraField(
        "assumed_lifetime",
        "Assumed lifetime",
        "Seconds after which an access token is refreshed whose lifetime the service does not say. 0: never; "
        f"empty: as is known of the service, else {DEFAULT_ASSUMED_LIFETIME}.",
    ),
    ExtraField(
        "refresh_lifetime",
        "Refresh lifetime",
        "Seconds after which a sign-in ends at the service when it is not refreshed. 0: it does not; empty: "
        "as is known of the service.",
    ),
)
"""Every field of an account that stands in the connection's extra, in the order of the form."""

LABELS = {field.name: field.label for field in EXTRA_FIELDS}
"""What the form calls each field, by its key."""

EXTRA_NAMES = tuple(LABELS)
"""The keys that the extra of an account may have; any other is refused."""

ADDRESSES = tuple(field.name for field in EXTRA_FIELDS if field.is_address)
"""The fields that hold the address of an endpoint."""
