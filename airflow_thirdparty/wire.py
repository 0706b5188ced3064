"""What workers and the API server say to each other, and the names both rely on."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from airflow_thirdparty.protocol import SCOPE_PATTERN

CONN_TYPE = "third_party_account"
"""The connection type of an account."""

ACCOUNTS_VARIABLE = "third_party_account_ids"
"""The Airflow variable in which the server publishes the ids of all accounts (a JSON list, no secret)."""

ENVIRONMENT_PREFIX = "AIRFLOW_CONN_"
"""How Airflow's environment variables for connections begin; the id follows in capitals."""

WEB_PREFIX = "/third-party-accounts"
"""Where the page, the API and the callback are served, below the path of ``[api] base_url``."""

TOKEN_PATH = f"{WEB_PREFIX}/api/v1/token"
"""Where a trigger exchanges its grant for access tokens."""

RESUME_METHOD = "execute_signed_in"
"""The method by which a task goes on that was parked until its person has signed in."""

REQUEST_PREFIX = "third-party-account--"
"""How a connection id begins when our hook asks; the rest is a :class:`TokenRequest`."""

PROJECTION_KEY = "third_party_account"
"""The key in a projected connection's extra under which the server's answer to our hook stands."""

ENTRY_MARK = "--as--"
"""Stands in an asked id between the account and the exposure entry that a DAG wants."""

CONN_ID_PATTERN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
"""Ids an account may have: what travels unchanged in a URL path and an environment variable."""

ENTRY_PATTERN = re.compile(r"[a-z0-9-]{0,60}")
"""Names that exposure entries may have; empty for none."""

LONGEST_REQUEST = 8000
"""Characters a request may have: servers take addresses of so many (RFC 9110 section 4.1)."""

MAX_LIFETIME = 86_400
"""Seconds that a token may be asked to still live: a day, longer than a task should count on one token."""


OF_DAG = "this-dag"
"""Stands in place of an account's id in a question about all that the task's DAG uses."""

_FLAGS = ("force_refresh", "waits", "grant", "why", "dag")
"""What a :class:`TokenRequest` says by being there."""


def moment(text: str) -> datetime:
    """Read a moment that the other side told.

    :param text: in ISO 8601, with its offset or the ``Z`` that Pydantic writes and Python 3.10 does not read
    :raises ValueError: when it is none
    :return: the moment
    """
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def split_entry(asked_id: str) -> tuple[str, str]:
    """Tell the account from the exposure entry in an id such as ``github--as--http``.

    :param asked_id: the connection id that a DAG uses
    :return: the account's id, and the entry's name; empty where none is named
    """
    conn_id, _, entry = asked_id.partition(ENTRY_MARK)
    return conn_id, entry


def sign_in_page(base_url: str, conn_id: str | None = None) -> str:
    """Address of the page on which people sign in.

    :param base_url: ``[api] base_url``, without a slash at its end; empty for a path alone
    :param conn_id: the account that the page shows first
    :return: the address
    """
    return f"{base_url}{WEB_PREFIX}/" + (f"?account={quote(conn_id, safe='')}" if conn_id else "")


@dataclass(frozen=True)
class TokenRequest:
    """What our hook asks for, carried inside a connection id so that no new network path is needed.

    :param conn_id: id of the account
    :param scopes: scopes the task needs; empty means those of the account
    :param min_lifetime: seconds the access token must still live; 0 means the account's own
    :param force_refresh: the service refused the last token, so fetch a new one
    :param waits: no token is wanted, only whether the person is signed in
    :param grant: no token is wanted, but a grant with which a trigger gets tokens while the task is deferred
    :param why: no token is wanted, only the reason why a foreign hook was refused
    :param dag: no token is wanted, but the ids of all accounts that the task's DAG uses
    :param entry: the exposure entry that a foreign hook asked for; empty means the account's own
    """

    conn_id: str
    scopes: tuple[str, ...] = ()
    min_lifetime: int = 0
    force_refresh: bool = False
    waits: bool = False
    grant: bool = False
    why: bool = False
    dag: bool = False
    entry: str = ""

    def encode(self) -> str:
        """Spell the request as a connection id of letters, digits, ``_`` and ``-`` only.

        Some secrets backends on workers refuse ids with other characters.

        :return: begins with :data:`REQUEST_PREFIX`
        """
        fields: dict[str, object] = {"id": self.conn_id}
        if self.scopes:
            fields["scopes"] = list(self.scopes)
        if self.min_lifetime:
            fields["min_lifetime"] = self.min_lifetime
        if self.entry:
            fields["entry"] = self.entry
        fields.update({flag: True for flag in _FLAGS if getattr(self, flag)})
        raw = json.dumps(fields, separators=(",", ":")).encode()
        return REQUEST_PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, asked_id: str) -> TokenRequest:
        """Read what :meth:`encode` wrote.

        :param asked_id: the connection id that a task asked for
        :raises ValueError: when it is not exactly what :meth:`encode` writes
        :return: what is asked for
        """
        if not asked_id.startswith(REQUEST_PREFIX) or len(asked_id) > LONGEST_REQUEST:
            raise ValueError("not a token request")
        text = asked_id.removeprefix(REQUEST_PREFIX)
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            fields = json.loads(raw)
            request = cls(
                conn_id=fields["id"],
                scopes=tuple(fields.get("scopes", ())),
                min_lifetime=fields.get("min_lifetime", 0),
                entry=fields.get("entry", ""),
                **{flag: fields.get(flag, False) for flag in _FLAGS},
            )
            request._check()
            is_canonical = request.encode() == asked_id
        except (TypeError, KeyError, AttributeError, RecursionError):
            is_canonical = False
        if not is_canonical:
            raise ValueError("not a token request")
        return request

    def _check(self) -> None:
        if not isinstance(self.conn_id, str) or not CONN_ID_PATTERN.fullmatch(self.conn_id):
            raise ValueError("the account's id has characters that no account may have")
        if not all(isinstance(scope, str) and SCOPE_PATTERN.fullmatch(scope) for scope in self.scopes):
            raise ValueError("scopes must be a list of words (RFC 6749 section 3.3)")
        if type(self.min_lifetime) is not int or not 0 <= self.min_lifetime <= MAX_LIFETIME:
            raise ValueError(f"min_lifetime must be 0 to {MAX_LIFETIME} seconds")
        for flag in _FLAGS:
            if type(getattr(self, flag)) is not bool:
                raise ValueError(f"{flag} must be true or false")
        if not isinstance(self.entry, str) or not ENTRY_PATTERN.fullmatch(self.entry):
            raise ValueError("an exposure entry is named by small letters, digits and hyphens")
