"""Objects for SDKs, with the real SDKs: each request is the person's, and nothing of them goes elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import azure.storage.blob
import azure.storage.blob.aio
import github
import google.auth.transport.requests
import pytest
from airflow.sdk._shared.secrets_masker import redact
from airflow.sdk.execution_time import task_runner
from azure.core.credentials import SupportsTokenInfo, TokenCredential
from azure.core.credentials_async import AsyncTokenCredential
from google.cloud import storage
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from airflow_thirdparty.exceptions import (
    AccountMisconfigured,
    LeavesAccount,
    ScopesMissing,
    ServiceUnavailable,
    SignInLapsed,
)
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.credentials import (
    aws_credentials,
    aws_session,
    azure_async_credential,
    azure_credential,
    github_auth,
    google_credentials,
)
from tests.foreign.sdk_services import Person, Sent, Service, serving
from tests.support.certificates import certificate
from tests.support.worker import Supervisor

GOOGLE = "https://www.googleapis.com"
GRAPH = "https://graph.microsoft.com"
STORAGE = "https://storage.azure.com"
ROLE = "arn:aws:iam::123456789012:role/people"
KEY = OctKey.import_key("a key that the identity provider and IAM share")


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    stand_in = Supervisor()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", stand_in, raising=False)
    return stand_in


@pytest.fixture(autouse=True)
def a_machine_with_logins_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What SDKs would find by themselves; nothing of it may be used."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATHEMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-machine")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "token-of-the-machine")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "secret-of-the-machine")
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))


def by_google(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    client = storage.Client("acme", google_credentials(hook), client_options={"api_endpoint": url})
    list(client.list_buckets(retry=None))


def by_azure(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    with azure.storage.blob.BlobServiceClient(
        url, credential=azure_credential(hook), connection_verify=str(trusted), retry_total=0
    ) as client:
        list(client.list_containers())


def by_async_azure(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    async def ask() -> None:
        async with azure.storage.blob.aio.BlobServiceClient(
            url, credential=azure_async_credential(hook), connection_verify=str(trusted), retry_total=0
        ) as client:
            _ = [each async for each in client.list_containers()]

    asyncio.run(ask())


def by_github(hook: ThirdPartyAccountHook, url: str, trusted: Path) -> None:
    client = github.Github(auth=github_auth(hook), base_url=url, retry=None)
    assert client.get_user().login == "alice"


@dataclass(frozen=True)
class Sdk:
    """One of those that send the person's token itself.

    :param ask: sends one request
    :param tls: whether it sends tokens by TLS only
    :param sees_address: whether it tells the object where a request goes
    :param asks_again: whether it asks for a new token after a 401
    :param told: what the server says of the account
    """

    ask: Callable[[ThirdPartyAccountHook, str, Path], None]
    make: Callable[[ThirdPartyAccountHook], Any]
    bodies: dict[str, Any]
    tls: bool = False
    sees_address: bool = True
    asks_again: bool = False
    told: tuple[tuple[str, Any], ...] = ()


CONTAINERS = '<?xml version="1.0"?><EnumerationResults><Containers/><NextMarker/></EnumerationResults>'
AZURE: dict[str, Any] = {
    "bodies": {"GET /": CONTAINERS},
    "tls": True,
    "sees_address": False,
    "told": (("scopes", [f"{STORAGE}/user_impersonation"]),),
}

SDKS = {
    "google": Sdk(by_google, google_credentials, {"GET /storage/v1/b": {"items": []}}, asks_again=True),
    "azure": Sdk(by_azure, azure_credential, **AZURE),
    "azure, asynchronous": Sdk(by_async_azure, azure_async_credential, **AZURE),
    "PyGithub": Sdk(by_github, github_auth, {"GET /user": {"login": "alice"}}),
}


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> Sdk:
    return SDKS[request.param]


@pytest.fixture
def service(sdk: Sdk, trusted: Path) -> Iterator[Service]:
    with serving(trusted if sdk.tls else None) as running:
        running.bodies = sdk.bodies
        yield running


@pytest.fixture
def elsewhere(sdk: Sdk, trusted: Path) -> Iterator[Service]:
    with serving(trusted if sdk.tls else None) as running:
        running.bodies = sdk.bodies
        running.judge = lambda sent: (200, {"Content-Type": "application/json"}, "{}")
        yield running


@pytest.fixture
def alice(sdk: Sdk, service: Service, supervisor: Supervisor) -> Person:
    return signed_in("alice", sdk, service, supervisor)


def signed_in(name: str, sdk: Sdk, service: Service, supervisor: Supervisor, **more: Any) -> Person:
    """Somebody who signed in to the account of their name."""
    told = {**dict(sdk.told), **more}
    person = Person(service.url, lambda number: f"token-of-{name}-{number}", told=told)
    supervisor.answers[name] = person.answer
    service.known |= {f"token-of-{name}-{number}" for number in range(1, 9)}
    return person


def test_it_acts_as_the_person(sdk: Sdk, alice: Person, service: Service, trusted: Path) -> None:
    sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert service.tokens == ["token-of-alice-1"]


def test_the_token_is_renewed_as_it_nears_its_end(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    alice.ends_soon = True
    hook = ThirdPartyAccountHook("alice")
    for _ in range(3):
        sdk.ask(hook, service.url, trusted)
    assert len(set(service.tokens)) == len(service.tokens) >= 3
    assert service.tokens[-1] == alice.issued[-1]


def test_one_object_renews_itself(sdk: Sdk, alice: Person, service: Service, trusted: Path) -> None:
    alice.ends_soon = True
    made = sdk.make(ThirdPartyAccountHook("alice"))
    shown = [shown_by(made) for _ in range(3)]
    assert len(set(shown)) == 3


def shown_by(made: Any) -> str:
    """The token that an object shows now."""
    if isinstance(made, github.Auth.Auth):
        return made.token
    if isinstance(made, AsyncTokenCredential) and asyncio.iscoroutinefunction(made.get_token):
        return asyncio.run(made.get_token(f"{STORAGE}/.default")).token
    if isinstance(made, TokenCredential):
        return made.get_token(f"{STORAGE}/.default").token
    headers: dict[str, str] = {}
    made.before_request(None, "GET", made._hook.get_access().host, headers)
    return headers["authorization"].removeprefix("Bearer ")


def test_a_refused_token_is_renewed_where_the_sdk_asks_again(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    service.known = {"token-of-alice-2"}
    hook = ThirdPartyAccountHook("alice")
    if sdk.asks_again:
        sdk.ask(hook, service.url, trusted)
        assert service.tokens == ["token-of-alice-1", "token-of-alice-2"]
        return
    with pytest.raises(Exception, match=r"401|Who\?"):
        sdk.ask(hook, service.url, trusted)
    assert set(service.tokens) == {"token-of-alice-1"}


def test_a_token_that_stays_refused_is_not_renewed_for_ever(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    service.known = set()
    with pytest.raises(Exception, match=r"401|Who\?"):
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert len(service.seen) <= 3


@pytest.mark.parametrize("status", [301, 302, 307])
def test_no_redirect_takes_the_token_along(
    sdk: Sdk, alice: Person, service: Service, elsewhere: Service, trusted: Path, status: int
) -> None:
    service.judge = lambda sent: (status, {"Location": f"{elsewhere.url}{sent.line.partition(' ')[2]}"}, "")
    with contextlib.suppress(Exception):
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert service.tokens[:1] == ["token-of-alice-1"]
    assert "token-of-alice" not in repr(elsewhere.seen)


def test_an_endpoint_that_is_not_the_accounts_gets_nothing(
    sdk: Sdk, alice: Person, elsewhere: Service, trusted: Path
) -> None:
    if not sdk.sees_address:
        pytest.skip("this SDK tells no addresses, only resources")
    with pytest.raises(LeavesAccount):
        sdk.ask(ThirdPartyAccountHook("alice"), elsewhere.url, trusted)
    assert elsewhere.seen == []


def test_a_sign_in_that_lapses_in_between_ends_in_words(
    sdk: Sdk, alice: Person, service: Service, trusted: Path
) -> None:
    alice.ends_soon = True
    hook = ThirdPartyAccountHook("alice")
    sdk.ask(hook, service.url, trusted)
    before = len(service.seen)
    alice.lapsed = True
    with pytest.raises(SignInLapsed, match="sign-in"):
        sdk.ask(hook, service.url, trusted)
    assert len(service.seen) == before


def test_two_people_in_one_process_stay_apart(
    sdk: Sdk, alice: Person, service: Service, supervisor: Supervisor, trusted: Path
) -> None:
    signed_in("bob", sdk, service, supervisor)
    hooks = {name: ThirdPartyAccountHook(name) for name in ("alice", "bob")}
    for name in ("alice", "bob", "alice", "bob"):
        sdk.ask(hooks[name], service.url, trusted)
        assert service.tokens[-1] == f"token-of-{name}-1"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"kind": "key"}, id="a key"),
        pytest.param({"kind": "basic", "login": "al"}, id="login and password"),
        pytest.param({"auth_header": "X-Api-Key", "auth_scheme": "none"}, id="another header"),
    ],
)
def test_what_is_no_bearer_token_is_not_sent_as_one(
    sdk: Sdk, service: Service, supervisor: Supervisor, trusted: Path, told: dict[str, Any]
) -> None:
    signed_in("alice", sdk, service, supervisor, **told)
    with pytest.raises(AccountMisconfigured, match="requests_auth"):
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert service.seen == []


def test_nothing_of_the_token_is_shown_or_pickled(sdk: Sdk, alice: Person, service: Service) -> None:
    made = sdk.make(ThirdPartyAccountHook("alice", scopes=["read"]))
    assert shown_by(made) == "token-of-alice-1"
    assert "token-of-alice" not in f"{made!r} {made}"
    pickled = pickle.dumps(made)
    assert b"token-of-alice" not in pickled
    again = pickle.loads(pickled)
    assert again._hook.scopes == ("read",)
    assert shown_by(again) == "token-of-alice-1"


def test_an_object_cannot_become_an_xcom(sdk: Sdk, alice: Person) -> None:
    from airflow.sdk.serde import serialize

    made = sdk.make(ThirdPartyAccountHook("alice"))
    shown_by(made)
    with pytest.raises(TypeError):
        serialize(made)


@pytest.mark.parametrize("sdk", ["google", "azure", "azure, asynchronous", "PyGithub"], indirect=True)
def test_a_login_in_netrc_takes_nobodys_place(
    sdk: Sdk, alice: Person, service: Service, trusted: Path, tmp_path: Path
) -> None:
    lines = [f"machine {host} login the-machine password its-secret\n" for host in ("127.0.0.1", "localhost")]
    (tmp_path / "no-netrc").write_text("".join(lines))
    with contextlib.suppress(LeavesAccount, ValueError):  # aiohttp sends no request with two logins
        sdk.ask(ThirdPartyAccountHook("alice"), service.url, trusted)
    assert set(service.tokens) <= {"token-of-alice-1"}


@pytest.mark.parametrize("sdk", ["google"], indirect=True)
class TestGoogle:
    """What only Google's library has."""

    def test_a_project_is_billed(self, alice: Person, service: Service) -> None:
        made = google_credentials(ThirdPartyAccountHook("alice"), quota_project="a-project")
        for credentials, project in ((made, "a-project"), (made.with_quota_project("another"), "another")):
            google.auth.transport.requests.AuthorizedSession(credentials).get(f"{service.url}/x")
            assert service.seen[-1].headers["x-goog-user-project"] == project
            assert pickle.loads(pickle.dumps(credentials)).quota_project_id == project

    @pytest.mark.parametrize(
        ("host", "url", "may_go"),
        [
            pytest.param(GOOGLE, "https://storage.googleapis.com/x", True, id="Google's"),
            pytest.param(GOOGLE, "https://googleapis.com.evil.example", False, id="a suffix"),
            pytest.param(GOOGLE, "https://evilgoogleapis.com", False, id="a prefix"),
            pytest.param(GOOGLE, "http://storage.googleapis.com", False, id="no TLS"),
            pytest.param(
                "https://www.googleapis.com",
                "https://evil.example\\@a.googleapis.com/",
                False,
                id="a backslash",
            ),
            pytest.param(GOOGLE, "https://a.googleapis.com@evil.example", False, id="a user name"),
            pytest.param(GOOGLE, "https://evil.example#.googleapis.com", False, id="a fragment"),
            pytest.param("https://acme.example", "https://storage.googleapis.com", False, id="not Google's"),
        ],
    )
    def test_where_a_token_of_google_may_go(
        self, sdk: Sdk, supervisor: Supervisor, host: str, url: str, may_go: bool
    ) -> None:
        supervisor.answers["alice"] = Person(host, lambda number: f"token-of-alice-{number}").answer
        headers: dict[str, str] = {}
        with contextlib.nullcontext() if may_go else pytest.raises(LeavesAccount):
            google_credentials(ThirdPartyAccountHook("alice")).before_request(None, "GET", url, headers)
        assert bool(headers) is may_go


