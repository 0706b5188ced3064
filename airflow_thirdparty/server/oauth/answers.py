"""Reading a service's answer without trusting it."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from airflow_thirdparty.server.oauth import error_codes, paths
from airflow_thirdparty.server.oauth.error_codes import Told
from airflow_thirdparty.server.oauth.errors import Kind, OAuthError, kind_of
from airflow_thirdparty.server.service_rules import STANDARD, ServiceRules

_LONGEST_WAIT = 86_400
"""Seconds, a day: who asks for more would be asked never again because of one wrong answer."""

_SUCCESS = range(200, 300)
_MOST_FORM_FIELDS = 50
"""Fields of an answer that is a form: those that are known have fewer than ten."""

_FORM = re.compile(rb"[\w.~-]+=[^\s<>]*")
_CHALLENGE = re.compile(
    r"""\b(error(?:_description)?)\s*=\s*(?:"([^"]{0,300})"|([^\s,"]{1,100}))""", re.IGNORECASE
)
_MOST_DIGITS = 40  # of a whole number: longer than any id, and Python takes no more than some thousands
_PASSING = (408, 425, 429)
"""Statuses that ask to come again (RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4)."""


_LONGEST_SUBJECT = 255
"""Letters, as OpenID Connect Core section 2 bounds ``sub``; the database's column has as many."""


@dataclass(frozen=True)
class HttpResponse:
    """What came back, whole and within its limits.

    :param status: of HTTP
    :param headers: names in lower case; of repeated ones the first
    :param body: decoded
    :param step: of which this is the answer
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    step: str

    @property
    def succeeded(self) -> bool:
        """Whether the status says success."""
        return self.status in _SUCCESS

    @property
    def refuses(self) -> bool:
        """Whether the status says that asking again is of no use (RFC 9110 section 15.5)."""
        return 400 <= self.status < 500 and self.status not in _PASSING

    def clock_skew(self, now: datetime) -> timedelta | None:
        """By how much the service's clock is ahead of ours.

        :param now: the time, aware
        :return: ``None`` when the service does not say what time it has
        """
        told = _date(self.headers.get("date"))
        return None if told is None else told - now

    def retry_after(self, now: datetime | None = None) -> int | None:
        """Seconds the service asks to wait (RFC 9110 section 10.2.3), at most a day.

        :param now: what a date counts from, if the service does not say in ``Date`` what time it has; its
            clock and ours may differ by minutes
        :return: nothing if it does not say
        """
        return _retry_after(self.headers.get("retry-after"), _date(self.headers.get("date")) or now)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        :return: the object
        :raises OAuthError: TRANSIENT, if it is anything else (HTML of a proxy, a form, a list …)
        """
        found = strict_object(self.body)
        if found is None:
            raise OAuthError(Kind.TRANSIENT, self.step, f"The service did not answer in JSON ({self.status})")
        return found

    @property
    def is_page(self) -> bool:
        """Whether this is HTML for people's eyes, as proxies answer, whatever it calls itself."""
        start = self.body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        content_type = self.headers.get("content-type", "").lower()
        if start.startswith(b"<"):
            is_xml = start.startswith(b"<?xml") or "/xml" in content_type
            return not is_xml or b"<html" in start
        says_so = "html" in content_type
        return says_so and strict_object(self.body) is None and not _FORM.fullmatch(self.body.strip())

    def fields(self) -> dict[str, Any]:
        """The fields of a token answer or an error: of JSON, else of a form; none if it is neither.

        Letters that are not UTF-8 are replaced: they stand in sentences, and tokens and codes have none. A
        list is one of errors, as Salesforce answers.
        """
        found = _strict_json(self.body, lenient=True)
        if isinstance(found, list):
            return {"errors": found}
        if isinstance(found, dict) or self.is_page or b"=" not in self.body:
            return found if isinstance(found, dict) else {}
        try:
            pairs = parse_qsl(self.body.decode("utf-8").strip(), max_num_fields=_MOST_FORM_FIELDS)
        except ValueError:
            return {}
        return dict(reversed(pairs))  # of repeated ones the first

    def _challenge(self) -> dict[str, Any]:
        """What a 401 without a body says in its header (RFC 6750 section 3)."""
        found = _CHALLENGE.findall(self.headers.get("www-authenticate", ""))
        return {name.lower(): quoted or bare for name, quoted, bare in reversed(found)}

    def raise_for_error(
        self,
        now: datetime | None = None,
        rules: ServiceRules = STANDARD,
        secrets: Collection[str] = (),
    ) -> None:
        """Do nothing if the service says success, also inside the body.

        GitHub answers 200 with ``{"error": …}``, Slack with ``{"ok": false, …}``.

        :param now: for ``Retry-After``
        :param rules: of the service
        :param secrets: what was sent and must not be quoted
        :raises OAuthError: otherwise
        """
        if not self.succeeded or self._says_no(rules):
            self.fail(now, rules, secrets)

    def _says_no(self, rules: ServiceRules) -> bool:
        found = self.fields()
        if rules.ok and found:
            path, _, expected = rules.ok.partition("=")
            return _as_text(paths.value_at(found, path)) != expected.strip().lower()
        return bool(found.get("error")) or found.get("ok") is False

    def fail(
        self,
        now: datetime | None = None,
        rules: ServiceRules = STANDARD,
        secrets: Collection[str] = (),
    ) -> NoReturn:
        """Raise what this answer means.

        5xx, 429 and pages come from whatever stands in front of the service as often as from itself, so
        their body is not believed.

        :param now: for ``Retry-After``
        :param rules: of the service
        :param secrets: what was sent and must not be quoted
        :raises OAuthError: always
        """
        waits = self.retry_after(now)
        if self.status >= 500 or self.status in _PASSING:
            text = f"The service cannot answer now ({self.status})"
            raise OAuthError(Kind.TRANSIENT, self.step, text, retry_after=waits, status=self.status)
        if 300 <= self.status < 400:
            text = f"The service answered with a redirect ({self.status}), which is not followed"
            raise OAuthError(Kind.REFUSED, self.step, text, status=self.status)
        if self.is_page:
            text = f"The service answered {self.status} with a page, as proxies do"
            raise OAuthError(Kind.TRANSIENT, self.step, text, retry_after=waits, status=self.status)
        told = error_codes.told(self.fields() or self._challenge(), rules)
        kind, code = kind_of(told, self.step, rules)
        if kind is Kind.UNKNOWN and self._is_in_trouble(told):
            kind = Kind.TRANSIENT
        code = code or told.shown({*secrets, str(self.status)})
        text = f"The service refused: {code}" if code else f"The service answered {self.status}"
        raise OAuthError(kind, self.step, text, code=code, retry_after=waits, status=self.status)

    def _is_in_trouble(self, told: Told) -> bool:
        """Whether a success, by its status, is neither that nor a refusal of what was asked."""
        return self.succeeded and told.first_of(error_codes.SERVICE_IS_IN_TROUBLE) is not None


