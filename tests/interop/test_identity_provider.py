"""Our protocol code against an OpenID provider that others wrote."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from airflow_thirdparty.demo import identity_provider
from airflow_thirdparty.demo.identity_provider import IdentityProviderError, install, running
from airflow_thirdparty.server.oauth.authorization import check_answer
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.identity import identify
from airflow_thirdparty.server.oauth.metadata import discover
from airflow_thirdparty.server.oauth.revocation import revoke
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Client, Endpoints, Identity
from tests.interop.conftest import CALLBACK, CLIENT, REGISTRATION, SCOPES, Peer
from tests.support import loopback
from tests.support.identity_provider_login import LoginFailedError, sign_in


async def test_discovery(peer: Peer, issuer: str) -> None:
    assert peer.endpoints == Endpoints(
        issuer=issuer,
        authorize_url=f"{issuer}/auth",
        exchange_url=f"{issuer}/token",
        userinfo_url=f"{issuer}/me",
        revoke_url=f"{issuer}/token/revocation",
        jwks_url=f"{issuer}/jwks",
        iss_in_answer=True,
        offers_pkce=True,
    )


@pytest.mark.parametrize("name", ["alice", "bob", "c.arol+test@example.org"])
async def test_signing_in(peer: Peer, issuer: str, name: str) -> None:
    request = peer.begin()
    tokens = await peer.exchange(await peer.code(request, name), request.verifier)
    found = await identify(peer.transport, peer.endpoints, tokens, CLIENT, request.nonce, peer.now)
    assert found == Identity(issuer, name, name)
    assert tokens.scopes == SCOPES
    assert tokens.refresh_token
    assert tokens.expires_at
    assert 3500 < (tokens.expires_at - peer.now).total_seconds() <= 3600


async def test_without_offline_access_there_is_no_refresh_token(peer: Peer) -> None:
    assert (await peer.tokens("alice", ["openid"])).refresh_token is None


async def test_the_user_says_no(peer: Peer) -> None:
    request = peer.begin()
    params = await peer.answer(request, "alice", "cancel")
    with pytest.raises(OAuthError) as caught:
        check_answer(peer.endpoints, params, request.state)
    assert caught.value.kind is Kind.CANCELLED


async def test_a_wrong_verifier_is_refused(peer: Peer) -> None:
    request = peer.begin()
    code = await peer.code(request, "alice")
    with pytest.raises(OAuthError) as caught:
        await peer.exchange(code, peer.begin().verifier)
    assert (caught.value.kind, caught.value.code) == (Kind.PERMANENT, "invalid_grant")


async def test_without_pkce_no_code_is_given(peer: Peer) -> None:
    query = {"client_id": CLIENT.client_id, "response_type": "code", "scope": "openid", "state": "S"}
    url = f"{peer.endpoints.authorize_url}?{urlencode({**query, 'redirect_uri': CALLBACK})}"
    answer = loopback.get(url, follow_redirects=False)
    assert "code=" not in answer.headers["location"]
    assert "error=invalid_request" in answer.headers["location"]


async def test_an_unknown_redirect_uri_is_not_sent_to(peer: Peer) -> None:
    url = peer.begin().url.replace("callback%2Fdemo", "callback%2Fother")
    with pytest.raises(LoginFailedError, match="redirect_uri"):
        await asyncio.to_thread(sign_in, url, "alice")


async def test_a_code_is_good_once_and_its_replay_ends_the_sign_in(peer: Peer) -> None:
    request = peer.begin()
    code = await peer.code(request, "alice")
    tokens = await peer.exchange(code, request.verifier)
    for attempt in (peer.exchange(code, request.verifier), peer.refresh(tokens.refresh_token)):
        with pytest.raises(OAuthError) as caught:
            await attempt
        assert caught.value.kind is Kind.PERMANENT


async def test_refresh_tokens_rotate_and_re_use_kills_the_family(peer: Peer) -> None:
    first = await peer.tokens("alice")
    second = await peer.refresh(first.refresh_token)
    third = await peer.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert third.scopes == SCOPES
    for token in (first.refresh_token, third.refresh_token):
        with pytest.raises(OAuthError) as caught:
            await peer.refresh(token)
        assert caught.value.kind is Kind.PERMANENT


async def test_revocation(peer: Peer) -> None:
    tokens = await peer.tokens("alice")
    assert await revoke(
        peer.transport,
        CLIENT,
        peer.endpoints,
        refresh_token=tokens.refresh_token,
        access_token=tokens.access_token,
        now=peer.now,
    )
    with pytest.raises(OAuthError) as caught:
        await peer.refresh(tokens.refresh_token)
    assert caught.value.kind is Kind.PERMANENT
    answer = await peer.transport.get(
        f"{peer.endpoints.issuer}/me", step="userinfo", bearer=tokens.access_token
    )
    assert answer.status == 401


async def test_signing_out_one_user_leaves_the_others(peer: Peer) -> None:
    alice, bob = await peer.tokens("alice"), await peer.tokens("bob")
    again = await peer.tokens("alice")
    await revoke(
        peer.transport,
        CLIENT,
        peer.endpoints,
        refresh_token=alice.refresh_token,
        access_token=None,
        now=peer.now,
    )
    assert await peer.refresh(bob.refresh_token)
    assert await peer.refresh(again.refresh_token)


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(Client(CLIENT.client_id, "wrong"), id="wrong secret"),
        pytest.param(Client("nobody", "secret"), id="unknown client"),
        pytest.param(replace(CLIENT, auth_method="none"), id="no secret shown"),
    ],
)
async def test_a_client_that_is_not_accepted(peer: Peer, client: Client) -> None:
    tokens = await peer.tokens("alice")
    with pytest.raises(OAuthError) as caught:
        await Peer(peer.transport, peer.endpoints, client).refresh(tokens.refresh_token)
    assert (caught.value.kind, caught.value.code) == (Kind.CLIENT, "invalid_client")
    assert await peer.refresh(tokens.refresh_token)  # and the sign-in is none the worse for it


async def test_the_nonce_of_another_authorization(peer: Peer) -> None:
    request = peer.begin()
    tokens = await peer.exchange(await peer.code(request, "alice"), request.verifier)
    with pytest.raises(OAuthError, match="another request"):
        await identify(peer.transport, peer.endpoints, tokens, CLIENT, peer.begin().nonce, peer.now)


async def test_an_id_token_of_another_user_does_not_pass_with_these_tokens(peer: Peer) -> None:
    alice, bob = await peer.tokens("alice", ["openid"]), await peer.tokens("bob", ["openid"])
    with pytest.raises(OAuthError, match=r"another access token|different users") as caught:
        await identify(
            peer.transport,
            peer.endpoints,
            replace(alice, id_token=bob.id_token),
            CLIENT,
            None,
            peer.now,
        )
    assert caught.value.kind is Kind.REFUSED


async def test_a_mix_up_of_two_providers(peer: Peer, provider_folder: Path) -> None:
    """The user signs in at one; the answer is taken for the other's: the code goes nowhere."""
    with running(provider_folder, [REGISTRATION]) as evil:
        other = Peer(peer.transport, await discover(peer.transport, evil))
        request = peer.begin()
        params = await peer.answer(request, "alice")
        with pytest.raises(OAuthError, match="another service"):
            check_answer(other.endpoints, params, request.state)


