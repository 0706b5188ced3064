"""Keys as services really show them, and words for everything that can be wrong with an ID token."""

from __future__ import annotations

import json
import warnings
from datetime import datetime, timezone
from functools import cache
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.id_tokens import read_keys, verify
from airflow_thirdparty.server.oauth.types import Endpoints, TokenSet

NOON = datetime(2030, 1, 1, 12, 0, tzinfo=timezone.utc)
NOW = int(NOON.timestamp())
ISSUER = "https://id.example.org"
ENDPOINTS = Endpoints(ISSUER, f"{ISSUER}/a", f"{ISSUER}/t", jwks_url=f"{ISSUER}/k")
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "alice",
    "aud": "client",
    "iat": NOW,
    "exp": NOW + 300,
    "nonce": "nonce",
}


@cache
def key(name: str) -> Any:
    """A private key; two names are two keys."""
    if name.startswith("rsa"):
        return RSAKey.generate_key(2048, auto_kid=False)
    if name.startswith("ed"):
        return OKPKey.generate_key("Ed25519", auto_kid=False)
    return ECKey.generate_key(name.partition(" ")[2], auto_kid=False)


def public(name: str, **changes: Any) -> dict[str, Any]:
    """As it stands in a key set; None takes a member away."""
    found = {**key(name).as_dict(private=False), **changes}
    return {member: value for member, value in found.items() if value is not None}


def signed(name: str, alg: str, claims: dict[str, Any] | None = None, **header: Any) -> str:
    told = {member: value for member, value in (claims or CLAIMS).items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # EdDSA is the older name
        return jws.serialize_compact({"alg": alg, **header}, json.dumps(told), key(name), [alg])


def verified(
    id_token: str, keys: list[Any], endpoints: Endpoints = ENDPOINTS, nonce: str | None = "nonce"
) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return verify(
            TokenSet("access", id_token=id_token), read_keys(keys), endpoints, "client", nonce, NOON
        )


GOOD = public("rsa", kid="k", use="sig", alg="RS256")
ODD_KEYS = [
    pytest.param(public("rsa other", n=None, kid="odd"), id="RSA without n"),
    pytest.param(public("rsa other", n=None, kid="k"), id="RSA without n, of the same name"),
    pytest.param(public("rsa other", n="", kid="odd"), id="RSA with an empty n"),
    pytest.param(public("rsa other", n=7), id="RSA with a number as n"),
    pytest.param(public("rsa other", n="?!"), id="RSA with an n that is no base64"),
    pytest.param(public("rsa other", e=None), id="RSA without e"),
    pytest.param(public("rsa other", kid=7), id="a name that is a number"),
    pytest.param(public("rsa other", kid=["k"]), id="a name that is a list"),
    pytest.param(public("rsa other", kid="k"), id="another key of the same name"),
    pytest.param(public("ec P-256", kid="k"), id="another kind of key of the same name"),
    pytest.param(public("rsa other", use="enc", kid="k"), id="a key to encrypt with, of the same name"),
    pytest.param({"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"}, id="an unknown curve"),
    pytest.param({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "k"}, id="a point off it"),
    pytest.param({"kty": "EC", "crv": ["P-256"], "x": "AA", "y": "AA"}, id="a curve that is a list"),
    pytest.param({"kty": "OKP", "crv": "X25519", "x": "AA"}, id="a curve not to sign with"),
    pytest.param({"kty": "OKP", "crv": "Ed448", "x": "A" * 76, "kid": "k"}, id="Ed448"),
    pytest.param({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "k"}, id="a kind of tomorrow"),
    pytest.param({"kty": "oct", "k": "AAAA", "kid": "k"}, id="a secret"),
    pytest.param({"kty": ["RSA"], "n": "AA"}, id="a kind that is a list"),
    pytest.param({"kid": "k"}, id="no kind"),
    pytest.param({}, id="nothing"),
    pytest.param(None, id="null"),
    pytest.param("key", id="a text"),
    pytest.param([GOOD], id="a list"),
]


@pytest.mark.parametrize("odd", ODD_KEYS)
@pytest.mark.parametrize("header", [{"kid": "k"}, {}], ids=["a token with kid", "a token without kid"])
def test_an_odd_key_does_not_spoil_a_good_one(odd: Any, header: dict[str, Any]) -> None:
    token = signed("rsa", "RS256", **header)
    for keys in ([odd, GOOD], [GOOD, odd], [odd, GOOD, odd]):
        assert verified(token, keys)["sub"] == "alice"


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(public("rsa", n=key("rsa").as_dict()["n"] + "=="), id="padded"),
        pytest.param(public("rsa", e="AQAB===="), id="padded too much"),
        pytest.param(
            public("rsa", n=key("rsa").as_dict()["n"].replace("-", "+").replace("_", "/")),
            id="other alphabet",
        ),
        pytest.param(
            public("rsa", n=key("rsa").as_dict()["n"][:64] + "\n" + key("rsa").as_dict()["n"][64:]),
            id="lines",
        ),
        pytest.param(public("rsa", kid=None), id="no name"),
        pytest.param(public("rsa", kid=""), id="an empty name"),
        pytest.param(public("rsa", use=""), id="an empty use"),
        pytest.param(public("rsa", alg="RSA"), id="an algorithm nobody knows"),
        pytest.param(public("rsa", key_ops="verify", x5c="junk", x5t=7), id="junk beside it"),
    ],
)
def test_a_key_written_otherwise(shown: dict[str, Any]) -> None:
    for header in ({}, {"kid": "k"}) if not shown.get("kid") else ({},):
        assert verified(signed("rsa", "RS256", **header), [shown])["sub"] == "alice"


