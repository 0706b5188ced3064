"""AssumeRoleWithWebIdentity, at an STS on loopback that checks the token's signature: it gets the token, and
what comes of it goes to the services.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs

import pytest
from airflow.sdk._shared.secrets_masker import redact
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from airflow_thirdparty.exceptions import AccountMisconfigured, ServiceUnavailable, SignInLapsed
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.credentials import aws_credentials, aws_session
from tests.foreign.sdks.services import Person, Sent, Service, serving
from tests.support.worker import Supervisor

ROLE = "arn:aws:iam::123456789012:role/people"
KEY = OctKey.import_key("a key that the identity provider and IAM share")


@dataclass
class Amazon:
    """STS and S3, with one person's role.

    :param refusal: what STS answers, by code and message
    :param ends: when the credentials end that it gives
    """

    service: Service
    refusals: list[tuple[str, str]]
    ends: str = "2099-01-01T00:00:00Z"
    exchanges: int = 0

    def judge(self, sent: Sent) -> tuple[int, dict[str, str], str]:
        return self.sts(sent) if sent.line.startswith("POST") else self.s3(sent)

    def sts(self, sent: Sent) -> tuple[int, dict[str, str], str]:
        asked = {name: values[0] for name, values in parse_qs(sent.body).items()}
        assert asked["Action"] == "AssumeRoleWithWebIdentity"
        assert "authorization" not in sent.headers
        try:
            claims = jwt.decode(asked["WebIdentityToken"], KEY).claims
        except (JoseError, ValueError):
            return self.refuse("InvalidIdentityToken", "not one of ours")
        if self.refusals:
            return self.refuse(*self.refusals.pop(0))
        self.exchanges += 1
        assert asked["RoleArn"] == ROLE
        name = claims["sub"].upper()
        text = (
            "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
            f"<AccessKeyId>ASIA{name}{self.exchanges}</AccessKeyId>"
            f"<SecretAccessKey>secret-of-{name}</SecretAccessKey>"
            f"<SessionToken>session-of-{name}-{asked['RoleSessionName']}</SessionToken>"
            f"<Expiration>{self.ends}</Expiration>"
            "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
        )
        return 200, {"Content-Type": "text/xml"}, text

    def s3(self, sent: Sent) -> tuple[int, dict[str, str], str]:
        if "Credential=ASIA" not in sent.headers.get("authorization", ""):
            return self.refuse("AccessDenied", "who?")
        text = "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"
        return 200, {"Content-Type": "application/xml"}, text

    @staticmethod
    def refuse(code: str, message: str) -> tuple[int, dict[str, str], str]:
        text = (
            f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
        return 400, {"Content-Type": "text/xml"}, text

    @property
    def acted_for(self) -> list[str]:
        """Whose access key signed the requests to S3."""
        signed = [sent.headers.get("authorization", "") for sent in self.service.seen if "GET" in sent.line]
        return [each.partition("Credential=")[2].partition("/")[0] for each in signed]


@pytest.fixture
def amazon() -> Iterator[Amazon]:
    with serving() as service:
        made = Amazon(service, [])
        service.judge = made.judge
        yield made


def web_identity(name: str) -> Callable[[int], str]:
    return lambda number: jwt.encode({"alg": "HS256"}, {"sub": name, "number": number}, KEY)


@pytest.fixture
def anna(amazon: Amazon, supervisor: Supervisor) -> Person:
    """Somebody whose tokens IAM accepts."""
    person = Person(amazon.service.url, web_identity("anna"), told={"subject_name": "Anna Ångström <anna>"})
    supervisor.answers["anna"] = person.answer
    return person


def list_buckets(amazon: Amazon, name: str = "anna", session: Any = None) -> None:
    session = session or aws_session(ThirdPartyAccountHook(name), ROLE, region_name="eu-central-1")
    session.client("s3", endpoint_url=amazon.service.url).list_buckets()


def test_it_acts_as_the_person(amazon: Amazon, anna: Person) -> None:
    list_buckets(amazon)
    assert amazon.acted_for == ["ASIAANNA1"]
    shown = amazon.service.seen[-1].headers["x-amz-security-token"]
    assert shown == "session-of-ANNA-Anna-ngstr-m-anna-"


def test_credentials_alone(amazon: Amazon, anna: Person) -> None:
    found = aws_credentials(ThirdPartyAccountHook("anna"), ROLE, duration=900).get_frozen_credentials()
    assert found.access_key == "ASIAANNA1"
    assert "DurationSeconds=900" in amazon.service.seen[0].body
    assert "secret-of-ANNA" not in redact("secret-of-ANNA")


def test_they_renew_themselves(amazon: Amazon, anna: Person) -> None:
    amazon.ends = datetime.fromtimestamp(time.time() + 60, timezone.utc).isoformat()
    anna.ends_soon = True
    session = aws_session(ThirdPartyAccountHook("anna"), ROLE, region_name="eu-central-1")
    for _ in range(3):
        list_buckets(amazon, session=session)
    assert len(set(amazon.acted_for)) == 3
    sent = {each.body.partition("WebIdentityToken=")[2] for each in amazon.service.seen if each.body}
    assert len(sent) == amazon.exchanges >= 3


def test_a_lapse_in_between_is_nobody_elses_turn(amazon: Amazon, anna: Person) -> None:
    amazon.ends = datetime.fromtimestamp(time.time() + 60, timezone.utc).isoformat()
    anna.ends_soon = True
    session = aws_session(ThirdPartyAccountHook("anna"), ROLE, region_name="eu-central-1")
    list_buckets(amazon, session=session)
    anna.lapsed = True
    with pytest.raises(SignInLapsed):
        list_buckets(amazon, session=session)
    assert "MACHINE" not in repr(amazon.service.seen)


def test_what_is_no_json_web_token_cannot(amazon: Amazon, supervisor: Supervisor) -> None:
    for token in ("opaque", "a.b.c", "e30.e30.e30", "W10.W10.x"):
        supervisor.answers["anna"] = Person(amazon.service.url, lambda number, token=token: token).answer
        with pytest.raises(AccountMisconfigured, match="JSON Web Tokens"):
            list_buckets(amazon)
    assert amazon.service.seen == []


def test_an_account_without_an_address_of_sts_cannot(amazon: Amazon, supervisor: Supervisor) -> None:
    supervisor.answers["anna"] = Person(None, web_identity("anna")).answer
    with pytest.raises(AccountMisconfigured, match="names no host"):
        list_buckets(amazon)
    assert amazon.service.seen == []


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidIdentityToken", "IDPRejectedClaim"])
def test_a_refusal_of_iam_is_told(amazon: Amazon, anna: Person, code: str) -> None:
    token = anna.make(1)
    amazon.refusals.append((code, f"Not {token}"))
    with pytest.raises(AccountMisconfigured, match=code) as refused:
        list_buckets(amazon)
    assert token not in str(refused.value)
    assert len(anna.issued) == 1


def test_an_expired_token_is_renewed_once(amazon: Amazon, anna: Person) -> None:
    amazon.refusals.append(("ExpiredTokenException", "too late"))
    list_buckets(amazon)
    assert len(anna.issued) == 2
    amazon.refusals += [("ExpiredTokenException", "too late")] * 2
    with pytest.raises(AccountMisconfigured, match="too late"):
        list_buckets(amazon)


def test_trouble_that_passes_is_tried_again_by_airflow(
    amazon: Amazon, anna: Person, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    amazon.refusals += [("IDPCommunicationError", "no answer")] * 9
    with pytest.raises(ServiceUnavailable, match="identity provider"):
        list_buckets(amazon)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    supervisor.answers["anna"] = Person("http://127.0.0.1:9", web_identity("anna")).answer
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        list_buckets(amazon)


def test_two_people_in_one_process_stay_apart(amazon: Amazon, anna: Person, supervisor: Supervisor) -> None:
    supervisor.answers["ben"] = Person(amazon.service.url, web_identity("ben")).answer
    sessions = {
        name: aws_session(ThirdPartyAccountHook(name), ROLE, region_name="eu-central-1")
        for name in ("anna", "ben")
    }
    for name in ("anna", "ben", "anna", "ben"):
        list_buckets(amazon, session=sessions[name])
    assert amazon.acted_for == ["ASIAANNA1", "ASIABEN2", "ASIAANNA1", "ASIABEN2"]


def test_the_workers_configuration_leads_the_token_nowhere(
    amazon: Amazon, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as elsewhere:
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
            monkeypatch.setenv(name, elsewhere.url)
        list_buckets(amazon)
        assert elsewhere.seen == []


def test_a_session_finds_nothing_of_the_machines(amazon: Amazon, anna: Person) -> None:
    session = aws_session(ThirdPartyAccountHook("anna"), ROLE, region_name="eu-central-1")
    assert session.get_credentials().access_key == "ASIAANNA1"
    assert session._session.get_auth_token(signing_name="bedrock") is None


def test_nothing_of_a_secret_is_shown_or_pickled(amazon: Amazon, anna: Person) -> None:
    found = aws_credentials(ThirdPartyAccountHook("anna"), ROLE)
    found.get_frozen_credentials()
    assert "secret-of" not in f"{found!r} {found._refresh_using!r}"
    assert anna.issued[0].encode() not in pickle.dumps(found._refresh_using)
    with pytest.raises(TypeError):
        pickle.dumps(found)
