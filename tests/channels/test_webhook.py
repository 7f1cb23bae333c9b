"""A signed call, as those read it who know CloudEvents and Standard Webhooks; and what each answer means."""

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook as Verifier

from bot.channel import Misconfigured, Permanent, Temporary
from bot.core.messages import Outbound
from bot.present import Present
from channels import webhook
from tests.components.ports import free_port
from tests.components.receiver import Receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
WORDS = '{"specversion": "1.0", "ż": 1}'.encode()
EVENT = Outbound("channel:crm", WORDS, idempotency_key="<alert.1@x>", at=datetime(2026, 11, 24, 9, tzinfo=UTC))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """The system."""
    with Receiver() as running:
        yield running


@pytest.fixture
async def outlet(receiver: Receiver) -> AsyncIterator[webhook.Webhook]:
    """Ours."""
    made = webhook.build("crm", settings(f"http://127.0.0.1:{receiver.port}/hook?key=hidden"))
    yield made
    await made.close()


def settings(url: str, secret: str = SECRET) -> webhook.Settings:
    """As a configuration would give them."""
    return webhook.Settings.model_validate({"name": "crm", "kind": "webhook", "url": url, "secret": secret})


async def test_whoever_has_the_secret_can_verify_it(receiver: Receiver, outlet: webhook.Webhook) -> None:
    """By the library of Standard Webhooks; another secret, other words or another id are seen."""
    now = Present().now()  # the library goes by its own clock, and believes nothing older than five minutes
    await outlet.send(replace(EVENT, at=now))
    (call,) = receiver.calls
    assert (call.path, call.body) == ("/hook?key=hidden", EVENT.content)
    assert call.headers["content-type"].startswith("application/cloudevents+json")
    assert call.headers["webhook-id"] == "alert.1@x"
    assert Verifier(SECRET).verify(call.body, call.headers)
    for body, headers in (
        (call.body + b" ", call.headers),
        (call.body, call.headers | {"webhook-id": "alert.2@x"}),
        (call.body, call.headers | {"webhook-timestamp": str(int(now.timestamp()) - 1)}),
    ):
        with pytest.raises(Exception, match="No matching signature"):
            Verifier(SECRET).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((code, Misconfigured) for code in (301, 401, 403, 404, 410)),
        *((code, Temporary) for code in (408, 429, 500, 503)),
        *((code, Permanent) for code in (400, 413, 422)),
    ],
)
async def test_each_refusal_is_told(
    receiver: Receiver, outlet: webhook.Webhook, status: int, error: type[Exception]
) -> None:
    """Without the address, which may hold a secret; and once it is taken it is taken, whatever words come back."""
    receiver.answers = [status]
    with pytest.raises(error, match=str(status)) as caught:
        await outlet.send(EVENT)
    assert "hidden" not in str(caught.value)
    await outlet.send(EVENT)
    first, again = receiver.calls
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


async def test_nobody_there() -> None:
    """It is tried again later."""
    made = webhook.build("crm", settings(f"http://127.0.0.1:{free_port()}/hidden"))
    with pytest.raises(Temporary) as caught:
        await made.send(EVENT)
    assert "hidden" not in str(caught.value)
    await made.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "short"},
        {"secret": "whsec_" + base64.b64encode(b"x" * 10).decode()},
        {"secret": "whsec_!!"},
        {"url": "http://crm.example.gov.uk/hook"},
    ],
)
def test_what_is_not_safe_is_refused(wrong: dict[str, Any]) -> None:
    """A secret that can be guessed, an address without TLS."""
    with pytest.raises(ValidationError):
        settings(**{"url": "https://crm.example.gov.uk/hook", **wrong})
