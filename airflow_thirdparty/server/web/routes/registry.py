"""Accounts as admins make, change and delete them, and the services to choose from; never a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from sqlalchemy.orm import Session

from airflow_thirdparty.exceptions import AccountMisconfigured, ThirdPartyAccountError
from airflow_thirdparty.server.accounts.catalogue import PRESETS
from airflow_thirdparty.server.broker import links
from airflow_thirdparty.server.broker.database import in_database
from airflow_thirdparty.server.broker.registry import editing
from airflow_thirdparty.server.broker.registry.saving import RegistrationRefused
from airflow_thirdparty.server.people import entitlement
from airflow_thirdparty.server.web.dependencies import (
    AdminOnly,
    AdminsAccount,
    NotAdmin,
    PersonDep,
    SameOrigin,
)
from airflow_thirdparty.server.web.schemas.registry import (
    AccountBody,
    AccountForm,
    NewAccountBody,
    PresetInGallery,
    PresetsAnswer,
    PresetView,
    labelled,
)

router = APIRouter(prefix="/api/v1", tags=["Registry"])


class NoSuchService(ThirdPartyAccountError):
    """There is no preset of this id."""

    code = "no_such_service"


@router.get("/presets", dependencies=[AdminOnly])
async def list_presets() -> PresetsAnswer:
    """The services to choose from, by name; for admins."""
    found = sorted(PRESETS.values(), key=lambda preset: preset.name.casefold())
    return PresetsAnswer(
        presets=[
            PresetInGallery(id=each.id, name=each.name, kind=each.kind, icon=each.icon or each.id)
            for each in found
        ],
        callback=links.redirect_uri(""),
    )


@router.get("/presets/{service}", dependencies=[AdminOnly])
async def get_preset(service: str) -> PresetView:
    """What is known of a service; for admins."""
    if service not in PRESETS:
        raise NoSuchService(f"There is no service '{service[:60]}'.", "Choose one of the list.")
    return PresetView.of(PRESETS[service])


@router.get("/admin/accounts/{conn_id}/form", dependencies=[AdminOnly, AdminsAccount])
async def get_form(conn_id: str) -> AccountForm:
    """An account with every field it may have, and who would lose what if it went; for admins."""
    return await in_database(_form, conn_id=conn_id)


def _form(session: Session, conn_id: str) -> AccountForm:
    registration, has_secret, kept_elsewhere = editing.read(session, conn_id)
    try:
        extra = json.loads(registration.extra or "{}")
    except ValueError:
        extra = {}  # what cannot be read is told as the account's problem; here it is entered anew
    return AccountForm(
        conn_id=conn_id,
        description=registration.description,
        login=registration.login,
        host=_with_port(registration.host, registration.port),
        has_secret=has_secret,
        kept_elsewhere=kept_elsewhere,
        redirect_uri=links.redirect_uri(conn_id),
        fields=AccountForm.fields_of(extra if isinstance(extra, dict) else {}),
        losses=AccountForm.losses_of(editing.losses(session, conn_id)),
    )


def _with_port(host: str | None, port: int | None) -> str | None:
    if not host or not port:
        return host
    address = host if "://" in host else f"https://{host}"
    return host if urlsplit(address).port else f"{address.rstrip('/')}:{port}"


@router.post("/admin/accounts", dependencies=[AdminOnly, SameOrigin], status_code=201)
async def create_account(body: NewAccountBody, user: GetUserDep, person: PersonDep) -> AccountForm:
    """Make an account; for whoever may create connections."""
    if not entitlement.may_with_connections(user, "POST", body.conn_id):
        raise NotAdmin("Only who may create connections may do this.", "Ask an Airflow admin.")
    with _by_label():
        await in_database(editing.create, body.conn_id, body.entered(), person)
    return await in_database(_form, conn_id=body.conn_id)


@router.patch("/admin/accounts/{conn_id}", dependencies=[AdminOnly, AdminsAccount, SameOrigin])
async def change_account(conn_id: str, body: AccountBody, person: PersonDep) -> AccountForm:
    """Change an account; a secret that is not entered stays. For admins."""
    with _by_label():
        await in_database(editing.change, conn_id, body.entered(), person)
    return await in_database(_form, conn_id=conn_id)


@router.delete(
    "/admin/accounts/{conn_id}", dependencies=[AdminOnly, AdminsAccount, SameOrigin], status_code=204
)
async def delete_account(conn_id: str, user: GetUserDep, person: PersonDep) -> None:
    """Delete an account; for whoever may delete connections."""
    if not entitlement.may_with_connections(user, "DELETE", conn_id):
        raise NotAdmin("Only who may delete connections may do this.", "Ask an Airflow admin.")
    await in_database(editing.remove, conn_id, person)


@contextmanager
def _by_label() -> Iterator[None]:
    """Let complaints name fields as the form does."""
    try:
        yield
    except AccountMisconfigured as error:
        raise labelled(error) from None
    except RegistrationRefused as error:  # where Airflow has no key to seal a client secret with
        raise AccountMisconfigured(str(error), "", field="password") from None
