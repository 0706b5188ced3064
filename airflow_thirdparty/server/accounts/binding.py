"""What sign-ins and client secrets belong to: what the registration says, not what a release corrects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

FORMER_ORIGINS: Mapping[str, Mapping[str, str]] = {
    "autodesk": {
        "issuer": "https://developer.api.autodesk.com",
        "authorize_url": "https://developer.api.autodesk.com",
        "exchange_url": "https://developer.api.autodesk.com",
        "userinfo_url": "https://api.userprofile.autodesk.com",
        "revoke_url": "https://developer.api.autodesk.com",
        "host": "https://developer.api.autodesk.com",
    },
    "github": {
        "authorize_url": "https://github.com",
        "exchange_url": "https://github.com",
        "userinfo_url": "https://api.github.com",
        "host": "https://api.github.com",
    },
    "gitlab": {"issuer": "https://gitlab.com", "host": "https://gitlab.com"},
    "google": {
        "issuer": "https://accounts.google.com",
        "authorize_url": "https://accounts.google.com",
        "exchange_url": "https://oauth2.googleapis.com",
        "userinfo_url": "https://openidconnect.googleapis.com",
        "revoke_url": "https://oauth2.googleapis.com",
        "host": "https://www.googleapis.com",
    },
    "microsoft": {
        "userinfo_url": "https://graph.microsoft.com",
        "host": "https://graph.microsoft.com",
    },
    "openid": {},
    "custom": {},
}
"""The origins that presets added when bindings still held them, by service and field: never to be changed, or
the bindings that were made then are not recognised any more."""


@dataclass(frozen=True, kw_only=True)
class AccountBinding:
    """What sign-ins and the client secret belong to: they are good for nothing else.

    What a shipped preset knows is no part of it, so that correcting one signs nobody out.

    :param kind: how people authenticate
    :param service: id of the preset
    :param client_id: the client the service knows
    :param public: whether the registration says that the client is a public one
    :param tenant: what was entered into the preset's tenant fields
    :param issuer: as it was entered, to the letter
    :param origins: origin of every address that was entered, by field name
    :param places: options of exposure entries that decide where a credential goes, by entry and option
    :param brought: origins of a preset that the deployment brought itself, by field name
    :param aliases: former ids of the preset
    """

    kind: str
    service: str
    client_id: str
    public: bool = False
    tenant: tuple[tuple[str, str], ...] = ()
    issuer: str = ""
    origins: tuple[tuple[str, str], ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    brought: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = field(default=(), compare=False)

    def text(self) -> str:
        """The binding as it is stored."""
        return self._text

    @cached_property
    def _text(self) -> str:
        return json.dumps(self._values, sort_keys=True)

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "service": self.service,
            "client_id": self.client_id,
            "public": self.public,
            "tenant": dict(self.tenant),
            "issuer": self.issuer,
            "origins": dict(self.origins),
            "places": dict(self.places),
            "brought": dict(self.brought),
        }

    def covers(self, stored: str) -> bool:
        """Whether what was stored belongs to the account as it is registered now.

        :param stored: the text of a binding, also of one from when they held what presets add
        :return: true when it does
        """
        if stored == self._text:
            return True
        try:
            values = json.loads(stored)
        except ValueError:
            return False
        if not isinstance(values, dict):
            return False
        if "service" not in values:
            return self._covers_former(values)
        if values["service"] in self.aliases:
            values["service"] = self.service
        return values == self._values

    def _covers_former(self, values: dict[str, Any]) -> bool:
        """Compare with a binding of kind, client id, and the origins of all addresses."""
        if self.service not in FORMER_ORIGINS or self.tenant or self.public or self.brought:
            return False
        origins = {**FORMER_ORIGINS[self.service], **dict(self.origins)}
        if values.pop("places", {}) != dict(self.places):
            return False
        return values == {"kind": self.kind, "client_id": self.client_id, "origins": origins}
