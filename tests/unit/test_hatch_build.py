"""When the pages are built anew."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def digest_of_inputs() -> Callable[[Path], str]:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.digest_of_inputs  # type: ignore[no-any-return]


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    for name in ("src/a.ts", "src/a.test.ts", "package-lock.json", "dist/page.js", "node_modules/x/index.js"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "anew"),
    [
        pytest.param("src/a.ts", True, id="a source changed"),
        pytest.param("src/b.ts", True, id="a source was added"),
        pytest.param("package-lock.json", True, id="a dependency changed"),
        pytest.param("src/a.test.ts", False, id="a test changed"),
        pytest.param("dist/page.js", False, id="the output changed"),
        pytest.param("node_modules/x/index.js", False, id="an installed package changed"),
    ],
)
def test_pages_are_built_anew_when(
    ui: Path, digest_of_inputs: Callable[[Path], str], name: str, anew: bool
) -> None:
    before = digest_of_inputs(ui)
    (ui / name).write_text("changed")
    assert (digest_of_inputs(ui) != before) is anew


def test_moving_text_from_name_to_content_is_a_change(
    tmp_path: Path, digest_of_inputs: Callable[[Path], str]
) -> None:
    digests = set()
    for name, content in (("ab", "c"), ("a", "bc")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text(content)
        digests.add(digest_of_inputs(folder))
    assert len(digests) == 2
