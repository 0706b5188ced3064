"""What the policy says, in the log, the import error, the audit and behind the banner's *Why?*."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_thirdparty.policies.assessment import Assessment
from airflow_thirdparty.policies.public_access import PublicAccess
from airflow_thirdparty.policies.rules import Rules

_MOST = 10
"""More tasks or references than this are counted, not listed."""

DANGER = (
    "A run acts for the person who triggered it. So who may change a public DAG, or what it reads when it "
    "runs, decides what is done in the name of everyone who triggers it afterwards, and of those who "
    "delegated an account to it."
)

WHY = (
    (
        "What cannot happen",
        "Nobody gets another person's login by triggering this DAG: a run acts for the person who triggered "
        "it, and for no user when that person is not known. Reading the DAG shows no token.",
    ),
    (
        "Changed code",
        "Who can change the DAG's code, or what it reads when it runs (variables, params, other tasks' "
        "results), decides what is done with the token of everyone who triggers it afterwards. The person "
        "who presses Trigger sees the DAG's name, not what changed since yesterday.",
    ),
    (
        "Delegations",
        "A person can delegate an account to this DAG's schedule or asset events. Then it acts in their name "
        "without them pressing anything, and with whatever code it has by then. Pinned to the file, a "
        "delegation ends when its code changes, as far as import statements tell.",
    ),
    (
        "Re-runs",
        "A run that somebody else clears or re-queues acts for no user, so it fails rather than uses the "
        "wrong login. A re-run by the person who triggered it acts for them again, with the code as it is "
        "by then.",
    ),
    (
        "What the run leaves behind",
        "Results, logs and files that a run fetched with your login can be read by everyone who may read "
        "the DAG.",
    ),
)
"""What the danger still is, as pairs of heading and text."""


class PublicDagWarning(UserWarning):
    """A public DAG uses third-party accounts, and nobody acknowledged that."""


def warning(accounts: str) -> str:
    """What a public DAG's tab says.

    :param accounts: the accounts it uses, as far as they are known
    :return: several sentences
    """
    named = accounts or "an account known only when it runs"
    return f"This DAG is public and uses third-party accounts: {named}. {DANGER}"


def why() -> str:
    """What the danger still is.

    :return: paragraphs apart by blank lines; the first line of each is its heading
    """
    return "\n\n".join(f"{heading}\n{text}" for heading, text in WHY)


def why_public(public_access: PublicAccess) -> str:
    """Why a DAG is public.

    :param public_access: what was found
    :return: the rest of a sentence
    """
    reasons = []
    if public_access.tags:
        reasons.append(f"carries the tag {_quoted(public_access.tags)}")
    if public_access.roles:
        plural = "s" if len(public_access.roles) > 1 else ""
        reasons.append(
            f"lets the role{plural} {_quoted(public_access.roles)} run or edit it by access_control"
        )
    return " and ".join(reasons) or "is not public"


def what_it_uses(assessment: Assessment) -> str:
    """The accounts and the tasks that use them, and what cannot be known.

    :param assessment: what was found in the DAG
    :return: a list in words
    """
    uses = [f"{conn_id!r} in {_tasks(tasks)}" for conn_id, tasks in assessment.accounts.items()]
    own = sorted({reference.task_id for reference in assessment.unknown if reference.ours})
    if own:
        uses.append(f"an account that is only known when the task runs in {_tasks(own)}")
    return "; ".join(uses)


def at_risk(assessment: Assessment, rules: Rules) -> str:
    """The warning, and the text of the import error: what, why it matters, and the three ways out.

    :param assessment: what was found in the DAG
    :param rules: the policy
    :return: several sentences
    """
    return (
        f"DAG {assessment.dag_id!r} is public (it {why_public(assessment.public_access)}) and uses "
        f"third-party accounts: {what_it_uses(assessment)}. {DANGER} Three ways out: "
        f"(1) make the DAG less public: {_less_public(assessment.public_access)}; "
        "(2) move these tasks into a DAG that is not public, or use a connection that is nobody's own login; "
        f"(3) have it reviewed and say so: {how_to_acknowledge(rules)}."
    )


def in_short(assessment: Assessment) -> str:
    """One sentence: the DAG, and the accounts it uses.

    :param assessment: what was found in the DAG
    :return: one sentence
    """
    return f"public DAG {assessment.dag_id!r} uses third-party accounts: {what_it_uses(assessment)}"


def unknown(assessment: Assessment) -> str:
    """What is said of references in a public DAG whose connection cannot be known before it runs.

    :param assessment: what was found in the DAG
    :return: several sentences
    """
    places = [f"task {r.task_id!r}: {r.written}" for r in assessment.unknown if not r.ours]
    listed = "; ".join(places[:_MOST]) + (f" and {len(places) - _MOST} more" if len(places) > _MOST else "")
    return (
        f"DAG {assessment.dag_id!r} is public, and which connection it uses can only be known when it runs, "
        f"so it may be a third-party account: {listed}. Name the connection with a constant to be sure."
    )


def how_to_acknowledge(rules: Rules) -> str:
    """What to write into a DAG that was reviewed.

    :param rules: the policy
    :return: the rest of a sentence
    """
    ways = []
    if rules.acknowledgement_tag:
        tag = rules.acknowledgement_tag
        ways.append(f"add the tag '{tag}', or '{tag}:<account>' for a single account")
    if rules.acknowledgement_param:
        param = rules.acknowledgement_param
        ways.append(f"add the param '{param}' with the ids of the accounts, or true for all")
    return ", or ".join(ways) or "this Airflow has no acknowledgement configured, ask its admin"


def _less_public(public_access: PublicAccess) -> str:
    ways = []
    if public_access.tags:
        ways.append(f"remove the tag {_quoted(public_access.tags)}")
    if public_access.roles:
        ways.append(f"let {_quoted(public_access.roles)} only read it in access_control")
    return " and ".join(ways)


def _tasks(task_ids: list[str]) -> str:
    shown = _quoted(task_ids[:_MOST])
    more = f" and {len(task_ids) - _MOST} more" if len(task_ids) > _MOST else ""
    return f"task{'s' if len(task_ids) > 1 else ''} {shown}{more}"


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
