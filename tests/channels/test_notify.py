"""GOV.UK Notify: what it is given, its clock, what it refuses, and that nothing is sent twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.channel import Batch, Forged, Inbox, Misconfigured, Permanent, RawRequest, Temporary
from bot.core import postal
from bot.core.messages import Inbound, Outbound
from bot.wire.platforms.reading import NotUnderstood
from channels import notify
from channels.notify import Notify, NotifyWithLetters
from tests.components.form import send_form
from tests.components.ports import wait_until
from tests.components.service import FORM, Service
from tests.peers.notify import API_KEY, EMAIL, LETTER, OTHER, SECRET, SERVICE, SMS, NotifyPeer

TOKEN = "b7d1-a-token-of-ours"
KEY = "<ack.ex-1234-5678.0a1b2c@example.gov.uk>"
MAIL = Outbound("ann@residents.example", b"Your reference is EX.", idempotency_key=KEY, subject="We have it: \xc3")


@pytest.fixture
async def peer() -> AsyncIterator[NotifyPeer]:
    """The service at Notify."""
    running = NotifyPeer()
    await running.server.start_server()
    yield running
    await running.server.close()


@pytest.fixture
async def outlet(peer: NotifyPeer) -> AsyncIterator[Notify]:
    """Ours."""
    made = notify.build("notify", settings(peer.base))
    yield made
    await made.close()


def settings(base: str, **more: Any) -> notify.Settings:
    """As a configuration would give them."""
    table = {"name": "notify", "kind": "notify", "url": base, "api_key": API_KEY, "email_template": EMAIL}
    sender = "Exampleshire Council <exampleshire@notifications.service.gov.uk>"
    return notify.Settings.model_validate({**table, "sms_template": SMS, "sender": sender, **more})


async def test_a_mail_and_a_text_message(peer: NotifyPeer, outlet: Notify) -> None:
    """Subject and words go in by the template; the receipt is Notify's own name of it."""
    receipt = await outlet.send(MAIL)
    await outlet.send(Outbound("tel:+447700900123", b"Your reference is EX.", idempotency_key="k2"))
    mail, text = peer.sent
    assert (mail["to"], mail["subject"], mail["body"]) == (MAIL.recipient, MAIL.subject, MAIL.content.decode())
    assert (mail["reference"], mail["id"]) == (KEY, receipt.external_id)
    assert (text["to"], text["body"]) == ("+447700900123", "Your reference is EX.")


async def test_nothing_is_sent_twice(peer: NotifyPeer, outlet: Notify) -> None:
    """It was taken and nobody heard of that: the next attempt, also of another process, finds it by its reference."""
    peer.troubles = ["lost"]
    with pytest.raises(Temporary, match="504"):
        await outlet.send(MAIL)
    another = notify.build("notify", settings(peer.base))
    assert (await another.send(MAIL)).external_id == peer.sent[0]["id"]
    await another.close()
    assert len(peer.sent) == 1
    await outlet.send(Outbound(MAIL.recipient, b"Another.", idempotency_key="k2"))
    assert len(peer.sent) == 2


@pytest.mark.parametrize("ahead", [-7200, -31, 0, 31, 86_400 * 400])
async def test_its_clock_counts(peer: NotifyPeer, outlet: Notify, ahead: float) -> None:
    """However wrong ours is, and though it changes: the time is Notify's own."""
    peer.ahead = timedelta(seconds=ahead)
    await outlet.send(MAIL)
    peer.ahead += timedelta(minutes=10)
    await outlet.send(Outbound(MAIL.recipient, b"After our machine slept.", idempotency_key="k2"))
    assert len(peer.sent) == 2
    assert peer.requests.count("GET /_status") == 1


async def test_a_refusal_tells_nobodys_number_or_house(peer: NotifyPeer) -> None:
    """It goes into logs and into the mail to staff."""
    outlet = notify.build("notify", settings(peer.base, letter_template=LETTER))
    for recipient in ("tel:+447700900123", postal.address("Ann Example\n1 Mill Lane\nSW1A 1AA")):
        peer.troubles, peer.quoted = (
            [(400, "ValidationError")],
            " ".join(postal.lines_of(recipient)).removeprefix("tel:"),
        )
        with pytest.raises(Permanent, match="ValidationError") as refusal:
            await outlet.send(Outbound(recipient, b"x", idempotency_key=recipient))
        assert "(address)" in str(refusal.value)
        assert not [part for part in ("7700900123", "Ann", "Mill", "SW1A") if part in str(refusal.value)]
    await outlet.close()


