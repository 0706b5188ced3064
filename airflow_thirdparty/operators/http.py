"""One HTTP request, or page after page, as the person who triggered the run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException
from airflow.sdk.timezone import utcnow as now

from airflow_thirdparty.exceptions import CannotDefer, ThirdPartyAccountError
from airflow_thirdparty.hooks import paging
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.links.announcing import announce
from airflow_thirdparty.links.sign_in import SignInLink
from airflow_thirdparty.operators import waiting
from airflow_thirdparty.settings import defers_by_default
from airflow_thirdparty.wire import moment

if TYPE_CHECKING:
    import httpx2

__all__ = ["ThirdPartyHttpOperator"]

IN_THE_ADDRESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
"""Methods whose requests have no content of a defined meaning (RFC 9110 section 9.3): what they are given
goes into the address."""

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""Methods whose requests may be sent twice (RFC 9110 section 9.2.2), as a triggerer does that restarts."""

LINKED = "link"
"""What to pass as ``pagination_function`` to follow the ``Link`` header."""


class ThirdPartyHttpOperator(BaseOperator):
    """Calls an account's service as the person who triggered the run.

    .. code-block:: python

        ThirdPartyHttpOperator(
            task_id="repositories",
            third_party_account_conn_id="github",
            endpoint="/user/repos",
            response_filter=lambda response: [repo["name"] for repo in response.json()],
        )

    :param third_party_account_conn_id: id of the account
    :param endpoint: path below the account's host
    :param method: of HTTP
    :param data: with ``GET``, ``HEAD``, ``DELETE`` and ``OPTIONS`` the query; else a form, or a text that is
        sent as it is
    :param json: sent as JSON
    :param headers: further headers
    :param scopes: scopes this task needs; those of the account by default
    :param min_lifetime: seconds for which the token must at least still be good
    :param pagination_function: is given a response and answers what changes in the request for the next page
        (``endpoint``, ``data``, ``json``, ``headers``), its address, or ``None``; ``"link"`` follows the
        ``Link`` header. The task then works with the list of all responses
    :param response_check: is given the response, and what it names of the context; false fails the task
    :param response_filter: is given the same and answers the task's result; the text by default
    :param extra_options: what else the HTTP client's ``request`` takes, such as ``timeout``
    :param log_response: whether the answer's text goes into the log
    :param deferrable: send the request from the triggerer, which holds no worker meanwhile; where nothing can
        be handed to it, and for methods whose requests must not be sent twice, it is sent from the worker
    :param wait_for_sign_in: wait until the person has signed in, instead of failing: true for seven days at
        most, or how long, in seconds or as a ``timedelta``
    :param kwargs: what every operator takes
    """

    template_fields: Sequence[str] = ("third_party_account_conn_id", "endpoint", "data", "json", "headers")
    template_fields_renderers = {"headers": "json", "data": "py", "json": "json"}  # noqa: RUF012  # as Airflow's
    operator_extra_links = (SignInLink(),)
    ui_color = "#d9ece4"

    def __init__(
        self,
        *,
        third_party_account_conn_id: str,
        endpoint: str = "",
        method: str = "GET",
        data: Mapping[str, Any] | str | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        scopes: Sequence[str] = (),
        min_lifetime: int = 0,
        pagination_function: Callable[[httpx2.Response], Any] | str | None = None,
        response_check: Callable[..., bool] | None = None,
        response_filter: Callable[..., Any] | None = None,
        extra_options: Mapping[str, Any] | None = None,
        log_response: bool = False,
        deferrable: bool | None = None,
        wait_for_sign_in: bool | float | timedelta = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.third_party_account_conn_id = third_party_account_conn_id
        self.endpoint = endpoint
        self.method = method
        self.data = data
        self.json = json
        self.headers = headers
        self.scopes = scopes
        self.min_lifetime = min_lifetime
        self.pagination_function = pagination_function
        self.response_check = response_check
        self.response_filter = response_filter
        self.extra_options = extra_options
        self.log_response = log_response
        self.deferrable = defers_by_default() if deferrable is None else deferrable
        self.wait_for_sign_in = wait_for_sign_in
        self.sign_in_address: str | None = None

    @property
    def third_party_accounts(self) -> tuple[str, ...]:
        """The account, for the button *Sign in*."""
        return (self.third_party_account_conn_id,)

    @property
    def hook(self) -> ThirdPartyAccountHook:
        """The account's hook."""
        return ThirdPartyAccountHook(
            self.third_party_account_conn_id, scopes=self.scopes, min_lifetime=self.min_lifetime
        )

    def execute(self, context: Mapping[str, Any]) -> Any:
        """Send the request, or one for each page.

        :param context: of the task instance
        :raises ThirdPartyAccountError: when nobody's login can be used, in words
        :raises AirflowException: when ``response_check`` says no
        :return: what ``response_filter`` makes of the answer, or its text
        """
        at_most = waiting.longest(self.wait_for_sign_in)
        return self._execute(context, now() + at_most if at_most else None)

    def _execute(self, context: Mapping[str, Any], waits_until: datetime | None) -> Any:
        with self._announcing():
            if waits_until is not None:
                waiting.wait_for(self.hook, self.log, context, waits_until)
            if self.deferrable and self._may_be_sent_twice():
                self._defer()
            response = self._paginated() if self.pagination_function else self._single()
        return self._result(response, context)

    def execute_signed_in(
        self,
        context: Mapping[str, Any],
        event: Mapping[str, Any],
        third_party_accounts: Any = None,
        ends_at: str | None = None,
    ) -> Any:
        """Go on once the person has signed in, or said so, or did not in time.

        :param context: of the task instance
        :param event: what Airflow says of the required action
        :param third_party_accounts: what was waited for
        :param ends_at: when the wait is over, as an ISO time
        :raises ThirdPartyAccountError: when the time is over and they have not
        :return: as :meth:`execute`
        """
        if "error" in event:
            with self._announcing():
                self.hook.demand_sign_in()
        return self._execute(context, moment(ends_at)) if ends_at else self.execute(context)

    def execute_complete(self, context: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
        """Go on with what the triggerer was answered.

        :param context: of the task instance
        :param event: what the trigger says
        :raises ThirdPartyAccountError: when nobody's login could be used, in words
        :raises AirflowException: when the request failed, or ``response_check`` says no
        :return: as :meth:`execute`
        """
        from airflow_thirdparty.triggers.base import check
        from airflow_thirdparty.triggers.http import unpacked

        with self._announcing():
            check(event)
            responses = [unpacked(one) for one in event["responses"]]
            if callable(self.pagination_function):
                responses += self._further(responses[-1])
        return self._result(responses if self.pagination_function else responses[0], context)

    @contextmanager
    def _announcing(self) -> Iterator[None]:
        try:
            yield
        except ThirdPartyAccountError as error:
            self.sign_in_address = error.link
            announce(self.log, error)
            raise

    def _may_be_sent_twice(self) -> bool:
        if self.method.upper() in IDEMPOTENT:
            return True
        self.log.info(
            "A triggerer that restarts sends again, which %s is not for; sent from here", self.method
        )
        return False

    def _defer(self) -> None:
        """Hand the request to the triggerer, or return where that cannot be."""
        from airflow_thirdparty.triggers.http import ThirdPartyHttpTrigger

        try:
            grant = self.hook.get_grant()
        except CannotDefer as error:
            self.log.info("%s The request is sent from here.", error)
            return
        trigger = ThirdPartyHttpTrigger(
            conn_id=self.third_party_account_conn_id,
            grant=grant,
            method=self.method,
            endpoint=self.endpoint,
            options=self._options(),
            min_lifetime=self.min_lifetime,
            pages=self.pagination_function == LINKED,
        )
        self.defer(trigger=trigger, method_name="execute_complete")

    def _further(self, response: httpx2.Response) -> list[httpx2.Response]:
        walk = paging.Walk(self.endpoint, self._options(), self._following)
        if not walk.goes_on(response):
            return []
        return [*self.hook.paginate(self.method, walk.path, next_page=self._following, **walk.options)]

    def _single(self) -> httpx2.Response:
        return self.hook.run(self.method, self.endpoint, **self._options())

    def _paginated(self) -> list[httpx2.Response]:
        named = self.pagination_function
        next_page = self._following if callable(named) else None
        return [*self.hook.paginate(self.method, self.endpoint, next_page=next_page, **self._options())]

    def _following(self, response: httpx2.Response) -> Any:
        assert callable(self.pagination_function)  # noqa: S101  # asked for by _paginated
        found = self.pagination_function(response)
        return self._spelled(found) if isinstance(found, Mapping) else found

    def _options(self) -> dict[str, Any]:
        given = {"data": self.data, "json": self.json, "headers": self.headers}
        written = {name: value for name, value in given.items() if value is not None}
        return {**(self.extra_options or {}), **self._spelled(written)}

    def _spelled(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """What the operator's arguments are called by the HTTP client."""
        names = {"endpoint": "path"}
        if self.method.upper() in IN_THE_ADDRESS:
            names["data"] = "params"
        elif isinstance(written.get("data"), (str, bytes)):
            names["data"] = "content"
        return {names.get(name, name): value for name, value in written.items()}

    def _result(self, response: httpx2.Response | list[httpx2.Response], context: Mapping[str, Any]) -> Any:
        texts = [one.text for one in response] if isinstance(response, list) else response.text
        if self.log_response:
            self.log.info("%s", texts)
        if self.response_check and not _called(self.response_check, response, context):
            raise AirflowException("The response check said no.")
        return _called(self.response_filter, response, context) if self.response_filter else texts


def _called(function: Callable[..., Any], response: Any, context: Mapping[str, Any]) -> Any:
    """Call an author's function with a response and with what it names of the context."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return function(response, **context)
    named = [parameter.name for parameter in [*parameters][1:] if parameter.name in context]
    return function(response, **{name: context[name] for name in named})
