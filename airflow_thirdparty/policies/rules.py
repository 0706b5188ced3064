"""The policy as an admin configured it."""

from __future__ import annotations

import enum
import functools
import logging
from dataclasses import dataclass

from airflow_thirdparty import options, settings

log = logging.getLogger(__name__)


class Mode(str, enum.Enum):
    """What the policy does about a public DAG that uses accounts."""

    OFF = "off"
    WARN = "warn"
    ERROR = "error"


DEFAULT_MODE = Mode(options.PUBLIC_DAG_POLICY.default)
"""What holds when nothing is configured, or a mode that does not exist."""


@dataclass(frozen=True)
class Rules:
    """The policy as an admin configured it.

    :param mode: what to do about a DAG at risk
    :param public_tags: tags that stand for *public*
    :param public_roles: roles that everybody or nearly everybody has
    :param acknowledgement_tag: the tag that says a DAG was reviewed; empty for none
    :param acknowledgement_param: the param that says so; empty for none
    """

    mode: Mode = DEFAULT_MODE
    public_tags: tuple[str, ...] = options.PUBLIC_DAG_TAGS.default
    public_roles: tuple[str, ...] = options.PUBLIC_ROLES.default
    acknowledgement_tag: str = options.ACKNOWLEDGEMENT_TAG.default
    acknowledgement_param: str = options.ACKNOWLEDGEMENT_PARAM.default


class Configured(Rules):
    """The rules by the configuration, each read when first asked for: most DAGs need none of them."""

    def __init__(self) -> None:
        pass  # nothing is read yet: not what a dataclass would set

    @functools.cached_property
    def mode(self) -> Mode:
        """What to do about a DAG at risk; a mode that does not exist is read as ``warn``."""
        mode = settings.public_dag_policy()
        if mode in {known.value for known in Mode}:
            return Mode(mode)
        log.error("[third_party_accounts] public_dag_policy is %r; off, warn and error are known", mode)
        return DEFAULT_MODE

    @functools.cached_property
    def public_tags(self) -> tuple[str, ...]:
        """Tags that stand for *public*."""
        return settings.public_dag_tags()

    @functools.cached_property
    def public_roles(self) -> tuple[str, ...]:
        """Roles that everybody or nearly everybody has."""
        return settings.public_roles()

    @functools.cached_property
    def acknowledgement_tag(self) -> str:
        """The tag that says a DAG was reviewed."""
        return settings.acknowledgement_tag()

    @functools.cached_property
    def acknowledgement_param(self) -> str:
        """The param that says a DAG was reviewed."""
        return settings.acknowledgement_param()
