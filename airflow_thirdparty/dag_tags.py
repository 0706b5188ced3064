"""The tags this package puts on DAGs: how the pages, the filters and the audit learn what was found."""

from __future__ import annotations

import hashlib

MAX_LENGTH = 100
"""Airflow stores a tag in 100 characters; SQLite does not object to more, Postgres does."""

ACCOUNT_PREFIX = "account:"
"""How the tag begins that says which account a DAG uses."""

UNKNOWN_ACCOUNT = ACCOUNT_PREFIX + "?"
"""The DAG uses an account, or may use one, whose id is only known when it runs."""

WARNING = "third-party-account-warning"
"""The DAG is public, uses accounts, and nobody acknowledged that."""

ACKNOWLEDGED = "third-party-account-acknowledged"
"""The DAG is public, uses accounts, and that was reviewed."""

STATES = frozenset({WARNING, ACKNOWLEDGED})
"""Tags that only the policy sets: what a DAG file writes there by itself is taken away."""


def account_tag(conn_id: str) -> str:
    """The tag of a DAG that uses this account: the id as it is, or hashed where it does not fit.

    :param conn_id: id of the account
    :return: at most :data:`MAX_LENGTH` characters
    """
    tag = ACCOUNT_PREFIX + conn_id
    if len(tag) <= MAX_LENGTH:
        return tag
    digest = hashlib.sha256(conn_id.encode()).hexdigest()[:32]
    return f"{tag[: MAX_LENGTH - len(digest) - 1]}~{digest}"
