"""Reads of the configuration section ``[third_party_accounts]``."""

from __future__ import annotations

from airflow.configuration import conf

SECTION = "third_party_accounts"


def allow_http() -> bool:
    """Whether services outside this machine may be reached without TLS. For closed test networks only."""
    return bool(conf.getboolean(SECTION, "allow_http", fallback=False))


def accounts_in_secrets_backend() -> tuple[str, ...]:
    """Ids of accounts that live only in a secrets backend, which cannot be listed."""
    names = conf.get(SECTION, "accounts", fallback="") or ""
    return tuple(name.strip() for name in names.split(",") if name.strip())


def base_url() -> str:
    """The address under which people reach this Airflow, without a trailing slash; empty when not set."""
    return (conf.get("api", "base_url", fallback="") or "").rstrip("/")
