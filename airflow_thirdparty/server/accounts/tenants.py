"""The fields in which customers of one service differ: read from the registration, put into addresses."""

from __future__ import annotations

from airflow_thirdparty.options import TENANT_FIELDS
from airflow_thirdparty.server.accounts.fields import FieldReader, wrong
from airflow_thirdparty.server.accounts.preset import Preset


def read(fields: FieldReader, preset: Preset) -> dict[str, str]:
    """What was entered into a preset's tenant fields.

    :param fields: of the registration
    :param preset: of the service
    :raises AccountMisconfigured: for a value that the service's own addresses cannot have, or a field that it
        has no use for
    :return: values by field
    """
    found = {}
    for name in TENANT_FIELDS:
        value = fields.extra.get(name)
        if value in (None, ""):
            continue
        if name not in preset.tenant:
            if not preset.tenant:
                raise wrong(fields.conn_id, name, "no_tenant", service=preset.id)
            known = ", ".join(preset.tenant)
            raise wrong(fields.conn_id, name, "tenant_unused", service=preset.id, known=known)
        found[name] = _checked(fields, preset, name, value)
    return found


def _checked(fields: FieldReader, preset: Preset, name: str, value: object) -> str:
    field = preset.tenant[name]
    text = value.strip() if isinstance(value, str) else ""
    if not field.fits(text):
        raise wrong(
            fields.conn_id, name, "tenant_unfit", name=preset.name, label=field.label, example=field.example
        )
    return text


def completed(preset: Preset, entered: dict[str, str], conn_id: str) -> dict[str, str]:
    """The values that addresses are made with.

    :param preset: of the service
    :param entered: what :func:`read` returned
    :param conn_id: id of the account
    :raises AccountMisconfigured: naming the first field that is empty and has no default
    :return: values by field, defaults included
    """
    values = {name: entered.get(name) or field.default for name, field in preset.tenant.items()}
    for name, field in preset.tenant.items():
        if not values[name]:
            raise wrong(conn_id, name, "tenant_empty", label=field.label, example=field.example)
    return values