@pytest.mark.parametrize(
    ("name", "alg"),
    [
        *(pytest.param("rsa", alg, id=alg) for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")),
        pytest.param("ec P-256", "ES256", id="ES256"),
        pytest.param("ec P-384", "ES384", id="ES384"),
        pytest.param("ec P-521", "ES512", id="ES512"),
        pytest.param("ed", "EdDSA", id="EdDSA"),
        pytest.param("ed", "Ed25519", id="Ed25519"),
    ],
)
def test_which_signatures_are_believed(name: str, alg: str) -> None:
    others = [public("rsa other"), public("ec P-256"), public("ed other")]
    assert verified(signed(name, alg), [*others, public(name)])["sub"] == "alice"
    with pytest.raises(OAuthError, match="signature"):
        verified(signed(name, alg), [public("rsa other"), public("ed other")])


@pytest.mark.parametrize("said", [None, "EdDSA", "Ed25519"])
@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
def test_eddsa_and_ed25519_are_one(alg: str, said: str | None) -> None:
    assert verified(signed("ed", alg, kid="k"), [public("ed", alg=said, kid="k")])["sub"] == "alice"


def test_a_token_without_kid_and_two_keys() -> None:
    keys = [public("rsa", kid="1"), public("rsa other", kid="2")]
    for name in ("rsa", "rsa other"):
        assert verified(signed(name, "RS256"), keys)["sub"] == "alice"
        assert verified(signed(name, "RS256", kid=""), keys)["sub"] == "alice"


@pytest.mark.parametrize(
    ("token", "keys", "words"),
    [
        pytest.param(
            signed("rsa other", "RS256", kid="k"), [GOOD], "its signature is wrong", id="another key"
        ),
        pytest.param(
            signed("rsa", "RS256", kid="new"), [GOOD], "a key that is not shown", id="a key not shown"
        ),
        pytest.param(
            signed("rsa", "RS512"), [GOOD], "a key that is not shown", id="a key for something else"
        ),
        pytest.param(
            jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key("s" * 32)),
            [GOOD],
            "its algorithm .*HS256",
            id="a shared secret",
        ),
        pytest.param("eyJhbGciOiJub25lIn0.e30.", [GOOD], "its algorithm .*none", id="unsigned"),
        pytest.param("e30.e30.e30", [GOOD], "cannot be read", id="an empty header"),
        pytest.param("eyJhIjoxfQ.e30.e30", [GOOD], "its algorithm", id="no algorithm"),
        pytest.param("a.b.c.d.e", [GOOD], "cannot be read", id="encrypted"),
        pytest.param("x", [GOOD], "cannot be read", id="no token"),
    ],
)
def test_words_for_a_signature(token: str, keys: list[Any], words: str) -> None:
    with pytest.raises(OAuthError, match=f"The service's ID token does not hold: .*{words}") as caught:
        verified(token, keys)
    assert caught.value.kind is Kind.REFUSED


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        pytest.param({"iss": "https://evil.example"}, "issuer is wrong .'https://evil.example'", id="issuer"),
        pytest.param({"iss": f"{ISSUER}/"}, "issuer is wrong", id="issuer with a slash more"),
        pytest.param({"iss": ISSUER.upper()}, "issuer is wrong", id="issuer in capitals"),
        pytest.param({"iss": ISSUER.replace("https", "http")}, "issuer is wrong", id="issuer with http"),
        pytest.param({"iss": f"{ISSUER}:443"}, "issuer is wrong", id="issuer with its port"),
        pytest.param({"iss": [ISSUER]}, "issuer is wrong .'list'", id="a list of issuers"),
        pytest.param({"iss": None}, "issuer is wrong .none", id="no issuer"),
        pytest.param({"iss": "x" * 5000}, "issuer is wrong", id="an endless issuer"),
        pytest.param({"aud": "other"}, "audience is wrong", id="audience"),
        pytest.param({"aud": ["other"]}, "audience is wrong", id="audience in a list"),
        pytest.param({"aud": []}, "audience is wrong", id="no audience"),
        pytest.param({"aud": None}, "audience is wrong", id="audience not said"),
        pytest.param({"aud": ["client", "other"]}, "audience is wrong.*azp", id="nobody authorized"),
        pytest.param({"azp": "other"}, "audience is wrong.*azp", id="another authorized"),
        pytest.param({"exp": NOW - 301}, "times are wrong .exp: it has expired", id="expired"),
        pytest.param({"exp": None}, "times are wrong .exp is missing", id="no end"),
        pytest.param({"exp": "soon"}, "times are wrong .exp is not a number", id="an end in words"),
        pytest.param({"exp": True}, "times are wrong .exp is not a number", id="an end that is true"),
        pytest.param({"exp": float("nan")}, "times are wrong .exp is not a number", id="NaN as end"),
        pytest.param({"exp": float("inf")}, "times are wrong .exp is not a number", id="infinity as end"),
        pytest.param({"iat": NOW + 301}, "times are wrong .iat", id="issued in the future"),
        pytest.param({"iat": None}, "times are wrong .iat is missing", id="never issued"),
        pytest.param({"nbf": NOW + 301}, "times are wrong .nbf", id="not yet"),
        pytest.param({"nonce": "other"}, "nonce is wrong", id="nonce"),
        pytest.param({"nonce": None}, "nonce is wrong", id="no nonce"),
        pytest.param({"nonce": "\ud800"}, "nonce is wrong", id="half a character as nonce"),
        pytest.param({"sub": ""}, "subject", id="nobody"),
        pytest.param({"at_hash": "AAAA"}, "another access token", id="at_hash"),
    ],
)
def test_words_for_a_claim(claims: dict[str, Any], words: str) -> None:
    with pytest.raises(OAuthError, match=f"does not hold: [^;]*{words}[^;]*$") as caught:
        verified(signed("rsa", "RS256", {**CLAIMS, **claims}), [GOOD])
    assert caught.value.kind is Kind.REFUSED
    assert len(caught.value.text) < 250


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": ISSUER.removeprefix("https://")}, id="Google: an issuer without its scheme"),
        pytest.param({"aud": ["client", "client"]}, id="an audience twice"),
        pytest.param({"aud": ["client", "other"], "azp": "client"}, id="two audiences, we are authorized"),
        pytest.param({"azp": ""}, id="nobody else authorized"),
        pytest.param({"at_hash": "oFYf1knNtrqnhAVfBRuteQ"}, id="its access token"),
        pytest.param({"at_hash": "oFYf1knNtrqnhAVfBRuteQ=="}, id="its access token, padded"),
        pytest.param({"at_hash": ""}, id="an access token that is not said"),
        pytest.param({"iat": NOW + 299, "nbf": NOW + 299}, id="a clock five minutes ahead"),
        pytest.param({"exp": NOW - 299}, id="a clock five minutes behind"),
        pytest.param({"exp": NOW + 60.5, "iat": NOW - 0.5}, id="times with fractions"),
        pytest.param({"iat": NOW - 365 * 24 * 3600}, id="issued long ago"),
        pytest.param({"sub": "älice 🙂"}, id="a subject in any letters"),
        pytest.param({"sub": "x" * 255}, id="the longest subject"),
    ],
)
def test_claims_that_hold(claims: dict[str, Any]) -> None:
    found = verified(signed("rsa", "RS256", {**CLAIMS, **claims}), [GOOD])
    assert found["iss"] == ISSUER, "the issuer by its own name, or the person would be another next time"


