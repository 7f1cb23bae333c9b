"""WhatsApp: every kind of message as it is documented, calls that nobody should believe, and refusals."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channel import Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.core.messages import Inbound, Outbound
from channels import whatsapp
from channels.whatsapp import WhatsApp
from tests.peers.meta import APP_SECRET, TOKEN, VERIFY, Values, signed
from tests.peers.whatsapp import NUMBER, WhatsAppPeer

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "facebook+openapi.business-messaging-api_v23.0.yaml"


@pytest.fixture
def peer() -> Iterator[WhatsAppPeer]:
    """The platform."""
    with WhatsAppPeer() as running:
        yield running


@pytest.fixture
async def number(peer: WhatsAppPeer) -> AsyncIterator[WhatsApp]:
    """Our number."""
    table: Values = {"name": "wa", "kind": "whatsapp", "url": peer.base, "token": TOKEN, "app_secret": APP_SECRET}
    table |= {"verify_token": VERIFY, "phone_number_id": NUMBER}
    made = whatsapp.build("wa", whatsapp.Settings.model_validate(table))
    yield made
    await made.close()


def called(number: WhatsApp, call: Values) -> tuple[Inbound, ...]:
    """What our number makes of a call."""
    body = json.dumps(call).encode()
    return number.open(RawRequest(signed(body), body)).messages


def inbound_of(number: WhatsApp, peer: WhatsAppPeer, message: Values) -> Inbound:
    """What it makes of one message."""
    whole = {"from": "447700900123", "id": "wamid.1", "timestamp": "1749416383", **message}
    (inbound,) = called(number, peer.call(whole, "447700900123", "ann"))
    return inbound


KINDS: list[tuple[Values, str, tuple[str, ...]]] = [
    ({"type": "text", "text": {"body": "The bin"}}, "The bin", ()),
    ({"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "caption": "Look"}}, "Look", ("image",)),
    ({"type": "audio", "audio": {"id": "1", "voice": True}}, "", ("voice",)),
    ({"type": "audio", "audio": {"id": "1", "voice": False}}, "", ("audio",)),
    ({"type": "video", "video": {"id": "1"}}, "", ("video",)),
    ({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}, "", ("document",)),
    ({"type": "sticker", "sticker": {"id": "1", "animated": False}}, "", ("sticker",)),
    (
        {"type": "location", "location": {"latitude": 51.0, "longitude": -3.1, "name": "Taunton"}},
        "Taunton",
        ("location",),
    ),
    ({"type": "contacts", "contacts": [{"name": {"formatted_name": "Bob"}}]}, "", ("contacts",)),
    ({"type": "button", "button": {"text": "Yes", "payload": "yes"}}, "Yes", ()),
    (
        {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Bins"}}},
        "Bins",
        (),
    ),
    ({"type": "unsupported", "errors": [{"code": 131051}]}, "", ("unsupported",)),
    ({"type": "something-new", "something-new": {"a": 1}}, "", ("something-new",)),
]


@pytest.mark.parametrize(("message", "words", "holds"), KINDS, ids=lambda value: str(value)[:30])
def test_each_kind_is_logged_as_what_it_is(
    number: WhatsApp, peer: WhatsAppPeer, message: Values, words: str, holds: tuple[str, ...]
) -> None:
    """Its words, what it holds besides, its writer and its time."""
    inbound = inbound_of(number, peer, message)
    assert inbound.post
    assert inbound.sender
    assert inbound.received_at
    assert (inbound.text.startswith(words), inbound.post.holds) == (True, holds)
    assert (inbound.sender.address, inbound.sender.name) == ("whatsapp:447700900123", "Ann")
    assert (inbound.post.conversation, inbound.external_id) == ("whatsapp:447700900123", "wamid.1")
    assert inbound.received_at.isoformat() == "2025-06-08T20:59:43+00:00"
    assert inbound.post.kind == "message"


def test_what_is_about_another_message(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """A reaction, an edit, and what was taken back; and the message that one answers."""
    reaction = inbound_of(number, peer, {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}})
    edit = inbound_of(
        number,
        peer,
        {
            "type": "edit",
            "edit": {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "New"}}},
        },
    )
    gone = inbound_of(number, peer, {"type": "revoke", "revoke": {"original_message_id": "wamid.0"}})
    for inbound, kind, words in ((reaction, "reaction", "👍"), (edit, "edit", "New"), (gone, "deletion", "")):
        assert inbound.post
        assert (inbound.post.kind, inbound.post.about, inbound.text) == (kind, "wamid.0", words)
    answer = inbound_of(number, peer, {"type": "text", "text": {"body": "Yes"}, "context": {"id": "wamid.9"}})
    assert answer.post
    assert answer.post.answers == ("wamid.9",)


def test_what_is_not_for_us_brings_nothing(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """Another number's messages, news of what we sent, fields that are not known, other objects."""
    text = {"from": "1", "id": "2", "timestamp": "3", "type": "text", "text": {"body": "x"}}
    assert called(number, peer.call(text, "1", "ann", phone_number_id="999")) == ()
    status = peer.call(text, "1", "ann")
    status["entry"][0]["changes"][0]["value"] |= {"messages": [], "statuses": [{"id": "x", "status": "read"}]}
    assert called(number, status) == ()
    assert called(number, {"object": "page", "entry": [{"id": "1"}]}) == ()
    odd: list[Any] = [{}, "x", {"changes": 7}, {"changes": [None, {"field": "messages", "value": []}]}]
    assert called(number, {"object": "whatsapp_business_account", "entry": odd}) == ()


