"""What a triggerer does with our triggers: none ends it, and what they fire stays out of its log."""

from __future__ import annotations

import base64
import html
import json
from typing import Any
from urllib.parse import quote, quote_plus

import httpx2
import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.triggers.base import DiscrimatedTriggerEvent, TriggerEvent
from pydantic import TypeAdapter

from airflow_thirdparty.exceptions import SignInRequired
from airflow_thirdparty.triggers.base import ActingTrigger, failed, succeeded
from airflow_thirdparty.triggers.http import ThirdPartyHttpTrigger, packed, unpacked
from airflow_thirdparty.triggers.sign_in import ThirdPartySignInTrigger

TRIGGERS = pytest.mark.parametrize("cls", [ThirdPartyHttpTrigger, ThirdPartySignInTrigger])
ECHOED = "token-of-alice"
BASIC = base64.b64encode("älice:pässwörter & 密码".encode()).decode()


@TRIGGERS
@pytest.mark.parametrize("left_out", ["all", "the last one"])
def test_a_trigger_that_another_version_deferred_fails_alone(cls: type[ActingTrigger], left_out: str) -> None:
    arguments = dict.fromkeys(cls.names if left_out != "all" else (), "x")
    arguments.pop(cls.names[-1], None)
    # the one exception after which Airflow's triggerer goes on with the other triggers
    with pytest.raises(TypeError, match=f"{cls.__name__} lacks .*{cls.names[-1]}"):
        cls(**arguments)


@TRIGGERS
def test_a_trigger_is_made_again_from_what_it_says(cls: type[ActingTrigger]) -> None:
    path, arguments = cls(**dict.fromkeys(cls.names, "x")).serialize()
    assert TriggerRunner().get_trigger_by_classpath(path)(**arguments).serialize() == (path, arguments)


@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param(
            ThirdPartySignInTrigger(grants={}, interval=1.0, min_lifetime=0), id="who signs in at once"
        ),
        pytest.param(
            ThirdPartyHttpTrigger(
                conn_id="acme",
                grant="none",
                method="GET",
                endpoint="/",
                options={},
                min_lifetime=0,
                pages=False,
            ),
            id="what is answered at once",
        ),
    ],
)
async def test_nothing_is_told_before_the_scheduler_knows_of_the_deferral(
    trigger: ActingTrigger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else Airflow may fail the task."""
    passed = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr("asyncio.sleep", sleep)
    assert [event async for event in trigger.run()]
    assert passed > 14.5


def answered(credential: str = ECHOED, **content: Any) -> dict[str, Any]:
    """A service's answer, as it goes into the event."""
    request = httpx2.Request(
        "GET", f"https://service.example/x?t={credential}", headers={"Authorization": f"Bearer {credential}"}
    )
    answer = httpx2.Response(200, request=request, **(content or {"json": {"items": [1]}}))
    return packed(answer, [credential])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"json": {"authorization": f"Bearer {ECHOED}"}}, id="in JSON"),
        pytest.param({"text": f"The token {ECHOED} is wrong. ü"}, id="in words"),
        pytest.param({"content": b"\xff\x00" + ECHOED.encode() + b"\x80"}, id="among bytes"),
        pytest.param({"headers": {"X-Debug": ECHOED}}, id="in a header"),
    ],
)
def test_a_token_that_the_service_sends_back_is_struck_out(content: dict[str, Any]) -> None:
    event = answered(**content)
    response = unpacked(event)
    for text in (repr(event), str(response.headers), response.content.decode("latin-1"), str(response.url)):
        assert ECHOED not in text
    before = httpx2.Response(200, **content)
    assert response.content == before.content.replace(ECHOED.encode(), b"***")


def test_a_credential_is_struck_out_wherever_the_service_takes_it() -> None:
    request = httpx2.Request("GET", "https://service.example/", headers={"X-Api-Key": ECHOED})
    response = unpacked(packed(httpx2.Response(200, request=request, text=f"you sent {ECHOED}"), [ECHOED]))
    assert response.text == "you sent ***"


PASSWORD = "pässwörter & 密码"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"json": {"said": PASSWORD}}, id="in JSON"),
        pytest.param({"content": json.dumps({"said": PASSWORD}).encode()}, id="in JSON of ASCII"),
        pytest.param({"text": f"{PASSWORD} is wrong."}, id="in words"),
        pytest.param({"text": f"?p={quote(PASSWORD, safe='')}"}, id="in an address"),
        pytest.param({"text": f"p={quote_plus(PASSWORD)}"}, id="in a form"),
        pytest.param({"text": f"<p>{html.escape(PASSWORD)}</p>"}, id="in a page"),
        pytest.param({"headers": {"X-Debug": BASIC}}, id="as it was sent"),
    ],
)
def test_a_login_in_any_letters_is_struck_out(content: dict[str, Any]) -> None:
    request = httpx2.Request("GET", "https://service.example", headers={"Authorization": f"Basic {BASIC}"})
    event = packed(httpx2.Response(200, request=request, **content), [PASSWORD])
    response = unpacked(event)
    before = httpx2.Response(200, **content)
    assert "***" in response.text + str(response.headers)
    assert len(response.content) <= len(before.content)
    for text in (response.text, str(response.headers)):
        for part in ("rter", "%E5", "\\u5bc6", "密", BASIC):
            assert part not in text


BASE64 = "c2Vj/cmV0+b2Y/YWxpY2U="


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(BASE64, id="as most"),
        pytest.param(BASE64.replace("/", "\\/"), id="as PHP"),
        pytest.param(BASE64.replace("+", "\\u002B"), id="as .NET"),
        pytest.param(BASE64.replace("=", "\\u003d"), id="as Gson"),
    ],
)
def test_a_token_is_struck_out_whoever_writes_the_json(written: str) -> None:
    assert json.loads(f'"{written}"') == BASE64
    assert unpacked(answered(BASE64, text=f'{{"said": "{written}"}}')).json() == {"said": "***"}


def test_a_letter_of_another_alphabet_is_no_question_mark() -> None:
    answer = httpx2.Response(200, request=httpx2.Request("GET", "https://x.example"), text="What????????????")
    assert unpacked(packed(answer, ["密码密码密码密码密码"])).text == "What????????????"


def test_what_may_stand_there_by_chance_stays() -> None:
    assert unpacked(answered("a", text="a banana")).text == "a banana"


@pytest.mark.parametrize(
    ("event", "spelled"),
    [
        pytest.param(succeeded(responses=[answered()]), "success", id="a response"),
        pytest.param(succeeded(), "success", id="nothing more"),
        pytest.param(failed(httpx2.ReadError(ECHOED)), "failed", id="a failure"),
        pytest.param(failed(SignInRequired("No.")), "refused", id="a refusal"),
    ],
)
def test_the_log_of_a_triggerer_says_nothing_of_what_was_answered(event: TriggerEvent, spelled: str) -> None:
    # Airflow logs "Trigger fired event" with the event itself, which its log spells with repr() or str()
    for text in (repr(event), str(event), f"{event}"):
        assert text == f"TriggerEvent<{spelled}>"


def test_the_task_is_told_all_the_same() -> None:
    event = succeeded(responses=[answered()])
    through = TypeAdapter(DiscrimatedTriggerEvent)
    arrived = through.validate_json(through.dump_json(event))
    assert arrived.payload == event.payload
    assert unpacked(arrived.payload["responses"][0]).json() == {"items": [1]}