@pytest.mark.parametrize(
    ("status", "kind", "meant"),
    [
        (400, "ValidationError", Permanent),
        (400, "BadRequestError", Misconfigured),
        (401, "AuthError", Misconfigured),
        (403, "AuthError", Misconfigured),
        (429, "RateLimitError", Temporary),
        (429, "TooManyRequestsError", Misconfigured),
        (500, "Exception", Temporary),
        (503, "HTTP503Error", Temporary),
    ],
)
async def test_what_a_refusal_means(
    peer: NotifyPeer, outlet: Notify, status: int, kind: str, meant: type[Exception]
) -> None:
    """By its status and type; nobody's address is told."""
    peer.troubles = [(status, kind)]
    with pytest.raises(meant, match=kind) as refused:
        await outlet.send(MAIL)
    assert MAIL.recipient not in str(refused.value)
    assert SECRET not in f"{refused.value!r} {outlet!r} {outlet._api!r}"


def called(token: str = TOKEN, **content: Any) -> RawRequest:
    """Notify's call about a mail ("Delivery receipts")."""
    receipt = {
        "id": SERVICE,
        "reference": KEY,
        "to": MAIL.recipient,
        "status": "delivered",
        "notification_type": "email",
        "created_at": "2026-05-14T12:15:30.000000Z",
        "completed_at": None,
        "sent_at": None,
        "template_id": EMAIL,
        "template_version": 1,
    }
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return RawRequest(headers, json.dumps(receipt | content).encode())


@pytest.mark.parametrize(
    ("status", "kind", "may_pass"),
    [
        ("delivered", "delivered", False),
        ("permanent-failure", "undelivered", False),
        ("temporary-failure", "undelivered", True),
        ("technical-failure", "undelivered", True),
    ],
)
def test_what_a_delivery_receipt_says(status: str, kind: str, *, may_pass: bool) -> None:
    """Of which message, by both names of it; nobody's address is in it."""
    hook = notify.build("notify", settings("https://notify.example", callback_token=TOKEN))
    (message,) = hook.open(called(status=status)).messages
    assert message.post is not None
    assert (message.post.kind, message.post.about, message.post.key) == (kind, SERVICE, KEY)
    assert message.post.may_pass is may_pass
    assert (status in message.fault) == (kind == "undelivered")
    assert MAIL.recipient not in repr(message)
    assert hook.path == "/hooks/notify"


def test_calls_that_say_nothing_new_or_are_not_understood() -> None:
    """On its way: nothing. A new status, a lost id, no JSON: kept raw, and read again by a version that knows them."""
    hook = notify.build("notify", settings("https://notify.example", callback_token=TOKEN))
    for status in ("sending", "sent"):
        assert hook.open(called(status=status)).messages == ()
    for raw in (
        called(status="pigeon-lost"),
        called(id=None),
        replace(called(), body=b"{"),
        replace(called(), body=b"1"),
    ):
        (message,) = hook.open(raw).messages
        assert not message.is_understood
        assert message.raw
    assert len(list(hook.reread(called(status="delivered").body))) == 1
    with pytest.raises(NotUnderstood):
        hook.reread(called(status="pigeon-lost").body)


@pytest.mark.parametrize("raw", [called("guess"), called(""), RawRequest({}, b"{}")])
def test_a_call_without_the_token_is_forged(raw: RawRequest) -> None:
    """Whoever cannot show it says nothing; and without a token of ours there is no address to call."""
    hook = notify.build("notify", settings("https://notify.example", callback_token=TOKEN))
    with pytest.raises(Forged):
        hook.open(raw)
    deaf = notify.build("notify", settings("https://notify.example"))
    assert deaf.path == ""
    with pytest.raises(Forged):
        deaf.open(called())


async def test_a_letter_is_posted_and_followed(peer: NotifyPeer) -> None:
    """To the lines of the address; what became of it is asked for, as no call says it."""
    outlet = notify.build("notify", settings(peer.base, letter_template=LETTER, poll_seconds=0.1))
    assert isinstance(outlet, NotifyWithLetters)
    assert outlet.limits.posts
    assert await outlet.check() == "GOV.UK Notify takes mails, text messages and letters over"
    to = postal.address("Ann Example\n1 Mill Lane\n\nSW1A 1AA")
    letter = Outbound(to, b"The bin is emptied.", idempotency_key=KEY, subject="Your bin")
    handed = await outlet.send(letter)
    (letter_sent,) = peer.sent
    assert (letter_sent["to"], letter_sent["subject"]) == (["Ann Example", "1 Mill Lane", "SW1A 1AA"], "Your bin")
    listening = outlet.listen(None)
    assert (await anext(listening)).messages == ()
    letter_sent["status"] = "received"
    news = [message async for message in _messages(listening)]
    assert news[0].post is not None
    assert (news[0].post.kind, news[0].post.about) == ("delivered", handed.external_id)
    with pytest.raises(Permanent, match="ValidationError"):
        await outlet.send(replace(letter, recipient=postal.address("Ann\n1 Mill Lane\nNowhere"), idempotency_key="k9"))
    await outlet.close()
    assert not isinstance(notify.build("notify", settings(peer.base)), Inbox)


