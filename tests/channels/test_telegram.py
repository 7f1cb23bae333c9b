"""Telegram: every kind of update that is documented, the calls, the offset, and what must never be told."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from bot.channel import Batch, Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.core.messages import Inbound, Outbound
from channels import telegram
from channels.telegram import Telegram
from tests.peers.meta import Values
from tests.peers.telegram import CONNECTION, GROUP, TOKEN, TelegramPeer

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "PaulSonOfLars+telegram-bot-api-spec.api.json"
SECRET = "our-own-word"


@pytest.fixture
def peer() -> Iterator[TelegramPeer]:
    """The platform."""
    with TelegramPeer() as running:
        yield running


@pytest.fixture
async def bot(peer: TelegramPeer) -> AsyncIterator[Telegram]:
    """Our bot; it begins with everything."""
    made = telegram.build("tg", settings(peer))
    yield made
    await made.close()


def settings(peer: TelegramPeer, **more: Any) -> telegram.Settings:
    """As a configuration would give them."""
    table: Values = {"name": "tg", "kind": "telegram", "url": peer.base, "token": TOKEN, "poll_seconds": 0}
    return telegram.Settings.model_validate(table | {"begin": "all", "webhook_secret": SECRET} | more)


def told(bot: Telegram, update: Values) -> tuple[Inbound, ...]:
    """What the bot makes of an update that is brought to it."""
    headers = {"x-telegram-bot-api-secret-token": SECRET}
    return bot.open(RawRequest(headers, json.dumps({"update_id": 1, **update}).encode())).messages


async def fetched(bot: Telegram, cursor: str | None, count: int) -> tuple[list[Inbound], str | None]:
    """The first so many messages, and the cursor behind them."""
    found: list[Inbound] = []
    async with aclosing(bot.listen(cursor)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            cursor, found = batch.cursor, [*found, *batch.messages]
            if len(found) >= count:
                break
    return found, cursor


MESSAGE: Values = {
    "message_id": 5,
    "date": 1749416383,
    "chat": {"id": 1000, "type": "private"},
    "from": {"id": 1000, "is_bot": False, "first_name": "Ann", "last_name": "Lee"},
}
KINDS: list[tuple[Values, str, tuple[str, ...]]] = [
    ({"text": "The bin"}, "The bin", ()),
    ({"photo": [{"file_id": "1"}], "caption": "Look", "media_group_id": "9"}, "Look", ("photo",)),
    ({"voice": {"file_id": "1"}}, "", ("voice",)),
    ({"location": {"latitude": 51.0, "longitude": -3.1}}, "", ("location",)),
    ({"sticker": {"file_id": "1"}}, "", ("sticker",)),
    ({"document": {"file_id": "1"}}, "", ("document",)),
    ({"contact": {"phone_number": "1"}}, "", ("contact",)),
    ({"animation": {"file_id": "1"}, "document": {"file_id": "1"}}, "", ("document", "animation")),
]


@pytest.mark.parametrize(("content", "words", "holds"), KINDS, ids=lambda value: str(value)[:30])
def test_each_kind_is_logged_as_what_it_is(bot: Telegram, content: Values, words: str, holds: tuple[str, ...]) -> None:
    """Its words, what it holds besides, its writer, its chat and its time."""
    (found,) = told(bot, {"message": MESSAGE | content})
    assert found.post
    assert found.sender
    assert found.received_at
    assert (found.text, found.post.holds, found.external_id) == (words, holds, "1000:5")
    assert (found.sender.address, found.sender.name, found.post.conversation) == ("telegram:1000", "Ann Lee", "1000")
    assert found.received_at.isoformat() == "2025-06-08T20:59:43+00:00"


def test_what_is_not_said_to_us(bot: Telegram) -> None:
    """To press Start says nothing yet; in a group only what names the bot; unknown updates bring nothing."""
    group = {"chat": {"id": GROUP, "type": "supergroup"}}
    assert told(bot, {"message": MESSAGE | {"text": "/start"}}) == ()
    assert told(bot, {"message": MESSAGE | group | {"text": "Who has a ladder?"}}) == ()
    assert told(bot, {"my_chat_member": {"chat": {"id": 1000}}}) == ()
    assert told(bot, {"message_reaction": {"chat": {"id": 1}, "message_id": 2, "new_reaction": []}}) == ()


def test_what_happens_to_a_message_afterwards(bot: Telegram) -> None:
    """An edit, a reaction, and what was taken back in a business chat."""
    (edit,) = told(bot, {"edited_message": MESSAGE | {"text": "New", "edit_date": 1749416400}})
    (reaction,) = told(
        bot,
        {
            "message_reaction": {
                "chat": {"id": 1000, "type": "private"},
                "message_id": 5,
                "user": MESSAGE["from"],
                "date": 1749416400,
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            }
        },
    )
    deleted = {"business_connection_id": CONNECTION, "chat": {"id": 1000}, "message_ids": [5, 6]}
    first, second = told(bot, {"deleted_business_messages": deleted})
    for found, kind, about in (
        (edit, "edit", "1000:5"),
        (reaction, "reaction", "1000:5"),
        (second, "deletion", "1000:6"),
    ):
        assert found.post
        assert (found.post.kind, found.post.about) == (kind, about)
    assert {m.outgoing for m in (edit, reaction, first, second)} == {False}
    assert reaction.text == "👍"


def test_staffs_answers_in_a_business_chat(bot: Telegram) -> None:
    """The account's owner is not the person; what the bot said for the account is marked as its own."""
    owner = {"from": {"id": 600, "is_bot": False, "first_name": "Front"}, "business_connection_id": CONNECTION}
    (staff,) = told(bot, {"business_message": MESSAGE | owner | {"text": "Done"}})
    (ours,) = told(bot, {"business_message": MESSAGE | owner | {"text": "Hi", "sender_business_bot": {"id": 500}}})
    for message, automatic in ((staff, False), (ours, True)):
        assert message.post
        assert (message.outgoing, message.post.conversation) == (True, f"1000@{CONNECTION}")
        assert message.post.automatic is automatic


