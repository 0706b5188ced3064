"""What the page believes of the server's API is what the server says."""

from __future__ import annotations

from tools import api_description


def test_the_description_in_the_page_is_the_servers_own() -> None:
    written = api_description.FILE.read_text(encoding="utf-8")
    assert written == api_description.describe(), (
        "The API has changed: run `make types` and commit its result."
    )
