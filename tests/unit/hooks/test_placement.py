"""To whom a credential may go: addresses that two parsers read differently are nobody's."""

from __future__ import annotations

import pytest

from airflow_thirdparty.hooks import placement
from airflow_thirdparty.hooks.access import Access

ACCESS = Access(
    "secret-of-alice", "oauth2", "https://own.example/api", None, None, (), "", "", ("https://own.example",)
)


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        pytest.param("https://own.example/x", True, id="its own"),
        pytest.param("https://OWN.example:443/x", True, id="spelled otherwise"),
        pytest.param("http://own.example/x", False, id="another scheme"),
        pytest.param("https://own.example:8443/x", False, id="another port"),
        pytest.param("https://own.example.evil.example/x", False, id="another host"),
        pytest.param("https://own.example@evil.example/x", False, id="a user name"),
        pytest.param("https://evil.example\\@own.example/x", False, id="a backslash and a user name"),
        pytest.param("https://own.example\\.evil.example/x", False, id="a backslash"),
        pytest.param("https://own.example%2eevil.example/x", False, id="an escape"),
        pytest.param("https://own.example :443/x", False, id="a blank"),
        pytest.param("https://own.example:x/", False, id="a port that is none"),
        pytest.param("//own.example/x", False, id="no scheme"),
        pytest.param("https:own.example/x", False, id="no host"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_what_is_the_accounts_own(url: str, is_own: bool) -> None:
    assert placement.is_own(url, ACCESS) is is_own


def test_the_refusal_tells_nothing_but_the_place() -> None:
    refusal = placement.leaves("https://alice:pass@evil.example/path?key=value", "acme", ACCESS)
    assert "https://evil.example" in str(refusal)
    for part in ("pass", "path", "value"):
        assert part not in refusal.message
