"""WhatsApp: every kind of message as it is documented, calls that nobody should believe, and refusals."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channel import Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.core.files import File
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.wire.platforms.reading import NotUnderstood
from bot.wire.platforms.whatsapp_calls import SUBJECT
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


FORM = json.dumps({"flow_token": "t", "road": "A1", "photos": 2})
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
    (
        {"type": "contacts", "contacts": [{"name": {"formatted_name": "Bob"}, "phones": [{"phone": "+44"}]}]},
        "Bob, +44",
        ("contacts",),
    ),
    ({"type": "button", "button": {"text": "Yes", "payload": "yes"}}, "Yes", ()),
    (
        {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "1", "title": "Bins"}}},
        "Bins",
        (),
    ),
    ({"type": "unsupported", "errors": [{"code": 131051}]}, "", ("unsupported",)),
    (
        {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": FORM}}},
        "road: A1",
        (),
    ),
    (
        {"type": "order", "order": {"product_items": [{"product_retailer_id": "bin", "quantity": 2}]}},
        "2 x bin",
        ("order",),
    ),
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
    """Another number's messages, that ours has left us, a chat that was opened, a reaction that was taken back."""
    text = {"from": "1", "id": "2", "timestamp": "3", "type": "text", "text": {"body": "x"}}
    assert called(number, peer.call(text, "1", "ann", phone_number_id="999")) == ()
    for kind in ({"type": "request_welcome"}, {"type": "reaction", "reaction": {"message_id": "wamid.0"}}):
        assert called(number, peer.call(text | kind, "1", "ann")) == ()
    for field in ("message_template_status_update", "account_alerts", "user_preferences"):
        change = {"field": field, "value": {"event": "APPROVED"}}
        assert called(number, {"object": SUBJECT, "entry": [{"id": "1", "changes": [change]}]}) == ()
    assert called(number, {"object": SUBJECT, "entry": []}) == ()


@pytest.mark.parametrize(
    "entry",
    [
        {},
        "x",
        {"changes": 7},
        {"id": "1", "changes": [None]},
        {"id": "1", "changes": [{"field": "messages", "value": []}]},
        {"id": "1", "changes": [{"field": "calls", "value": {"calls": [{"id": "c"}]}}]},
        {"id": "1", "news": [{"text": "x"}]},
    ],
    ids=str,
)
def test_what_is_not_understood_is_kept(number: WhatsApp, entry: Any) -> None:
    """As it came, and read again later; what is no part of an entry that we know is no loss of its neighbours."""
    good = {"field": "messages", "value": {"metadata": {"phone_number_id": NUMBER}, "messages": [GOOD]}}
    odd, message = called(number, {"object": SUBJECT, "entry": [entry, {"id": "1", "changes": [good]}]})
    assert (odd.is_understood, message.is_understood, message.text) == (False, True, "x")
    with pytest.raises(NotUnderstood):
        list(number.reread(odd.raw))


GOOD: Values = {"from": "1", "id": "good", "timestamp": "3", "type": "text", "text": {"body": "x"}}


