"""Reads of the configuration section ``[third_party_accounts]``; what can be set stands in ``options``."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from airflow.configuration import conf

from airflow_thirdparty import options
from airflow_thirdparty.options import SECTION, Option, T

R = TypeVar("R")


def kept(section: str, option: str) -> Callable[[Callable[[], R]], Callable[[], R]]:
    """Read an option once, and again when the environment says something else than it did then.

    That is how Airflow reads: its file once a process, the environment at every look.

    :param section: of Airflow's configuration
    :param option: what is read
    :return: decorates what reads it
    """
    name = f"AIRFLOW__{section.upper()}__{option.upper()}"

    def decorate(read: Callable[[], R]) -> Callable[[], R]:
        found: tuple[str | None, R] | None = None

        @wraps(read)
        def look() -> R:
            nonlocal found
            written = os.environ.get(name)
            if found is None or found[0] != written:
                found = (written, read())
            return found[1]

        return look

    return decorate


def _read(option: Option[T]) -> T:
    """The value of an option, or its default.

    :param option: what to read; the type of its default says how the text is read
    :raises AirflowConfigException: when a number or a boolean is written as something else
    :return: a value of the default's type; texts are without surrounding blanks, lists without empty words
    """
    default, fallback = option.default, option.default_text
    if isinstance(default, bool):
        return bool(conf.getboolean(SECTION, option.name, fallback=fallback))
    if isinstance(default, int):
        return int(conf.getint(SECTION, option.name, fallback=fallback))
    text = conf.get(SECTION, option.name, fallback=fallback) or ""
    if isinstance(default, tuple):
        return tuple(word.strip() for word in text.split(",") if word.strip())
    return text.strip()


def allow_http() -> bool:
    """Whether services outside this machine may be reached without TLS.

    :return: true in closed test networks only
    """
    return _read(options.ALLOW_HTTP)


def require_permission() -> bool:
    """Whether accounts are only for people who can read on *Third-Party Accounts*.

    :return: false when they are for everybody who is logged in
    """
    return _read(options.REQUIRE_PERMISSION)


def presets_folder() -> str:
    """Where the deployment's own presets lie.

    :return: a path; empty for nowhere
    """
    return _read(options.OWN_PRESETS_FOLDER)


def require_code_binding() -> bool:
    """Whether sign-ins are refused where nothing binds the authorization code.

    :return: true in the strictest deployments
    """
    return _read(options.REQUIRE_CODE_BINDING)


def accounts_in_secrets_backend() -> tuple[str, ...]:
    """Ids of accounts that live only in a secrets backend, which cannot be listed.

    :return: ids as they were written
    """
    return _read(options.ACCOUNTS)


def base_url() -> str:
    """The address under which people reach this Airflow (Airflow's own ``[api] base_url``).

    :return: without a trailing slash; empty when not set
    """
    return (conf.get("api", "base_url", fallback="") or "").rstrip("/")


def server_url() -> str:
    """Where a triggerer reaches an API server that has this package.

    :return: as it was written; empty for where tasks and people reach one
    """
    return _read(options.SERVER_URL)


def execution_api_server_url() -> str:
    """Where tasks reach the API server (Airflow's own ``[core] execution_api_server_url``).

    :return: with ``/execution`` and without a trailing slash; empty when not set
    """
    return (conf.get("core", "execution_api_server_url", fallback="") or "").rstrip("/")


def api_certificates() -> tuple[str, str, str, str, bool]:
    """By what clients recognise the API server, and it them (options of Airflow's own section ``[api]``).

    :return: paths, empty where there is none: authorities, the server's certificate, the client's certificate
        and its key; and whether public authorities count as well
    """
    names = ("ssl_ca_file", "ssl_cert", "client_ssl_cert", "client_ssl_key")
    authorities, certificate, own_certificate, own_key = (
        conf.get("api", name, fallback="") or "" for name in names
    )
    public_too = conf.getboolean("api", "client_use_public_certs", fallback=True)
    return authorities, certificate, own_certificate, own_key, bool(public_too)


def defers_by_default() -> bool:
    """Whether operators defer by default (Airflow's own ``[operators] default_deferrable``).

    :return: false where it is not set
    """
    return bool(conf.getboolean("operators", "default_deferrable", fallback=False))


def fernet_key() -> str:
    """Airflow's Fernet keys (Airflow's own ``[core] fernet_key``).

    :return: separated by commas, today's first; empty where this process is not given any
    """
    return conf.get("core", "fernet_key", fallback="") or ""


@kept(SECTION, options.PUBLIC_DAG_POLICY.name)
def public_dag_policy() -> str:
    """What the DAG processor does about a public DAG that uses accounts.

    :return: ``off``, ``warn`` or ``error``, or whatever else was written, in lower case
    """
    return _read(options.PUBLIC_DAG_POLICY).lower() or options.PUBLIC_DAG_POLICY.default


@kept(SECTION, options.PUBLIC_DAG_TAGS.name)
def public_dag_tags() -> tuple[str, ...]:
    """Tags that say a DAG is public.

    :return: tags as they were written
    """
    return _read(options.PUBLIC_DAG_TAGS)


@kept(SECTION, options.PUBLIC_ROLES.name)
def public_roles() -> tuple[str, ...]:
    """Roles that everybody or nearly everybody has.

    :return: names as they were written
    """
    return _read(options.PUBLIC_ROLES)


@kept(SECTION, options.ACKNOWLEDGEMENT_TAG.name)
def acknowledgement_tag() -> str:
    """The tag that says a public DAG was reviewed.

    :return: empty when tags do not say so
    """
    return _read(options.ACKNOWLEDGEMENT_TAG)


@kept(SECTION, options.ACKNOWLEDGEMENT_PARAM.name)
def acknowledgement_param() -> str:
    """The param that says a public DAG was reviewed.

    :return: empty when params do not say so
    """
    return _read(options.ACKNOWLEDGEMENT_PARAM)


@kept(SECTION, options.ACCOUNT_IDS_FILE.name)
def account_ids_file() -> str:
    """Where parse processes keep the list of account ids.

    :return: a path; empty for a file in Airflow's home
    """
    return _read(options.ACCOUNT_IDS_FILE)


def keep_alive_days() -> int:
    """For how long sign-ins are kept alive that nobody uses.

    :return: days since the last use or delegation; 0 is off
    """
    return _read(options.KEEP_ALIVE_DAYS)


def keep_uses_days() -> int:
    """For how long people can see where their sign-ins were used.

    :return: days
    """
    return _read(options.KEEP_USES_DAYS)


@kept(SECTION, options.DELEGATION_RIGHTS_DAYS.name)
def delegation_rights_days() -> int:
    """For how long a delegate's last own request counts, where the auth manager answers only then.

    :return: days
    """
    return _read(options.DELEGATION_RIGHTS_DAYS)


@kept("core", "multi_team")
def multi_team() -> bool:
    """Whether this Airflow keeps teams apart (Airflow's own ``[core] multi_team``).

    :return: false by default
    """
    return bool(conf.getboolean("core", "multi_team", fallback=False))


@kept("logging", "remote_log_conn_id")
def remote_log_conn_id() -> str:
    """The connection through which logs go (Airflow's own ``[logging] remote_log_conn_id``).

    :return: an id; empty where logs stay here
    """
    return conf.get("logging", "remote_log_conn_id", fallback=None) or ""


@kept("dag_processor", "dag_bundle_config_list")
def bundle_names() -> frozenset[str]:
    """The DAG bundles that are configured here (Airflow's own ``[dag_processor] dag_bundle_config_list``).

    :return: names
    """
    listed = conf.getjson("dag_processor", "dag_bundle_config_list", fallback=[])
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(
        str(bundle["name"]) for bundle in listed if isinstance(bundle, dict) and "name" in bundle
    )


@kept("core", "simple_auth_manager_users")
def simple_auth_manager_users() -> frozenset[str]:
    """Users of the simple auth manager (Airflow's own ``[core] simple_auth_manager_users``).

    :return: names
    """
    return frozenset(
        user.split(":")[0] for user in conf.getlist("core", "simple_auth_manager_users", fallback=[])
    )


@kept("core", "simple_auth_manager_all_admins")
def simple_auth_manager_all_admins() -> bool:
    """Whether everybody is an admin there (Airflow's own ``[core] simple_auth_manager_all_admins``).

    :return: false by default
    """
    return bool(conf.getboolean("core", "simple_auth_manager_all_admins", fallback=False))
