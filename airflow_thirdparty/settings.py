"""Reads of the configuration section ``[third_party_accounts]``."""

from __future__ import annotations

from airflow.configuration import conf, get_airflow_home

SECTION = "third_party_accounts"


def allow_http() -> bool:
    """Whether services outside this machine may be reached without TLS. For closed test networks only."""
    return bool(conf.getboolean(SECTION, "allow_http", fallback=False))


def accounts_in_secrets_backend() -> tuple[str, ...]:
    """Ids of accounts that live only in a secrets backend, which cannot be listed."""
    return _list("accounts", "")


def base_url() -> str:
    """The address under which people reach this Airflow, without a trailing slash; empty when not set."""
    return (conf.get("api", "base_url", fallback="") or "").rstrip("/")


def public_dag_policy() -> str:
    """What the DAG processor does about a public DAG that uses accounts: ``off``, ``warn`` or ``error``."""
    return (conf.get(SECTION, "public_dag_policy", fallback="warn") or "warn").strip().lower()


def public_dag_tags() -> tuple[str, ...]:
    """Tags that say a DAG is public."""
    return _list("public_dag_tags", "public")


def public_roles() -> tuple[str, ...]:
    """Roles that everybody or nearly everybody has."""
    return _list("public_roles", "Public, Viewer, User")


def acknowledgement_tag() -> str:
    """The tag that says a public DAG was reviewed; empty when tags do not."""
    tag = conf.get(SECTION, "acknowledgement_tag", fallback="third-party-accounts-reviewed")
    return (tag or "").strip()


def acknowledgement_param() -> str:
    """The param that says a public DAG was reviewed; empty when params do not."""
    return (conf.get(SECTION, "acknowledgement_param", fallback="") or "").strip()


def account_ids_file() -> str:
    """Where parse processes keep the list of account ids; empty for a file in Airflow's home."""
    return (conf.get(SECTION, "account_ids_file", fallback="") or "").strip()


def keep_uses_days() -> int:
    """For how many days people can see where their sign-ins were used."""
    return int(conf.getint(SECTION, "keep_uses_days", fallback=90))


def airflow_home() -> str:
    """Airflow's home folder."""
    return get_airflow_home()


def _list(option: str, default: str) -> tuple[str, ...]:
    words = conf.get(SECTION, option, fallback=default) or ""
    return tuple(word.strip() for word in words.split(",") if word.strip())
