"""ID tokens: the keys that sign them, and every check one has to pass (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key

from airflow_thirdparty.server.oauth import issuers
from airflow_thirdparty.server.oauth.answers import strict_object, usable_text
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError
from airflow_thirdparty.server.oauth.transport import Transport
from airflow_thirdparty.server.oauth.types import Endpoints, TokenSet

LEEWAY = 300
"""Seconds a service's clock may differ from ours."""

_ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), ("RSA", None)),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "Ed25519": ("OKP", "Ed25519"),  # RFC 9864, the same as the older
    "EdDSA": ("OKP", "Ed25519"),  # RFC 8037, with this curve
}
"""Signatures that are believed, and the key each needs (RFC 7518 section 3.1). Never ``none``, never a shared
secret."""

_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""Of a public key (RFC 7518 section 6, RFC 8037 section 2)."""

_MOST_KEYS = 100
"""Keys of a set that are looked at: the largest known has some twenty."""


@dataclass(frozen=True)
class SigningKey:
    """A public key of a service.

    :param key: imported
    :param kty: its family
    :param curve: of an elliptic curve, else nothing
    :param kid: its name; names are not always there, nor always given once
    :param alg: the one algorithm it is for, if it says one that is believed
    """

    key: Key = field(repr=False)
    kty: str
    curve: str | None
    kid: str | None
    alg: str | None

    def fits(self, algorithm: str) -> bool:
        """Whether it can have made a signature of this kind.

        :param algorithm: of the token
        :return: true also for keys that do not name an algorithm
        """
        family = _ALGORITHMS[algorithm]
        if (self.kty, self.curve) != family:
            return False
        return self.alg in (None, algorithm) or self.kty == "OKP"  # EdDSA and Ed25519 are one


async def fetch_keys(transport: Transport, url: str) -> tuple[SigningKey, ...]:
    """Ask for a service's keys.

    :param transport: the way out
    :param url: where they lie
    :return: those that can be used, at least one
    :raises OAuthError: TRANSIENT, if none can be used
    """
    answer = await transport.get(url, step="keys")
    answer.raise_for_error()
    keys = read_keys(answer.json().get("keys"))
    if not keys:
        raise OAuthError(Kind.TRANSIENT, "keys", "The service shows no usable keys")
    return keys


def read_keys(found: object) -> tuple[SigningKey, ...]:
    """Import keys one by one: one that cannot be used does not spoil the others.

    :param found: the list of a JWK set (RFC 7517 section 5)
    :return: those that can be used
    """
    return tuple(_usable(found[:_MOST_KEYS])) if isinstance(found, list) else ()


def _usable(found: list[Any]) -> Iterator[SigningKey]:
    for one in found:
        if isinstance(one, dict) and one.get("use") in (None, "", "sig") and (key := _imported(one)):
            kid, alg = one.get("kid"), one.get("alg")
            yield SigningKey(
                key,
                str(one["kty"]),
                one.get("crv") if one["kty"] != "RSA" else None,
                kid if isinstance(kid, str) and kid else None,
                alg if isinstance(alg, str) and alg in _ALGORITHMS else None,
            )


def _imported(one: dict[str, Any]) -> Key | None:
    kty = one.get("kty")
    members = _MEMBERS.get(kty) if isinstance(kty, str) else None
    if members is None:
        return None
    try:
        return import_key({"kty": str(kty), **{name: _tidy(name, one[name]) for name in members}})
    except Exception:  # whatever a foreign key makes the library stumble over
        return None


def _tidy(name: str, value: str) -> str:
    """Base64 as RFC 7515 section 2 wants it; some services pad it or use the other alphabet."""
    if name == "crv":
        return value
    return "".join(value.split()).rstrip("=").replace("+", "-").replace("/", "_")


def verify(
    tokens: TokenSet,
    keys: Collection[SigningKey],
    endpoints: Endpoints,
    client_id: str,
    nonce: str | None,
    now: datetime,
) -> dict[str, Any]:
    """The claims of an ID token that has passed every check.

    :param tokens: the ID token, and the access token that came with it
    :param keys: of the service
    :param endpoints: whose issuer it must name
    :param client_id: whom it must be meant for
    :param nonce: of the authorization, if it had one
    :param now: aware
    :raises OAuthError: REFUSED, naming everything that is wrong
    :return: the claims, with the issuer by its own name
    """
    header, claims = signed_claims(str(tokens.id_token), keys)
    problems = [
        *_wrong_parties(claims, endpoints, client_id),
        *_wrong_times(claims, int(now.timestamp())),
        *_wrong_bindings(header, claims, tokens.access_token, nonce),
    ]
    if problems:
        raise _refused("; ".join(problems))
    return {**claims, "iss": issuers.expected(endpoints, claims)}


def signed_claims(token: str, keys: Collection[SigningKey]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, believed for its signature only.

    :param token: signed (RFC 7519)
    :param keys: of the service
    :return: header, claims
    :raises OAuthError: REFUSED, naming algorithm or signature
    """
    header = strict_object(_decoded(token.partition(".")[0])) or {}
    algorithm = header.get("alg")
    if not header:
        raise _refused("it cannot be read")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise _refused(f"its algorithm is not one that is accepted ({str(algorithm)[:20]!a})")
    fitting = [one for one in _candidates(header.get("kid"), keys) if one.fits(algorithm)]
    for one in fitting:
        claims = _opened(token, one, algorithm)
        if claims is not None:
            return header, claims
    raise _refused("its signature is wrong" if fitting else "its signature is of a key that is not shown")