async def test_lifetimes(transport: Transport, provider_folder: Path) -> None:
    with running(provider_folder, [REGISTRATION], access_token_ttl=1, refresh_token_ttl=2) as issuer:
        peer = Peer(transport, await discover(transport, issuer))
        tokens = await peer.tokens("alice")
        assert tokens.expires_at
        assert (tokens.expires_at - peer.now).total_seconds() <= 1
        await asyncio.sleep(2.1)
        answer = await transport.get(f"{issuer}/me", step="userinfo", bearer=tokens.access_token)
        assert answer.status == 401
        with pytest.raises(OAuthError) as caught:
            await peer.refresh(tokens.refresh_token)
        assert caught.value.kind is Kind.PERMANENT


async def test_sign_ins_outlive_a_restart_where_that_is_wanted(
    transport: Transport, provider_folder: Path, tmp_path: Path
) -> None:
    state = tmp_path / "provider.json"
    with running(provider_folder, [REGISTRATION], state=state) as issuer:
        peer = Peer(transport, await discover(transport, issuer))
        tokens = await peer.tokens("alice")
    port = urlsplit(issuer).port or 0
    with running(provider_folder, [REGISTRATION], port, state=state) as again:
        assert again == issuer
        assert await peer.refresh(tokens.refresh_token)
    assert state.stat().st_mode & 0o077 == 0


async def test_the_page_asks_again_for_a_name_that_cannot_be(peer: Peer) -> None:
    with pytest.raises(LoginFailedError, match="Letters, digits"):
        await asyncio.to_thread(sign_in, peer.begin().url, "<b>bold</b>")


def test_it_ends_with_its_caller(provider_folder: Path) -> None:
    with running(provider_folder, [REGISTRATION]) as issuer:
        address = (urlsplit(issuer).hostname, urlsplit(issuer).port)
        socket.create_connection(address, timeout=2).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=2)


def test_a_port_that_is_taken_is_said(provider_folder: Path, issuer: str, tmp_path: Path) -> None:
    taken = urlsplit(issuer).port or 0
    with (
        pytest.raises(IdentityProviderError, match="port"),
        running(provider_folder, [REGISTRATION], taken, log=tmp_path / "log"),
    ):
        pass


def test_an_installation_is_made_once(provider_folder: Path) -> None:
    before = (provider_folder / ".installed").stat().st_mtime_ns
    assert install(provider_folder) == provider_folder
    assert (provider_folder / ".installed").stat().st_mtime_ns == before


def test_the_lock_file_pins_everything_and_names_no_registry() -> None:
    lock = json.loads((Path(identity_provider.__file__).parent / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