def test_everything_that_is_wrong_is_said() -> None:
    wrong = {"iss": "https://evil.example", "aud": "other", "exp": NOW - 999, "nonce": "other"}
    with pytest.raises(OAuthError) as caught:
        verified(signed("rsa", "RS256", {**CLAIMS, **wrong}), [GOOD])
    for word in ("issuer", "audience", "times", "nonce"):
        assert word in caught.value.text


TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
MANY = Endpoints(
    "https://login.example/common/v2.0",
    "https://login.example/a",
    "https://login.example/t",
    issuer_pattern="https://login.example/{tid}/v2.0",
)


@pytest.mark.parametrize(
    ("iss", "tid", "holds"),
    [
        pytest.param(f"https://login.example/{TENANT}/v2.0", TENANT, True, id="its tenant"),
        pytest.param(f"https://login.example/{TENANT}/v2.0", TENANT[:-1] + "8", False, id="another tenant"),
        pytest.param(f"https://login.example/{TENANT}/v2.0", None, False, id="no tenant"),
        pytest.param(f"https://login.example/{TENANT}/v2.0", 7, False, id="a tenant that is a number"),
        pytest.param(f"https://login.example/{TENANT}/v2.0", "", False, id="an empty tenant"),
        pytest.param("https://login.example/a/b/v2.0", "a/b", False, id="a tenant that is a path"),
        pytest.param("https://login.example/{tid}/v2.0", "{tid}", False, id="the placeholder"),
        pytest.param("https://login.example/common/v2.0", TENANT, False, id="the address's own name"),
        pytest.param(f"https://evil.example/{TENANT}/v2.0", TENANT, False, id="elsewhere"),
    ],
)
def test_an_issuer_with_a_tenant(iss: str, tid: Any, holds: bool) -> None:
    token = signed("rsa", "RS256", {**CLAIMS, "iss": iss, "tid": tid})
    if holds:
        assert verified(token, [GOOD], MANY)["iss"] == iss
    else:
        with pytest.raises(OAuthError, match="issuer is wrong"):
            verified(token, [GOOD], MANY)


@pytest.mark.parametrize("found", [None, {}, {"a": 1}, "keys", 7, [], [None]])
def test_no_keys(found: Any) -> None:
    assert read_keys(found) == ()
