"""All presets there are, by id: read when they are asked for, since most processes need one or two."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path

from airflow_thirdparty import options, own_presets, settings
from airflow_thirdparty.server.accounts import preset_checks, preset_files
from airflow_thirdparty.server.accounts.preset import Preset
from airflow_thirdparty.server.accounts.preset_files import Content, PresetRefused

log = logging.getLogger(__name__)


class Catalogue(MutableMapping[str, Preset]):
    """The presets by id; a former id finds the preset that has it as an alias, but is not listed.

    What the deployment brings itself is read at the first look, and takes the place of what is shipped; what
    is wrong with it is left out and told.

    :param shipped: folder of the files that come with this package
    :param configured: tells the folder of those that the deployment brings
    """

    def __init__(self, shipped: Path, configured: Callable[[], str] = str) -> None:
        self._shipped = shipped
        self._configured = configured
        self._own: dict[str, Preset] | None = None
        self._problems: list[str] = []
        self._presets: dict[str, Preset] = {}
        self._ids = tuple(sorted(path.stem for path in shipped.glob("*.json")))
        self._aliases: dict[str, str] | None = None

    def __getitem__(self, service: str) -> Preset:
        own = self._brought()
        if service not in self._presets and service in own:
            return own[service]
        if service not in self._presets:
            if service not in self._ids:
                return self[self._renamed()[service]]
            found = preset_files.content(self._path(service), self._content)
            self._presets[service] = preset_files.preset(found, shipped=True)
        return self._presets[service]

    def __setitem__(self, service: str, preset: Preset) -> None:
        self._presets[service] = preset
        self._aliases = None

    def __delitem__(self, service: str) -> None:
        del self._presets[service]
        self._aliases = None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._ids, *self._presets, *self._brought()}))

    def __len__(self) -> int:
        return len({*self._ids, *self._presets, *self._brought()})

    def problems(self) -> tuple[str, ...]:
        """What is wrong with presets that are left out.

        :return: a sentence for each, with file and field
        """
        self._brought()
        return (*own_presets.problems(self._configured()), *self._problems)

    def _brought(self) -> dict[str, Preset]:
        if self._own is None:
            made = [self._read_or_leave_out(path) for path in own_presets.files(self._configured()).values()]
            self._own = {each.id: each for each in made if each is not None}
        return self._own

    def _read_or_leave_out(self, path: Path) -> Preset | None:
        try:
            return self.read(path)
        except PresetRefused as refused:
            log.error("%s It is left out.", refused)
            self._problems.append(str(refused))
            return None

    def read(self, path: Path) -> Preset:
        """Read and check a file that does not come with this package.

        :param path: of the file
        :raises PresetRefused: naming the field
        :return: the preset
        """
        found = preset_files.content(path, self._content)
        preset_files.validate(path, found)
        made = preset_files.preset(found, shipped=False)
        preset_checks.check(path, made)
        return made

    def _path(self, service: str) -> Path:
        return self._shipped / f"{service}.json"

    def _content(self, service: str) -> Content | None:
        return preset_files.content(self._path(service), self._content) if service in self._ids else None

    def _renamed(self) -> dict[str, str]:
        """Ids by former id."""
        if self._aliases is None:
            self._aliases = {alias: each.id for each in self.values() for alias in each.aliases}
        return self._aliases


PRESETS = Catalogue(options.PRESETS_FOLDER, settings.presets_folder)
"""What is known about each service an account may name."""

__all__ = ["PRESETS", "Catalogue", "PresetRefused"]
