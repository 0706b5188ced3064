"""From page to page of a service's answer: the next request, as the service or the author names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_thirdparty.exceptions import PermanentError

if TYPE_CHECKING:
    import httpx2

    NextPage = Callable[[httpx2.Response], str | Mapping[str, Any] | None]
    """Answers the next page's address, or what changes in the request (``path``, ``params``, ``json`` …)."""


def linked(response: httpx2.Response) -> str | None:
    """The next page that the ``Link`` header names (RFC 8288, relation ``next``).

    :param response: the page before
    :return: its address, which may be relative; ``None`` after the last page
    """
    return response.links.get("next", {}).get("url")


class Walk:
    """The requests of one walk through pages.

    :param path: of the first page
    :param options: what the HTTP client's ``request`` takes
    :param next_page: names the next page
    """

    def __init__(self, path: str, options: Mapping[str, Any], next_page: NextPage) -> None:
        self.path = path
        self.options = dict(options)
        self._next_page = next_page
        self._asked = {self._key()}

    def goes_on(self, response: httpx2.Response) -> bool:
        """Prepare the request for the page after this one.

        :param response: the latest page
        :raises PermanentError: when that page was there already, so that the walk would never end
        :return: whether there is one
        """
        found = self._next_page(response)
        if not found:
            return False
        if isinstance(found, str):
            self.path = str(response.url.join(found))
            self.options.pop("params", None)  # the address has all it needs
        else:
            self._change(found)
        if self._key() in self._asked:
            raise PermanentError(
                "The service names a page as the next one that was there already.",
                "Check the function that names the next page, or stop after enough pages.",
            )
        self._asked.add(self._key())
        return True

    def _change(self, changes: Mapping[str, Any]) -> None:
        for name, value in changes.items():
            before = self.options.get(name)
            if name == "path":
                self.path = value
            elif isinstance(value, Mapping) and isinstance(before, Mapping):
                self.options[name] = {**before, **value}
            else:
                self.options[name] = value

    def _key(self) -> str:
        return repr((self.path, sorted(self.options.items())))
