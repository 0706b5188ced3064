"""The seam to auth managers: who a user is, and whether that very user is still there.

An auth manager is described by one :class:`Directory`.  There is one for Flask-AppBuilder, one for the simple
auth manager, and one for all others, which cannot be asked and whose word is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol
from typing import cast as cast_to

from airflow.api_fastapi.app import get_auth_manager_cls
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from sqlalchemy import ColumnElement, Integer, case, cast, select
from sqlalchemy.orm import Session

from airflow_thirdparty import settings
from airflow_thirdparty.server.people.person import Person
from airflow_thirdparty.server.people.user_state import UserState, is_shared

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"


class Directory(Protocol):
    """The users of one auth manager.

    ``auth_manager`` is the import path of its class; ``can_ask_for_absent`` says whether it can be asked what
    a person may do who sends no request.
    """

    auth_manager: str
    can_ask_for_absent: bool

    def __hash__(self) -> int: ...

    def created(self, user: BaseUser) -> str | None:
        """Say when the user was created, ISO 8601; empty when not known.

        :param user: as Airflow authenticated them
        :return: ``None`` when the user is nobody in particular
        """

    def columns(self, auth_manager: ColumnElement[str], user_id: ColumnElement[str]) -> list[Any]:
        """Columns to add to a query, so that :meth:`user_state` needs none of its own.

        :param auth_manager: where the query has the auth manager of a person
        :param user_id: where the query has the id of a person
        :return: columns, whose values go to :meth:`user_state`
        """

    def user_state(self, person: Person, values: Sequence[Any]) -> UserState:
        """Say whether the person is still there, from what :meth:`columns` brought.

        :param person: somebody met earlier
        :param values: what :meth:`columns` brought, in its order
        :return: what today's auth manager says
        """

    def load(self, session: Session, person: Person) -> BaseUser | None:
        """Find the user whom the auth manager can be asked about, though they send no request.

        :param session: a session, which the user stays part of
        :param person: somebody met earlier
        :return: ``None`` when that very user is not there any more, or nobody can be asked about
        """


class OtherDirectory:
    """An auth manager that cannot be asked: people are who they were, until their sign-in goes."""

    can_ask_for_absent = False

    def __init__(self, auth_manager: str) -> None:
        self.auth_manager = auth_manager

    def created(self, user: BaseUser) -> str | None:
        """Not known."""
        return ""

    def columns(self, auth_manager: ColumnElement[str], user_id: ColumnElement[str]) -> list[Any]:
        """Nothing to look up."""
        return []

    def user_state(self, person: Person, values: Sequence[Any]) -> UserState:
        """Take their word."""
        return UserState.PRESENT

    def load(self, session: Session, person: Person) -> BaseUser | None:
        """Nobody can be asked about."""
        return None


class SimpleDirectory(OtherDirectory):
    """The simple auth manager: its users are those in the configuration, by name."""

    can_ask_for_absent = True

    def created(self, user: BaseUser) -> str | None:
        """Not known; and where everybody is an admin, nobody is anybody."""
        return None if self._all_are_admins() else ""

    def user_state(self, person: Person, values: Sequence[Any]) -> UserState:
        """Look the name up in the configuration."""
        if self._all_are_admins():
            return UserState.SHARED
        names = settings.simple_auth_manager_users()
        return UserState.PRESENT if person.user_id in names else UserState.GONE

    def load(self, session: Session, person: Person) -> BaseUser | None:
        """Look the name up in the configuration."""
        from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

        users = SimpleAuthManager.get_users()
        return next((user for user in users if user.get_id() == person.user_id), None)

    @staticmethod
    def _all_are_admins() -> bool:
        return settings.simple_auth_manager_all_admins()


class FabDirectory(OtherDirectory):
    """Flask-AppBuilder: users in the same database, with ids that are re-used, and a date of creation."""

    can_ask_for_absent = True

    def created(self, user: BaseUser) -> str | None:
        """Read the user's date of creation."""
        created_on = getattr(user, "created_on", None)
        return created_on.isoformat() if created_on is not None else None

    def columns(self, auth_manager: ColumnElement[str], user_id: ColumnElement[str]) -> list[Any]:
        """Look the user up by primary key, in the same query."""
        from airflow.providers.fab.auth_manager.models import User

        users = User.__table__.c
        # the case keeps the cast away from ids of other auth managers, which are no numbers
        key = case((auth_manager == self.auth_manager, cast(user_id, Integer)))
        return [
            select(users.active).where(users.id == key).scalar_subquery(),
            select(users.created_on).where(users.id == key).scalar_subquery(),
        ]

    def user_state(self, person: Person, values: Sequence[Any]) -> UserState:
        """Compare with today's user of that id; one without a date of creation cannot be told apart."""
        active, created_on = values
        if created_on is None:
            return UserState.GONE
        if created_on.isoformat() != person.created:
            return UserState.RECREATED
        return UserState.PRESENT if active else UserState.DEACTIVATED

    def load(self, session: Session, person: Person) -> BaseUser | None:
        """Load the user from the database, past the auth manager's cache."""
        from airflow.providers.fab.auth_manager.models import User

        user = session.get(User, int(person.user_id), populate_existing=True)
        if user is None or not user.active or self.created(user) != person.created:
            return None
        return cast_to("BaseUser", user)


KNOWN = {FAB: FabDirectory, SIMPLE: SimpleDirectory}


def _path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


@lru_cache(maxsize=8)
def directory_of(auth_manager: type) -> Directory:
    """Describe an auth manager; one that extends another is described like it.

    :param auth_manager: its class
    :return: how to ask it
    """
    for base in auth_manager.__mro__:
        if _path(base) in KNOWN:
            return KNOWN[_path(base)](_path(auth_manager))
    return OtherDirectory(_path(auth_manager))


@settings.kept("core", "auth_manager")
def directory() -> Directory:
    """The users of the auth manager that is configured."""
    return directory_of(get_auth_manager_cls())


def person_of(user: BaseUser) -> Person | None:
    """Who this user is; ``None`` for identities that are not one single person.

    :param user: as Airflow authenticated them
    :return: the person
    """
    name = user.get_name() or ""
    user_id = str(user.get_id() or "")
    users = directory()
    created = users.created(user)
    if created is None or not user_id or is_shared(name) or is_shared(user_id):
        return None
    return Person(users.auth_manager, user_id, created, name)


def user_state_of(person: Person, values: Sequence[Any]) -> UserState:
    """What today's auth manager says about the person; ``GONE`` if it is another one.

    :param person: somebody met earlier
    :param values: what :meth:`Directory.columns` brought
    :return: what it says
    """
    users = directory()
    if is_shared(person.name) or is_shared(person.user_id):
        return UserState.SHARED
    if person.auth_manager != users.auth_manager:
        return UserState.GONE
    return users.user_state(person, values)
