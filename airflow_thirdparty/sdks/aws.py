"""Credentials of AWS: AssumeRoleWithWebIdentity exchanges a person's token for those of a role.

IAM takes tokens of identity providers that an admin of the AWS account registered there.  They have to be
JSON Web Tokens; with whatever else an account yields, nobody can act in AWS.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import boto3
import botocore.session
from airflow.sdk.log import mask_secret
from botocore import UNSIGNED
from botocore import exceptions as failures
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.exceptions import ClientError
from botocore.tokens import TokenProviderChain

from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable, ThirdPartyAccountError
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.acting import ActsThroughHook, demand_token

METHOD = "third-party-account"
"""How botocore calls where credentials come from."""

EXPIRED = "ExpiredTokenException"
"""What STS answers to a token that has expired on its way."""

UNREACHED = "IDPCommunicationError"
"""What STS answers while it does not reach the identity provider."""

REGION = "us-east-1"
"""Of the client for STS, which wants one; the account's host is where it asks."""

_NOT_IN_NAMES = re.compile(r"[^\w+=,.@-]+", re.ASCII)
"""What no name of a session may have (AWS STS, *AssumeRoleWithWebIdentity*)."""


def session(
    hook: ThirdPartyAccountHook, role_arn: str, region_name: str | None, duration: int | None
) -> boto3.Session:
    """A session that has the role's credentials, and none of the worker's environment, files or machine.

    :param hook: says whose token
    :param role_arn: the role that the person takes
    :param region_name: of the services that are asked
    :param duration: seconds that the role's credentials live
    :return: for clients and resources
    """
    own = _session_of(_Provider(hook, role_arn, duration))
    return boto3.Session(botocore_session=own, region_name=region_name)


def _session_of(*providers: CredentialProvider) -> botocore.session.Session:
    """A session that looks for credentials nowhere else, and so not at the machine's metadata either."""
    own = botocore.session.Session()
    own.register_component("credential_provider", CredentialResolver(list(providers)))
    own.register_component("token_provider", TokenProviderChain([]))
    return own


def credentials(
    hook: ThirdPartyAccountHook, role_arn: str, duration: int | None
) -> DeferredRefreshableCredentials:
    """The role's credentials, which refresh themselves.

    :param hook: says whose token
    :param role_arn: the role that the person takes
    :param duration: seconds that they live
    :return: nothing is asked before they are used
    """
    return DeferredRefreshableCredentials(WebIdentity(hook, role_arn, duration), METHOD)


class _Provider(CredentialProvider):
    METHOD = METHOD
    CANONICAL_NAME = METHOD

    def __init__(self, hook: ThirdPartyAccountHook, role_arn: str, duration: int | None) -> None:
        super().__init__()
        self._credentials = credentials(hook, role_arn, duration)

    def load(self) -> DeferredRefreshableCredentials:
        return self._credentials


class WebIdentity(ActsThroughHook):
    """Exchanges the acting person's token, as often as botocore wants.

    :param hook: says whose token
    :param role_arn: the role that the person takes
    :param duration: seconds that the role's credentials live; ``None`` leaves it to STS
    """

    def __init__(self, hook: ThirdPartyAccountHook, role_arn: str, duration: int | None = None) -> None:
        super().__init__(hook, role_arn=role_arn, duration=duration)
        self._wanted = {"RoleArn": role_arn} | ({"DurationSeconds": duration} if duration else {})

    def __call__(self) -> dict[str, Any]:
        """Exchange it.

        :raises AccountMisconfigured: when the account cannot do so, or IAM does not accept its tokens
        :raises ServiceUnavailable: when STS does not answer
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: what botocore calls metadata
        """
        access = self._hook.get_access()
        try:
            found = self._exchanged(access)
        except ClientError as error:
            if _code(error) != EXPIRED:
                raise self._refusal(error, access) from None
            access = self._hook.get_access(force_refresh=True)
            try:
                found = self._exchanged(access)
            except ClientError as again:
                raise self._refusal(again, access) from None
        for secret in ("SecretAccessKey", "SessionToken"):
            mask_secret(found[secret])
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    def _exchanged(self, access: Access) -> dict[str, Any]:
        self._demand_possible(access)
        own = _session_of()  # nothing is signed here
        config = Config(signature_version=UNSIGNED, ignore_configured_endpoint_urls=True)
        client = own.create_client("sts", region_name=REGION, endpoint_url=access.host, config=config)
        question = {
            **self._wanted,
            "RoleSessionName": _session_name(access),
            "WebIdentityToken": access.value,
        }
        try:
            answer: dict[str, Any] = client.assume_role_with_web_identity(**question)["Credentials"]
        except (failures.ConnectionError, failures.HTTPClientError) as error:
            raise ServiceUnavailable(
                f"AWS STS at {access.host} does not answer for the third-party account "
                f"'{self._conn_id}': {type(error).__name__}.",
                "Run the task again.",
            ) from None
        return answer

    def _demand_possible(self, access: Access) -> None:
        conn_id = self._conn_id
        demand_token(self._hook, access, "AWS STS")
        if not access.host:
            raise AccountMisconfigured(
                f"The third-party account '{conn_id}' names no host, so nothing says where its tokens may be "
                "exchanged for credentials of AWS.",
                "An admin enters the address of AWS STS as the account's host, such as "
                "https://sts.eu-central-1.amazonaws.com.",
                field="host",
            )
        if not is_json_web_token(access.value):
            raise AccountMisconfigured(
                f"Nobody can act in AWS by the third-party account '{conn_id}': its access tokens are no "
                "JSON Web Tokens, and IAM accepts no others.",
                "Use an account of an identity provider that is registered in IAM and whose access tokens "
                "are JSON Web Tokens, or access keys of the person's own (the entry aws-keys).",
                field="service",
            )

    def _refusal(self, error: ClientError, access: Access) -> ThirdPartyAccountError:
        conn_id, code = self._conn_id, _code(error)
        said = str(error.response.get("Error", {}).get("Message", "")).replace(access.value, "***")[:300]
        if code == UNREACHED:
            return ServiceUnavailable(f"AWS does not reach the identity provider of '{conn_id}': {said}")
        return AccountMisconfigured(
            f"AWS refuses {self._wanted['RoleArn']} to the people of the third-party account '{conn_id}': "
            f"{code}: {said}",
            "Whoever administers IAM compares the identity provider's issuer and audience with the tokens', "
            "and looks at the role's trust policy.",
            field="host",
        )


def is_json_web_token(value: str) -> bool:
    """Whether a token has the form of a signed JSON Web Token (RFC 7515 section 7.1).

    :param value: the token
    :return: nothing is said of what it is good for
    """
    parts = value.split(".")
    if len(parts) != 3:
        return False
    try:
        header, claims = (
            json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts[:2]
        )
    except ValueError:
        return False
    return isinstance(header, dict) and isinstance(claims, dict) and "alg" in header


def _session_name(access: Access) -> str:
    name = _NOT_IN_NAMES.sub("-", access.subject_name or access.subject)[:64]
    return name if len(name) > 1 else f"person-{name}"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
