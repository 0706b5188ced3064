"""Accounts as admins make and change them, and what is known of services beforehand."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from airflow_thirdparty.account_form import CONNECTION_FIELDS, EXTRA_FIELDS
from airflow_thirdparty.exceptions import AccountMisconfigured
from airflow_thirdparty.server.accounts.preset import Preset
from airflow_thirdparty.server.broker.registry.editing import Entered, Losses
from airflow_thirdparty.server.web.schemas.common import Kind, Strict


class PresetInGallery(BaseModel):
    """A service to choose."""

    id: str
    name: str
    kind: Kind
    icon: str


class PresetsAnswer(BaseModel):
    """All services.

    :param callback: what redirect URIs begin with; the account's id follows
    """

    presets: list[PresetInGallery]
    callback: str


class TenantView(BaseModel):
    """A part of the addresses that differs from customer to customer."""

    model_config = ConfigDict(from_attributes=True)

    label: str
    pattern: str
    example: str
    default: str


class ScopeSetView(BaseModel):
    """Scopes that belong together."""

    model_config = ConfigDict(from_attributes=True)

    label: str
    scopes: list[str]


class PresetView(PresetInGallery):
    """What is known of a service.

    :param public: whether its clients have no secret
    :param needs: fields of the account that it cannot do without, besides client and tenant
    """

    tenant: dict[str, TenantView]
    scopes: list[str]
    scope_sets: dict[str, ScopeSetView]
    scope_words: dict[str, str]
    public: bool
    needs: list[str]
    register_url: str | None
    docs_url: str | None
    redirect_uris: str | None
    hints: list[str]

    @classmethod
    def of(cls, preset: Preset) -> PresetView:
        """Spell what is known.

        :param preset: of the service
        :return: it as JSON
        """
        return cls(
            id=preset.id,
            name=preset.name,
            kind=preset.kind,
            icon=preset.icon or preset.id,
            tenant={name: TenantView.model_validate(field) for name, field in preset.tenant.items()},
            scopes=list(preset.scopes),
            scope_sets={name: ScopeSetView.model_validate(each) for name, each in preset.scope_sets.items()},
            scope_words=dict(preset.scope_words),
            public=preset.client_auth_method == "none",
            needs=_needs(preset),
            register_url=preset.register_url,
            docs_url=preset.docs_url,
            redirect_uris=preset.redirect_uris or None,
            hints=list(preset.hints),
        )


def _needs(preset: Preset) -> list[str]:
    found = [] if preset.host else ["host"]
    if preset.kind == "oauth2" and not preset.issuer and not preset.exchange_url:
        found += ["issuer"] if preset.id == "openid" else ["authorize_url", "exchange_url", "userinfo_url"]
    return found


class AccountBody(Strict):
    """An account as an admin enters it.

    :param secret: the client secret; absent or empty keeps the stored one
    :param extra: the account's own fields by name
    """

    description: str | None = Field(None, max_length=5000)
    login: str | None = Field(None, max_length=500)
    secret: str | None = Field(None, max_length=5000, repr=False)
    host: str | None = Field(None, max_length=500)
    extra: dict[str, str] = Field(default_factory=dict, max_length=60)

    def entered(self) -> Entered:
        """What the broker takes."""
        return Entered(self.description, self.login, self.secret or None, self.host, self.extra)


class NewAccountBody(AccountBody):
    """An account that does not exist yet."""

    conn_id: str = Field(min_length=1, max_length=200)


class FieldView(BaseModel):
    """One field that an account may have."""

    name: str
    label: str
    description: str
    choices: list[str]
    value: str


class LossesView(BaseModel):
    """Who would lose what if the account went."""

    model_config = ConfigDict(from_attributes=True)

    sign_ins: int
    delegations: int
    dags: list[str]


class AccountForm(BaseModel):
    """An account with every field that it may have; never its secret.

    :param has_secret: whether a client secret is stored
    :param kept_elsewhere: whether it lives in a secrets backend, which Airflow only reads
    """

    conn_id: str
    description: str | None
    login: str | None
    host: str | None
    has_secret: bool
    kept_elsewhere: bool
    redirect_uri: str
    fields: list[FieldView]
    losses: LossesView

    @staticmethod
    def fields_of(extra: dict[str, Any]) -> list[FieldView]:
        """Every field with what was entered into it.

        :param extra: the connection's extra
        :return: them, in the order of the form
        """
        return [
            FieldView(
                name=field.name,
                label=field.label,
                description=field.description,
                choices=list(field.choices),
                value=_as_text(extra.get(field.name)),
            )
            for field in EXTRA_FIELDS
        ]

    @staticmethod
    def losses_of(found: Losses) -> LossesView:
        """Spell who would lose what.

        :param found: what the broker counted
        :return: it as JSON
        """
        return LossesView.model_validate(found)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def labelled(error: AccountMisconfigured) -> AccountMisconfigured:
    """The same complaint by the label that a person sees.

    :param error: naming the field as the connection has it
    :return: the complaint with the field's label in its words
    """
    labels = {field.name: field.label for field in (*CONNECTION_FIELDS, *EXTRA_FIELDS)} | {"conn_id": "Id"}
    label = labels.get(error.field or "")
    if label is None:
        return error
    said = error.message.replace(f"field '{error.field}'", f"'{label}'")
    values = error.values | {"field": label}
    return type(error)(said, error.remedy, field=error.field, reason=error.reason, values=values)
