"""Services known by name: data, not code.

A preset fills what the admin leaves empty in the registration; whatever the registration names wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from airflow_thirdparty.options import (
    DEFAULT_ASSUMED_LIFETIME,
    DEFAULT_CLIENT_AUTH_METHOD,
    DEFAULT_EXPOSE_AS,
    DEFAULT_KIND,
    ClientAuthMethod,
    Kind,
    Service,
)
from airflow_thirdparty.server.accounts.scopes import Checked, ScopeRules


@dataclass(frozen=True)
class Preset:
    """What is known about a service.

    :param name: how the service is called on the page
    :param kind: ``oauth2``, ``key`` or ``basic``
    :param scopes: scopes asked when the account names none
    :param authorize_params: parameters added to the authorization request
    :param expose_as: the entry by which hooks of other providers find their credential
    :param origins: where the service's endpoints may lie besides at its issuer and its addresses
    :param issuer_pattern: the name of every issuer behind one address, with ``{tid}`` for the tenant
    :param answer: paths of what stands elsewhere in a token answer than RFC 6749 has it, by name
    :param token_types: what ``token_type`` may say
    :param scope_separator: between scopes
    :param granted_scopes: path of the scopes granted in a token answer
    :param ok: ``path=value`` of a success, for services whose status does not tell
    :param error_code: path of the error code in the service's own errors
    :param lapse_codes: ``step:code`` of the service's own words for a token or code that is dead
    :param client_codes: ``step:code`` of its own words for a client it does not accept
    :param expires: ``never`` where access tokens do not end, whatever ``expires_in`` says
    :param scopes_checked: see :class:`~airflow_thirdparty.server.accounts.scopes.ScopeRules`, like the others
        on scopes
    :param assumed_lifetime: seconds an access token is taken to live where the service does not say it
    :param refresh_lifetime: seconds after which a refresh token ends that is not used; 0 if it does not

    The rules for answers, from ``issuer_pattern`` on, are those of the protocol code's ``ServiceRules``; a
    path is written like ``data.user.id``, ``errors[0].code``, ``first|second``.
    """

    name: str
    kind: Kind = DEFAULT_KIND
    issuer: str | None = None
    authorize_url: str | None = None
    exchange_url: str | None = None
    userinfo_url: str | None = None
    revoke_url: str | None = None
    host: str | None = None
    scopes: tuple[str, ...] = ()
    client_auth_method: ClientAuthMethod = DEFAULT_CLIENT_AUTH_METHOD
    authorize_params: Mapping[str, str] = field(default_factory=dict)
    expose_as: str = DEFAULT_EXPOSE_AS
    docs_url: str | None = None
    origins: tuple[str, ...] = ()
    issuer_pattern: str | None = None
    answer: Mapping[str, str] = field(default_factory=dict)
    token_types: tuple[str, ...] = ("bearer",)
    scope_separator: str = " "
    granted_scopes: str = "scope"
    ok: str = ""
    error_code: str = ""
    lapse_codes: tuple[str, ...] = ()
    client_codes: tuple[str, ...] = ()
    expires: str = "answer"
    scopes_checked: Checked = "answer"
    scope_implies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    scope_ignores_case: bool = False
    scope_prefixes: tuple[str, ...] = ()
    scopes_unechoed: tuple[str, ...] = ()
    assumed_lifetime: int = DEFAULT_ASSUMED_LIFETIME
    refresh_lifetime: int = 0

    def scope_rules(self) -> ScopeRules:
        """How the service spells scopes."""
        return ScopeRules(
            self.scopes_checked,
            self.scope_implies,
            self.scope_ignores_case,
            self.scope_prefixes,
            self.scopes_unechoed,
        )


DAY = 24 * 3600
"""Seconds."""

_GITHUB_SCOPES = {
    "repo": ("repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"),
    "user": ("read:user", "user:email", "user:follow"),
    "admin:org": ("write:org", "manage_runners:org"),
    "write:org": ("read:org",),
    "admin:public_key": ("write:public_key",),
    "write:public_key": ("read:public_key",),
    "admin:repo_hook": ("write:repo_hook",),
    "write:repo_hook": ("read:repo_hook",),
    "admin:gpg_key": ("write:gpg_key",),
    "write:gpg_key": ("read:gpg_key",),
    "write:packages": ("read:packages",),
    "write:discussion": ("read:discussion",),
    "project": ("read:project",),
}
"""What is granted at GitHub with a wider scope and not named in its answers (its documentation, *Scopes for
OAuth apps*, *Normalized scopes*)."""


PRESETS: Mapping[Service, Preset] = {
    "autodesk": Preset(
        name="Autodesk Platform Services",
        issuer="https://developer.api.autodesk.com",
        authorize_url="https://developer.api.autodesk.com/authentication/v2/authorize",
        exchange_url="https://developer.api.autodesk.com/authentication/v2/token",
        userinfo_url="https://api.userprofile.autodesk.com/userinfo",
        revoke_url="https://developer.api.autodesk.com/authentication/v2/revoke",
        host="https://developer.api.autodesk.com",
        origins=("https://api.userprofile.autodesk.com",),
        scopes=("openid", "data:read"),
        refresh_lifetime=15 * DAY,
        docs_url="https://aps.autodesk.com/en/docs/oauth/v2/",
    ),
    "github": Preset(
        name="GitHub",
        authorize_url="https://github.com/login/oauth/authorize",
        exchange_url="https://github.com/login/oauth/access_token",
        userinfo_url="https://api.github.com/user",
        host="https://api.github.com",
        scopes=("repo",),
        scope_implies=_GITHUB_SCOPES,
        expose_as="github",
        client_auth_method="client_secret_post",
        docs_url="https://docs.github.com/en/apps/oauth-apps",
    ),
    "gitlab": Preset(
        name="GitLab",
        issuer="https://gitlab.com",
        host="https://gitlab.com/api/v4",
        scopes=("openid", "read_api"),
        scope_implies={"api": ("read_api", "read_user")},
        docs_url="https://docs.gitlab.com/integration/oauth_provider/",
    ),
    "google": Preset(
        name="Google",
        issuer="https://accounts.google.com",
        authorize_url="https://accounts.google.com/o/oauth2/v2/auth",
        exchange_url="https://oauth2.googleapis.com/token",
        userinfo_url="https://openidconnect.googleapis.com/v1/userinfo",
        revoke_url="https://oauth2.googleapis.com/revoke",
        host="https://www.googleapis.com",
        origins=("https://oauth2.googleapis.com", "https://openidconnect.googleapis.com"),
        scopes=("openid", "email"),
        client_auth_method="client_secret_post",
        authorize_params={"access_type": "offline", "prompt": "consent"},
        expose_as="google",
        docs_url="https://developers.google.com/identity/protocols/oauth2/web-server",
    ),
    "microsoft": Preset(
        name="Microsoft",
        # the tenants' own descriptions have it at this origin, whatever the tenant
        userinfo_url="https://graph.microsoft.com/oidc/userinfo",
        host="https://graph.microsoft.com",
        issuer_pattern="https://login.microsoftonline.com/{tid}/v2.0",
        origins=("https://login.microsoftonline.com",),
        scopes=("openid", "offline_access", "User.Read"),
        refresh_lifetime=90 * DAY,
        scope_ignores_case=True,
        scope_prefixes=("https://graph.microsoft.com/",),
        scopes_unechoed=(".default",),  # asks for whatever the client is registered for
        client_auth_method="client_secret_post",
        docs_url="https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow",
    ),
    "openid": Preset(
        name="OpenID Connect",
        scopes=("openid", "offline_access"),
        docs_url="https://openid.net/specs/openid-connect-core-1_0.html",
    ),
    "custom": Preset(name="Custom"),
}
"""What is known about each service an account may name."""
