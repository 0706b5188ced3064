"""The ids of all accounts, as the server published them: read at most once a minute per host.

Every file is parsed in a fresh process, and one look-up goes through the DAG processor's main loop, so what
one process read is kept in a small file for the others.  When a read fails, the last known list stays: a tag
that comes and goes would make a new version of the DAG each time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from airflow_thirdparty.policies import own_files
from airflow_thirdparty.policies.own_files import CacheUnusableError
from airflow_thirdparty.published_list import PublishedList, derive_keys, read_list
from airflow_thirdparty.wire import ACCOUNTS_VARIABLE

log = logging.getLogger(__name__)

LIFETIME = 60.0
"""Seconds a list is used before it is read again."""

_LONGEST_INTERVAL = 300.0
"""Seconds between two reads, however long they take: as long as new accounts may stay unseen."""

_COST = 10.0
"""A failed read is tried again after as many times its own duration, at least :data:`LIFETIME`."""

_WAIT = 30.0
"""Seconds a process waits for another one's read when nothing is known yet.

The first look-up of a DAG processor that just started takes many seconds.  Who does not wait for it parses a
DAG without its tags.
"""

_LARGEST = 4 * 1024 * 1024
"""Bytes of the file: some 16,000 ids at their longest."""


@dataclass(frozen=True)
class Known:
    """What the file holds.

    :param ids: the ids; ``None`` when no read ever succeeded
    :param until: when to read again, in seconds since 1970
    :param at: when the server wrote the list, in seconds since 1970
    :param keyless: whether it was said that there is no key to tell the server's list by
    """

    ids: frozenset[str] | None
    until: float
    at: float = 0.0
    keyless: bool = False

    def is_fresh(self, now: float) -> bool:
        """Whether there is nothing to read yet; a clock that was set back counts as stale."""
        return now < self.until <= now + _LONGEST_INTERVAL


@dataclass
class AccountIdCache:
    """The list of account ids on this host.

    :param read: reads what the server published, as text; ``None`` when that failed
    :param fernet_key: tells Airflow's Fernet keys, from which the list's own key is derived
    :param configured: tells where to keep the list; empty for Airflow's home, or a folder for temporary files
    :param home: Airflow's home
    :param clock: tells the time in seconds since 1970
    """

    read: Callable[[], str | None]
    fernet_key: Callable[[], str]
    configured: Callable[[], str] = str
    home: str = ""
    clock: Callable[[], float] = time.time
    kept_at: Path | None = field(default=None, init=False)
    """The file that the ids were read from."""

    def ids(self) -> frozenset[str] | None:
        """The ids of all accounts, or ``None`` when they are not known.

        :return: connection ids
        :raises CacheUnusableError: when the list can be kept nowhere
        """
        # the quick way first; only who reads anew has to know whether it is safe to write there
        configured = self.configured()
        self.kept_at = Path(configured) if configured else self._at_home()
        known = _load(self.kept_at)
        if known.is_fresh(self.clock()):
            return known.ids
        path = self.kept_at = self.path()
        known = _load(path)
        if known.is_fresh(self.clock()):
            return known.ids
        with _lock(path.with_suffix(".lock"), wait=_WAIT if known.ids is None else 0.0) as held:
            known = _load(path)
            if known.is_fresh(self.clock()) or not held:
                return known.ids
            return self._refresh(path, known).ids

    def _refresh(self, path: Path, before: Known) -> Known:
        keys = derive_keys(self.fernet_key())
        if not keys:
            return self._without_key(path, before)
        started = self.clock()
        found = _authentic(self.read(), keys, before)
        now = self.clock()
        interval = LIFETIME
        if found is None:
            interval = min(max(LIFETIME, _COST * (now - started)), _LONGEST_INTERVAL)
            log.warning(
                "The list of third-party accounts (variable %s) cannot be read; %s. Next try in %.0f s.",
                ACCOUNTS_VARIABLE,
                "nothing is known yet" if before.ids is None else "the last known one is used",
                interval,
            )
            known = Known(before.ids, now + interval, before.at)
        else:
            known = Known(found.ids, now + interval, max(found.at, before.at))
        _store(path, known)
        return known

    def _without_key(self, path: Path, before: Known) -> Known:
        """Keep what is known: any task could have written what stands in the variable."""
        if not before.keyless:
            log.warning(
                "[core] fernet_key is empty here, so the list of third-party accounts cannot be told from a "
                "forged one; %s.",
                "nothing is known yet" if before.ids is None else "the last known one is used",
            )
        known = Known(before.ids, self.clock() + LIFETIME, before.at, keyless=True)
        _store(path, known)
        return known

    def _at_home(self) -> Path:
        return Path(self.home, "third_party_account_ids.json")

    def path(self) -> Path:
        """Where the list is kept on this host.

        :return: a file in a folder that only we can write to
        :raises CacheUnusableError: when there is none
        """
        configured = self.configured()
        if configured:
            return own_files.usable(Path(configured))
        try:
            return own_files.usable(self._at_home())
        except CacheUnusableError:
            folder = Path(tempfile.gettempdir()) / f"third-party-accounts-{os.getuid()}"
            name = hashlib.sha256(self.home.encode()).hexdigest()[:16]
            return own_files.usable(folder / f"{name}.json")


def _load(path: Path) -> Known:
    nothing = Known(None, 0.0)
    text = own_files.read(path, _LARGEST)
    if text is None:
        return nothing
    try:
        held = json.loads(text)
        until = float(held["until"])
        ids = None if held["ids"] is None else _checked(held["ids"])
        at, keyless = float(held["at"]), held["keyless"] is True
    except (ValueError, TypeError, KeyError, RecursionError):
        return nothing
    return Known(ids, until, at, keyless)


def _store(path: Path, known: Known) -> None:
    own_files.write(
        path, json.dumps({**asdict(known), "ids": None if known.ids is None else sorted(known.ids)})
    )


def _authentic(text: str | None, keys: Sequence[bytes], before: Known) -> PublishedList | None:
    if text is None:
        return None
    found = read_list(text, keys)
    if found is None:
        log.warning("Variable %s does not hold a list that the server wrote", ACCOUNTS_VARIABLE)
    elif found.at < before.at and found.ids != before.ids:
        log.warning("Variable %s holds an older list than one seen before", ACCOUNTS_VARIABLE)
        return None
    return found


def _checked(ids: object) -> frozenset[str]:
    if not isinstance(ids, list) or not {*map(type, ids)} <= {str} or "" in ids:
        raise TypeError("not a list of ids")
    return frozenset(ids)


@contextmanager
def _lock(path: Path, *, wait: float) -> Iterator[bool]:
    """Hold the lock, so that one process reads for all; tell whether it could be had in time."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        until = time.monotonic() + wait
        held = _try_lock(descriptor)
        while not held and time.monotonic() < until:
            time.sleep(0.02)
            held = _try_lock(descriptor)
        yield held
    finally:
        os.close(descriptor)  # also lets go of the lock


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_supervised() -> bool:
    """Whether a DAG processor parses here; else it is a command, such as ``airflow dags reserialize``."""
    import sys

    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    return getattr(runner, "SUPERVISOR_COMMS", None) is not None


def read_variable() -> str | None:
    """Read what the server published, from wherever this process may read variables.

    Airflow answers failures like an absence; both are ``None``, and the server always publishes a list.
    """
    try:
        if is_supervised():
            from airflow.sdk import Variable

            text = Variable.get(ACCOUNTS_VARIABLE, default=None)
        else:  # a command such as `airflow dags reserialize`, which has the database
            from airflow.models.variable import Variable as StoredVariable

            text = StoredVariable.get(ACCOUNTS_VARIABLE, default_var=None)
    except Exception as problem:
        log.warning("Reading variable %s failed: %s", ACCOUNTS_VARIABLE, type(problem).__name__)
        return None
    return text if isinstance(text, str) else None
