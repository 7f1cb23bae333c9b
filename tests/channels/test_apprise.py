"""What Apprise carries: title and words arrive; a refusal is tried again; the address stays secret."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr, ValidationError

from bot.channel import Temporary
from bot.core.messages import Outbound
from channels import apprise
from tests.components.receiver import Receiver

ALERT = Outbound(
    "channel:json-1", "Answer it by Monday.\n\n* zażółć".encode(), idempotency_key="<1@x>", subject="EX: due"
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The service behind Apprise."""
    with Receiver() as running:
        yield running


def outlet(receiver: Receiver) -> apprise.AppriseTarget:
    """A target of the kind that posts JSON."""
    url = f"json://127.0.0.1:{receiver.port}/hidden?rto=1&cto=1"
    return apprise.build("json-1", apprise.Settings.model_validate({"name": "json-1", "kind": "apprise", "url": url}))


@pytest.mark.parametrize(
    ("url", "number", "expected"),
    [
        ("twilio://AC{0}:{0}@12134567890/15551234567".format("a" * 32), None, 100),
        ("twilio://AC{0}:{0}@12134567890/15551234567".format("a" * 32), 0, 0),
        ("sns://AHIAJGNT76XIMXDBIJYA/bu1dHSdO22pfaaVy/us-west-2/+12223334444", 7, 7),
        ("json://127.0.0.1/", None, 0),
        ("mailto://a:b@example.com", 5, 5),
    ],
)
def test_what_goes_to_telephones_has_a_number_of_a_day(url: str, number: int | None, expected: int) -> None:
    """For it costs money; another one may be chosen, for any target."""
    settings = apprise.Settings(name="x", kind="apprise", url=SecretStr(url), most_a_day=number)
    assert apprise.build("x", settings).limits.most_a_day == expected


async def test_title_and_words_arrive(receiver: Receiver) -> None:
    """As they were written, while everything else goes on."""
    made = outlet(receiver)
    await asyncio.gather(made.send(ALERT), asyncio.sleep(0))
    (call,) = receiver.calls
    content = json.loads(call.body)
    assert (call.path, content["title"], content["message"]) == ("/hidden", ALERT.subject, ALERT.content.decode())
    await made.close()


async def test_what_is_refused_is_tried_again(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    """And neither the error nor any log shows the address."""
    receiver.answers = [500]
    made = outlet(receiver)
    with pytest.raises(Temporary) as caught:
        await made.send(ALERT)
    assert "hidden" not in str(caught.value) + caplog.text
    await made.send(ALERT)
    assert len(receiver.calls) == 2


def test_an_address_that_apprise_does_not_know_is_refused() -> None:
    """Without showing it."""
    with pytest.raises(ValidationError) as caught:
        apprise.Settings.model_validate({"name": "x", "kind": "apprise", "url": "nosuch://secret-token"})
    assert "secret-token" not in str(caught.value.errors(include_input=False))
