"""Who somebody is to this package: a person, not a name."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """A user of one auth manager.

    Names are re-used and renamed, and some databases compare them without case, so a person is the auth
    manager, its id for the user and, where it knows one, the moment the user was created. Compare persons in
    Python only.

    :param auth_manager: import path of the auth manager's class
    :param user_id: the auth manager's id for the user
    :param created: when the auth manager created the user, ISO 8601; empty where it does not say
    :param name: what Airflow calls the user; for people to read, never for a decision
    """

    auth_manager: str
    user_id: str
    created: str = ""
    name: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells this person from all others."""
        return (self.auth_manager, self.user_id, self.created)
