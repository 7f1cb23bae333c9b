"""Telegram: every kind of update that is documented, the calls, the offset, and what must never be told."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from bot.channel import Batch, Coverage, Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.core.files import File
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.wire.platforms import telegram_updates
from bot.wire.platforms.telegram_updates import Updates
from channels import telegram
from channels.telegram import Telegram
from tests.components.ports import PATIENCE_SECONDS, free_port
from tests.peers.meta import Values
from tests.peers.telegram import CONNECTION, GROUP, OWNER, TOKEN, TelegramPeer, connection

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "PaulSonOfLars+telegram-bot-api-spec.api.json"
SECRET = "our-own-word"
HOOK = "https://contact.example.gov.uk/hooks/tg"
UPDATES = Updates("tg", "council_bot", 500)
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)  # what a reader says of what it does not understand


@pytest.fixture
def peer() -> Iterator[TelegramPeer]:
    """The platform."""
    with TelegramPeer() as running:
        yield running


@pytest.fixture
async def bot(peer: TelegramPeer) -> AsyncIterator[Telegram]:
    """Our bot, connected to the account; it begins with everything."""
    made = telegram.build("tg", settings(peer.base))
    yield made
    await made.close()


def settings(base: str, **more: Any) -> telegram.Settings:
    """As a configuration would give them."""
    table: Values = {"name": "tg", "kind": "telegram", "url": base, "token": TOKEN, "username": "council_bot"}
    usual = {"poll_seconds": 1, "begin": "all", "business_account": "@examplecouncil"}
    return telegram.Settings.model_validate(table | usual | more)


def called(base: str) -> telegram.Settings:
    """The same bot, for which Telegram calls."""
    return settings(base, business_account="", webhook_url=HOOK, webhook_secret=SECRET)


def messages_of(update: Values) -> list[Inbound]:
    """What an update says."""
    return list(UPDATES.read({"update_id": 1, **update}))


async def fetched(bot: Telegram, cursor: str | None, count: int) -> tuple[list[Inbound], str | None]:
    """The first so many messages, and the cursor behind them."""
    messages: list[Inbound] = []
    async with asyncio.timeout(10), aclosing(bot.listen(cursor)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            cursor, messages = batch.cursor, [*messages, *batch.messages]
            if len(messages) >= count:
                break
    return messages, cursor


MESSAGE: Values = {
    "message_id": 5,
    "date": 1749416383,
    "chat": {"id": 1000, "type": "private"},
    "from": {"id": 1000, "is_bot": False, "first_name": "Ann", "last_name": "Lee"},
}
IN_GROUP: Values = {**MESSAGE, "chat": {**GROUP, "username": "ourstreet"}}
BUSINESS: Values = {**MESSAGE, "business_connection_id": CONNECTION}
KINDS: list[tuple[Values, str, tuple[str, ...]]] = [
    ({"text": "The bin"}, "The bin", ()),
    ({"text": "/start my bin was missed"}, "/start my bin was missed", ()),
    ({"photo": [{"file_id": "1"}], "caption": "Look", "media_group_id": "9"}, "Look", ("image",)),
    ({"live_photo": {"file_id": "1"}, "photo": [{"file_id": "1"}]}, "", ("image",)),
    ({"voice": {"file_id": "1"}}, "", ("voice",)),
    ({"location": {"latitude": 51.0, "longitude": -3.1}}, "51.0, -3.1", ("location",)),
    (
        {"venue": {"title": "Hall", "address": "1 High St", "location": {}}, "location": {}},
        "Hall, 1 High St",
        ("location",),
    ),
    ({"sticker": {"file_id": "1"}}, "", ("sticker",)),
    ({"document": {"file_id": "1"}}, "", ("document",)),
    ({"contact": {"phone_number": "07700900001", "first_name": "Bo"}}, "Bo 07700900001", ("contact",)),
    ({"animation": {"file_id": "1"}, "document": {"file_id": "1"}}, "", ("video",)),
    ({"poll": {"question": "When?"}}, "When?", ("poll",)),
    ({"something_new": {}}, "", ("unsupported",)),
    ({"dice": {"emoji": "🎲", "value": 4}}, "🎲 4", ()),
    (
        {
            "rich_message": {
                "blocks": [
                    {"type": "heading", "text": "Bins", "size": 1},
                    {"type": "paragraph", "text": ["Not ", {"type": "bold", "text": "emptied"}]},
                    {"type": "list", "items": [{"label": "1.", "blocks": [{"type": "paragraph", "text": "Mon"}]}]},
                ]
            }
        },
        "Bins\nNot emptied\n1.\nMon",
        (),
    ),
]


@pytest.mark.parametrize(("content", "words", "holds"), KINDS, ids=lambda value: str(value)[:30])
def test_each_kind_is_logged_as_what_it_is(content: Values, words: str, holds: tuple[str, ...]) -> None:
    """Its words, what it holds besides, its writer, its chat and its time."""
    (message,) = messages_of({"message": MESSAGE | content})
    assert message.post
    assert message.sender
    assert message.received_at
    assert (message.text, message.post.holds, message.external_id) == (words, holds, "1000:5")
    assert (message.sender.address, message.sender.name, message.post.conversation) == (
        "telegram:1000",
        "Ann Lee",
        "1000",
    )
    assert (message.received_at.isoformat(), message.visibility) == ("2025-06-08T20:59:43+00:00", "private")


NOTHING: list[Values] = [
    {"message": MESSAGE | {"text": "/start"}},
    {"message": MESSAGE | {"text": "/start@council_bot from_leaflet-7"}},
    {"message": MESSAGE | {"pinned_message": MESSAGE}},
    {"message": MESSAGE | {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}}},
    {"message": IN_GROUP | {"text": "Who has a ladder?"}},
    {"message": IN_GROUP | {"text": "@council_bottom is another name"}},
    {"message": IN_GROUP | {"new_chat_members": [MESSAGE["from"]]}},
    {"edited_message": MESSAGE | {"location": {"latitude": 51.0, "longitude": -3.1}, "edit_date": 1749416400}},
    {"message_reaction": {**IN_GROUP, "old_reaction": [], "new_reaction": [{"type": "emoji", "emoji": "x"}]}},
    {"message_reaction": {**MESSAGE, "old_reaction": [{"type": "emoji", "emoji": "x"}], "new_reaction": []}},
    *({kind: {"chat": {"id": 1000}}} for kind in telegram_updates.IGNORED),
]


@pytest.mark.parametrize("update", NOTHING, ids=lambda value: str(next(iter(value.values())))[-60:-1])
def test_what_is_not_said_to_us(update: Values) -> None:
    """Press of Start, what the program says by itself, talk of a group, where somebody is now."""
    assert messages_of(update) == []


NOT_UNDERSTOOD: list[Values] = [
    {},
    {"something_new": {"chat": {"id": 1000}}},
    {"message": None},
    {"message": MESSAGE | {"text": 7}},
    {"message": {key: value for key, value in MESSAGE.items() if key != "from"} | {"text": "x"}},
    {"message": MESSAGE | {"text": "x", "date": None}},
    {"message": MESSAGE | {"text": "x", "chat": {"id": 1000, "type": "something new"}}},
    {"message": IN_GROUP | {"something_new": "@council_bot, a hole!"}},
    {"message": IN_GROUP | {"text": "And now?", "reply_to_message": {"message_id": 4}}},
    {"business_message": MESSAGE | {"text": "to whom?"}},
    {"business_connection": {"id": "c", "user": {}}},
    {"deleted_business_messages": {"business_connection_id": CONNECTION, "chat": MESSAGE["chat"]}},
    {"deleted_business_messages": None},
    {"message_reaction": {**MESSAGE, "old_reaction": []}},
]


@pytest.mark.parametrize("update", NOT_UNDERSTOOD, ids=lambda value: str(value)[:40])
def test_what_is_not_understood_is_not_dropped(update: Values) -> None:
    """A new kind, and a part that is missing, empty or of another type: it is said that this cannot be read."""
    with pytest.raises(UNREADABLE):
        messages_of(update)


@pytest.mark.parametrize(
    ("content", "file"),
    [
        (
            {"photo": [{"file_id": "s", "width": 90, "height": 90}, {"file_id": "l", "width": 900, "height": 900}]},
            RemoteFile("image", "l"),
        ),
        (
            {"document": {"file_id": "d", "file_name": "letter.pdf", "mime_type": "application/pdf"}},
            RemoteFile("document", "d", "letter.pdf", "application/pdf"),
        ),
        ({"animation": {"file_id": "a"}, "document": {"file_id": "a"}}, RemoteFile("video", "a")),
        ({"voice": {"file_id": "v", "mime_type": "audio/ogg"}}, RemoteFile("voice", "v", "", "audio/ogg")),
        ({"sticker": {"file_id": "st"}}, RemoteFile("sticker", "st")),
        ({"video_note": {"file_id": "n"}}, RemoteFile("video", "n")),
        ({"sticker": {"file_id": "s", "is_animated": False}}, RemoteFile("sticker", "s")),
        (
            {"sticker": {"file_id": "s", "is_animated": True, "thumbnail": {"file_id": "t"}}},
            RemoteFile("sticker", "t"),
        ),
        ({"sticker": {"file_id": "s", "is_video": True}}, RemoteFile("sticker", "s")),
    ],
)
def test_what_can_be_fetched_is_named(content: Values, file: RemoteFile) -> None:
    """Each file once, of a photo its largest size."""
    (message,) = messages_of({"message": MESSAGE | content})
    assert message.post
    assert message.post.files == (file,)


async def test_a_file_is_fetched(bot: Telegram, peer: TelegramPeer) -> None:
    """As often as wanted; one that is gone, that is too large, or whose path leads elsewhere is given up for good."""
    peer.files = {
        "1": ("voice/file_1.oga", b"OggS"),
        "2": ("photos/file_2.jpg", b"x" * 100),
        "3": ("../bot/getMe", b"x"),
    }
    assert await bot.fetch(RemoteFile("voice", "1"), 10) == File("file_1.oga", b"OggS")
    assert await bot.fetch(RemoteFile("document", "1", "my note.oga"), 10) == File("my note.oga", b"OggS")
    for locator, words in (("2", "more than 10 bytes"), ("3", "has the file no more"), ("4", "invalid file_id")):
        with pytest.raises(Permanent, match=words):
            await bot.fetch(RemoteFile("image", locator), 10)


def test_a_message_can_be_read_again() -> None:
    """From what is kept of it, whether it could be read or not: it is the same message."""
    bot = telegram.build("tg", called("https://api.telegram.org"))
    (message,) = messages_of({"message": MESSAGE | {"text": "Again"}})
    assert list(bot.reread(message.raw)) == [message]


def test_a_secret_is_changed_without_a_loss() -> None:
    """While it is changed, Telegram calls with the former one or the new one; an empty one proves nothing."""
    new = settings(
        "https://api.telegram.org",
        business_account="",
        webhook_url=HOOK,
        webhook_secret="new-word",
        former_webhook_secret=SECRET,
    )
    bot = telegram.build("tg", new)
    body = json.dumps({"update_id": 1, "message": MESSAGE | {"text": "x"}}).encode()
    for secret in (SECRET, "new-word"):
        assert len(bot.open(RawRequest({"x-telegram-bot-api-secret-token": secret}, body)).messages) == 1
    for secret in ("", "older-word"):
        with pytest.raises(Forged):
            bot.open(RawRequest({"x-telegram-bot-api-secret-token": secret}, body))


@pytest.mark.parametrize(
    "content",
    [
        {"text": "Hello @Council_Bot, a hole!"},
        {"caption": "@council_bot", "photo": []},
        {"text": "And now?", "reply_to_message": {**IN_GROUP, "message_id": 4, "from": {"id": 500, "is_bot": True}}},
    ],
)
def test_in_a_group_only_what_is_said_to_the_bot(content: Values) -> None:
    """By its name in any case of letters, or as an answer to it: a public mention, in no private thread."""
    (message,) = messages_of({"message": IN_GROUP | content})
    assert message.post
    assert (message.visibility, message.post.kind, message.post.conversation) == ("public", "mention", "")
    assert message.post.link == "https://t.me/ourstreet/5"


def test_what_happens_to_a_message_afterwards() -> None:
    """An edit, a reaction, and what was taken back in a business chat; all are about the message as it is named."""
    (written,) = messages_of({"business_message": BUSINESS | {"text": "Old"}})
    (edit,) = messages_of({"edited_business_message": BUSINESS | {"text": "New", "edit_date": 1749416400}})
    again = next(UPDATES.read({"update_id": 2, "edited_business_message": BUSINESS | {"text": "3", "edit_date": 1}}))
    assert edit.external_id != again.external_id
    reacted: Values = {"new_reaction": [{"type": "emoji", "emoji": "👍"}], "old_reaction": [], "user": MESSAGE["from"]}
    (reaction,) = messages_of({"message_reaction": {**MESSAGE, **reacted}})
    deleted = {"business_connection_id": CONNECTION, "chat": MESSAGE["chat"], "message_ids": [5, 6]}
    first, second = messages_of({"deleted_business_messages": deleted})
    for change, kind, about in (
        (edit, "edit", written.external_id),
        (reaction, "reaction", "1000:5"),
        (first, "deletion", written.external_id),
        (second, "deletion", f"1000:6@{CONNECTION}"),
    ):
        assert change.post
        assert (change.post.kind, change.post.about, change.outgoing) == (kind, about, False)
    assert (reaction.text, edit.sender) == ("👍", written.sender)


def test_a_chat_with_the_bot_is_none_with_the_account() -> None:
    """The same person, the same number of a message: two messages in two conversations."""
    (to_bot,) = messages_of({"message": MESSAGE | {"text": "to the bot"}})
    (to_account,) = messages_of({"business_message": BUSINESS | {"text": "to the account"}})
    assert to_bot.post
    assert to_account.post
    assert to_bot.external_id != to_account.external_id
    assert to_bot.post.conversation != to_account.post.conversation


def test_staffs_answers_in_a_business_chat() -> None:
    """Staff are not the person; what the bot said, and what the account says by itself, is no answer of theirs."""
    owner = {"from": OWNER, "text": "Done", "reply_to_message": MESSAGE}
    (staff,) = messages_of({"business_message": BUSINESS | owner})
    (ours,) = messages_of({"business_message": BUSINESS | owner | {"sender_business_bot": {"id": 500}}})
    (away,) = messages_of({"business_message": BUSINESS | owner | {"text": "We are closed", "is_from_offline": True}})
    (changed,) = messages_of({"edited_business_message": BUSINESS | owner})
    for message, automatic in ((staff, False), (ours, True), (away, True), (changed, False)):
        assert message.post
        assert (message.outgoing, message.sender, message.post.conversation) == (True, None, "business 1000")
        assert message.post.automatic is automatic
        assert message.post.answers == (f"1000:5@{CONNECTION}",)


async def test_only_the_chats_of_the_configured_account_are_read(bot: Telegram, peer: TelegramPeer) -> None:
    """Anybody can connect a bot to their own account: what is said to them is no business of ours."""
    stranger = {**OWNER, "id": 601, "username": "somebody_else"}
    peer.connections["theirs"] = connection("theirs", stranger)
    peer.bring("business_message", "mallory", {"text": "for a friend", "business_connection_id": "theirs"})
    peer.bring("business_message", "mallory", {"text": "gone", "business_connection_id": "ended"})
    peer.update("business_connection", connection("new", stranger))
    peer.write("ann", "for the council")
    (message,), cursor = await fetched(bot, None, 1)
    assert (message.text, cursor) == ("for the council", "7004")
    assert peer.methods.count("getBusinessConnection") == 3
    unread = "an account that is not configured has connected the bot; its chats are not read"
    assert await bot.coverage() == Coverage("amber", (unread,))
    plain = telegram.build("tg", called(peer.base))
    body = json.dumps({"update_id": 9, "business_message": BUSINESS | {"text": "x"}}).encode()
    assert plain.open(RawRequest({"x-telegram-bot-api-secret-token": SECRET}, body)).messages == ()


async def test_a_connection_in_a_new_shape_stops_nobody(bot: Telegram, peer: TelegramPeer) -> None:
    """It is kept as what cannot be understood, and what comes after it is read."""
    peer.update("business_connection", {**connection("c9", OWNER), "user": "somebody"})
    peer.write("ann", "for the council")
    (strange, message), _ = await fetched(bot, None, 2)
    assert (strange.is_understood, message.text) == (False, "for the council")


def test_calls_that_nobody_should_believe() -> None:
    """Another word, none, or no word of ours configured at all; and what is no JSON."""
    bot = telegram.build("tg", called("https://api.telegram.org"))
    good = json.dumps({"update_id": 1, "message": MESSAGE | {"text": "x"}}).encode()
    for headers in ({}, {"x-telegram-bot-api-secret-token": "other"}, {"x-telegram-bot-api-secret-token": "é\udcff"}):
        with pytest.raises(Forged):
            bot.open(RawRequest(headers, good))
    without = telegram.build("tg", settings("https://api.telegram.org"))
    with pytest.raises(Forged):
        without.open(RawRequest({"x-telegram-bot-api-secret-token": ""}, good))
    proof = {"x-telegram-bot-api-secret-token": SECRET}
    for bad in (b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(Permanent):
            bot.open(RawRequest(proof, bad))
    first, again = (bot.open(RawRequest(proof, good)).messages for _ in range(2))
    assert first == again
    for odd in (b"[]", b"7", b'{"update_id":1,"message":[]}', b'{"update_id":1,"business_message":7}'):
        assert all(message.fault for message in bot.open(RawRequest(proof, odd)).messages)


async def test_one_that_cannot_be_read_does_not_stop_the_others(bot: Telegram, peer: TelegramPeer) -> None:
    """It is logged as what cannot be read, and the offset goes on."""
    peer.update("message", {"message_id": 1})
    peer.write("ann", "hello")
    (bad, good), cursor = await fetched(bot, None, 2)
    assert "could not be read" in bad.fault
    assert (good.text, cursor) == ("hello", "7002")


async def test_the_offset_is_the_cursor(bot: Telegram, peer: TelegramPeer) -> None:
    """More than one fetch brings; nothing is left out or comes twice, also when the numbers begin somewhere else."""
    written = [peer.write("ann", f"number {n}") for n in range(250)]
    first, cursor = await fetched(bot, None, 100)
    second, cursor = await fetched(bot, cursor, 150)
    assert [m.external_id for m in (*first, *second)] == written
    assert cursor == "7250"
    # "If there are no new updates for at least a week, then identifier of the next update will be chosen randomly".
    peer.updates, peer.first_number = [], 100
    peer._confirmed = 0
    late = [peer.write("ann", f"a week later, {n}") for n in range(3)]
    third, cursor = await fetched(bot, cursor, 3)
    assert ([m.external_id for m in third], cursor) == (late, "103")


async def test_a_first_look_begins_now(peer: TelegramPeer) -> None:
    """What waits there already is left alone."""
    peer.write("ann", "before")
    made = telegram.build("tg", settings(peer.base, begin="now"))
    async with aclosing(made.listen(None)) as batches:  # type: ignore[type-var]
        assert await anext(batches) == Batch((), "7001")
        peer.write("ann", "after")
        assert [m.text for m in (await anext(batches)).messages] == ["after"]
    await made.close()


async def test_answers_go_to_the_chat_that_was_written_in(bot: Telegram, peer: TelegramPeer) -> None:
    """For the account by its connection, else as the bot; as an answer, plain, and also if what it answers is gone."""
    name = peer.write("ann", "hi")
    sent = await bot.send(Outbound("telegram:1000", b"<b>1 & 2", in_reply_to=name, conversation="business 1000"))
    assert sent.external_id == f"1000:2@{CONNECTION}"
    assert peer.sent[-1] == {
        "chat_id": 1000,
        "text": "<b>1 & 2",
        "reply_parameters": {"message_id": 1, "allow_sending_without_reply": True},
        "business_connection_id": CONNECTION,
    }
    peer.bring("message", "ann", {"text": "to the bot"})
    assert (await bot.send(Outbound("telegram:1000", b"Hi", in_reply_to="1000:99"))).external_id == "1000:2"
    assert "business_connection_id" not in peer.sent[-1]


async def test_refusals(bot: Telegram, peer: TelegramPeer) -> None:
    """What will never work is told from what passes; too many calls wait as long as Telegram says."""
    name = peer.write("ann", "hi")
    to_ann = Outbound("telegram:1000", b"Hello", in_reply_to=name)
    for outbound, words in (
        (Outbound("telegram:77", b"Hello", in_reply_to="77:1"), "can't initiate"),
        (Outbound("telegram:1000", b"x" * 4097, in_reply_to=name), "too long"),
        (Outbound("telegram:1000", b"Hello"), "no chat"),
    ):
        with pytest.raises(Permanent, match=words):
            await bot.send(outbound)
    peer.last_from[1000] -= 25 * 3600
    with pytest.raises(Permanent, match="BUSINESS_PEER_USAGE_MISSING"):
        await bot.send(to_ann)
    peer.last_from[1000] += 25 * 3600
    peer.blocked.add(1000)
    with pytest.raises(Permanent, match="blocked"):
        await bot.send(to_ann)
    peer.blocked.clear()
    peer.trouble.limited = 1
    with pytest.raises(Temporary, match="429"):
        await bot.send(to_ann)
    began = asyncio.get_running_loop().time()
    await bot.send(to_ann)
    assert 0.5 < asyncio.get_running_loop().time() - began < 5


async def test_the_token_is_never_told(caplog: pytest.LogCaptureFixture) -> None:
    """It stands in the address of every call; no error and no log has it, whatever a server or a proxy says."""
    caplog.set_level(logging.DEBUG)
    saying = ""

    async def echo(request: web.Request) -> web.Response:
        match saying:
            case "moved":
                return web.Response(status=302, headers={"Location": str(request.url) + "/again"})
            case "page":
                return web.Response(text=f"You asked for {request.path}", content_type="text/html")
            case _:
                words = {"ok": False, "description": f"Not found: {request.path}", "error": request.path}
                return web.json_response(words, status=int(saying))

    app, port = web.Application(), free_port()
    app.router.add_route("*", "/{rest:.*}", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    errors = []
    bot = telegram.build("tg", settings(f"http://127.0.0.1:{port}"))
    for reply in ("400", "401", "403", "404", "409", "429", "500", "moved", "page"):
        saying = reply
        bot._api.rest(0)
        with pytest.raises((Temporary, Permanent, Misconfigured)) as refused:
            await bot.check()
        errors.append(repr(refused.value))
        bot._api.rest(0)
        errors.append(repr(await bot.coverage()))
    await runner.cleanup()
    with pytest.raises(Temporary) as nobody:
        await bot.check()
    await bot.close()
    letters = TOKEN.partition(":")[2]
    assert not [error for error in (*errors, repr(nobody.value), repr(bot), repr(bot._api)) if letters in error]
    assert letters not in caplog.text


async def test_coverage(bot: Telegram, peer: TelegramPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes messages away from us, and what shortly will."""
    assert await bot.coverage() == Coverage("green")
    peer.webhook["url"] = f"https://elsewhere.example/{TOKEN}"
    red = await bot.coverage()
    assert red == Coverage("red", ("Telegram brings what people write to elsewhere.example, and not to us",))
    with pytest.raises(Misconfigured, match=r"elsewhere\.example"):
        await fetched(bot, None, 1)
    # One of ours, from when Telegram called us: it is given up.
    peer.webhook["url"] = HOOK
    peer.write("ann", "hello")
    assert len((await fetched(bot, None, 1))[0]) == 1
    assert peer.webhook["url"] == ""

    peer.update("business_connection", connection(CONNECTION, OWNER, rights={}))
    peer.write("ann", "hello")
    await fetched(bot, "7001", 1)
    assert (await bot.coverage()).findings == ("the business account does not let the bot answer",)
    peer.update("business_connection", connection(CONNECTION, OWNER, is_enabled=False))
    peer.write("ann", "nobody reads this")
    await fetched(bot, "7003", 1)
    assert (await bot.coverage()).level == "red"
    peer.update("business_connection", connection(CONNECTION, OWNER))
    peer.write("ann", "hello")
    await fetched(bot, "7005", 1)

    peer.webhook["pending_update_count"] = 101
    assert (await bot.coverage()).findings == ("101 messages wait at Telegram, which keeps them for 24 hours",)
    peer.webhook["pending_update_count"] = 0
    loop, now = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    for hours, level in ((0.2, "green"), (0.5, "amber"), (11.9, "amber"), (12.1, "red")):
        monkeypatch.setattr(bot, "_read_at", now - hours * 3600)
        assert (await bot.coverage()).level == level, hours
    assert loop.time() - now < 5


