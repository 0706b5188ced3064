"""What an admin can set, declared once: the configuration section, and the words that an account knows.

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
    "What the DAG processor does about a public DAG that uses accounts: off, warn (a line in the log, "
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
