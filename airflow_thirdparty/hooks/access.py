"""What the acting person's sign-in yields to a task: the credential, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_thirdparty.wire import moment


@dataclass(frozen=True)
class Access:
    """What the acting person's sign-in yields to this task.

    :param value: the access token; for a ``key`` account the key, for ``basic`` the password
    :param kind: ``oauth2``, ``key`` or ``basic``
    :param host: address of the API; ``None`` when the account names none
    :param login: the person's user name at the service, for ``basic``
    :param expires_at: in UTC; ``None`` when the service does not say
    :param scopes: what was granted
    :param subject: the person's id at the service
    :param subject_name: the person's name there, for people to read
    :param origins: scheme, host and port of the only places the client sends it to
    :param auth_header: the header in which the API takes the credential
    :param auth_scheme: the word before it; ``none`` where there is none
    :param headers: further headers that the API wants; ``{login}`` and ``{key}`` stand for the credential
    """

    value: str = field(repr=False)
    kind: str
    host: str | None
    login: str | None
    expires_at: datetime | None
    scopes: tuple[str, ...]
    subject: str
    subject_name: str
    origins: tuple[str, ...]
    auth_header: str = "Authorization"
    auth_scheme: str = "Bearer"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, value: str, host: str | None, login: str | None, answer: Mapping[str, Any]) -> Access:
        """Read what the server answered.

        :param value: the token
        :param host: address of the API
        :param login: the person's user name at the service
        :param answer: everything else, as JSON has it
        :raises ValueError: when the time of expiry is none
        :raises KeyError: when something is missing
        :return: what a task works with
        """
        return cls(
            value=value,
            kind=answer["kind"],
            host=host,
            login=login,
            expires_at=moment(answer["expires_at"]) if answer["expires_at"] else None,
            scopes=tuple(answer["scopes"]),
            subject=answer["subject"],
            subject_name=answer["subject_name"],
            origins=tuple(answer["origins"]),
            auth_header=answer.get("auth_header", "Authorization"),
            auth_scheme=answer.get("auth_scheme", "Bearer"),
            headers=answer.get("headers", {}),
        )

    def is_good_for(self, lifetime: timedelta) -> bool:
        """Whether it still lives that long.

        :param lifetime: how long it has to be good from now on
        :return: true also when the service does not say when it expires
        """
        return self.expires_at is None or self.expires_at - datetime.now(timezone.utc) > lifetime

    def serialize(self) -> dict[str, Any]:
        """Refuse to become an XCom, which Airflow keeps in clear."""
        raise TypeError("An access token is nothing for an XCom: each task asks for its own.")