@pytest.mark.parametrize("sdk", ["azure", "azure, asynchronous"], indirect=True)
class TestAzure:
    """What only Azure's SDK has: a token is for one resource."""

    @staticmethod
    def token(sdk: Sdk, hook: ThirdPartyAccountHook, *scopes: str, **options: Any) -> Any:
        given = sdk.make(hook).get_token(*scopes, **options)
        return asyncio.run(given) if asyncio.iscoroutine(given) else given

    def test_it_is_what_clients_take(self, sdk: Sdk, alice: Person) -> None:
        made = sdk.make(ThirdPartyAccountHook("alice"))
        assert isinstance(made, SupportsTokenInfo | TokenCredential)

    @pytest.mark.parametrize(
        ("held", "asked"),
        [
            pytest.param(
                "https://storage.azure.com/user_impersonation", "https://storage.azure.com/.default"
            ),
            pytest.param("https://storage.azure.com/.default", "https://STORAGE.azure.com/.default"),
            pytest.param(
                "https://management.azure.com/user_impersonation", "https://management.azure.com//.default"
            ),
            pytest.param(
                "https://management.azure.com/user_impersonation",
                "https://management.core.windows.net//.default",
            ),
            pytest.param("User.Read openid", "https://graph.microsoft.com/.default"),
            pytest.param("https://graph.microsoft.com/User.Read", "User.Read"),
            pytest.param("api://acme/read", "api://acme/read"),
        ],
    )
    def test_a_scope_that_is_covered(
        self, sdk: Sdk, service: Service, supervisor: Supervisor, held: str, asked: str
    ) -> None:
        signed_in("alice", sdk, service, supervisor, scopes=held.split())
        assert self.token(sdk, ThirdPartyAccountHook("alice"), asked).token == "token-of-alice-1"
        assert len(supervisor.asked) == 1

    @pytest.mark.parametrize(
        ("held", "asked"),
        [
            pytest.param("User.Read openid", "https://management.azure.com/.default", id="another resource"),
            pytest.param("openid offline_access", f"{GRAPH}/.default", id="no resource at all"),
            pytest.param("", "https://graph.microsoft.com/.default", id="nothing"),
            pytest.param("api://acme/read", "api://acme.evil/read", id="a longer name"),
            pytest.param("https://storage.azure.com/x", f"{STORAGE}.evil/.default", id="a suffix"),
            pytest.param("https://storage.azure.com/x openid", "openid", id="of OpenID Connect alone"),
            pytest.param("https://storage.azure.com/x", "https://storage.azure.com", id="no permission"),
        ],
    )
    def test_a_scope_of_another_resource_is_refused(
        self, sdk: Sdk, service: Service, supervisor: Supervisor, held: str, asked: str
    ) -> None:
        signed_in("alice", sdk, service, supervisor, scopes=held.split())
        with pytest.raises(ScopesMissing, match=r"another resource|that resource"):
            self.token(sdk, ThirdPartyAccountHook("alice"), asked)

    def test_one_of_two_resources_is_not_enough(
        self, sdk: Sdk, alice: Person, service: Service, supervisor: Supervisor
    ) -> None:
        with pytest.raises(ScopesMissing):
            self.token(
                sdk, ThirdPartyAccountHook("alice"), f"{STORAGE}/.default", "https://vault.azure.net/.default"
            )

    def test_a_further_permission_is_the_servers_to_judge(
        self, sdk: Sdk, alice: Person, supervisor: Supervisor
    ) -> None:
        self.token(sdk, ThirdPartyAccountHook("alice"), f"{STORAGE}/other")
        assert supervisor.asked[-1].scopes == (f"{STORAGE}/other",)

    def test_what_a_service_claims_asks_for_a_new_token(self, sdk: Sdk, alice: Person) -> None:
        hook = ThirdPartyAccountHook("alice")
        self.token(sdk, hook, f"{STORAGE}/.default")
        assert self.token(sdk, hook, f"{STORAGE}/.default", claims="{}").token == "token-of-alice-2"
        assert self.token(sdk, hook, f"{STORAGE}/.default").token == "token-of-alice-2"

    def test_a_token_without_an_end_is_asked_for_again(
        self, sdk: Sdk, service: Service, supervisor: Supervisor
    ) -> None:
        signed_in("alice", sdk, service, supervisor, expires_at=None)
        ends = self.token(sdk, ThirdPartyAccountHook("alice"), f"{STORAGE}/.default").expires_on
        assert 0 < ends - time.time() <= 300

    def test_no_scope_is_no_question(self, sdk: Sdk, alice: Person) -> None:
        with pytest.raises(ValueError, match="scope"):
            self.token(sdk, ThirdPartyAccountHook("alice"))


