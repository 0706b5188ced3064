"""What the log was told of a file's DAGs already, so that a warning comes once and not at every parse.

Every file is parsed in a fresh process, twice a minute by default.  What was said is kept beside the list of
account ids, one small file for each DAG file with warnings; it is read once a parse and written when
something changes.  Of a file of many DAGs one is told at a time, the others at its next parses: a log line
costs as much as judging some DAGs.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

from airflow_thirdparty.policies import own_files

_LARGEST = 1024 * 1024
"""Bytes of one file: some 10,000 DAGs."""


class Reported:
    """What was said of the DAGs of one file.

    :param folder: where it is kept
    :param file: the DAGs' file
    """

    def __init__(self, folder: Path, file: str) -> None:
        self.file = file
        self._path = folder / f"{_digest(file)}.json"
        self.told = False
        """Whether a DAG was told of in this parse: the others wait for their own."""
        self._known = _load(self._path)

    def is_news(self, dag_id: str, text: str) -> bool:
        """Whether to say it now; then it is taken for said.

        :param dag_id: id of the DAG
        :param text: what there is to say of it; empty for nothing
        :return: false when it was said before, or another DAG of the file is told of in this parse
        """
        before = self._known.get(dag_id)
        if not text:
            if before is not None:
                del self._known[dag_id]
                self._keep()
            return False
        digest = _digest(text)
        if self.told or before == digest:
            return False
        self.told = True
        self._known[dag_id] = digest
        self._keep()
        return True

    def _keep(self) -> None:
        # where it cannot be written it is said again, which is better than not at all
        with suppress(OSError, own_files.CacheUnusableError):
            own_files.write(own_files.usable(self._path), json.dumps(self._known))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _load(path: Path) -> dict[str, str]:
    try:
        held = json.loads(own_files.read(path, _LARGEST) or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(held, dict):
        return {}
    return {dag_id: digest for dag_id, digest in held.items() if isinstance(digest, str)}
