"""Which DAGs count as public."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_thirdparty.policies.public_access import PublicAccess, public_access

TAGS = ("public", "shared with all")
ROLES = ("Public", "Viewer", "User")

NOT_PUBLIC = PublicAccess()


@pytest.mark.parametrize(
    ("tags", "access_control", "expected"),
    [
        pytest.param([], None, NOT_PUBLIC, id="nothing said"),
        pytest.param(["public"], None, PublicAccess(tags=("public",)), id="tag"),
        pytest.param(["PUBLIC", "x"], None, PublicAccess(tags=("PUBLIC",)), id="tag in other case"),
        pytest.param(["publicity"], None, NOT_PUBLIC, id="tag that only begins alike"),
        pytest.param(
            ["shared with all", "public"],
            None,
            PublicAccess(tags=("public", "shared with all")),
            id="two tags, sorted",
        ),
        pytest.param([], {"User": {"DAGs": {"can_read"}}}, NOT_PUBLIC, id="may only read"),
        pytest.param(
            [], {"User": {"DAGs": {"can_read", "can_edit"}}}, PublicAccess(roles=("User",)), id="may edit"
        ),
        pytest.param(
            [], {"Viewer": {"DAG Runs": {"can_create"}}}, PublicAccess(roles=("Viewer",)), id="may trigger"
        ),
        pytest.param(
            [], {"Public": {"DAGs": {"can_delete"}}}, PublicAccess(roles=("Public",)), id="may delete"
        ),
        pytest.param([], {"user": {"can_edit"}}, PublicAccess(roles=("user",)), id="old form, other case"),
        pytest.param(
            [], {"User": ["can_dag_edit"]}, PublicAccess(roles=("User",)), id="older permission, list"
        ),
        pytest.param([], {"User": {"can_dag_read"}}, NOT_PUBLIC, id="older permission to read"),
        pytest.param([], {"Data Team": {"DAGs": {"can_edit"}}}, NOT_PUBLIC, id="a role of few"),
        pytest.param([], {"User": {"DAGs": set()}}, NOT_PUBLIC, id="no permission at all"),
        pytest.param([], {"User": "can_edit"}, PublicAccess(roles=("User",)), id="a bare text"),
        pytest.param([], {"User": None}, NOT_PUBLIC, id="nonsense for permissions"),
        pytest.param([], ["User"], NOT_PUBLIC, id="nonsense for access_control"),
        pytest.param(
            ["public"],
            {"User": {"DAGs": {"can_edit"}}},
            PublicAccess(tags=("public",), roles=("User",)),
            id="both",
        ),
    ],
)
def test_publicity(tags: list[str], access_control: Any, expected: PublicAccess) -> None:
    found = public_access(tags, access_control, public_tags=TAGS, public_roles=ROLES)
    assert found == expected
    assert bool(found) == (expected != NOT_PUBLIC)


def test_airflow_turns_the_old_form_into_the_new_one(load: Any) -> None:
    dag = load("""
        with DAG("old_form", schedule=None, access_control={"User": {"can_edit"}}) as dag:
            BashOperator(task_id="t", bash_command="true")
    """)
    found = public_access(dag.tags, dag.access_control, public_tags=TAGS, public_roles=ROLES)
    assert found == PublicAccess(roles=("User",))
