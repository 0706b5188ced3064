"""The hook that Airflow calls: what it does to a DAG in each mode, and that it never does harm."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.exceptions import AirflowClusterPolicyViolation
from airflow.sdk import get_parsing_context

from airflow_thirdparty import dag_tags, settings
from airflow_thirdparty.policies import dag_policy
from airflow_thirdparty.policies.messages import PublicDagWarning
from airflow_thirdparty.published_list import derive_keys, write_list
from tests.support.airflow_home import FERNET_KEY

RISKY = """
    with DAG("risky", schedule=None, tags=["public"]) as dag:
        HttpOperator(task_id="fetch", endpoint="/", http_conn_id="github")
"""
FOUND = {"public", "account:github", dag_tags.WARNING}
POLICY = "AIRFLOW__THIRD_PARTY_ACCOUNTS__PUBLIC_DAG_POLICY"


@pytest.fixture(autouse=True)
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Publish one account, and start like a fresh process."""
    text = write_list(["github"], 1.0, derive_keys(FERNET_KEY)[0])
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))  # in the common one a newer list may lie
    monkeypatch.setenv("AIRFLOW_VAR_THIRD_PARTY_ACCOUNT_IDS", text)
    monkeypatch.setenv("AIRFLOW__THIRD_PARTY_ACCOUNTS__ACCOUNT_IDS_FILE", str(tmp_path / "ids.json"))
    dag_policy.forget()
    yield
    dag_policy.forget()


