"""OpenTelemetry spans around calls to services; they cost next to nothing where Airflow has tracing off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

_tracer = trace.get_tracer("airflow_thirdparty")


@contextmanager
def span(name: str, conn_id: str) -> Iterator[None]:
    """Record how long a step takes and whether it fails; neither a token nor a person's name goes along.

    :param name: what is done: ``refresh``, ``revoke``, ``exchange``, ``discovery``
    :param conn_id: id of the account
    """
    with _tracer.start_as_current_span(
        f"third_party_accounts.{name}",
        attributes={"airflow.third_party_account": conn_id},
        record_exception=False,  # a traceback's text is not ours to send anywhere
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(trace.Status(trace.StatusCode.ERROR))
            raise
