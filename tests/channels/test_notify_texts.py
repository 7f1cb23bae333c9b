"""Text messages by GOV.UK Notify: what a call says, what its list says, and that nothing comes twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from bot.channel import Batch, Forged, Misconfigured, RawRequest
from bot.wire.platforms.reading import NotUnderstood
from channels import notify_texts
from channels.notify_texts import NotifyTexts
from tests.peers.notify import API_KEY, SERVICE, NotifyPeer

TOKEN = "3c1e-a-token-of-ours"
CALL = {
    "id": SERVICE,
    "source_number": "447700900123",
    "destination_number": "07700987654",
    "message": "The bin was missed.",
    "date_received": "2026-05-14T12:15:30.000000Z",
}


@pytest.fixture
async def peer() -> AsyncIterator[NotifyPeer]:
    """The service at Notify."""
    running = NotifyPeer()
    await running.server.start_server()
    yield running
    await running.server.close()


def channel(base: str = "https://notify.example", **more: Any) -> NotifyTexts:
    """As a configuration would give it."""
    table = {"name": "texts", "kind": "notify_texts", "url": base, "api_key": API_KEY, "texts_by": "notify"}
    whole = {**table, "callback_token": TOKEN, "poll_seconds": 0.1, **more}
    return notify_texts.build("texts", notify_texts.Settings.model_validate(whole))


def called(token: str = TOKEN, **content: Any) -> RawRequest:
    """Notify's call about a text message that it received."""
    values = {key: value for key, value in {**CALL, **content}.items() if value is not None}
    return RawRequest({"authorization": f"Bearer {token}"}, json.dumps(values).encode())


def test_a_call_is_a_message_of_a_person() -> None:
    """In the conversation of that number, whose owner nothing proves; the same by the list."""
    (message,) = channel().open(called()).messages
    assert (message.external_id, message.text) == (SERVICE, "The bin was missed.")
    assert message.sender is not None
    assert message.sender.address == "tel:+447700900123"
    assert message.post is not None
    assert (message.post.conversation, message.post.by_program) == ("tel:+447700900123", False)
    assert message.received_at is not None
    assert message.received_at.isoformat() == "2026-05-14T12:15:30+00:00"
    assert message.unproven
    entry = {"id": SERVICE, "user_number": "447700900123", "content": CALL["message"], "notify_number": "07700987654"}
    (listed,) = channel().reread(json.dumps({**entry, "created_at": CALL["date_received"]}).encode())
    assert (listed.external_id, listed.digest, listed.sender) == (message.external_id, message.digest, message.sender)


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("07700900123", "tel:+447700900123"),
        ("+447700900123", "tel:+447700900123"),
        ("15551234567", "tel:+15551234567"),
        (" 44 7700 900123 ", "tel:+447700900123"),
        ("60006", "text:60006"),
        ("My\nBank ", "text:My Bank"),
        ("\u0660" * 11, "text:" + "\u0660" * 11),
        ("HMRC", "text:HMRC"),
    ],
)
def test_whose_number_it_is(number: str, address: str) -> None:
    """In one form; a name in letters and a short code belong to programs, and nothing is sent there."""
    (message,) = channel().open(called(source_number=number)).messages
    assert message.sender is not None
    assert message.post is not None
    assert message.sender.address == address
    assert message.post.by_program == address.startswith("text:")


@pytest.mark.parametrize("name", ["id", "source_number", "message", "date_received"])
@pytest.mark.parametrize("value", [None, 7, [], {}])
def test_what_is_not_understood_is_kept(name: str, value: object) -> None:
    """Without one of its parts, or with another thing in its place; it is read again by a version that knows it."""
    raw = RawRequest(called().headers, json.dumps({**CALL, name: value}).encode())
    (message,) = channel().open(raw).messages
    assert not message.is_understood
    with pytest.raises(NotUnderstood):
        channel().reread(raw.body)
    (message,) = channel().open(RawRequest(raw.headers, b"\xff{")).messages
    assert message.raw == b"\xff{"


def test_an_empty_text_is_one() -> None:
    """Somebody pressed Send: it is logged, and a person looks at it."""
    (message,) = channel().open(called(message="")).messages
    assert message.is_understood
    assert message.text == ""


@pytest.mark.parametrize("raw", [called("guess"), called(""), RawRequest({}, b"{}")])
def test_a_call_without_the_token_is_forged(raw: RawRequest) -> None:
    """Nothing of it counts; and without a token of ours there is no address to call."""
    with pytest.raises(Forged):
        channel().open(raw)
    deaf = channel(callback_token=None)
    assert deaf.path == ""
    with pytest.raises(Forged):
        deaf.open(called())


@pytest.mark.parametrize(("key", "value"), [("callback_token", "short"), ("api_key", "secret"), ("begin", "then")])
def test_what_cannot_work_is_not_accepted(key: str, value: str) -> None:
    """And the error names the key."""
    with pytest.raises(ValidationError) as refusal:
        channel(**{key: value})
    assert [error["loc"] for error in refusal.value.errors()] == [(key,)]


async def test_the_list_has_what_no_call_brought(peer: NotifyPeer) -> None:
    """From now on and once; after a restart from where it was read; many pages of it, the oldest first."""
    peer.receive("447700900001", "Before we were there.", ago=timedelta(minutes=1))
    inbox = channel(peer.base)
    listening = inbox.listen(None)
    cursor = (await anext(listening)).cursor
    for number in range(600):
        peer.receive(f"4477009{number:05d}", f"Text {number}.")
    words, cursor = await texts(listening, 600, cursor)
    assert words == [f"Text {number}." for number in range(600)]
    await inbox.close()
    again = channel(peer.base)
    peer.receive("447700900002", "While we were away.")
    words, _ = await texts(again.listen(cursor), 601, cursor)
    assert words[-1] == "While we were away."
    assert (await again.coverage()).level == "green"
    assert "250 on the first page" in await again.check()
    await again.close()


async def test_a_first_look_may_take_all(peer: NotifyPeer) -> None:
    """Where it is told so; what cannot be read among it is kept, and the others are read."""
    peer.receive("447700900001", "Before we were there.")
    peer.received.append({"id": "1", "user_number": "447700900001"})
    inbox = channel(peer.base, begin="all")
    batch = await anext(aiter(inbox.listen(None)))
    assert sorted((message.text, message.is_understood) for message in batch.messages) == [
        ("", False),
        ("Before we were there.", True),
    ]
    await inbox.close()


async def test_a_wrong_key_is_for_staff(peer: NotifyPeer) -> None:
    """Whoever looks after Ackbot must act."""
    inbox = channel(peer.base, api_key=f"k-{SERVICE}-{SERVICE}")
    with pytest.raises(Misconfigured, match="API key not found"):
        await inbox.check()
    await inbox.close()


async def texts(listening: AsyncIterator[Batch], count: int, cursor: str | None) -> tuple[list[str], str | None]:
    """What is read until there are so many, and a cursor after them."""
    words: list[str] = []
    async with asyncio.timeout(30):
        async for batch in listening:
            words += [message.text for message in batch.messages]
            cursor = batch.cursor or cursor
            if len(words) >= count and batch.cursor:
                break
    return words, cursor