def test_one_that_cannot_be_read_does_not_take_the_others_along(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """It is logged as what cannot be read."""
    good = peer.call({"from": "1", "id": "good", "timestamp": "3", "type": "text", "text": {"body": "x"}}, "1", "ann")
    bad = peer.call({"from": "1", "id": "bad", "timestamp": "3"}, "1", "ann")
    bad["entry"][0]["changes"][0]["value"]["contacts"] = [{"wa_id": ["no"]}]
    first, second = called(number, good | {"entry": bad["entry"] + good["entry"]})
    assert "could not be read" in first.fault
    assert second.external_id == "good"


def test_calls_that_nobody_should_believe(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """Another secret, no signature, another body, half a signature: all the same to the caller."""
    body = json.dumps(peer.call({"from": "1", "id": "2"}, "1", "ann")).encode()
    good = signed(body)
    for headers in ({}, signed(body, "other"), {k: v[:-1] for k, v in good.items()}, dict.fromkeys(good, "sha256=é")):
        with pytest.raises(Forged):
            number.open(RawRequest(headers, body))
    with pytest.raises(Forged):
        number.open(RawRequest(good, body + b" "))
    for broken in (b"{", b"[]", b'{"entry": 1}', b"\xff", b"[" * 100_000):
        with pytest.raises(Permanent):
            number.open(RawRequest(signed(broken), broken))


def test_the_address_is_proven_with_our_own_word(number: WhatsApp) -> None:
    """The challenge comes back; for another word nothing does."""
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}
    assert number.challenge(RawRequest({}, b"", "GET", query)) == ("text/plain", b"1158201444")
    for wrong in ({"hub.verify_token": "x"}, {"hub.mode": "unsubscribe"}):
        with pytest.raises(Forged):
            number.challenge(RawRequest({}, b"", "GET", query | wrong))


async def test_refusals(peer: WhatsAppPeer, number: WhatsApp) -> None:
    """Outside the window for good; a limit passes; a token that is gone is for staff; nothing tells the token."""
    out = Outbound("whatsapp:447700900999", b"Hello", in_reply_to="wamid.1", idempotency_key="<ack.1@x>")
    with pytest.raises(Permanent, match="131047"):
        await number.send(out)
    peer.bring("ann", {"type": "text", "text": {"body": "hi"}})
    to_ann = Outbound(f"whatsapp:{peer.number_of('ann')}", b"Hello", in_reply_to="wamid.1", idempotency_key="<k>")
    assert (await number.send(to_ann)).external_id == "wamid.SENT00000001"
    assert peer.sent[0]["biz_opaque_callback_data"] == "<k>"
    peer.limit_code = 131056
    with pytest.raises(Temporary):
        await number.send(to_ann)
    peer.trouble.refused = True
    with pytest.raises(Misconfigured) as refused:
        await number.send(to_ann)
    assert TOKEN not in str(refused.value)


async def test_coverage(peer: WhatsAppPeer, number: WhatsApp) -> None:
    """Amber at best; a token that soon runs out says when; one that lacks its permission is red."""
    coverage = await number.coverage()
    assert (coverage.level, len(coverage.findings)) == ("amber", 1)
    peer.expires_at = peer.in_days(3)
    assert "the token runs out on" in (await number.coverage()).findings[0]
    peer.scopes = []
    assert (await number.coverage()).level == "red"


def test_the_published_examples_are_understood(number: WhatsApp) -> None:
    """Every example of a call in the platform's own description brings what it holds."""
    if not SPEC.exists():
        pytest.skip("the published description is not on this machine")
    described = yaml.load(SPEC.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    content = described["paths"]["/whatsapp/webhooks"]["post"]["requestBody"]["content"]["application/json"]
    examples = content["examples"]
    assert len(examples) > 10
    for name, example in examples.items():
        call = example["value"]
        value = call["entry"][0]["changes"][0]["value"]
        value["metadata"]["phone_number_id"] = NUMBER
        messages = called(number, call)
        assert [m.external_id for m in messages] == [m["id"] for m in value.get("messages", ())], name
        assert not [m.fault for m in messages if m.fault], name


def test_what_did_not_arrive_is_said_and_what_did_is_not(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """By the status `failed` of one of our own, with the code of the error; `sent`, `delivered`, `read` are no news."""
    failed = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}
    for status, more in (("failed", failed), ("failed", {}), ("sent", {}), ("delivered", {}), ("read", {})):
        entry = {
            "id": "wamid.SENT",
            "status": status,
            "timestamp": "1749416383",
            "recipient_id": "447700900123",
            **more,
        }
        call = peer.call({}, "447700900123", "ann")
        value = call["entry"][0]["changes"][0]["value"]
        del value["messages"]
        value["statuses"] = [entry]
        posts = [(message.post and message.post.kind, message.fault) for message in called(number, call)]
        reason = "131026 Message undeliverable" if more else "no reason was given"
        assert posts == ([("undelivered", reason)] if status == "failed" else [])
