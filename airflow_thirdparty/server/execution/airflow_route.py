"""Airflow's own route for a task's question for a connection, as it stands in this server.

A short answer is given in its place only while everything that guards or shapes its answer is known by name:
each middleware between us and it, each dependency, and no override of one.  Whatever is not known, here or
in a later Airflow, means the long way.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.api_fastapi.execution_api import app as execution_app
from airflow.api_fastapi.execution_api import security
from airflow.api_fastapi.execution_api.datamodels.connection import ConnectionResponse
from airflow.api_fastapi.execution_api.routes import connections
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

log = logging.getLogger(__name__)

MOUNT = "/execution"
PATH = f"{MOUNT}/connections/"
"""Where the route is, below the path of ``[api] base_url``; the id follows."""

SUB_PATH = "/connections/{connection_id}"

OUTER = frozenset(
    {
        "airflow_thirdparty.server.execution.middleware.ProjectionMiddleware",
        "airflow_thirdparty.server.recording.middleware.AttributionMiddleware",
        "starlette.middleware.exceptions.ExceptionMiddleware",
        "fastapi.middleware.asyncexitstack.AsyncExitStackMiddleware",
    }
)
"""What may stand between us and Airflow's router: none of it changes a task's question or its answer."""

INNER = frozenset(
    {
        "starlette.middleware.errors.ServerErrorMiddleware",
        "airflow.api_fastapi.execution_api.app.JWTReissueMiddleware",
        "airflow.api_fastapi.execution_api.app.CorrelationIdMiddleware",
        "cadwyn.middleware.VersionPickingMiddleware",
        "starlette.middleware.exceptions.ExceptionMiddleware",
        "fastapi.middleware.asyncexitstack.AsyncExitStackMiddleware",
    }
)
"""What may stand before the Execution API's router; a short answer does for itself what these do."""

ROUTERS = frozenset({"fastapi.routing.APIRouter", "cadwyn.routing._RootCadwynAPIRouter"})
EXECUTION_API = "airflow.api_fastapi.execution_api.app.CadwynWithOpenAPICustomization"

TRACE = getattr(execution_app, "_extract_w3c_trace_context", None)
"""Airflow's dependency that joins a request to its caller's trace; Airflow 3.2 has none."""

NEEDED = frozenset(
    {
        security.require_auth,
        security._jwt_bearer,
        connections.has_connection_access,
        security.get_team_name_dep,
    }
)
"""The dependencies that a short answer calls itself; a route without one of them is not the known one."""

HARMLESS = frozenset(
    {
        "airflow.api_fastapi.execution_api.deps._container",
        "cadwyn.dependencies.current_dependency_solver",
        "cadwyn.middleware._generate_api_version_dependency.<locals>.api_version_dependency",
    }
)
"""Dependencies that guard nothing."""


@dataclass(frozen=True)
class VersionedRoute:
    """The route in one version of the API.

    :param route: Airflow's
    :param siblings: the version's routes, of which it is the first that matches
    :param built: what it was built of when it was found
    :param version: name of the version
    :param scopes: the security scopes that the route accumulates, once for each place where it authenticates
    :param traced: whether the request is joined to its caller's trace
    """

    route: APIRoute
    siblings: list[Any]
    built: tuple[Any, ...]
    version: str
    scopes: tuple[tuple[str, ...], ...]
    traced: bool


@dataclass(frozen=True)
class ConnectionRoutes:
    """The route in all versions in which a short answer may stand for it.

    :param root: Airflow's application
    :param api: the Execution API in it
    :param default: the version of a request that names none
    :param versions: those whose answer is not converted, by name
    :param shape: what the finding depends on, see :func:`_shape`
    """

    root: Any
    api: Any
    default: str
    versions: Mapping[str, VersionedRoute]
    shape: tuple[Any, ...]

    def hold(self, root: Any) -> bool:
        """Whether what was found is still so.

        :param root: the application that the request is for
        :return: false: find it anew
        """
        return root is self.root and _shape(root, self.api) == self.shape

    def version(self, asked: str | None) -> VersionedRoute | None:
        """The route in the version that a request names.

        :param asked: as the request has it
        :return: ``None`` for the long way
        """
        found = self.versions.get(self.default if asked is None else asked)
        if (
            found is None
            or self.api.dependency_overrides
            or _built(found.route, found.siblings) != found.built
        ):
            return None
        return found


