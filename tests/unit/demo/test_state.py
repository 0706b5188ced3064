from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from airflow_thirdparty.demo import environment
from airflow_thirdparty.demo.errors import DemoError
from airflow_thirdparty.demo.state import open_state


def test_the_next_start_finds_ports_and_secrets_again(tmp_path: Path) -> None:
    with open_state(tmp_path / "demo", 4001, 4002) as first:
        pass
    with open_state(tmp_path / "demo", None, None) as second:
        assert second.remembered == first.remembered
        assert second.base_url.endswith(":4001")
        assert second.issuer.endswith(":4002")


def test_another_port_may_be_chosen_later(tmp_path: Path) -> None:
    with open_state(tmp_path, 4001, 4002) as first:
        pass
    with open_state(tmp_path, 4003, None) as second:
        assert second.remembered.port == 4003
        assert second.remembered.fernet_key == first.remembered.fernet_key


def test_a_second_demo_is_kept_out(tmp_path: Path) -> None:
    with (
        open_state(tmp_path, None, None),
        pytest.raises(DemoError, match="another demo is running"),
        open_state(tmp_path, None, None),
    ):
        pass


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{", id="not JSON"),
        pytest.param('{"colour": "red"}', id="something unknown"),
        pytest.param("[]", id="a list"),
    ],
)
def test_a_damaged_memory_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "demo.json").write_text(content)
    with pytest.raises(DemoError, match="is damaged"), open_state(tmp_path, None, None):
        pass


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(DemoError, match="cannot be used"), open_state(tmp_path / "demo", None, None):
        pass


def test_secrets_are_for_the_owner_alone(tmp_path: Path) -> None:
    with open_state(tmp_path / "demo", None, None) as state:
        environment.write_configuration(state)
        files = [state.folder / "demo.json", state.airflow_home / "airflow.cfg"]
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
        shown = repr(state)
        assert state.remembered.fernet_key not in shown
        assert state.remembered.client_secret not in shown


def test_the_users_own_airflow_does_not_leak_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW__CORE__EXECUTOR", "AIRFLOW_CONN_DEMO_SERVICE", "_AIRFLOW__X", "AIRFLOW_CONFIG"):
        monkeypatch.setenv(name, "mine")
    monkeypatch.setenv("LANG", "C.UTF-8")
    with open_state(tmp_path / "100% demo", None, None) as state:
        env = environment.child_environment(state)
        assert [name for name in env if "AIRFLOW" in name] == ["AIRFLOW_HOME"]
        assert env["LANG"] == "C.UTF-8"
        assert env["PATH"].split(os.pathsep)[0] == str(Path(os.sys.executable).parent)  # type: ignore[attr-defined]


def test_airflow_reads_a_folder_with_a_percent_sign(tmp_path: Path) -> None:
    from airflow.configuration import AirflowConfigParser

    with open_state(tmp_path / "100% demo", None, None) as state:
        environment.write_configuration(state)
        parser = AirflowConfigParser()
        parser.read(state.airflow_home / "airflow.cfg")
        assert parser.get("logging", "base_log_folder") == str(state.airflow_home / "logs")
