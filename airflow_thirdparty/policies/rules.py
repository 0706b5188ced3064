"""The policy as an admin configured it."""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass

log = logging.getLogger(__name__)


class Mode(str, enum.Enum):
    """What the policy does about a public DAG that uses accounts."""

    OFF = "off"
    WARN = "warn"
    ERROR = "error"


@dataclass(frozen=True)
class Rules:
    """The policy as an admin configured it.

    :param mode: what to do about a DAG at risk
    :param public_tags: tags that stand for *public*
    :param public_roles: roles that everybody or nearly everybody has
    :param acknowledgement_tag: the tag that says a DAG was reviewed; empty for none
    :param acknowledgement_param: the param that says so; empty for none
    """

    mode: Mode = Mode.WARN
    public_tags: tuple[str, ...] = ("public",)
    public_roles: tuple[str, ...] = ("Public", "Viewer", "User")
    acknowledgement_tag: str = "third-party-accounts-reviewed"
    acknowledgement_param: str = ""

    @classmethod
    def configured(cls) -> Rules:
        """The rules by the configuration; a mode that does not exist is read as ``warn``."""
        from airflow_thirdparty import settings

        mode = settings.public_dag_policy()
        if mode not in {known.value for known in Mode}:
            log.error("[third_party_accounts] public_dag_policy is %r; off, warn and error are known", mode)
            mode = Mode.WARN.value
        return cls(
            mode=Mode(mode),
            public_tags=settings.public_dag_tags(),
            public_roles=settings.public_roles(),
            acknowledgement_tag=settings.acknowledgement_tag(),
            acknowledgement_param=settings.acknowledgement_param(),
        )
