"""When the pages are built anew, and what the package says about where the project is at home."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


HOME = "https://code.example/team/airflow-thirdparty"


@pytest.fixture(scope="module")
def hatch_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def digest_of_inputs(hatch_build: ModuleType) -> Callable[[Path], str]:
    return hatch_build.digest_of_inputs  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "address", "expected"),
    [
        pytest.param(
            "![A page](docs/a.png)\n\nText",
            HOME,
            f"![A page]({HOME}/raw/HEAD/docs/a.png)\n\nText",
            id="a picture",
        ),
        pytest.param("[more](docs/a.md#b)", HOME, f"[more]({HOME}/blob/HEAD/docs/a.md#b)", id="a link"),
        pytest.param("![A page](docs/a.png)\n\nText", "", "Text", id="a picture without a home"),
        pytest.param("see [more](docs/a.md)", "", "see more", id="a link without a home"),
        pytest.param(
            "[it](https://x.example) [here](#a)", "", "[it](https://x.example) [here](#a)", id="others"
        ),
    ],
)
def test_what_an_index_shows(hatch_build: ModuleType, text: str, address: str, expected: str) -> None:
    assert hatch_build.readme(text, address) == expected


def test_no_link_of_the_readme_leads_into_a_checkout(hatch_build: ModuleType) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for address in ("", HOME):
        shown = hatch_build.readme(text, address)
        assert hatch_build.LINK.search(shown) is None
        assert hatch_build.PICTURE.search(shown) is None
    assert f"]({HOME}/raw/HEAD/docs/images/accounts.webp)" in shown


@pytest.mark.parametrize(
    ("said", "home"),
    [
        pytest.param(None, None, id="nothing"),
        pytest.param(HOME, HOME, id="a repository"),
        pytest.param(f"{HOME}/", HOME, id="with a slash at the end"),
    ],
)
def test_the_package_names_its_home(
    hatch_build: ModuleType, said: str | None, home: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROJECT_URL", raising=False)
    if said is not None:
        monkeypatch.setenv("PROJECT_URL", said)
    metadata: dict[str, Any] = {}
    hatch_build.HomeMetadataHook(str(ROOT), {}).update(metadata)
    assert metadata["urls"].get("Homepage") == home
    assert metadata["readme"]["text"].startswith("# Third-party accounts")


@pytest.mark.parametrize(
    "said", ["http://code.example/a/b", "code.example", f"{HOME}?x", "https://u@code.example/a"]
)
def test_a_home_that_is_none_is_refused(
    hatch_build: ModuleType, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROJECT_URL", said)
    with pytest.raises(ValueError, match="PROJECT_URL"):
        hatch_build.HomeMetadataHook(str(ROOT), {}).update({})


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
