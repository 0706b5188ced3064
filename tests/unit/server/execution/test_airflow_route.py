"""What Airflow's API does to a connection on its way to an older worker is noticed, in whatever form."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.api_fastapi.execution_api.datamodels.connection import ConnectionResponse
from airflow.api_fastapi.execution_api.datamodels.variable import VariableResponse
from cadwyn import (
    RequestInfo,
    ResponseInfo,
    VersionChange,
    convert_request_to_next_version_for,
    convert_response_to_previous_version_for,
    endpoint,
    schema,
)

from airflow_thirdparty.server.execution import airflow_route


def _without_host(response: ResponseInfo) -> None:
    response.body.pop("host")


def _with_header(request: RequestInfo) -> None:
    request.headers["x"] = "y"


class Field(VersionChange):
    description = "a field is new"
    instructions_to_migrate_to_previous_version = (schema(ConnectionResponse).field("host").didnt_exist,)


class Endpoint(VersionChange):
    description = "the route is new"
    instructions_to_migrate_to_previous_version = (endpoint(airflow_route.SUB_PATH, ["GET"]).didnt_exist,)


class ResponseBySchema(VersionChange):
    description = "the answer is converted"
    instructions_to_migrate_to_previous_version = ()

    converts = convert_response_to_previous_version_for(ConnectionResponse)(_without_host)


class ResponseByPath(VersionChange):
    description = "the answer of the route is converted"
    instructions_to_migrate_to_previous_version = ()

    converts = convert_response_to_previous_version_for(airflow_route.SUB_PATH, ["GET"])(_without_host)


class RequestByPath(VersionChange):
    description = "the question is converted"
    instructions_to_migrate_to_previous_version = ()

    converts = convert_request_to_next_version_for(airflow_route.SUB_PATH, ["GET"])(_with_header)


class Another(VersionChange):
    description = "another answer is converted"
    instructions_to_migrate_to_previous_version = (
        schema(VariableResponse).field("value").didnt_exist,
        endpoint("/variables/{variable_key}", ["GET"]).didnt_exist,
    )


@pytest.mark.parametrize(
    ("change", "converts"),
    [
        (Field, True),
        (Endpoint, True),
        (ResponseBySchema, True),
        (ResponseByPath, True),
        (RequestByPath, True),
        (Another, False),
    ],
)
def test_a_change_of_the_route(change: Any, converts: bool) -> None:
    assert airflow_route._converts(change) is converts


def test_no_version_of_this_airflow_converts_connections() -> None:
    from airflow.api_fastapi.execution_api.versions import bundle

    assert not [
        change for version in bundle.versions for change in version.changes if airflow_route._converts(change)
    ]