async def test_coverage_where_telegram_calls(peer: TelegramPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that fail are told while something waits; after 12 hours of that half of the time that it waits is gone."""
    bot = telegram.build("tg", called(peer.base))
    assert (await bot.coverage()).findings == ("Telegram calls nobody yet: the service asks it to when it starts",)
    listening = asyncio.ensure_future(anext(bot.listen(None)))
    await asyncio.wait_for(bot.ready.wait(), PATIENCE_SECONDS)
    assert (peer.webhook["url"], peer.secret) == (HOOK, SECRET)
    assert await bot.coverage() == Coverage("green")
    now = bot._api.at.timestamp()
    failed = {"last_error_date": int(now), "last_error_message": "Wrong response from the webhook: 503"}
    peer.webhook |= {"pending_update_count": 2} | failed
    assert (await bot.coverage()).findings == ("a call of Telegram's failed: Wrong response from the webhook: 503",)
    monkeypatch.setattr(bot, "_read_at", asyncio.get_running_loop().time() - 13 * 3600)
    assert (await bot.coverage()).level == "red"
    peer.webhook |= {"pending_update_count": 0}
    assert await bot.coverage() == Coverage("green"), "what failed once is over"
    peer.webhook["url"] = ""
    assert (await bot.coverage()).level == "red", "somebody has taken the address away"
    listening.cancel()
    await asyncio.wait({listening})
    await bot.close()


async def test_who_asks_beside_us_is_told_of(bot: Telegram, peer: TelegramPeer) -> None:
    """Only one may ask at a time: the first one is turned away, which passes by itself."""
    listening = asyncio.ensure_future(anext(bot.listen("0")))
    await asyncio.wait_for(bot.ready.wait(), PATIENCE_SECONDS)
    while "getUpdates" not in peer.methods:
        await asyncio.sleep(0.01)
    other = telegram.build("tg", settings(peer.base))
    theirs = asyncio.ensure_future(anext(other.listen("0")))
    with pytest.raises(Temporary, match="Another program"):
        await asyncio.wait_for(listening, PATIENCE_SECONDS)
    theirs.cancel()
    await asyncio.wait({theirs})
    await other.close()


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("token", {"token": "500:with/a/slash"}),
        ("token", {"token": "no number"}),
        ("webhook_secret", {"webhook_url": HOOK}),
        ("webhook_secret", {"webhook_url": HOOK, "webhook_secret": "with a space"}),
        ("webhook_url", {"webhook_url": HOOK, "webhook_secret": SECRET, "business_account": "@examplecouncil"}),
        ("webhook_url", {"webhook_url": "http://contact.example.gov.uk/hooks/tg", "webhook_secret": SECRET}),
        ("business", {"business": True}),
    ],
)
def test_what_cannot_work_is_not_accepted(key: str, more: Values) -> None:
    """And the error names the key, so that no value is shown (settings.py)."""
    usual = {} if "business_account" in more else {"business_account": ""}
    with pytest.raises(ValidationError) as refused:
        settings("https://api.telegram.org", **usual, **more)
    assert [error["loc"] for error in refused.value.errors()] == [(key,)]


async def test_a_token_of_another_bot(peer: TelegramPeer) -> None:
    """Nothing is read for a bot that is not the one that is named."""
    other = telegram.build("tg", settings(peer.base, username="other_bot"))
    with pytest.raises(Misconfigured, match="@council_bot"):
        await other.check()
    assert (await other.coverage()).level == "red"
    await other.close()


async def test_our_peer_speaks_as_the_published_description_says(bot: Telegram, peer: TelegramPeer) -> None:
    """Every field of what it says is one that the Bot API has, of its type, and none is missing that must be there."""
    if not SPEC.exists():
        pytest.skip("the published description is not on this machine")
    published = json.loads(SPEC.read_text(encoding="utf-8"))
    name = peer.write("ann", "hello")
    peer.write("bob", "hello", public=True)
    peer.staff_answer("ann", "Done.")
    await bot.send(Outbound("telegram:1000", b"Hello", in_reply_to=name))
    peer.update("business_connection", connection(CONNECTION, OWNER))
    deleted = {"business_connection_id": CONNECTION, "chat": {"id": 1, "type": "private"}, "message_ids": [1]}
    peer.update("deleted_business_messages", deleted)
    faults: list[str] = []
    for update in peer.updates:
        faults += _faults(published["types"], "Update", update)
    faults += _faults(published["types"], "WebhookInfo", peer.webhook)
    known = {field["name"] for field in published["methods"]["sendMessage"]["fields"]}
    faults += [f"sendMessage.{key}" for key in peer.sent[0] if key not in known]
    assert not faults
    assert {method for method in peer.methods if method not in published["methods"]} == set()


def _faults(types: Values, name: str, value: Any) -> list[str]:
    """What of a value is not as the type of this name is published."""
    plain = {"Integer": int, "String": str, "Boolean": bool, "Float": float}
    if name in plain:
        return [] if isinstance(value, plain[name]) else [f"{value!r} is no {name}"]
    if name.startswith("Array of "):
        return [fault for item in value for fault in _faults(types, name.removeprefix("Array of "), item)]
    fields = {field["name"]: field for field in types[name].get("fields", ())}
    faults = [f"{name}.{key} is not known" for key in value if key not in fields]
    faults += [f"{name}.{key} is missing" for key, field in fields.items() if field["required"] and key not in value]
    for key in fields.keys() & value.keys():
        tried = [_faults(types, kind, value[key]) for kind in fields[key]["types"]]
        faults += [] if any(not fault for fault in tried) else [f"{name}.{key}: {fault}" for fault in tried[0]]
    return faults
