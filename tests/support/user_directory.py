"""Who is a user of Airflow: people come, go, are renamed, and leave their ids to others."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
SIMPLE = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
USERS = {"admin": "Admin", "alice": "User", "bob": "User", "carol": "User", "viewer": "Viewer"}
"""Who is there from the start, and with what role."""


class UserDirectory:
    """The users, wherever the auth manager keeps them.

    :param auth_manager: :data:`FAB` or :data:`SIMPLE`
    """

    def __init__(self, auth_manager: str) -> None:
        self.auth_manager = auth_manager

    def fill(self) -> None:
        """Add those of :data:`USERS` whom the database does not have."""
        if self.auth_manager != FAB:
            return
        for name in USERS.keys() - self.by_name().keys():
            self.add(name, USERS[name])

    def by_name(self) -> dict[str, Any]:
        """The users as the auth manager's own objects."""
        if self.auth_manager == SIMPLE:
            from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

            return {user.username: user for user in SimpleAuthManager.get_users()}
        from airflow.providers.fab.auth_manager.models import User
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session(scoped=False) as session:
            return {user.username: user for user in session.scalars(select(User)).unique()}

    def token(self, name: str) -> str:
        """What a user would have after the log-in."""
        from airflow.api_fastapi.app import get_auth_manager

        return str(get_auth_manager().generate_jwt(self.by_name()[name]))

    def add(self, name: str, role_name: str = "User", **columns: Any) -> None:
        """Add a user of Flask-AppBuilder."""
        from airflow.providers.fab.auth_manager.models import Role, User
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session(scoped=False) as session:
            role = session.scalars(select(Role).where(Role.name == role_name)).unique().one()
            email = f"{name}-{uuid.uuid4().hex}@test.invalid"
            user = User(first_name=name, last_name="T", username=name, email=email, active=True, **columns)
            user.roles = [role]
            session.add(user)
        _forget_cached()

    def delete(self, name: str) -> int:
        """Delete a user of Flask-AppBuilder, and answer the id that is free now."""
        from airflow.providers.fab.auth_manager.models import User
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session(scoped=False) as session:
            user = session.scalars(select(User).where(User.username == name)).unique().one()
            user_id = user.id
            user.roles = []
            session.flush()
            session.delete(user)
        _forget_cached()
        return user_id

    def change(self, name: str, **columns: Any) -> None:
        """Change a user of Flask-AppBuilder."""
        from airflow.providers.fab.auth_manager.models import User
        from airflow.utils.session import create_session
        from sqlalchemy import update

        with create_session(scoped=False) as session:
            session.execute(update(User).where(User.username == name).values(**columns))
        _forget_cached()

    @contextmanager
    def having(self, name: str, role: str = "User") -> Iterator[None]:
        """Have a user for a while, wherever the auth manager keeps them."""
        if self.auth_manager == FAB:
            self.add(name, role)
        yield
        if self.auth_manager == FAB:
            for left in self.by_name().keys() - USERS.keys():
                self.delete(left)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """Shut a user out for a while."""
        if self.auth_manager == FAB:
            self.change(name, active=False)
            yield
            self.change(name, active=True)
            return
        option = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"
        before = os.environ[option]
        os.environ[option] = ",".join(user for user in before.split(",") if not user.startswith(name))
        yield
        os.environ[option] = before


def _forget_cached() -> None:
    from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

    FabAuthManager.cache.clear()
