"""Objects for SDKs: loaded only when asked for, named by their extras, and without anything of a secret."""

from __future__ import annotations

import copy
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowOptionalProviderFeatureException
from airflow.sdk.serde import serialize

from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks import credentials
from tests.support.worker import TOKEN, Supervisor

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
ROLE = "arn:aws:iam::123456789012:role/people"

MAKERS: dict[str, tuple[str, str, Callable[[ThirdPartyAccountHook], Any]]] = {
    "google_credentials": ("google", "google.auth", credentials.google_credentials),
    "azure_credential": ("azure", "azure.core.credentials", credentials.azure_credential),
    "azure_async_credential": ("azure", "azure.core.credentials", credentials.azure_async_credential),
    "github_auth": ("github", "github", credentials.github_auth),
    "aws_credentials": ("aws", "boto3", lambda hook: credentials.aws_credentials(hook, ROLE)),
    "aws_session": ("aws", "boto3", lambda hook: credentials.aws_session(hook, ROLE)),
    "requests_auth": ("requests", "requests", credentials.requests_auth),
    "httpx_auth": ("httpx", "httpx", credentials.httpx_auth),
}
"""Every object, with its extra and the module whose absence is met first."""


def test_every_object_is_here() -> None:
    assert set(MAKERS) == set(credentials.__all__)


def test_every_object_has_an_extra_of_its_own() -> None:
    _, _, extras = PYPROJECT.read_text().partition("[project.optional-dependencies]\n")
    declared = set(re.findall(r"^(\w+) = \[", extras.partition("\n\n")[0], re.MULTILINE))
    assert {extra for extra, *_ in MAKERS.values()} <= declared


@pytest.mark.parametrize("name", MAKERS)
def test_a_missing_sdk_is_named_with_its_extra(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    extra, missing, make = MAKERS[name]
    monkeypatch.delitem(sys.modules, f"airflow_thirdparty.sdks.{extra}", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(AirflowOptionalProviderFeatureException) as refused:
        make(ThirdPartyAccountHook("acme"))
    assert f"'airflow-thirdparty[{extra}]'" in str(refused.value)
    assert missing.partition(".")[0] in str(refused.value)


@pytest.mark.parametrize("make", [credentials.requests_auth, credentials.httpx_auth])
def test_nothing_of_a_secret_is_shown_or_pickled(
    make: Callable[[ThirdPartyAccountHook], Any], hook: ThirdPartyAccountHook, supervisor: Supervisor
) -> None:
    asking = ThirdPartyAccountHook("acme", scopes=["read"], min_lifetime=60)
    made = make(asking)
    asking.get_token()
    for copied in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(copied) is type(made)
        assert copied._hook._access is None
        assert copied._hook.scopes == ("read",)
        assert copied._hook.min_lifetime == 60
        assert copied._hook.get_token() == TOKEN
    for shown in (repr(made), str(made), repr(vars(made)), pickle.dumps(made).decode("latin-1")):
        assert TOKEN not in shown


def test_an_access_token_cannot_become_an_xcom(hook: ThirdPartyAccountHook) -> None:
    with pytest.raises(TypeError, match="each task asks"):
        serialize({"found": [hook.get_access()]})


def test_a_pickled_hook_holds_no_token(hook: ThirdPartyAccountHook) -> None:
    hook.get_token()
    assert TOKEN not in pickle.dumps(hook).decode("latin-1")
    assert pickle.loads(pickle.dumps(hook)).get_token() == TOKEN
