"""How a service can answer badly: the bytes, as they go over the wire."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

FOREVER = 3600.0


@dataclass
class Reply:
    """What the service would say if nothing were wrong."""

    status: int
    fields: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        return json.dumps(self.fields).encode() if self.fields or not self.headers else b""


@dataclass
class Fault:
    """One way of answering.

    :param kind: ``answer`` (well, after ``delay``, with ``fields`` put over the right ones; None takes one
        away), ``status`` (with ``status``, ``headers``, ``body``), ``cut`` (half an answer), ``drop`` (none),
        ``hang`` (none, and the line stays open), ``endless`` (a body without end), ``bomb`` (200 MB, gzipped)
    :param times: how often; None until it is taken away
    :param until: ``answer`` waits for it, where the service runs in the test's own event loop
    :param after_effect: whether the service does what it is asked to before it answers badly
    """

    kind: str
    times: int | None = None
    after_effect: bool = False
    delay: float = 0.0
    until: asyncio.Event | None = None
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


def merged(reply: Reply, fields: Mapping[str, Any]) -> Reply:
    """The reply with a lie put over it."""
    told = {**reply.fields, **fields}
    return Reply(reply.status, {key: told[key] for key in told if told[key] is not None}, reply.headers)


async def send(writer: asyncio.StreamWriter, reply: Reply) -> None:
    """Answer as one should."""
    await _write(writer, reply.status, {"Content-Type": "application/json", **reply.headers}, reply.body())


async def send_badly(writer: asyncio.StreamWriter, fault: Fault, reply: Reply) -> None:
    """Answer as the fault says. Leaves the connection to be closed by the caller."""
    if fault.kind == "status":
        await _write(writer, fault.status, fault.headers, fault.body.encode())
    elif fault.kind == "cut":
        body = reply.body()
        writer.write(_head(200, {"Content-Type": "application/json"}, len(body)) + body[: len(body) // 2])
        await writer.drain()
    elif fault.kind == "hang":
        await asyncio.sleep(FOREVER)
    elif fault.kind == "endless":
        await _endless(writer)
    elif fault.kind == "bomb":
        await _write(writer, 200, {"Content-Encoding": "gzip"}, _bomb())
    elif fault.kind != "drop":
        raise ValueError(fault.kind)


@cache
def _bomb() -> bytes:
    """200 MB in 200 KB: one megabyte packed, 200 times; nobody should come to the end, which is missing."""
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    head, block = (packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return head + 199 * block


async def _endless(writer: asyncio.StreamWriter) -> None:
    """Bytes that keep coming, slowly enough that no single read takes long."""
    writer.write(_head(200, {"Content-Type": "application/json"}, None))
    while True:
        writer.write(b"20\r\n" + b" " * 32 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _write(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str], body: bytes) -> None:
    writer.write(_head(status, headers, len(body)) + body)
    await writer.drain()


def _head(status: int, headers: Mapping[str, str], length: int | None) -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"HTTP/1.1 {status} Whatever", size, *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
