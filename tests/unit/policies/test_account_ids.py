"""The list of account ids: read once a minute per host, kept when a read fails, nobody else's to change."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import pytest

from airflow_thirdparty.policies.account_ids import (
    LIFETIME,
    AccountIdCache,
)
from airflow_thirdparty.policies.own_files import CacheUnusableError
from airflow_thirdparty.published_list import derive_keys, write_list

KEY = "a Fernet key"


def parsed(answer: str | None) -> list[str] | None:
    """The ids that the server means to publish; ``None`` for a text of somebody else."""
    try:
        ids = json.loads(answer or "")
    except (ValueError, RecursionError):
        return None
    return ids if isinstance(ids, list) and all(ids) and {*map(type, ids)} <= {str} else None


@dataclass
class Server:
    """What the server published, a clock, and a count of the reads."""

    answer: str | None = '["github"]'
    now: float = 1_000_000.0
    takes: float = 0.0
    reads: int = field(default=0)
    key: str = KEY
    ahead: float = 0.0

    def read(self) -> str | None:
        self.reads += 1
        self.now += self.takes
        ids = parsed(self.answer)
        return self.answer if ids is None else write_list(ids, self.now + self.ahead, derive_keys(KEY)[0])

    def list(self, home: Path, configured: str = "") -> AccountIdCache:
        return AccountIdCache(
            self.read, lambda: self.key, lambda: configured, str(home), clock=lambda: self.now
        )


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def cache(home: Path) -> Path:
    return home / "third_party_account_ids.json"


def test_many_files_cost_one_read_a_minute(server: Server, home: Path) -> None:
    for _ in range(1000):
        assert server.list(home).ids() == {"github"}
    assert server.reads == 1
    server.now += LIFETIME - 1
    server.answer = '["github", "slack"]'
    assert server.list(home).ids() == {"github"}
    server.now += 2
    assert server.list(home).ids() == {"github", "slack"}
    assert server.reads == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="no answer"),
        pytest.param("", id="nothing"),
        pytest.param("{broken", id="no JSON"),
        pytest.param('{"github": 1}', id="no list"),
        pytest.param('["github", 7]', id="not only ids"),
        pytest.param('["github", ""]', id="an empty id"),
        pytest.param("[" * 100_000, id="nested without end"),
    ],
)
def test_a_failed_read_keeps_the_last_known_list(server: Server, home: Path, answer: str | None) -> None:
    assert server.list(home).ids() == {"github"}
    server.answer = answer
    for _ in range(5):
        server.now += LIFETIME + 1
        assert server.list(home).ids() == {"github"}
    assert server.reads == 6
    server.answer = '["slack"]'
    server.now += LIFETIME + 1
    assert server.list(home).ids() == {"slack"}


def test_an_empty_list_is_an_answer(server: Server, home: Path) -> None:
    server.list(home).ids()
    server.answer = "[]"
    server.now += LIFETIME + 1
    assert server.list(home).ids() == frozenset()


def test_failing_from_the_start_is_no_reason_to_ask_more_often(
    server: Server, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = None
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            assert server.list(home).ids() is None
    assert server.reads == 1
    assert caplog.text.count("cannot be read; nothing is known yet") == 1


def test_a_slow_failure_is_tried_again_later(server: Server, home: Path) -> None:
    server.answer, server.takes = None, 10.0
    server.list(home).ids()
    server.now += 90
    server.list(home).ids()
    assert server.reads == 1
    server.now += 20
    server.list(home).ids()
    assert server.reads == 2


def test_a_clock_set_back_does_not_freeze_the_list(server: Server, home: Path) -> None:
    server.list(home).ids()
    server.now -= 10 * 365 * 86_400
    server.ahead = 11 * 365 * 86_400.0  # the server's own clock goes on
    server.answer = '["slack"]'
    assert server.list(home).ids() == {"slack"}


def test_only_its_owner_can_read_or_write_the_file(server: Server, home: Path) -> None:
    before = os.umask(0)
    try:
        server.list(home).ids()
    finally:
        os.umask(before)
    for path in home.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.name for path in home.iterdir()) == [
        "third_party_account_ids.json",
        "third_party_account_ids.lock",
    ]


def _writable_for_all(path: Path) -> None:
    path.write_text('{"ids": ["evil"], "until": 1000030}')
    path.chmod(0o666)


def _of_somebody_else(path: Path) -> None:
    path.write_text('{"ids": ["evil"], "until": 1000030}')
    path.chmod(0o600)
    os.chown(path, 12345, 12345)


def _link(path: Path) -> None:
    other = path.with_name("other.json")
    other.write_text('{"ids": ["evil"], "until": 1000030}')
    other.chmod(0o600)
    path.symlink_to(other)


def _pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def _text(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(text)
        path.chmod(0o600)

    return write


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(_writable_for_all, id="others can write to it"),
        pytest.param(_of_somebody_else, id="belongs to somebody else"),
        pytest.param(_link, id="a link"),
        pytest.param(_pipe, id="a pipe that nobody writes to"),
        pytest.param(_text(""), id="empty"),
        pytest.param(_text("{cut off"), id="half written"),
        pytest.param(_text("[1]"), id="no object"),
        pytest.param(_text('{"ids": "evil", "until": 1000030}'), id="ids are a text"),
        pytest.param(_text('{"ids": ["evil"], "until": "soon"}'), id="time is a word"),
        pytest.param(_text('{"ids": ["evil"], "until": NaN}'), id="time is no number"),
        pytest.param(_text('{"ids": ["evil"], "until": 99999999999}'), id="time is in three thousand years"),
    ],
)
def test_a_file_that_is_not_ours_or_broken_is_replaced(
    server: Server, home: Path, plant: Callable[[Path], None]
) -> None:
    plant(cache(home))
    assert server.list(home).ids() == {"github"}
    assert json.loads(cache(home).read_text())["ids"] == ["github"]
    assert not cache(home).is_symlink()


def test_a_home_that_cannot_be_written_to_falls_back_to_temporary_files(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    home = tmp_path / "shared"
    home.mkdir()
    home.chmod(0o777)
    for _ in range(3):
        assert server.list(home).ids() == {"github"}
    assert server.reads == 1
    (folder,) = tmp_path.glob("third-party-accounts-*")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list(home.iterdir())


def test_a_list_at_home_is_not_asked_where_another_place_is_configured(
    server: Server, home: Path, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir(mode=0o700)
    assert server.list(home).ids() == {"github"}
    server.answer = '["gitlab"]'
    assert server.list(home, str(place / "ids.json")).ids() == {"gitlab"}


@pytest.mark.parametrize(
    "configured",
    [
        pytest.param("shared/ids.json", id="in a folder for all"),
        pytest.param("missing/deeper/ids.json", id="in a folder that is not there"),
        pytest.param("file/ids.json", id="below a file"),
    ],
)
def test_without_a_place_of_its_own_nothing_is_read(
    server: Server, home: Path, tmp_path: Path, configured: str
) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheUnusableError):
        server.list(home, str(tmp_path / configured)).ids()
    assert server.reads == 0


def test_a_temporary_folder_planted_by_somebody_else_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tmp_path.chmod(0o1777)  # as folders for temporary files are
    (tmp_path / "real").mkdir()
    (tmp_path / f"third-party-accounts-{os.getuid()}").symlink_to(tmp_path / "real")
    with pytest.raises(CacheUnusableError):
        server.list(tmp_path / "missing" / "home").ids()


def _parse_process(home: str, log: str, start: float) -> None:
    def read() -> str:
        with Path(log).open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(0.3)
        return write_list(["github"], start, derive_keys(KEY)[0])

    time.sleep(max(0.0, start - time.time()))
    assert AccountIdCache(read, lambda: KEY, home=home).ids() == {"github"}


def test_processes_that_start_together_read_once_and_all_get_the_list(home: Path, tmp_path: Path) -> None:
    log, start = tmp_path / "reads", time.time() + 0.5
    fork = get_context("fork")
    processes = [fork.Process(target=_parse_process, args=(str(home), str(log), start)) for _ in range(12)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(20)
    assert [process.exitcode for process in processes] == [0] * 12
    assert len(log.read_text().splitlines()) == 1


def test_nobody_waits_for_a_slow_read_when_a_list_is_there(server: Server, home: Path) -> None:
    server.list(home).ids()
    server.now += LIFETIME + 1
    reading, go_on = threading.Event(), threading.Event()

    def slowly() -> str:
        reading.set()
        assert go_on.wait(10)
        return write_list(["slack"], server.now, derive_keys(KEY)[0])

    slow = AccountIdCache(slowly, lambda: KEY, home=str(home), clock=lambda: server.now)
    thread = threading.Thread(target=slow.ids)
    thread.start()
    assert reading.wait(10)
    assert server.list(home).ids() == {"github"}
    go_on.set()
    thread.join(10)
    assert server.list(home).ids() == {"slack"}
    assert server.reads == 1


def test_without_a_key_the_last_known_list_stays_and_that_is_said_once(
    server: Server, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert server.list(home).ids() == {"github"}
    server.key, server.answer = "", '["forged"]'
    for _ in range(5):
        server.now += LIFETIME + 1
        assert server.list(home).ids() == {"github"}
    assert server.reads == 1
    (said,) = [record.message for record in caplog.records if "fernet_key" in record.message]
    assert "the last known one is used" in said
    server.key = KEY
    server.now += LIFETIME + 1
    assert server.list(home).ids() == {"forged"}


def test_a_list_that_somebody_puts_back_is_turned_away(server: Server, home: Path) -> None:
    old = write_list(["old"], server.now - 1, derive_keys(KEY)[0])
    assert server.list(home).ids() == {"github"}
    server.now += LIFETIME + 1
    server.answer = old
    assert server.list(home).ids() == {"github"}