@pytest.mark.parametrize("sdk", ["PyGithub"], indirect=True)
class TestGithub:
    """What only PyGithub has."""

    def test_a_second_client_elsewhere_spoils_nothing(
        self, alice: Person, service: Service, elsewhere: Service
    ) -> None:
        auth = github_auth(ThirdPartyAccountHook("alice"))
        client = github.Github(auth=auth, base_url=service.url, retry=None)
        with pytest.raises(LeavesAccount):
            github.Github(auth=auth, base_url=elsewhere.url, retry=None)
        assert client.get_user().login == "alice"
        assert elsewhere.seen == []

    def test_a_download_that_leads_elsewhere_goes_without_it(
        self, alice: Person, service: Service, elsewhere: Service
    ) -> None:
        service.judge = lambda sent: (302, {"Location": f"{elsewhere.url}/file"}, "")
        client = github.Github(
            auth=github_auth(ThirdPartyAccountHook("alice")), base_url=service.url, retry=None
        )
        with contextlib.suppress(Exception):
            client.requester.getStream("/file")
        assert "token-of-alice" not in repr(elsewhere.seen)


# AWS: the token goes to STS, and what comes of it to the services


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


class TestAws:
    """AssumeRoleWithWebIdentity, at an STS on loopback that checks the token's signature."""

    def test_it_acts_as_the_person(self, amazon: Amazon, anna: Person) -> None:
        list_buckets(amazon)
        assert amazon.acted_for == ["ASIAANNA1"]
        shown = amazon.service.seen[-1].headers["x-amz-security-token"]
        assert shown == "session-of-ANNA-Anna-ngstr-m-anna-"

    def test_credentials_alone(self, amazon: Amazon, anna: Person) -> None:
        found = aws_credentials(ThirdPartyAccountHook("anna"), ROLE, duration=900).get_frozen_credentials()
        assert found.access_key == "ASIAANNA1"
        assert "DurationSeconds=900" in amazon.service.seen[0].body
        assert "secret-of-ANNA" not in redact("secret-of-ANNA")

    def test_they_renew_themselves(self, amazon: Amazon, anna: Person) -> None:
        amazon.ends = datetime.fromtimestamp(time.time() + 60, timezone.utc).isoformat()
        anna.ends_soon = True
        session = aws_session(ThirdPartyAccountHook("anna"), ROLE, region_name="eu-central-1")
        for _ in range(3):
            list_buckets(amazon, session=session)
        assert len(set(amazon.acted_for)) == 3
        sent = {each.body.partition("WebIdentityToken=")[2] for each in amazon.service.seen if each.body}
        assert len(sent) == amazon.exchanges >= 3

    def test_a_lapse_in_between_is_nobody_elses_turn(self, amazon: Amazon, anna: Person) -> None:
        amazon.ends = datetime.fromtimestamp(time.time() + 60, timezone.utc).isoformat()
        anna.ends_soon = True
        session = aws_session(ThirdPartyAccountHook("anna"), ROLE, region_name="eu-central-1")
        list_buckets(amazon, session=session)
        anna.lapsed = True
        with pytest.raises(SignInLapsed):
            list_buckets(amazon, session=session)
        assert "MACHINE" not in repr(amazon.service.seen)

    def test_what_is_no_json_web_token_cannot(self, amazon: Amazon, supervisor: Supervisor) -> None:
        for token in ("opaque", "a.b.c", "e30.e30.e30", "W10.W10.x"):
            supervisor.answers["anna"] = Person(amazon.service.url, lambda number, token=token: token).answer
            with pytest.raises(AccountMisconfigured, match="JSON Web Tokens"):
                list_buckets(amazon)
        assert amazon.service.seen == []

    def test_an_account_without_an_address_of_sts_cannot(
        self, amazon: Amazon, supervisor: Supervisor
    ) -> None:
        supervisor.answers["anna"] = Person(None, web_identity("anna")).answer
        with pytest.raises(AccountMisconfigured, match="names no host"):
            list_buckets(amazon)
        assert amazon.service.seen == []

    @pytest.mark.parametrize("code", ["AccessDenied", "InvalidIdentityToken", "IDPRejectedClaim"])
    def test_a_refusal_of_iam_is_told(self, amazon: Amazon, anna: Person, code: str) -> None:
        token = anna.make(1)
        amazon.refusals.append((code, f"Not {token}"))
        with pytest.raises(AccountMisconfigured, match=code) as refused:
            list_buckets(amazon)
        assert token not in str(refused.value)
        assert len(anna.issued) == 1

    def test_an_expired_token_is_renewed_once(self, amazon: Amazon, anna: Person) -> None:
        amazon.refusals.append(("ExpiredTokenException", "too late"))
        list_buckets(amazon)
        assert len(anna.issued) == 2
        amazon.refusals += [("ExpiredTokenException", "too late")] * 2
        with pytest.raises(AccountMisconfigured, match="too late"):
            list_buckets(amazon)

    def test_trouble_that_passes_is_tried_again_by_airflow(
        self, amazon: Amazon, anna: Person, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        amazon.refusals += [("IDPCommunicationError", "no answer")] * 9
        with pytest.raises(ServiceUnavailable, match="identity provider"):
            list_buckets(amazon)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        supervisor.answers["anna"] = Person("http://127.0.0.1:9", web_identity("anna")).answer
        with pytest.raises(ServiceUnavailable, match="does not answer"):
            list_buckets(amazon)

    def test_two_people_in_one_process_stay_apart(
        self, amazon: Amazon, anna: Person, supervisor: Supervisor
    ) -> None:
        supervisor.answers["ben"] = Person(amazon.service.url, web_identity("ben")).answer
        sessions = {
            name: aws_session(ThirdPartyAccountHook(name), ROLE, region_name="eu-central-1")
            for name in ("anna", "ben")
        }
        for name in ("anna", "ben", "anna", "ben"):
            list_buckets(amazon, session=sessions[name])
        assert amazon.acted_for == ["ASIAANNA1", "ASIABEN2", "ASIAANNA1", "ASIABEN2"]

    def test_the_workers_configuration_leads_the_token_nowhere(
        self, amazon: Amazon, anna: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with serving() as elsewhere:
            for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
                monkeypatch.setenv(name, elsewhere.url)
            list_buckets(amazon)
            assert elsewhere.seen == []

    def test_a_session_finds_nothing_of_the_machines(self, amazon: Amazon, anna: Person) -> None:
        session = aws_session(ThirdPartyAccountHook("anna"), ROLE, region_name="eu-central-1")
        assert session.get_credentials().access_key == "ASIAANNA1"
        assert session._session.get_auth_token(signing_name="bedrock") is None

    def test_nothing_of_a_secret_is_shown_or_pickled(self, amazon: Amazon, anna: Person) -> None:
        found = aws_credentials(ThirdPartyAccountHook("anna"), ROLE)
        found.get_frozen_credentials()
        assert "secret-of" not in f"{found!r} {found._refresh_using!r}"
        assert anna.issued[0].encode() not in pickle.dumps(found._refresh_using)
        with pytest.raises(TypeError):
            pickle.dumps(found)