def test_one_that_cannot_be_read_does_not_take_the_others_along(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """It is kept with what is around it, so that it can be read once we know its kind."""
    call = peer.call(GOOD, "1", "ann")
    value = call["entry"][0]["changes"][0]["value"]
    odd = [GOOD | {"id": "odd", "type": "hologram", "hologram": {"a": 1}}, {"id": "odd"}, {**GOOD, "id": 7}]
    value["messages"] = [*odd, GOOD]
    messages = called(number, call)
    assert [message.is_understood for message in messages] == [False, False, False, True]
    assert messages[-1].external_id == "good"
    later = json.loads(messages[0].raw)
    later["entry"][0]["changes"][0]["value"]["messages"][0]["type"] = "text"
    (message,) = number.reread(json.dumps(later).encode())
    assert message.sender
    assert (message.external_id, message.sender.name) == ("odd", "Ann")


async def test_somebody_with_a_username_shows_no_number(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """Their call has no `from`: the business-scoped user ID says who it is, and the answer goes to it."""
    peer.hide_number("ann")
    (message,) = called(number, peer.letter("ann", {"type": "text", "text": {"body": "The bin"}}))
    assert message.sender
    assert message.post
    assert message.sender.address == message.post.conversation == f"whatsapp:{peer.user_id_of('ann')}"
    assert message.sender.name == "Ann"
    to_ann = Outbound(message.sender.address, b"Hello", in_reply_to=message.external_id, idempotency_key="<k>")
    assert (await number.send(to_ann)).external_id
    assert peer.answers_to("ann") == ["Hello"]
    nobody = peer.letter("ann", {"type": "text", "text": {"body": "x"}})
    value = nobody["entry"][0]["changes"][0]["value"]
    del value["messages"][0]["from_user_id"], value["contacts"]
    assert [message.is_understood for message in called(number, nobody)] == [False]


def test_another_number_is_told_in_the_thread_of_the_one_before(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """As the platform's word, which nobody answers; that keys have changed is no news, any other word is kept."""
    body = {"body": "User Ann changed from 447700900123 to 447700900999", "wa_id": "447700900999"}
    for kind in ("user_changed_number", "customer_changed_number"):
        notice = inbound_of(number, peer, {"type": "system", "system": body | {"type": kind}})
        assert notice.post
        assert notice.sender
        assert (notice.post.by_program, notice.post.conversation) == (True, "whatsapp:447700900123")
        assert (notice.sender.address, notice.text) == ("whatsapp:447700900123", body["body"])
    hidden = {"body": "Changed", "type": "user_changed_user_id", "previous_user_id": "GB.1", "user_id": "GB.2"}
    call = peer.call({"id": "wamid.2", "timestamp": "1", "type": "system", "system": hidden}, "1", "ann")
    del call["entry"][0]["changes"][0]["value"]["contacts"]
    (notice,) = called(number, call)
    assert notice.sender
    assert notice.sender.address == "whatsapp:GB.1"
    keys = {"type": "system", "system": body | {"type": "customer_identity_changed"}}
    assert called(number, peer.call({"from": "1", "id": "2", **keys}, "1", "ann")) == ()
    assert not inbound_of(number, peer, {"type": "system", "system": {"type": "hologram"}}).is_understood


async def test_files_are_fetched_while_whatsapp_keeps_them(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """By their id, which names an address for some minutes; a voice note has no name, a document its own."""
    peer.files["77"] = b"%PDF-1.7"
    document = {"type": "document", "document": {"id": "77", "filename": "a.pdf", "mime_type": "application/pdf"}}
    post = inbound_of(number, peer, document).post
    assert post
    (file,) = post.files
    assert file == RemoteFile("document", "77", "a.pdf", "application/pdf")
    assert await number.fetch(file, 100) == File("a.pdf", b"%PDF-1.7")
    with pytest.raises(Permanent, match="more than 3 bytes"):
        await number.fetch(file, 3)
    with pytest.raises(Permanent):
        await number.fetch(RemoteFile("voice", "../gone"), 100)
    voice = inbound_of(number, peer, {"type": "audio", "audio": {"id": "78", "voice": True}}).post
    assert voice
    assert [file.kind for file in voice.files] == ["voice"]


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
        assert all(m.is_understood for m in messages), name


def test_what_arrived_and_what_did_not_is_said(number: WhatsApp, peer: WhatsAppPeer) -> None:
    """By a status of one of our own, with the code of the error; that one is read means that it has arrived."""
    failed = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}
    news: list[tuple[str, Values, list[tuple[str, str]]]] = [
        ("failed", failed, [("undelivered", "131026 Message undeliverable")]),
        ("failed", {}, [("undelivered", "no reason was given")]),
        ("sent", {}, []),
        ("delivered", {}, [("delivered", "")]),
        ("read", {}, [("delivered", "")]),
        ("played", {}, [("delivered", "")]),
    ]
    for status, more, kinds in news:
        messages = called(number, peer.status("wamid.SENT", status, **more))
        assert [(message.post and message.post.kind, message.fault) for message in messages] == kinds
        assert {message.post and message.post.about for message in messages} <= {"wamid.SENT"}
    busy = {"errors": [{"code": 131016}], "biz_opaque_callback_data": "<ack.1@x>"}
    for more, key, may_pass in ((failed, "", False), (busy, "<ack.1@x>", True)):
        (message,) = called(number, peer.status("wamid.SENT", "failed", **more))
        assert message.post
        assert (message.post.key, message.post.may_pass) == (key, may_pass)
    (odd,) = called(number, peer.status("wamid.SENT", "vanished"))
    assert not odd.is_understood