def _opened(token: str, key: SigningKey, algorithm: str) -> dict[str, Any] | None:
    try:
        return dict(jwt.decode(token, key.key, algorithms=[algorithm]).claims)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _candidates(kid: object, keys: Collection[SigningKey]) -> list[SigningKey]:
    """The keys a token may be signed with: those of its name and those without one; all if it names none."""
    if not kid:
        return list(keys)
    return [one for one in keys if one.kid == kid] + [one for one in keys if one.kid is None]


def _decoded(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return b""


def _refused(problem: str) -> OAuthError:
    return OAuthError(Kind.REFUSED, "exchange", f"The service's ID token does not hold: {problem}")


def _wrong_parties(claims: Mapping[str, Any], endpoints: Endpoints, client_id: str) -> Iterator[str]:
    """By whom, about whom and for whom it was issued."""
    expected = issuers.expected(endpoints, claims)
    if not expected or claims.get("iss") not in (expected, expected.removeprefix("https://")):
        # without the scheme in Google's older ID tokens (OpenID Connect Core 15.6.2)
        yield f"its issuer is wrong ({issuers.shown(claims.get('iss'))})"
    subject = claims.get("sub")
    if not isinstance(subject, str) or not usable_text(subject):
        yield "its subject is missing or unusable"
    audiences, party = claims.get("aud"), claims.get("azp")
    meant_for = audiences if isinstance(audiences, list) else [audiences]
    if client_id not in meant_for:
        yield "its audience is wrong, it is meant for another client"
    elif party not in (None, "", client_id) or (any(one != client_id for one in meant_for) and not party):
        yield "its audience is wrong, another client was authorized (azp)"


def _wrong_times(claims: Mapping[str, Any], now: int) -> Iterator[str]:
    """When it is good (RFC 7519 sections 4.1.4 to 4.1.6)."""
    for name, essential, limit, says in (
        ("exp", True, now - LEEWAY, "it has expired"),
        ("iat", True, now + LEEWAY, "it was issued in the future"),
        ("nbf", False, now + LEEWAY, "it is not good yet"),
    ):
        value = claims.get(name)
        if value is None:
            if essential:
                yield f"its times are wrong ({name} is missing)"
        elif not _is_number(value):
            yield f"its times are wrong ({name} is not a number)"
        elif value <= limit if name == "exp" else value > limit:
            yield f"its times are wrong ({name}: {says}, or a clock is)"


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)  # NaN would be neither too early nor too late
    return isinstance(value, int) and not isinstance(value, bool)


def _wrong_bindings(
    header: Mapping[str, Any], claims: Mapping[str, Any], access_token: str, nonce: str | None
) -> Iterator[str]:
    """What ties it to this very authorization and this very access token."""
    told = str(claims.get("nonce", "")).encode("utf-8", "surrogatepass")
    if nonce is not None and not hmac.compare_digest(told, nonce.encode()):
        yield "its nonce is wrong, it answers another request"
    expected = claims.get("at_hash")
    if expected and str(expected).rstrip("=") != _half_hash(str(header.get("alg")), access_token):
        yield "it belongs to another access token (at_hash)"


def _half_hash(algorithm: str, access_token: str) -> str:
    """``at_hash`` of OpenID Connect Core 3.1.3.6."""
    hashes = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
    digest = hashes.get(algorithm[-3:], hashlib.sha512)(access_token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
