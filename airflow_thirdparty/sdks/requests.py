"""Authentication of ``requests``, at the account's own origins only."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from requests import PreparedRequest, Response
from requests.auth import AuthBase
from requests.cookies import extract_cookies_to_jar

from airflow_thirdparty.hooks import placement
from airflow_thirdparty.hooks.access import Access
from airflow_thirdparty.hooks.third_party_account import ThirdPartyAccountHook
from airflow_thirdparty.sdks.acting import ActsThroughHook
from airflow_thirdparty.sdks.netrc import demand_no_login_of_the_machine


class AccountAuth(ActsThroughHook, AuthBase):
    """The acting person's credential, as the account's service wants it.

    :param hook: says whose credential
    """

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Put the credential on a request, a fresh one if it nears its end.

        :param request: about to be sent
        :raises LeavesAccount: when it goes to another origin than the account's
        :raises ThirdPartyAccountError: when the person's login cannot be used, in words
        :return: the request
        """
        access = self._hook.get_access()
        placement.demand_own(str(request.url), self._conn_id, access)
        placement.place(request.headers, access)
        request.register_hook("response", _Exchange(self._hook, request, access).answered)
        return request


class _Exchange:
    """One request with all that follows from it: redirects, and a second try after a 401.

    Redirects are followed below the authentication.  The library takes ``Authorization`` away from those that
    lead elsewhere, but no other header, and not where only the scheme changes.
    """

    def __init__(self, hook: ThirdPartyAccountHook, request: PreparedRequest, access: Access) -> None:
        self._hook = hook
        self._access = access
        self._renewed = False
        tell = getattr(request.body, "tell", None)
        self._position = tell() if tell else None

    def answered(self, response: Response, **options: Any) -> Response:
        hop = response.request
        if (
            not self._renewed
            and self._shown_in(hop)
            and placement.was_refused(response.status_code, self._access)
        ):
            response = self._sent_again(response, options)
        if response.is_redirect:
            self._prepare_redirect(response, hop)
        return response

    def _shown_in(self, request: PreparedRequest) -> bool:
        shown = placement.shown_in(self._access)
        return all(request.headers.get(name) == value for name, value in shown.items())

    def _sent_again(self, response: Response, options: dict[str, Any]) -> Response:
        hop: Any = response.request
        if hasattr(hop.body, "seek") and self._position is not None:
            hop.body.seek(self._position)
        elif hop.body is not None and not isinstance(hop.body, (str, bytes)):
            return response  # it has been read, and there is no going back
        self._renewed = True
        self._access = self._hook.get_access(force_refresh=True)
        placement.place(hop.headers, self._access)  # what a redirect is made from
        _ = response.content  # read to its end, so that the connection serves again
        response.close()
        again = hop.copy()
        extract_cookies_to_jar(again._cookies, hop, response.raw)
        again.prepare_cookies(again._cookies)
        second: Response = response.connection.send(again, **options)
        second.history.append(response)
        second.request = again
        return second

    def _prepare_redirect(self, response: Response, hop: PreparedRequest) -> None:
        target = urljoin(str(response.url), response.headers["location"])
        if not placement.is_own(target, self._access):
            placement.take_away(hop.headers, self._access)
        else:
            demand_no_login_of_the_machine(target, self._hook.third_party_account_conn_id)
