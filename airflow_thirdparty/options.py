"""What an admin can set, declared once: the configuration section, and the form of an account.

Provider info, settings, the reading of registrations and ``docs/configuration.md`` are all made from it.
Only the standard library is imported here, because every Airflow process loads this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, get_args

SECTION = "third_party_accounts"
"""The section of ``airflow.cfg``."""

SINCE = "0.1.0"
"""The version that has had all of these options from the start."""

ListOf = tuple[str, ...]
"""Words; in the configuration and in the form they stand in one text."""

T = TypeVar("T", str, int, bool, ListOf)

Kind = Literal["oauth2", "key", "basic"]
"""How people authenticate: OAuth 2.0, a key of their own, or login and password of their own."""

ClientAuthMethod = Literal["client_secret_basic", "client_secret_post", "none"]
"""How the client secret travels to the service (RFC 7591 section 2, ``token_endpoint_auth_method``)."""

PRESETS_FOLDER = Path(__file__).parent / "server" / "accounts" / "presets"
"""One file for each service known by name, named after its id."""

SERVICES = tuple(sorted(path.stem for path in PRESETS_FOLDER.glob("*.json")))
"""Ids of the services known by name; what is known about each stands in its preset."""

TENANT_FIELDS = ("tenant", "domain", "shop", "region", "own_host")
"""Fields in which the customers of one service differ; each service says which of them it needs."""

KINDS: tuple[Kind, ...] = get_args(Kind)
CLIENT_AUTH_METHODS: tuple[ClientAuthMethod, ...] = get_args(ClientAuthMethod)

DEFAULT_SERVICE = "openid"
"""What an account is when it names no service: most services speak OpenID Connect."""

DEFAULT_KIND: Kind = "oauth2"
"""How people authenticate when neither the account nor its preset says so."""

DEFAULT_CLIENT_AUTH_METHOD: ClientAuthMethod = "client_secret_basic"
"""What every service has to understand (RFC 6749 section 2.3.1)."""

EXPOSURES: ListOf = tuple(
    sorted(file.stem for file in (Path(__file__).parent / "server/accounts/exposures").glob("*.json"))
)
"""Names of the exposure entries: how hooks of other providers find their credential, one file each."""

DEFAULT_EXPOSE_AS = "http"
"""What most services speak; ``http-basic`` where people sign in with login and password."""

DEFAULT_MIN_LIFETIME = 60
"""Seconds: longer than a task needs from asking for a token to using it, far shorter than tokens live."""

DEFAULT_ASSUMED_LIFETIME = 3600
"""Seconds: the usual lifetime where services say one; refreshing once an hour burdens nobody."""


@dataclass(frozen=True)
class Option(Generic[T]):
    """One option of the section ``[third_party_accounts]``.

    :param name: as it stands in ``airflow.cfg``
    :param default: what holds when nothing is set; its type is the option's type
    :param description: what it does, in plain text
    :param example: a value to copy, where the default is none
    """

    name: str
    default: T
    description: str
    example: str | None = None

    @property
    def type(self) -> str:
        """The type in the words of Airflow's configuration reference.

        :return: ``boolean``, ``integer`` or ``string``
        """
        if isinstance(self.default, bool):
            return "boolean"
        return "integer" if isinstance(self.default, int) else "string"

    @property
    def default_text(self) -> str:
        """The default as one writes it into ``airflow.cfg``.

        :return: a list with its words separated by commas
        """
        return ", ".join(self.default) if isinstance(self.default, tuple) else str(self.default)


ACCOUNTS: Option[ListOf] = Option(
    "accounts",
    (),
    "Ids of accounts that live only in a secrets backend, separated by commas. "
    "A secrets backend cannot be listed, so they have to be named.",
    example="github,slack",
)
PUBLIC_DAG_POLICY = Option(
    "public_dag_policy",
    "warn",
    "What the DAG processor does about a public DAG that uses accounts: off, warn (log, warning, "
    "a tag on the DAG, the banner in its tab) or error (an import error).",
)
PUBLIC_DAG_TAGS: Option[ListOf] = Option(
    "public_dag_tags",
    ("public",),
    "Tags that say a DAG is public, separated by commas. Upper and lower case are the same.",
)
PUBLIC_ROLES: Option[ListOf] = Option(
    "public_roles",
    ("Public", "Viewer", "User"),
    "Roles that everybody or nearly everybody has, separated by commas. A DAG whose access_control lets one "
    "of them run or edit it is public. Upper and lower case are the same.",
)
ACKNOWLEDGEMENT_TAG = Option(
    "acknowledgement_tag",
    "third-party-accounts-reviewed",
    "The tag with which a DAG says that it was reviewed; <tag>:<account> covers a single account. "
    "Empty: tags do not acknowledge.",
)
ACKNOWLEDGEMENT_PARAM = Option(
    "acknowledgement_param",
    "",
    "The param with which a DAG says that it was reviewed: true, or the ids of the accounts. "
    "Empty: params do not acknowledge.",
    example="third_party_accounts_reviewed",
)
ACCOUNT_IDS_FILE = Option(
    "account_ids_file",
    "",
    "Where the DAG processor keeps the list of account ids between two reads. Its folder must be writable "
    "for Airflow only. Empty: a file in Airflow's home, or in a folder of its own among the temporary files.",
)
KEEP_USES_DAYS = Option(
    "keep_uses_days", 90, "For how many days people can see where their sign-ins were used."
)
KEEP_ALIVE_DAYS = Option(
    "keep_alive_days",
    60,
    "For how many days after a person last used or delegated a sign-in it is refreshed by itself, at "
    "services whose refresh tokens end when they are not used. 0: not at all.",
)
DELEGATION_RIGHTS_DAYS = Option(
    "delegation_rights_days",
    30,
    "For how many days a delegation counts on what the auth manager said at the delegate's last own request, "
    "where it can answer only for a person who is present, as Keycloak's. Other auth managers are asked for "
    "each delegate at least once a minute.",
)
REQUIRE_PERMISSION = Option(
    "require_permission",
    False,
    "Accounts are only for people who can read on Third-Party Accounts, and for those who may edit "
    "connections. 'airflow third-party-accounts grant-role' gives it to a role of Flask-AppBuilder's.",
)
SERVER_URL = Option(
    "server_url",
    "",
    "Where the triggerer reaches an API server that has this package, with the path of [api] base_url. "
    "Empty: the one that [core] execution_api_server_url names, or else [api] base_url.",
    example="https://airflow.internal",
)
OWN_PRESETS_FOLDER = Option(
    "presets_folder",
    "",
    "Folder with presets of your own, one JSON file for each service, named after its id. One with the id of "
    "a service that is known already takes its place. Read when a process starts.",
    example="/etc/airflow/presets",
)
REQUIRE_CODE_BINDING = Option(
    "require_code_binding",
    False,
    "Refuse to sign people in at services where neither PKCE nor the nonce of an ID token keeps an "
    "authorization code from being used by anybody but whoever began the sign-in.",
)
ALLOW_HTTP = Option(
    "allow_http",
    False,
    "Reach services outside this machine without TLS. For closed test networks only: whoever listens there "
    "can read everybody's tokens.",
)

OPTIONS: tuple[Option[Any], ...] = (
    ACCOUNTS,
    PUBLIC_DAG_POLICY,
    PUBLIC_DAG_TAGS,
    PUBLIC_ROLES,
    ACKNOWLEDGEMENT_TAG,
    ACKNOWLEDGEMENT_PARAM,
    ACCOUNT_IDS_FILE,
    KEEP_USES_DAYS,
    KEEP_ALIVE_DAYS,
    DELEGATION_RIGHTS_DAYS,
    REQUIRE_PERMISSION,
    SERVER_URL,
    OWN_PRESETS_FOLDER,
    REQUIRE_CODE_BINDING,
    ALLOW_HTTP,
)
"""Every option of the section, in the order of the documentation."""


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
