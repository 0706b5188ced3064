"""What a user reads when the demo cannot start."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from airflow_thirdparty.demo import messages, ports
from airflow_thirdparty.demo.__main__ import main


@pytest.mark.parametrize(
    ("option", "whose"),
    [
        pytest.param("--port", "Airflow", id="Airflow's"),
        pytest.param("--provider-port", "the identity provider", id="the identity provider's"),
    ],
)
def test_a_taken_port_is_named_with_a_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, whose: str
) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        free = dict(zip(("--port", "--provider-port"), map(str, ports.free_ports(2)), strict=True))
        chosen = free | {option: str(taken)}
        arguments = [part for pair in chosen.items() for part in pair]
        assert main(["--state", str(tmp_path / "demo"), *arguments]) == 1
    said = capsys.readouterr().err
    assert f"port {taken}, meant for {whose}, is taken" in said
    assert f"make demo DEMO_OPTIONS='{option} " in said


def test_a_database_of_another_version_is_named_with_a_way_out() -> None:
    said = messages.foreign_tables(Path("/home/alice/my demo"))
    assert "rm -r '/home/alice/my demo'" in said
    assert "--state" in said


def test_a_table() -> None:
    rows = [("alice", "alice"), ("carol", "nobody: a very long explanation")]
    assert messages.table(("triggered by", "the service saw"), rows) == (
        "  triggered by   the service saw\n"
        "  ------------   ---------------\n"
        "  alice          alice\n"
        "  carol          nobody: a very long explanation"
    )
