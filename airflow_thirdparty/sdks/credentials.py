"""Credentials of the person the run acts for, as client libraries of other makers take them.

Each is made of a hook, asks nothing before it is used, and is fresh as long as a task runs.  Each needs
an extra of this package, which the error names where it is missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowOptionalProviderFeatureException

if TYPE_CHECKING:
    import boto3
    import httpx
    from azure.core.credentials import TokenCredential
    from azure.core.credentials_async import AsyncTokenCredential
    from botocore.credentials import RefreshableCredentials
    from github.Auth import Auth
    from google.auth.credentials import Credentials
    from requests.auth import AuthBase

    from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook

__all__ = [
    "aws_credentials",
    "aws_session",
    "azure_async_credential",
    "azure_credential",
    "github_auth",
    "google_credentials",
    "httpx_auth",
    "requests_auth",
]


def google_credentials(hook: ThirdPartyAccountHook, *, quota_project: str | None = None) -> Credentials:
    """Credentials for Google's client libraries (extra ``google``).

    They go to the account's own host and, where that is one of Google's, to all below ``googleapis.com``.

    :param hook: says whose token, and with which scopes
    :param quota_project: project that is billed, where it is another one than the resource's
    :return: what the libraries take as ``credentials``
    """
    found: Credentials = _module("google").AccountCredentials(hook, quota_project)
    return found


def azure_credential(hook: ThirdPartyAccountHook) -> TokenCredential:
    """A credential for the Azure SDK's clients (extra ``azure``).

    A scope of another resource than the account's raises ``ScopesMissing``.

    :param hook: says whose token
    :return: what the clients take as ``credential``
    """
    found: TokenCredential = _module("azure").AccountCredential(hook)
    return found


def azure_async_credential(hook: ThirdPartyAccountHook) -> AsyncTokenCredential:
    """A credential for the Azure SDK's asynchronous clients (extra ``azure``).

    A scope of another resource than the account's raises ``ScopesMissing``.

    :param hook: says whose token
    :return: what the clients take as ``credential``
    """
    found: AsyncTokenCredential = _module("azure").AsyncAccountCredential(hook)
    return found


def github_auth(hook: ThirdPartyAccountHook) -> Auth:
    """Authentication for PyGithub (extra ``github``).

    A client of another host than the account's raises ``LeavesAccount``.

    :param hook: says whose token
    :return: what ``github.Github`` takes as ``auth``
    """
    found: Auth = _module("github").AccountAuth(hook)
    return found


def aws_credentials(
    hook: ThirdPartyAccountHook, role_arn: str, *, duration: int | None = None
) -> RefreshableCredentials:
    """Credentials of a role of AWS that the person takes with their token (extra ``aws``).

    The account's host is the address of AWS STS, and its tokens are JSON Web Tokens that IAM accepts.

    :param hook: says whose token
    :param role_arn: the role
    :param duration: seconds that its credentials live; as long as STS gives them by default
    :return: credentials of botocore that refresh themselves
    """
    found: RefreshableCredentials = _module("aws").credentials(hook, role_arn, duration)
    return found


def aws_session(
    hook: ThirdPartyAccountHook,
    role_arn: str,
    *,
    region_name: str | None = None,
    duration: int | None = None,
) -> boto3.Session:
    """A session of boto3 with such credentials, and none of the machine's (extra ``aws``).

    :param hook: says whose token
    :param role_arn: the role that the person takes
    :param region_name: of the services that are asked
    :param duration: seconds that the role's credentials live; as long as STS gives them by default
    :return: for clients and resources
    """
    found: boto3.Session = _module("aws").session(hook, role_arn, region_name, duration)
    return found


def requests_auth(hook: ThirdPartyAccountHook) -> AuthBase:
    """Authentication for ``requests``, however the service takes the credential (extra ``requests``).

    :param hook: says whose credential
    :return: what sessions and functions take as ``auth``
    """
    found: AuthBase = _module("requests").AccountAuth(hook)
    return found


def httpx_auth(hook: ThirdPartyAccountHook) -> httpx.Auth:
    """Authentication for ``httpx``, however the service takes the credential (extra ``httpx``).

    :param hook: says whose credential
    :return: what clients and functions take as ``auth``, synchronous and asynchronous ones
    """
    found: httpx.Auth = _module("httpx").AccountAuth(hook)
    return found


def _module(extra: str) -> Any:
    """The module for one client library, which is loaded only now."""
    try:
        return import_module(f"airflow_thirdparty.sdks.{extra}")
    except ModuleNotFoundError as error:
        raise AirflowOptionalProviderFeatureException(
            f"'{error.name}' is not installed here. Install 'airflow-thirdparty[{extra}]' where tasks run."
        ) from error