def find(inside: Callable[..., Awaitable[None]], scope: Scope) -> ConnectionRoutes | None:
    """Find Airflow's route, and in which versions everything on the way there is known.

    :param inside: what our middleware calls
    :param scope: a request for a connection
    :return: ``None`` while the Execution API has not answered anything yet
    """
    root = scope["app"]
    mount, within = _first_match(root.router.routes, scope)
    api = getattr(mount, "app", None)
    if api is None or getattr(api, "middleware_stack", None) is None:
        return None
    try:
        default, versions = _known(inside, root, mount, within)
    except Exception:  # a later Airflow may be built in another way
        log.info("Airflow's route for connections is not as known; tasks are answered the long way")
        log.debug("How it differs", exc_info=True)
        default, versions = "", {}
    return ConnectionRoutes(root, api, default, versions, _shape(root, api))


def _known(
    inside: Callable[..., Awaitable[None]], root: Any, mount: Any, within: Scope
) -> tuple[str, dict[str, VersionedRoute]]:
    api = mount.app
    is_known = (
        mount.path == MOUNT
        and _name(type(api)) == EXECUTION_API
        and _ends_at(inside, OUTER) is root.router
        and _ends_at(api.middleware_stack, INNER) is api.router
        and _first_match(api.router.unversioned_routes, within)[0] is None
    )
    if not is_known:
        return "", {}
    versions: dict[str, VersionedRoute] = {}
    for version in api.versions.versions:  # the newest first; an older one is converted by all newer ones
        siblings = api.router.versioned_routers[version.value].routes
        known = _versioned(_first_match(siblings, within)[0], siblings, version.value)
        if known is not None:
            versions[version.value] = known
        if any(_converts(change) for change in version.changes):
            break
    [picker] = [
        found for found in _chain(api.middleware_stack) if hasattr(found, "api_version_default_value")
    ]
    return picker.api_version_default_value, versions


def _shape(root: Any, api: Any) -> tuple[Any, ...]:
    """What would differ if something had been put in between since."""
    return (
        root.middleware_stack,
        len(root.router.routes),
        api.middleware_stack,
        len(api.router.unversioned_routes),
    )


def _built(route: Any, siblings: list[Any]) -> tuple[Any, ...]:
    dependant = route.dependant
    return (len(siblings), route.app, route.endpoint, dependant, len(dependant.dependencies))


def _versioned(route: Any, siblings: list[Any], version: str) -> VersionedRoute | None:
    if type(route) not in (APIRoute, security.ExecutionAPIRoute) or route.path != SUB_PATH:
        return None
    if inspect.unwrap(route.endpoint) is not connections.get_connection:
        return None
    if route.response_model.model_fields.keys() != ConnectionResponse.model_fields.keys():
        return None
    nodes = list(_dependencies(route.dependant))
    calls = {inspect.unwrap(node.call) for node in nodes}  # Cadwyn wraps them
    if not calls >= NEEDED or not all(call is TRACE or _name(call) in HARMLESS for call in calls - NEEDED):
        return None
    scopes = {tuple(_scopes(node)) for node in nodes if inspect.unwrap(node.call) is security.require_auth}
    return VersionedRoute(
        route, siblings, _built(route, siblings), version, tuple(sorted(scopes)), TRACE in calls
    )


def _scopes(node: Any) -> list[str]:
    """The security scopes that FastAPI would hand to a dependency: its parents' and its own."""
    return list(node.oauth_scopes if hasattr(node, "oauth_scopes") else node.security_scopes or ())


def _dependencies(dependant: Any) -> Iterator[Any]:
    for node in dependant.dependencies:
        yield node
        yield from _dependencies(node)


def _converts(change: Any) -> bool:
    """Whether a change between two versions touches this route or its answer."""
    by_schema = (change.alter_response_by_schema_instructions, change.alter_request_by_schema_instructions)
    by_path = (change.alter_response_by_path_instructions, change.alter_request_by_path_instructions)
    schemas = [schema for instructions in by_schema for schema in instructions]
    schemas += [found.schema for found in change.alter_schema_instructions if hasattr(found, "schema")]
    paths = [path for instructions in by_path for path in instructions]
    paths += [found.endpoint_path for found in change.alter_endpoint_instructions]
    return SUB_PATH in paths or any(schema.__name__ == ConnectionResponse.__name__ for schema in schemas)


def _first_match(routes: list[Any], scope: Scope) -> tuple[Any, dict[str, Any]]:
    for route in routes:
        match, child = route.matches(scope)
        if match is Match.FULL:
            return route, {**scope, **child}
    return None, {}


def _chain(outermost: Any) -> Iterator[Any]:
    found = outermost
    while _name(type(found)) not in ROUTERS:
        yield found
        found = found.app
    yield found


def _ends_at(outermost: Any, known: frozenset[str]) -> Any:
    *middlewares, router = _chain(outermost)
    return router if all(_name(type(found)) in known for found in middlewares) else None


def _name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"
