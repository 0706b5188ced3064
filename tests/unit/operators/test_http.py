"""The operator: one request, or page after page, as the acting person, and what becomes of the answer."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from airflow.sdk.exceptions import AirflowException

from airflow_thirdparty.exceptions import LeavesAccount, SignInRequired
from airflow_thirdparty.operators.http import ThirdPartyHttpOperator
from airflow_thirdparty.wire import TokenRequest
from tests.support.worker import TOKEN, Service, Supervisor, refused

PAGE = "https://airflow.example/third-party-accounts/?account=acme"


def operator(**arguments: Any) -> ThirdPartyHttpOperator:
    return ThirdPartyHttpOperator(
        **{"task_id": "t", "third_party_account_conn_id": "acme", "endpoint": "/x", **arguments}
    )


@pytest.mark.parametrize(
    ("arguments", "line", "content_type", "content"),
    [
        pytest.param({}, "GET /x", None, "", id="by default"),
        pytest.param({"data": {"a": 1}}, "GET /x?a=1", None, "", id="GET, data is the query"),
        pytest.param({"method": "DELETE", "data": {"a": 1}}, "DELETE /x?a=1", None, "", id="DELETE"),
        pytest.param(
            {"method": "POST", "data": {"a": 1}},
            "POST /x",
            "application/x-www-form-urlencoded",
            "a=1",
            id="POST, data is a form",
        ),
        pytest.param({"method": "PUT", "data": "plain"}, "PUT /x", None, "plain", id="PUT, data is a text"),
        pytest.param(
            {"method": "POST", "json": {"a": 1}}, "POST /x", "application/json", '{"a":1}', id="POST, JSON"
        ),
        pytest.param(
            {"method": "PATCH", "json": [], "headers": {"Content-Type": "application/merge-patch+json"}},
            "PATCH /x",
            "application/merge-patch+json",
            "[]",
            id="PATCH, own header",
        ),
    ],
)
def test_what_is_sent(
    acme: str,
    service: Service,
    arguments: dict[str, Any],
    line: str,
    content_type: str | None,
    content: str,
) -> None:
    assert operator(**arguments).execute({}) == "{}"
    [sent] = service.requests
    assert (sent.line, sent.headers.get("content-type"), sent.content) == (line, content_type, content)
    assert service.credentials() == [f"Bearer {TOKEN}"]


def test_what_the_task_needs_is_asked_for(acme: str, supervisor: Supervisor) -> None:
    operator(scopes=["repo"], min_lifetime=600).execute({})
    assert supervisor.asked == [TokenRequest("acme", ("repo",), 600)]


@pytest.mark.parametrize(
    ("response_filter", "result"),
    [
        pytest.param(None, "{}", id="its text"),
        pytest.param(lambda response: response.status_code, 200, id="what the filter makes of it"),
        pytest.param(lambda response, ds: ds, "2026-01-01", id="with a part of the context"),
        pytest.param(lambda response, **context: sorted(context), ["ds", "run_id"], id="with the context"),
    ],
)
def test_what_becomes_of_the_answer(acme: str, response_filter: Any, result: Any) -> None:
    context = {"ds": "2026-01-01", "run_id": "r"}
    assert operator(response_filter=response_filter).execute(context) == result


@pytest.mark.parametrize("passes", [True, False])
def test_the_answer_is_checked(acme: str, passes: bool) -> None:
    task = operator(response_check=lambda response: passes)
    if passes:
        assert task.execute({}) == "{}"
        return
    with pytest.raises(AirflowException, match="response check"):
        task.execute({})


def by_number(response: httpx2.Response) -> dict[str, Any] | None:
    page = int(response.url.params["page"])
    return {"data": {"page": page + 1}} if page < 3 else None


def test_pages_by_the_link_header(acme: str, service: Service) -> None:
    service.answers["/x"] = lambda _: (200, {"Link": '</y>; rel="next"'})
    assert operator(pagination_function="link").execute({}) == ["{}", "{}"]
    assert [sent.line for sent in service.requests] == ["GET /x", "GET /y"]


def test_pages_as_the_author_says(acme: str, service: Service) -> None:
    task = operator(data={"page": 1}, pagination_function=by_number, response_filter=len)
    assert task.execute({}) == 3
    assert [sent.line for sent in service.requests] == ["GET /x?page=1", "GET /x?page=2", "GET /x?page=3"]


@pytest.mark.parametrize("by_page", [pytest.param(False, id="an address"), pytest.param(True, id="a page")])
def test_nothing_goes_to_another_service(acme: str, elsewhere: Service, by_page: bool) -> None:
    away = {"endpoint": f"{elsewhere.url}/x"}
    task = operator(pagination_function=lambda _: away) if by_page else operator(**away)
    with pytest.raises(LeavesAccount):
        task.execute({})
    assert elsewhere.seen == []


def test_a_refusal_puts_the_link_on_a_line_of_its_own(supervisor: Supervisor, logged: list[str]) -> None:
    supervisor.answers["acme"] = lambda request: refused("sign_in_required", link=PAGE)
    task = operator()
    with pytest.raises(SignInRequired):
        task.execute({})
    assert logged.count(PAGE) == 1
    assert [line for line in logged if "Mend it:" in line] == ["No. Mend it:"]
    assert task.sign_in_address == PAGE


@pytest.mark.parametrize("log_response", [True, False])
def test_the_answer_is_logged_only_when_asked_for(acme: str, logged: list[str], log_response: bool) -> None:
    operator(log_response=log_response).execute({})
    assert ("{}" in logged) is log_response
    assert TOKEN not in repr(logged)


def test_templates_are_rendered(acme: str) -> None:
    task = operator(
        third_party_account_conn_id="{{ account }}",
        endpoint="/{{ ds }}",
        data={"day": "{{ ds }}"},
        json=["{{ ds }}"],
        headers={"X-Day": "{{ ds }}"},
    )
    task.render_template_fields({"ds": "2026-01-01", "account": "acme"})
    assert task.third_party_accounts == ("acme",)
    assert (task.endpoint, task.data, task.json, task.headers) == (
        "/2026-01-01",
        {"day": "2026-01-01"},
        ["2026-01-01"],
        {"X-Day": "2026-01-01"},
    )