@pytest.mark.parametrize(
    "mode",
    [pytest.param("warn", id="warn"), pytest.param("WARN", id="case"), pytest.param("wran", id="typo")],
)
def test_warn(
    load: Any, mode: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(POLICY, mode)
    dag = load(RISKY)
    with pytest.warns(PublicDagWarning, match="'github' in task 'fetch'") as caught:
        dag_policy.dag_policy(dag)
    assert caught[0].filename == dag.fileloc
    assert dag.tags == FOUND
    assert "Three ways out" in caplog.text


def test_off(load: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv(POLICY, "off")
    dag = load(RISKY)
    dag_policy.dag_policy(dag)
    assert dag.tags == {"public", "account:github"}
    assert not caplog.records


def test_error(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POLICY, "error")
    with pytest.raises(AirflowClusterPolicyViolation, match=r"'risky'.*'github' in task 'fetch'.*\(3\)"):
        dag_policy.dag_policy(load(RISKY))


def test_error_lets_everything_else_pass(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POLICY, "error")
    for body in (
        'with DAG("d", schedule=None) as dag: HttpOperator(task_id="t", endpoint="/", http_conn_id="github")',
        'with DAG("d", schedule=None, tags=["public"]) as dag: BashOperator(task_id="t", bash_command="x")',
        'with DAG("d", schedule=None, tags=["public", "third-party-accounts-reviewed"]) as dag: '
        'HttpOperator(task_id="t", endpoint="/", http_conn_id="github")',
    ):
        dag_policy.dag_policy(load(body))


def test_perhaps_an_account_is_said_and_not_refused(
    load: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(POLICY, "error")
    dag = load(RISKY.replace("github", "{{ params.which }}"))
    dag_policy.dag_policy(dag)
    assert dag.tags == {"public", dag_tags.UNKNOWN_ACCOUNT}
    assert "can only be known when it runs" in caplog.text
    assert "argument http_conn_id" in caplog.text


def test_tags_that_only_the_policy_sets_are_taken_away(load: Any) -> None:
    dag = load(f"""
        with DAG("d", schedule=None, tags=["mine", "{dag_tags.WARNING}", "{dag_tags.ACKNOWLEDGED}"]) as dag:
            BashOperator(task_id="t", bash_command="true")
    """)
    dag_policy.dag_policy(dag)
    assert dag.tags == {"mine"}


def test_it_does_nothing_where_a_worker_parses(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POLICY, "error")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "risky")
    assert get_parsing_context().dag_id == "risky", "this is how Airflow tells"
    dag = load(RISKY)
    dag_policy.dag_policy(dag)
    assert dag.tags == {"public"}


class Hostile:
    """A DAG whose every attribute is a trap."""

    dag_id = "hostile"

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name} for you")


@pytest.mark.parametrize("mode", ["off", "warn", "error"])
def test_its_own_bugs_stay_its_own(
    mode: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(POLICY, mode)
    dag_policy.dag_policy(Hostile())
    assert "The policy for third-party accounts failed; DAG hostile stays as it is" in caplog.text


@pytest.mark.parametrize(
    ("option", "value"),
    [
        pytest.param("ACCOUNT_IDS_FILE", "/proc/ids.json", id="no place for the list"),
        pytest.param("ACCOUNT_IDS_FILE", "/dev/null/ids.json", id="a place that cannot be"),
        pytest.param("PUBLIC_ROLES", "", id="no public roles"),
        pytest.param("PUBLIC_DAG_TAGS", ",,", id="no public tags"),
    ],
)
def test_odd_configuration_does_no_harm(
    load: Any, monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__THIRD_PARTY_ACCOUNTS__{option}", value)
    dag = load(RISKY.replace('tags=["public"]', 'tags=["other"]'))
    dag_policy.dag_policy(dag)
    assert dag.tags >= {"other"}


def test_warnings_made_errors_do_no_harm(load: Any, caplog: pytest.LogCaptureFixture) -> None:
    dag = load(RISKY)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dag_policy.dag_policy(dag)
    assert dag.tags == FOUND
    assert "failed" not in caplog.text


def test_parsing_again_changes_nothing(load: Any) -> None:
    dag = load(RISKY)
    for _ in range(3):
        with pytest.warns(PublicDagWarning):
            dag_policy.dag_policy(dag)
        assert dag.tags == FOUND


@pytest.fixture
def parse(load: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Any:
    """Parse a file as a DAG processor does, in what stands for a fresh process; answers what was logged."""
    monkeypatch.setattr(dag_policy, "is_supervised", lambda: True)

    def parsed(*bodies: str) -> list[str]:
        dag_policy.forget()
        caplog.clear()
        for body in bodies:
            dag = load(body)
            dag.fileloc = "/dags/one_file.py"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PublicDagWarning)
                dag_policy.dag_policy(dag)
        return [record.getMessage() for record in caplog.records]

    return parsed


QUIET = RISKY.replace('tags=["public"]', "tags=[]")


def test_a_dag_processor_says_it_once_and_when_it_changes(parse: Any) -> None:
    assert len(parse(RISKY)) == 1
    assert parse(RISKY) == []
    other = RISKY.replace('task_id="fetch"', 'task_id="other"')
    assert "'github' in task 'other'" in parse(other)[0]
    assert parse(other) == []
    assert parse(QUIET) == []
    assert len(parse(other)) == 1, "it was not at risk in between"


def test_a_file_is_told_of_one_dag_at_a_time_and_of_each_in_the_end(parse: Any) -> None:
    bodies = [RISKY.replace('"risky"', f'"risky_{number}"') for number in range(3)]
    said = [parse(*bodies) for _ in range(4)]
    assert [len(messages) for messages in said] == [1, 1, 1, 0]
    assert [f"risky_{number}" in messages[0] for number, messages in enumerate(said[:3])] == [True] * 3


def test_where_nothing_can_be_kept_it_is_said_every_time(
    parse: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ids.reported").write_text("no folder")
    assert [len(parse(RISKY)) for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("content", ["{", "[]", '{"risky": 1}', "\x00"])
def test_what_cannot_be_read_is_said_again(parse: Any, tmp_path: Path, content: str) -> None:
    parse(RISKY)
    (kept,) = (tmp_path / "ids.reported").iterdir()
    kept.write_text(content)
    assert len(parse(RISKY)) == 1


def test_a_file_of_many_dags_reads_list_and_configuration_once(
    load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.warns(PublicDagWarning):
        dag_policy.dag_policy(load(RISKY))
    (tmp_path / "ids.json").unlink()
    monkeypatch.delenv("AIRFLOW_VAR_THIRD_PARTY_ACCOUNT_IDS")
    monkeypatch.setenv(POLICY, "off")
    for number in range(50):
        dag = load(RISKY.replace("risky", f"risky_{number}"))
        with pytest.warns(PublicDagWarning):
            dag_policy.dag_policy(dag)
        assert dag.tags == FOUND


def test_importing_the_policy_imports_next_to_nothing() -> None:
    # Airflow imports it in every process, before logging is set up
    for path in Path(dag_policy.__file__).parent.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [str(node.module)]
            for name in names:
                root = name.partition(".")[0]
                ours = root == "airflow_thirdparty" and not name.startswith("airflow_thirdparty.server")
                airflow = name in ("airflow.policies", "airflow.configuration")
                assert ours or airflow or root in sys.stdlib_module_names, (path, name)
    body = ast.parse(Path(settings.__file__).read_text()).body
    modules = [str(node.module) for node in body if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in body if isinstance(node, ast.Import) for alias in node.names]
    assert [name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names] == [
        "airflow.configuration",
        "airflow_thirdparty",
        "airflow_thirdparty.options",
    ]


def test_an_option_that_cannot_be_read_stops_no_process(tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text("[third_party_accounts]\npublic_dag_tags = 100%\n")
    done = subprocess.run(
        [sys.executable, "-c", "import airflow_thirdparty.policies.dag_policy"],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW_CONFIG": str(tmp_path / "airflow.cfg")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "first", ["settings", "hooks.third_party_account", "policies.dag_policy", "plugin", "cli.definition"]
)
def test_whatever_of_this_package_is_imported_first(first: str) -> None:
    """It has Airflow imported, which imports the policy, which finds what imports it half done."""
    command = [sys.executable, "-c", f"import airflow_thirdparty.{first}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_airflow_calls_it_last(load: Any) -> None:
    from airflow import settings
    from airflow.policies import hookimpl

    class Admins:
        @staticmethod
        @hookimpl
        def dag_policy(dag: Any) -> None:
            dag.tags.add("public")

    manager = settings.get_policy_plugin_manager()
    manager.register(Admins)
    try:
        dag = load(RISKY.replace('tags=["public"]', "tags=[]"))
        with pytest.warns(PublicDagWarning):
            settings.dag_policy(dag)
    finally:
        manager.unregister(Admins)
    assert dag.tags == FOUND