def _as_text(value: object) -> str:
    return str(value).strip().lower() if isinstance(value, (str, int, float)) else ""


def usable_text(text: str) -> bool:
    """Whether a text can name somebody: neither empty nor too long for the database, all of it visible.

    :param text: of a service
    :return: true if it can be stored
    """
    return 0 < len(text) <= _LONGEST_SUBJECT and text.isprintable() and bool(text.strip())


def strict_object(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object, refusing what lenient readers let pass.

    :param body: UTF-8
    :return: nothing, if it is not a JSON object, names a key twice or nests too deep. NaN, Infinity and
        numbers out of range are no JSON (RFC 8259 section 6) and read as null: one odd number must not cost
        the tokens that stand beside it
    """
    found = _strict_json(body)
    return found if isinstance(found, dict) else None


def _strict_json(body: bytes, *, lenient: bool = False) -> Any:
    """A JSON value; nothing if it is none. A byte order mark is passed over (RFC 8259 section 8.1)."""
    try:
        return json.loads(
            body.decode("utf-8-sig", "replace" if lenient else "strict"),
            object_pairs_hook=_unique,
            parse_constant=lambda name: None,
            parse_float=_finite,
            parse_int=_whole,
        )
    except (ValueError, RecursionError):
        return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _whole(text: str) -> int | None:
    return int(text) if len(text) <= _MOST_DIGITS else None


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _retry_after(text: str | None, now: datetime | None) -> int | None:
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), _LONGEST_WAIT)
    until = _date(text)
    if until is None or now is None:
        return None
    return min(max(math.ceil((until - now).total_seconds()), 0), _LONGEST_WAIT)


class TooLarge(Exception):
    """The answer exceeds the cap."""


class BoundedBody:
    """Collects a body as it arrives, decoding it, and never holds more than its cap.

    :param encoding: the ``Content-Encoding``; none was asked for, but some services compress regardless
    :param cap: most bytes, decoded
    :raises ValueError: for an encoding that cannot be decoded with a bound
    """

    def __init__(self, encoding: str, cap: int) -> None:
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise ValueError("unknown content encoding")
        self._cap = cap
        self._body = bytearray()
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32) if encoding not in ("", "identity") else None

    def feed(self, chunk: bytes) -> None:
        """Take what has arrived.

        :param chunk: bytes as they came, compressed or not
        :raises TooLarge: beyond the cap
        :raises ValueError: if it does not decode
        """
        room = self._cap - len(self._body) + 1
        if self._inflate is not None:
            try:
                # Decoding stops at the bound, whatever the input would unfold to.
                chunk = self._inflate.decompress(chunk, room)
            except zlib.error:
                raise ValueError("not compressed as promised") from None
        self._body += chunk[:room]
        if len(self._body) > self._cap:
            raise TooLarge

    def whole(self) -> bytes:
        """Everything, after the last chunk.

        :return: the decoded body
        :raises ValueError: if the compressed stream is cut short
        """
        if self._inflate is not None and not self._inflate.eof and self._body:
            raise ValueError("cut short")
        return bytes(self._body)