async def _messages(listening: AsyncIterator[Batch]) -> AsyncIterator[Inbound]:
    async for batch in listening:
        for message in batch.messages:
            yield message
            return


async def test_what_did_not_arrive_may_be_sent_once_more(peer: NotifyPeer, outlet: Notify) -> None:
    """Under the same key: only what Notify still has on its way, or has delivered, is not handed over again."""
    first = await outlet.send(MAIL)
    peer.sent[0]["status"] = "delivered"
    assert await outlet.send(MAIL) == first
    peer.sent[0]["status"] = "temporary-failure"
    assert await outlet.send(MAIL) != first
    assert len(peer.sent) == 2


async def test_what_cannot_be_sent(peer: NotifyPeer, outlet: Notify) -> None:
    """No address, no template for it, a key of another service; and nobody there."""
    with pytest.raises(Permanent, match="ValidationError"):
        await outlet.send(Outbound("ann@residents", b"x", idempotency_key="k3"))
    for more, recipient in (({"sms_template": ""}, "+447700900123"), ({"email_template": ""}, MAIL.recipient)):
        bare_outlet = notify.build("notify", settings(peer.base, **more))
        with pytest.raises(Permanent, match="template is configured"):
            await bare_outlet.send(Outbound(recipient, b"x", idempotency_key="k4"))
        await bare_outlet.close()
    foreign_outlet = notify.build("notify", settings(peer.base, api_key=f"k-{SERVICE}-{SERVICE}"))
    with pytest.raises(Misconfigured, match="API key not found"):
        await foreign_outlet.send(MAIL)
    await foreign_outlet.close()
    await peer.server.close()
    with pytest.raises(Temporary):
        await outlet.send(MAIL)


async def test_the_templates_are_looked_at(peer: NotifyPeer, outlet: Notify) -> None:
    """Each is there, is of its kind, and asks for what we give and for nothing else."""
    assert await outlet.check() == "GOV.UK Notify takes mails and text messages over"
    for more in ({"email_template": OTHER}, {"email_template": SMS}, {"sms_template": EMAIL}):
        wrong = notify.build("notify", settings(peer.base, **more))
        with pytest.raises(Misconfigured, match=r"\(\(body\)\) alone"):
            await wrong.check()
        await wrong.close()
    missing = notify.build("notify", settings(peer.base, email_template=SERVICE))
    with pytest.raises(Misconfigured, match="404 NoResultFound"):
        await missing.check()
    await missing.close()


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("api_key", {"api_key": "secret"}),
        ("email_template", {"email_template": "acknowledgement"}),
        ("sms_template", {"email_template": "", "sms_template": ""}),
        ("callback_token", {"callback_token": "short"}),
        ("url", {"url": "http://api.notifications.service.gov.uk"}),
    ],
)
def test_what_cannot_work_is_not_accepted(key: str, more: dict[str, str]) -> None:
    """And the error names the key, so that no secret is shown (settings.py)."""
    with pytest.raises(ValidationError) as refused:
        settings("https://api.notifications.service.gov.uk", **more)
    assert [error["loc"] for error in refused.value.errors()] == [(key,)]


async def test_a_receipt_by_notify_says_all_that_a_mail_says(peer: NotifyPeer, tmp_path: Path) -> None:
    """Who filled in the form has the long words, with the reference in the subject; staff their alerts, too."""
    table = f"""
[[channel]]
name = "post"
kind = "notify"
sender = "Exampleshire Council <exampleshire@notifications.service.gov.uk>"
url = "{peer.base}"
api_key = "{API_KEY}"
email_template = "{EMAIL}"
"""
    service = Service(tmp_path, [FORM, table])
    try:
        await asyncio.to_thread(service.start)
        await asyncio.to_thread(send_form, service, "The bin was missed.")
        await asyncio.to_thread(wait_until, lambda: len(peer.sent) > 0, what="the receipt")
        (sent,) = peer.sent
        assert sent["subject"].startswith("We have your message: EX-")
        assert "Formats and languages" in sent["body"]
        await asyncio.to_thread(wait_until, lambda: service.acknowledged() == 1, what="the record of it")
    finally:
        await asyncio.to_thread(service.kill)
