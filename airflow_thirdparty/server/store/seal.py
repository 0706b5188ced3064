"""Sealing secrets to their context with Airflow's own Fernet keys.

A plain Fernet ciphertext opens in any row.  What is sealed here names user, account, field and version, and
is compared when opened, so a ciphertext that somebody moved to another row, user, account or into a newer row
is refused.  Rolling back a whole row is beyond this.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from airflow.models.crypto import get_fernet
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from airflow_thirdparty.server.people.person import Person


class SealError(Exception):
    """A secret cannot be sealed or opened.

    :param code: ``no_key`` (no Fernet key configured), ``key_lost`` (no configured key opens it) or
        ``moved`` (it opens, but belongs to another place)
    :param context: where it belongs
    """

    def __init__(self, code: str, context: SealContext) -> None:
        self.code = code
        self.context = context
        super().__init__(f"{_MESSAGES[code]} ({context.field} of account '{context.account}')")


_MESSAGES = {
    "no_key": "[core] fernet_key is empty, so secrets cannot be kept; set a key and try again",
    "key_lost": "none of the keys in [core] fernet_key opens this secret",
    "moved": "this secret was sealed for another context",
}


@dataclass(frozen=True)
class SealContext:
    """Where a secret belongs.

    :param field: name of the column
    :param account: id of the account
    :param version: version of the row it was written with
    :param person: whose it is; ``None`` for what belongs to the account itself
    :param key: further key of the row, such as the hash of a state
    """

    field: str
    account: str
    version: int
    person: Person | None = None
    key: str = ""

    def claims(self) -> list[str]:
        """The place in the form in which it is compared."""
        owner = self.person.key if self.person else ()
        return [self.field, self.account, str(self.version), self.key, *owner]


def seal(value: str, context: SealContext) -> str:
    """Encrypt a secret so that it opens in this context only.

    :param value: the secret
    :param context: where it belongs
    :raises SealError: ``no_key`` when Airflow has no Fernet key
    :return: the ciphertext, as text
    """
    fernet = get_fernet()
    if not fernet.is_encrypted:
        raise SealError("no_key", context)
    envelope = json.dumps({"context": context.claims(), "value": value})
    return fernet.encrypt(envelope.encode()).decode()


def open_sealed(sealed: str, context: SealContext) -> str:
    """Decrypt a secret that was sealed for this context.

    :param sealed: what :func:`seal` returned
    :param context: where it was found
    :raises SealError: when no configured key opens it, or when it was sealed for another place
    :return: the secret
    """
    fernet = get_fernet()
    if not fernet.is_encrypted:
        raise SealError("no_key", context)
    try:
        envelope = json.loads(fernet.decrypt(sealed.encode()))
    except (InvalidToken, ValueError):
        raise SealError("key_lost", context) from None
    if not isinstance(envelope, dict) or envelope.get("context") != context.claims():
        raise SealError("moved", context)
    return str(envelope["value"])


class Resealer:
    """Encrypts anew with the first of the configured keys what another one of them opens.

    :param keys: Airflow's Fernet keys, the first one in front
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._first = Fernet(keys[0])
        self._others = MultiFernet([Fernet(key) for key in keys[1:]]) if keys[1:] else None

    def reseal(self, sealed: str) -> str | None:
        """Encrypt what is sealed with the first key, its context unchanged.

        :param sealed: what :func:`seal` returned
        :raises cryptography.fernet.InvalidToken: when no configured key opens it
        :return: the new ciphertext; ``None`` when the first key opens it already
        """
        token = sealed.encode()
        try:
            self._first.decrypt(token)
        except InvalidToken:
            if self._others is None:
                raise
            return self._first.encrypt(self._others.decrypt(token)).decode()
        return None
