"""Grants: with them a trigger asks the API server for access tokens while its task is deferred.

The triggerer's own Execution API knows no task, so the worker is given a grant before it defers.  The server
signs it: it names task instance, account, person and when that was.  On its way it lies among the arguments
of a trigger, which Airflow keeps in its database in clear, so it is sealed with Airflow's Fernet key as well.
Whoever reads the database without the key has nothing to show the server.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from airflow_thirdparty.published_list import derive_keys

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

INFO = b"airflow-thirdparty grants of triggers"
"""What the derived key is for (RFC 5869 section 3.2), so that it is no other key's."""


class GrantInvalid(ValueError):
    """What was shown is no grant, or not ours."""


@dataclass(frozen=True)
class Grant:
    """What the server said before a task deferred.

    :param ti_id: the task instance; it has to be deferred for the grant to hold
    :param conn_id: id of the account
    :param person: the key of the person that the task instance acted for
    :param given_at: when it was given, in seconds since 1970; it holds for the deferral that began then
    :param scopes: scopes the task needs; empty means those of the account
    :param waits: it yields no token, only whether the person is signed in
    """

    ti_id: str
    conn_id: str
    person: tuple[str, str, str]
    given_at: float
    scopes: tuple[str, ...] = ()
    waits: bool = False


def write_grant(grant: Grant, fernet_key: str) -> str:
    """Sign and seal a grant.

    :param grant: what it says
    :param fernet_key: as it stands in ``[core] fernet_key``
    :raises GrantInvalid: when there is no key
    :return: what may lie in the database
    """
    body = json.dumps(asdict(grant), separators=(",", ":")).encode()
    key = _keys(fernet_key)[0]
    signed = f"{_text(body)}.{_text(_code(body, key))}"
    return _fernet(fernet_key).encrypt(signed.encode()).decode()


def open_sealed(sealed: str, fernet_key: str) -> str:
    """Take a grant out of its seal, to be shown to the server.

    :param sealed: what :func:`write_grant` returned
    :param fernet_key: as it stands in ``[core] fernet_key``, the same as the server's
    :raises GrantInvalid: when none of the keys opens it, or there is none
    :return: the signed grant
    """
    from cryptography.fernet import InvalidToken

    try:
        return _fernet(fernet_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise GrantInvalid("none of the keys in [core] fernet_key opens this grant") from None


def read_grant(signed: str, fernet_key: str) -> Grant:
    """Read a grant that is shown to the server.

    :param signed: what :func:`open_sealed` returned, or whatever else somebody sent
    :param fernet_key: as it stands in ``[core] fernet_key``
    :raises GrantInvalid: when this server did not sign it
    :return: what it says
    """
    try:
        body, code = (_bytes(part) for part in signed.split("."))
    except ValueError:
        raise GrantInvalid("this is no grant") from None
    if not any(hmac.compare_digest(code, _code(body, key)) for key in _keys(fernet_key)):
        raise GrantInvalid("this grant was not made here")
    fields = json.loads(body)  # from here on it is what write_grant wrote
    try:
        return Grant(**{**fields, "person": tuple(fields["person"]), "scopes": tuple(fields["scopes"])})
    except (TypeError, KeyError):
        raise GrantInvalid("this grant was made by another version of this package") from None


def _keys(fernet_key: str) -> tuple[bytes, ...]:
    keys = derive_keys(fernet_key, INFO)
    if not keys:
        raise GrantInvalid("[core] fernet_key is empty")
    return keys


def _fernet(fernet_key: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    try:
        return MultiFernet([Fernet(key.strip()) for key in fernet_key.split(",") if key.strip()])
    except ValueError:
        raise GrantInvalid("[core] fernet_key is empty, or is no such key") from None


def _code(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