def test_calls_that_nobody_should_believe(bot: Telegram, peer: TelegramPeer) -> None:
    """Another word, none, or no word of ours configured at all."""
    good = json.dumps({"update_id": 1, "message": MESSAGE | {"text": "x"}}).encode()
    for headers in ({}, {"x-telegram-bot-api-secret-token": "other"}, {"x-telegram-bot-api-secret-token": "é"}):
        with pytest.raises(Forged):
            bot.open(RawRequest(headers, good))
    without = telegram.build("tg", settings(peer, webhook_secret=""))
    with pytest.raises(Forged):
        without.open(RawRequest({"x-telegram-bot-api-secret-token": ""}, good))
    with pytest.raises(Permanent):
        bot.open(RawRequest({"x-telegram-bot-api-secret-token": SECRET}, b"{"))


async def test_one_that_cannot_be_read_does_not_stop_the_others(bot: Telegram, peer: TelegramPeer) -> None:
    """It is logged as what cannot be read, and the offset goes on."""
    peer.update("message", {"message_id": 1})
    peer.write("ann", "hello")
    (bad, good), cursor = await fetched(bot, None, 2)
    assert "could not be read" in bad.fault
    assert (good.text, cursor) == ("hello", "7002")


async def test_the_offset_is_the_cursor(bot: Telegram, peer: TelegramPeer) -> None:
    """More than one fetch brings; nothing is left out, and nothing comes twice."""
    written = [peer.write("ann", f"number {n}") for n in range(250)]
    first, cursor = await fetched(bot, None, 100)
    second, cursor = await fetched(bot, cursor, 150)
    assert [m.external_id for m in (*first, *second)] == written
    assert cursor == "7250"


async def test_a_first_look_begins_now(peer: TelegramPeer) -> None:
    """What waits there already is left alone."""
    peer.write("ann", "before")
    made = telegram.build("tg", settings(peer, begin="now"))
    async with aclosing(made.listen(None)) as batches:  # type: ignore[type-var]
        assert await anext(batches) == Batch((), "7001")
        peer.write("ann", "after")
        assert [m.text for m in (await anext(batches)).messages] == ["after"]
    await made.close()


async def test_refusals_and_what_they_never_tell(bot: Telegram, peer: TelegramPeer) -> None:
    """The token stands in the address of every call, and in no error."""
    out = Outbound("telegram:77", b"Hello", in_reply_to="77:1", conversation="77")
    with pytest.raises(Permanent, match="can't initiate"):
        await bot.send(out)
    number = peer.write("ann", "hi")
    to_ann = Outbound("telegram:1000", b"Hello", in_reply_to=number, conversation=f"1000@{CONNECTION}")
    assert (await bot.send(to_ann)).external_id == "1000:2"
    assert peer.sent[0]["business_connection_id"] == CONNECTION
    peer.trouble.limited = 1
    with pytest.raises(Temporary):
        await bot.send(to_ann)
    peer.trouble.down = True
    with pytest.raises(Temporary) as away:
        await bot.check()
    peer.trouble.down, peer.trouble.refused = False, True
    with pytest.raises(Misconfigured) as refused:
        await bot.check()
    assert TOKEN not in f"{away.value} {refused.value}"
    unreachable = telegram.build("tg", settings(peer, url="http://127.0.0.1:9"))
    with pytest.raises(Temporary) as nobody:
        await unreachable.check()
    assert TOKEN not in str(nobody.value)
    await unreachable.close()


async def test_coverage(bot: Telegram, peer: TelegramPeer) -> None:
    """Somebody else's webhook takes everything away from us."""
    assert (await bot.coverage()).level == "green"
    peer.webhook = "https://elsewhere.example/hook"
    assert (await bot.coverage()).level == "red"
    with pytest.raises(Misconfigured, match="409"):
        await fetched(bot, None, 1)


def test_our_peer_speaks_as_the_published_description_says(peer: TelegramPeer) -> None:
    """Every field of its updates is one that the Bot API has, and none is missing that must be there."""
    if not SPEC.exists():
        pytest.skip("the published description is not on this machine")
    types = json.loads(SPEC.read_text(encoding="utf-8"))["types"]
    peer.write("ann", "hello")
    peer.write("bob", "hello", public=True)
    for update in peer.updates:
        (kind,) = set(update) - {"update_id"}
        message = update[kind]
        fields = {field["name"]: field for field in types["Message"]["fields"]}
        assert set(message) <= set(fields)
        assert {name for name, field in fields.items() if field["required"]} <= set(message)
        known = {field["name"] for field in types["Update"]["fields"]}
        assert set(update) <= known
