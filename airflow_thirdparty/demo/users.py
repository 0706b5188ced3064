"""The demo's people and their passwords."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class User:
    """Somebody who can log in to the demo's Airflow, with the name as the password.

    :param name: log-in name; at the identity provider people use the same, by habit only
    :param role: role in Airflow
    """

    name: str
    role: str

    @property
    def password(self) -> str:
        """The password: this Airflow listens on this machine only and guards nothing."""
        return self.name


ADMIN = User("admin", "Admin")
ALICE = User("alice", "User")
BOB = User("bob", "User")
CAROL = User("carol", "User")

EVERYBODY = (ADMIN, ALICE, BOB, CAROL)
