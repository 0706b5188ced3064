from __future__ import annotations

from pathlib import Path

import pytest

from airflow_thirdparty.server.broker.acting import imports

FILES = {
    "dag.py": "from helpers.steps import step\n",
    "helpers/__init__.py": "",
    "helpers/steps.py": "from . import deep\n",
    "helpers/deep.py": "VALUE = 1\n",
    "beside.py": "VALUE = 1\n",
}


def write(root: Path, changes: dict[str, str | None]) -> Path:
    """Write a bundle: :data:`FILES`, some of them changed or left out."""
    for name, content in {**FILES, **changes}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(content)
    return root


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"helpers/steps.py": "from . import deep\nX = 1\n"}, True, id="an imported file"),
        pytest.param({"helpers/deep.py": "VALUE = 2\n"}, True, id="what that imports"),
        pytest.param({"helpers/__init__.py": "X = 1\n"}, True, id="the package on the way"),
        pytest.param({"beside.py": "VALUE = 2\n"}, False, id="a file that nobody imports"),
        pytest.param(
            {"dag.py": "# new\nfrom helpers.steps import step\n"}, False, id="the DAG's file itself"
        ),
        pytest.param({"helpers/deep.py": None}, True, id="a file is gone"),
        pytest.param({"helpers/steps/__init__.py": "step = 1\n"}, True, id="a package before the module"),
    ],
)
def test_what_changes_the_digest(tmp_path: Path, changes: dict[str, str | None], differs: bool) -> None:
    before = imports.follow(write(tmp_path / "before", {}), "dag.py")
    after = imports.follow(write(tmp_path / "after", changes), "dag.py")
    assert (before.digest != after.digest) is differs
    assert before.files == 3


@pytest.mark.parametrize(
    "statement",
    [
        "import beside",
        "import beside as other",
        "from beside import VALUE",
        "from beside import *",
        "def task():\n    import beside",
        "try:\n    import beside\nexcept ImportError:\n    pass",
        "if False:\n    import beside",
        "from helpers import up",
    ],
)
def test_import_statements(tmp_path: Path, statement: str) -> None:
    root = write(tmp_path, {"dag.py": f"{statement}\n", "helpers/up.py": "import beside\n"})
    before = imports.follow(root, "dag.py").digest
    (root / "beside.py").write_text("VALUE = 'changed'\n")
    assert imports.follow(root, "dag.py").digest != before


@pytest.mark.parametrize(
    ("code", "unknown"),
    [
        pytest.param("import json\n", (), id="nothing"),
        pytest.param(
            "import importlib\nimportlib.import_module(name)\n", ("dag.py:2 import_module",), id="a name"
        ),
        pytest.param("exec(text)\n", ("dag.py:1 exec",), id="exec"),
        pytest.param("__import__('beside')\n", ("dag.py:1 __import__",), id="the function behind import"),
        pytest.param("def broken(:\n", ("dag.py:0 is no Python that can be read",), id="broken"),
        pytest.param("import circle\n", (), id="a circle"),
        pytest.param("from ... import above\n", (), id="above the bundle"),
    ],
)
def test_what_cannot_be_followed_is_listed(tmp_path: Path, code: str, unknown: tuple[str, ...]) -> None:
    root = write(tmp_path / "bundle", {"dag.py": code, "circle.py": "import circle\n"})
    assert imports.follow(root, "dag.py").unknown == unknown


def test_no_code_runs(tmp_path: Path) -> None:
    root = write(tmp_path, {"helpers/steps.py": "raise SystemExit\n"})
    assert imports.follow(root, "dag.py").files == 2


@pytest.mark.parametrize(
    ("fileloc", "relative", "found"),
    [
        pytest.param("{root}/dag.py", "dag.py", True, id="here"),
        pytest.param("{root}/helpers/steps.py", "helpers/steps.py", True, id="in a folder"),
        pytest.param("/elsewhere/dag.py", "dag.py", False, id="on another machine"),
        pytest.param("{root}/dag.py", "other.py", False, id="another file"),
        pytest.param("{root}/dag.py", "", False, id="not on record"),
    ],
)
def test_where_the_bundle_is(tmp_path: Path, fileloc: str, relative: str, found: bool) -> None:
    root = write(tmp_path, {})
    expected = root if found else None
    assert imports.bundle_root(fileloc.format(root=root), relative) == expected
