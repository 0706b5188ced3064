"""The published list of account ids as text that only the server can write: authenticated, and dated.

It stands in an Airflow variable, which every task may overwrite.  So it bears a message authentication code
(RFC 2104), made with a key that is derived from Airflow's Fernet key (RFC 5869).  By the date readers refuse
an older list that somebody puts back.  Only the standard library is imported here, because every process
that parses a DAG file loads this module.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

INFO = b"airflow-thirdparty published list of account ids"
"""What the derived key is for (RFC 5869 section 3.2), so that it is no other key's."""


@dataclass(frozen=True)
class PublishedList:
    """What a text says whose code is right.

    :param ids: ids of all accounts
    :param at: when it was written, in seconds since 1970 by the server's clock
    """

    ids: frozenset[str]
    at: float


def derive_keys(fernet_key: str, info: bytes = INFO) -> tuple[bytes, ...]:
    """Derive keys that authenticate: HKDF with SHA-256 (RFC 5869) without salt, one block long.

    :param fernet_key: as it stands in ``[core] fernet_key``: keys apart by commas, the first one is today's
    :param info: what they are for; lists by default
    :return: one key for each, in their order; none where there is no Fernet key
    """
    extracted = (_hmac(bytes(32), key.strip().encode()) for key in fernet_key.split(",") if key.strip())
    return tuple(_hmac(key, info + b"\x01") for key in extracted)


def write_list(ids: Iterable[str], at: float, key: bytes) -> str:
    """Write a list.

    :param ids: ids of all accounts
    :param at: the time, in seconds since 1970
    :param key: the first of :func:`derive_keys`
    :return: the text to publish
    """
    ordered = sorted(ids)
    return json.dumps({"ids": ordered, "at": at, "mac": _code(ordered, at, key)})


def read_list(text: str, keys: Sequence[bytes]) -> PublishedList | None:
    """Read a list, if it was written with one of the keys.

    :param text: what stands in the variable, whoever wrote it
    :param keys: those of :func:`derive_keys`
    :return: ``None`` for anything that the server did not write
    """
    try:
        found = json.loads(text)
        ids, at, code = found["ids"], found["at"], str(found["mac"])
        checked = isinstance(at, float | int) and not isinstance(at, bool) and {*map(type, ids)} <= {str}
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not checked or "" in ids or not any(_is_right(code, ids, at, key) for key in keys):
        return None
    return PublishedList(frozenset(ids), float(at))


def _is_right(code: str, ids: list[str], at: float, key: bytes) -> bool:
    return hmac.compare_digest(code.encode(errors="replace"), _code(ids, at, key).encode())


def _code(ids: list[str], at: float, key: bytes) -> str:
    return _hmac(key, json.dumps([at, ids]).encode()).hex()


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()
