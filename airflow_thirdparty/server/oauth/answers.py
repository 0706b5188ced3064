"""Reading a service's answer without trusting it."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from airflow_thirdparty.server.oauth.errors import Kind, OAuthError, kind_of, safe_code

_LONGEST_WAIT = 86_400
_SUCCESS = range(200, 300)


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

    def retry_after(self, now: datetime | None = None) -> int | None:
        """Seconds the service asks to wait (RFC 9110 section 10.2.3), at most a day.

        :param now: what a date counts from, if the service does not say in ``Date`` what time it has; its
            clock and ours may differ by minutes
        :return: seconds; ``None`` when the service does not say
        """
        return _retry_after(self.headers.get("retry-after"), _date(self.headers.get("date")) or now)

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        :raises OAuthError: TRANSIENT, if it is anything else (HTML of a proxy, a form, NaN …)
        :return: the answer's fields
        """
        found = strict_object(self.body)
        if found is None:
            raise OAuthError(Kind.TRANSIENT, self.step, f"The service did not answer in JSON ({self.status})")
        return found

    def raise_for_error(self, now: datetime | None = None) -> None:
        """Do nothing if the service says success, also inside the body.

        GitHub answers 200 with ``{"error": …}``.

        :param now: for ``Retry-After``
        :raises OAuthError: otherwise
        """
        if self.succeeded and not (strict_object(self.body) or {}).get("error"):
            return
        self.fail(now)

    def fail(self, now: datetime | None = None) -> NoReturn:
        """Raise what this answer means.

        5xx and 429 come from whatever stands in front of the service as often as from itself, so their
        body is not believed.

        :param now: for ``Retry-After``
        :raises OAuthError: always
        """
        waits = self.retry_after(now)
        if self.status >= 500 or self.status in (408, 425, 429):
            text = f"The service cannot answer now ({self.status})"
            raise OAuthError(Kind.TRANSIENT, self.step, text, retry_after=waits)
        if 300 <= self.status < 400:
            text = f"The service answered with a redirect ({self.status}), which is not followed"
            raise OAuthError(Kind.REFUSED, self.step, text)
        code = safe_code((strict_object(self.body) or {}).get("error"))
        text = f"The service refused: {code}" if code else f"The service answered {self.status}"
        raise OAuthError(kind_of(code, self.step), self.step, text, code=code, retry_after=waits)


def strict_object(body: bytes) -> dict[str, Any] | None:
    """Read a JSON object, refusing what lenient readers let pass.

    :param body: UTF-8
    :returns: nothing, if it is not a JSON object, has NaN, Infinity or a number out of range, names a key
        twice or nests too deep
    """
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError("not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("out of range")
    return number


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

        :param chunk: bytes as they came, still compressed
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

        :raises ValueError: if the compressed stream is cut short
        :return: the body, decompressed
        """
        if self._inflate is not None and not self._inflate.eof and self._body:
            raise ValueError("cut short")
        return bytes(self._body)
