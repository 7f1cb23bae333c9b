"""X: every shape of its calls, what is ours and what is staff's, refusals and repeats, and its published schema."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from bot.channel import Batch, Forged, Misconfigured, Permanent, RawRequest, Temporary
from bot.core.messages import Inbound, Outbound, RemoteFile
from channels import x
from channels.x import X
from tests.components.ports import PATIENCE_SECONDS
from tests.peers.peer import now
from tests.peers.x import APP_TOKEN, KEY, REFRESH, SECRET, TOKEN, TOKEN_SECRET, XPeer, signature

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "x.openapi.json"
US, ALICE, BOB = "1111111111111111111", "2222222222222222222", "3333333333333333333"


@pytest.fixture
def peer() -> Any:
    """X itself."""
    with XPeer() as running:
        yield running


@pytest.fixture
async def account(peer: XPeer) -> AsyncIterator[X]:
    """The council's account; it begins with everything."""
    made = x.build("x", settings(peer.base))
    yield made
    await made.close()


@pytest.fixture
def hook() -> X:
    """One that is only called."""
    return x.build("x", settings("http://127.0.0.1:1"))


def settings(base: str, **more: Any) -> x.Settings:
    """As a configuration would give them."""
    table = {"name": "x", "kind": "x", "url": base, "token": TOKEN, "consumer_secret": SECRET, "begin": "all"}
    return x.Settings.model_validate(table | more)


def raw(content: Any, **headers: str) -> RawRequest:
    """A call, signed as X signs it."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return RawRequest({"x-twitter-webhooks-signature": signature(body), **headers}, body)


def activity(kind: str, payload: Any, **includes: Any) -> Any:
    """The envelope of the X Activity API."""
    event = {"event_uuid": "2080765813578191303", "filter": {"user_id": US}, "event_type": kind, "tag": "t"}
    return {"data": {**event, "payload": payload, "includes": includes}}


def dm(sender: str, recipient: str, words: str, name: str = "2080765901528535096", **data: Any) -> Any:
    """A direct message of v1.1."""
    content = {"target": {"recipient_id": recipient}, "sender_id": sender, "message_data": {"text": words, **data}}
    return {"type": "message_create", "id": name, "created_timestamp": "1784928224372", "message_create": content}


def post(words: str, name: str = "2080765813578191303", **more: Any) -> Any:
    """A post of v2, as docs.x.com shows it; it names us from the fifth character on."""
    return {
        "id": name,
        "text": words,
        "author_id": ALICE,
        "created_at": "2026-07-24T21:23:23.000Z",
        "edit_history_tweet_ids": [name],
        "conversation_id": name,
        "display_text_range": [0, len(words)],
        "entities": {"mentions": [{"start": 4, "end": 16, "username": "ExampleUser", "id": US}]},
        **more,
    }


def opened(hook: X, content: Any) -> tuple[Inbound, ...]:
    """What comes of a call."""
    return hook.open(raw(content)).messages


async def read(account: X, cursor: str | None, count: int) -> tuple[list[Inbound], str | None]:
    """The first `count` messages that are new, and the cursor behind them."""
    messages: list[Inbound] = []
    async with aclosing(account.listen(cursor)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            cursor = batch.cursor or cursor
            messages += () if batch.again else batch.messages
            if len(messages) >= count:
                return messages, cursor
    return messages, cursor


def answer(peer: XPeer, person: str, words: str = "Thank you.", **more: Any) -> Outbound:
    """What we would send."""
    recipient = f"x:{peer.person(person)['id']}"
    return Outbound(recipient, words.encode(), idempotency_key=f"key of {words}", **more)


def test_a_challenge_is_answered_with_the_consumer_secret(hook: X) -> None:
    """`response_token` as docs.x.com computes it; without a token there is nothing to prove."""
    content_type, body = hook.challenge(RawRequest({}, b"", "GET", {"crc_token": "abc"}))
    assert (content_type, json.loads(body)) == ("application/json", {"response_token": signature(b"abc")})
    with pytest.raises(Permanent):
        hook.challenge(RawRequest({}, b"", "GET", {}))


@pytest.mark.parametrize("shown", ["", "sha256=", "sha256=AAAA", signature(b"{} "), "ümläut", "\udcff"])
def test_what_is_not_signed_over_these_very_bytes_is_forged(hook: X, shown: str) -> None:
    """Nothing of it is even parsed."""
    with pytest.raises(Forged):
        hook.open(raw(b"{}", **{"x-twitter-webhooks-signature": shown}))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"words"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_signed_and_no_object_is_refused(hook: X, body: bytes) -> None:
    """And it breaks nothing."""
    with pytest.raises(Permanent):
        hook.open(raw(body))


@pytest.mark.parametrize(
    "content",
    [
        activity("like.create", {"id": "87719f50", "liked_tweet_id": "1"}),
        activity("dm.indicate_typing", {"direct_message_indicate_typing_events": [{}]}),
        activity("profile.update.bio", {"before": "x", "after": "y"}),
        {"for_user_id": US, "favorite_events": [{"id": "1"}]},
        {"user_event": {"revoke": {"source": {"user_id": US}}}},
    ],
)
def test_what_tells_us_nothing_is_no_message(hook: X, content: Any) -> None:
    """It stands in a table, with the reason."""
    assert opened(hook, content) == ()


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ({}, 1),
        ({"data": None}, 1),
        ({"data": []}, 1),
        ({"data": {"payload": []}}, 1),
        (activity("something.new", {"id": "1"}), 1),
        (activity("post.mention.create", {}), 1),
        (activity("dm.received", {"direct_message_events": None, "users": []}), 1),
        (activity("dm.received", {"direct_message_events": []}), 1),
        ({"data": {**activity("post.create", post("hey"))["data"], "filter": None}}, 1),
        ({"for_user_id": US, "direct_message_events": [None, 5, {}, {"type": "message_create"}]}, 4),
        ({"for_user_id": US, "direct_message_events": [{"type": "something_new"}]}, 1),
        ({"for_user_id": US, "tweet_create_events": {"id": "1"}}, 1),
        ({"for_user_id": US, "something_new_events": [{"id": "1"}, {"id": "2"}]}, 2),
        ({"for_user_id": US, "users": {}}, 1),
        ({"direct_message_events": [dm(ALICE, US, "to whom?")]}, 1),
    ],
)
def test_what_is_not_understood_is_kept(hook: X, content: Any, count: int) -> None:
    """A new kind, and what is broken: each event by itself, with what is needed to read it again."""
    messages = opened(hook, content)
    assert len(messages) == count
    for message in messages:
        assert not message.is_understood
        with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
            hook.reread(message.raw)


def test_an_event_can_be_read_again(hook: X) -> None:
    """From what is kept of it, in each shape, with its writer's name."""
    users = {ALICE: {"data": {"id": ALICE, "name": "Alice", "username": "alice"}}}
    for content in (
        activity("dm.received", {"direct_message_events": [dm(ALICE, US, "hello")], "users": users}),
        {"for_user_id": US, "direct_message_events": [dm(ALICE, US, "hello")], "users": users},
        activity("post.mention.create", post("hey @ExampleUser"), users=[users[ALICE]["data"]]),
    ):
        (message,) = opened(hook, content)
        assert message.sender
        assert message.sender.name == "Alice"
        assert hook.reread(message.raw) == [message]


async def test_an_item_of_a_list_that_is_not_understood_stops_nothing(peer: XPeer, account: X) -> None:
    """It is kept, its neighbours are read, the cursor goes on; it can be read again once it is understood."""
    peer.write("alice", "before")
    del peer.messages[-1]["sender_id"]
    peer.messages.append({"event_type": "MessageCreate"})
    peer.write("alice", "after")
    messages, cursor = await read(account, None, 3)
    assert [(message.text, message.is_understood) for message in messages] == [
        ("", False),
        ("", False),
        ("after", True),
    ]
    assert json.loads(cursor or "")["messages"] == peer.messages[-1]["id"]
    assert account.reread(messages[-1].raw) == [messages[-1]]


FILM = {
    "type": "video",
    "variants": [
        {"content_type": "application/x-mpegURL", "url": "https://video.twimg.com/1.m3u8"},
        {"content_type": "video/mp4", "bit_rate": 832000, "url": "https://video.twimg.com/small.mp4"},
        {"content_type": "video/mp4", "bit_rate": 2176000, "url": "https://video.twimg.com/large.mp4"},
    ],
}


@pytest.mark.parametrize(
    ("medium", "file"),
    [
        ({"type": "photo", "url": "https://pbs.twimg.com/1.jpg"}, RemoteFile("image", "https://pbs.twimg.com/1.jpg")),
        (FILM, RemoteFile("video", "https://video.twimg.com/large.mp4")),
    ],
)
def test_media_of_a_post_can_be_fetched(hook: X, medium: Any, file: RemoteFile) -> None:
    """A picture by its address, of a film the best version."""
    more: Any = {"attachments": {"media_keys": ["3_1"]}}
    content = activity("post.mention.create", post("hey @ExampleUser", **more), media=[{"media_key": "3_1", **medium}])
    (message,) = opened(hook, content)
    assert message.post
    assert (message.post.holds, message.post.files) == ((file.kind,), (file,))


def test_a_picture_of_a_direct_message_can_be_fetched(hook: X) -> None:
    """By the address that X shows to its reader alone."""
    address = "https://ton.twitter.com/1.1/ton/data/dm/1/2/3.jpg"
    attached = {"type": "media", "media": {"type": "photo", "media_url_https": address}}
    (message,) = opened(hook, {"for_user_id": US, "direct_message_events": [dm(ALICE, US, "", attachment=attached)]})
    assert message.post
    assert message.post.files == (RemoteFile("image", address),)


async def test_a_file_is_fetched(peer: XPeer) -> None:
    """Of a post as anybody; of a direct message with a signature, which OAuth 2.0 cannot give."""
    peer.files = {"/media/1.jpg": b"picture", "/1.1/ton/data/dm/1/2/3.jpg": b"private"}
    keys = {"token": "council", "token_secret": TOKEN_SECRET, "consumer_key": KEY}
    account = x.build("x", settings(peer.base, **keys))
    for path, content in peer.files.items():
        file = await account.fetch(RemoteFile("image", f"{peer.base}{path}"), 100)
        assert (file.content, file.name) == (content, path.rpartition("/")[2])
    await account.close()
    unsigned = x.build("x", settings(peer.base))
    with pytest.raises(Permanent, match="OAuth 1"):
        await unsigned.fetch(RemoteFile("image", f"{peer.base}/1.1/ton/data/dm/1/2/3.jpg"), 100)
    with pytest.raises(Permanent, match="not the platform's"):
        await unsigned.fetch(RemoteFile("image", "https://pbs.twimg.com.example/1.jpg"), 100)
    await unsigned.close()


def test_a_direct_message_of_the_activity_api(hook: X) -> None:
    """As docs.x.com shows it: the thread is the other person's."""
    users = {ALICE: {"data": {"id": ALICE, "name": "Alice &amp; Co", "username": "alice"}}}
    (message,) = opened(
        hook, activity("dm.received", {"direct_message_events": [dm(ALICE, US, "a &lt; b")], "users": users})
    )
    assert (message.external_id, message.text, message.visibility) == ("dm:2080765901528535096", "a < b", "private")
    assert message.sender
    assert (message.sender.address, message.sender.name) == (f"x:{ALICE}", "Alice &amp; Co")
    assert message.received_at == datetime(2026, 7, 24, 21, 23, 44, 372000, UTC)
    assert message.post
    assert message.post.conversation == f"x:{ALICE}"
    assert message.digest == hashlib.sha256(b"a < b").hexdigest()


def test_what_is_sent_from_the_account_is_staffs(hook: X) -> None:
    """It has no sender, and belongs to the thread of whom it goes to."""
    (message,) = opened(hook, activity("dm.sent", {"direct_message_events": [dm(US, ALICE, "Tomorrow.")]}))
    assert message.outgoing
    assert message.sender is None
    assert message.post
    assert message.post.conversation == f"x:{ALICE}"


def test_one_shape_is_known_by_the_other(hook: X) -> None:
    """Account Activity, X Activity and the list of direct messages name a message alike."""
    event = dm(ALICE, US, "hello!")
    listed = {"id": event["id"], "sender_id": ALICE, "dm_conversation_id": f"{US}-{ALICE}", "text": "hello!"}
    listed |= {"event_type": "MessageCreate", "created_at": "2026-07-24T21:23:44.372Z"}
    shapes = [
        {"for_user_id": US, "direct_message_events": [event]},
        activity("dm.received", {"direct_message_events": [event]}),
        activity("dm.received", listed),
    ]
    seen = {
        (message.external_id, message.text, message.received_at, message.post.conversation if message.post else "")
        for shape in shapes
        for message in opened(hook, shape)
    }
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("attached", "holds"),
    [
        ({"type": "media", "media": {"type": "photo"}}, "image"),
        ({"type": "media", "media": {"type": "animated_gif"}}, "image"),
        ({"type": "media", "media": {"type": "video"}}, "video"),
        ({"type": "location", "location": {}}, "location"),
        ({"type": "something new"}, "unsupported"),
    ],
)
def test_a_message_without_words_is_one_message(hook: X, attached: Any, holds: str) -> None:
    """It says what it holds."""
    (message,) = opened(hook, {"for_user_id": US, "direct_message_events": [dm(ALICE, US, "", attachment=attached)]})
    assert message.post
    assert message.post.holds == (holds,)


def test_an_encrypted_message_is_a_message_that_we_cannot_read(hook: X) -> None:
    """Nobody writes into the void: it is logged, with its thread."""
    payload = {"id": "e4f4d3fc", "created_at_msec": "1784841183370", "sender_id": ALICE, "encoded_event": "CwAB"}
    (message,) = opened(hook, activity("chat.received", {**payload, "conversation_id": f"{ALICE}:{US}"}))
    assert message.post
    assert (message.text, message.post.holds, message.post.conversation) == ("", ("unsupported",), f"x:{ALICE}")


def test_one_broken_entry_does_not_cost_its_neighbours(hook: X) -> None:
    """Of three the two that can be read are logged; the third is kept."""
    events = [dm(ALICE, US, "one", "1"), {"type": "message_create", "id": "2"}, dm(BOB, US, "three", "3")]
    messages = opened(hook, {"for_user_id": US, "direct_message_events": events})
    assert [(message.text, message.is_understood) for message in messages] == [
        ("one", True),
        ("", False),
        ("three", True),
    ]


def test_a_mention_is_public_and_names_its_place(hook: X) -> None:
    """Staff see it by its link; an account that X marks as automated is a program."""
    writer = {"id": ALICE, "name": "Alice", "username": "alice", "affiliation": {"description": "Automated"}}
    (message,) = opened(hook, activity("post.mention.create", post("hey @ExampleUser"), users=[writer]))
    assert (message.external_id, message.visibility) == ("2080765813578191303", "public")
    assert message.post
    assert (message.post.kind, message.post.by_program, message.post.answers) == ("mention", True, ())
    assert message.post.link == "https://x.com/i/web/status/2080765813578191303"


REPLY: dict[str, Any] = {
    "conversation_id": "9",
    "referenced_tweets": [{"type": "replied_to", "id": "9"}],
    "in_reply_to_user_id": US,
}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "mention"),
        (REPLY, "mention"),
        (REPLY | {"display_text_range": [17, 30]}, "comment"),
        (REPLY | {"display_text_range": [17, 30], "conversation_id": "8"}, "mention"),
        (REPLY | {"display_text_range": [17, 30], "conversation_id": "8", "in_reply_to_user_id": BOB}, "comment"),
        ({"entities": {}, "referenced_posts": [{"type": "quoted", "id": "9"}]}, "comment"),
    ],
    ids=["named", "named in a reply", "under ours", "on in their thread", "only carried along", "quoted"],
)
def test_only_who_asks_us_is_asked_back(hook: X, more: Any, kind: str) -> None:
    """What merely stands under our posts, or carries our name along, is a comment."""
    (message,) = opened(hook, activity("post.mention.create", post("hey @ExampleUser what about it", **more)))
    assert message.post
    assert message.post.kind == kind


def test_a_repost_says_nothing(hook: X) -> None:
    """Nor does what the account posts to nobody."""
    repost = post("RT", referenced_tweets=[{"type": "retweeted", "id": "9"}])
    assert opened(hook, activity("post.mention.create", repost)) == ()
    assert opened(hook, activity("post.create", post("News.", author_id=US))) == ()


def test_a_reply_of_the_account_is_staffs_answer(hook: X) -> None:
    """It names what it answers."""
    (message,) = opened(hook, activity("post.create", post("We come.", **REPLY | {"author_id": US})))
    assert message.outgoing
    assert message.post
    assert message.post.answers == ("9",)


def test_an_edit_is_told_beside_the_first_post(hook: X) -> None:
    """Whoever has the first knows it again; whoever has not, has it now."""
    messages = opened(
        hook, activity("post.mention.create", post("hey @ExampleUser!", "12", edit_history_tweet_ids=["11", "12"]))
    )
    assert [(message.external_id, message.post.kind, message.post.about) for message in messages if message.post] == [
        ("11", "mention", ""),
        ("12", "edit", "11"),
    ]


def test_what_staff_take_back_is_told(hook: X) -> None:
    """In both shapes."""
    for content in (
        activity("post.delete", {"id": "11", "author_id": US}),
        {"for_user_id": US, "tweet_delete_events": [{"status": {"id": "11", "user_id": US}, "timestamp_ms": "1"}]},
    ):
        (message,) = opened(hook, content)
        assert message.post
        assert (message.post.kind, message.post.about) == ("deletion", "11")


def test_a_post_of_account_activity(hook: X) -> None:
    """A v1.1 object with its long text, who wrote it, and what it holds."""
    tweet = {
        "id_str": "11",
        "text": "hey @Exam…",
        "created_at": "Fri Jul 24 21:23:23 +0000 2026",
        "user": {"id_str": ALICE, "name": "Alice", "screen_name": "alice"},
        "in_reply_to_status_id_str": "9",
        "in_reply_to_user_id_str": BOB,
        "extended_tweet": {
            "full_text": "hey @ExampleUser the whole text",
            "entities": {"user_mentions": [{"id_str": US, "indices": [4, 16]}]},
            "extended_entities": {"media": [{"type": "photo"}, {"type": "video"}]},
        },
    }
    content = {"for_user_id": US, "tweet_create_events": [tweet, {**tweet, "retweeted_status": {}}]}
    (message,) = opened(hook, content)
    assert (message.text, message.received_at) == (
        "hey @ExampleUser the whole text",
        datetime(2026, 7, 24, 21, 23, 23, tzinfo=UTC),
    )
    assert message.post
    assert (message.post.kind, message.post.answers, message.post.holds) == ("mention", ("9",), ("image", "video"))


async def test_another_account_of_the_app_is_not_ours(peer: XPeer, account: X) -> None:
    """Once it is known who we are, what X tells of another account stays out."""
    peer.write("alice", "hello")
    await read(account, None, 1)
    assert opened(account, activity("dm.received", {"direct_message_events": [dm(ALICE, US, "for another")]})) == ()


async def test_everything_is_read_over_pages_and_then_only_what_is_new(peer: XPeer, account: X) -> None:
    """The oldest first, from the cursor on."""
    for number in range(30):
        peer.write("alice", f"private {number}")
        peer.write("bob", f"public {number}", public=True)
    messages, cursor = await read(account, None, 60)
    private = [message.text for message in messages if message.visibility == "private"]
    assert private == [f"private {number}" for number in range(30)]
    assert [message.text for message in messages if message.visibility == "public"] == [
        f"@council public {n}" for n in range(30)
    ]
    for number in range(30, 60):
        peer.write("alice", f"private {number}")
    peer.write("bob", "one more", public=True)
    messages, _ = await read(account, cursor, 31)
    assert [message.text for message in messages] == [
        *(f"private {number}" for number in range(30, 60)),
        "@council one more",
    ]


async def test_a_first_look_begins_at_now(peer: XPeer) -> None:
    """What was there before stays out, of the comparing, too."""
    peer.write("alice", "old")
    peer.write("bob", "old", public=True)
    made = x.build("x", settings(peer.base, begin="now"))
    async with aclosing(made.listen(None)) as batches:  # type: ignore[type-var]
        first = await anext(batches)
        assert (first.messages, bool(first.cursor)) == ((), True)
        peer.write("alice", "new")
        batch = await anext(batches)
        assert [message.text for message in batch.messages] == ["new"]
    await made.close()


async def test_what_came_of_late_is_compared_again(peer: XPeer, account: X) -> None:
    """Whatever the cursor says."""
    peer.write("alice", "hello")
    peer.write("bob", "hello", public=True)
    _, cursor = await read(account, None, 2)
    async with aclosing(account.listen(cursor)) as batches:  # type: ignore[type-var]
        again: list[Batch] = [await anext(batches), await anext(batches)]
    assert [message.external_id for batch in again if batch.again for message in batch.messages] == [
        f"dm:{peer.messages[0]['id']}",
        peer.posts[0]["id"],
    ]


async def test_the_list_of_own_posts_shows_staffs_answers(peer: XPeer, account: X) -> None:
    """An answer that staff gave while we were away is found."""
    peer.write("bob", "help", public=True)
    peer.say(peer.council, "@bob We come.", peer.posts[0])
    peer.say(peer.council, "News for everybody.")
    messages, _ = await read(account, None, 2)
    assert [(message.outgoing, message.post.answers) for message in messages if message.post] == [
        (False, ()),
        (True, (peer.posts[0]["id"],)),
    ]


async def test_a_message_and_a_reply_are_sent_and_named(peer: XPeer, account: X) -> None:
    """A reply bears the handle, and is named as X names it."""
    peer.write("alice", "hello")
    receipt = await account.send(answer(peer, "alice"))
    assert receipt.external_id == f"dm:{peer.messages[-1]['id']}"
    name = peer.write("bob", "hello", public=True)
    receipt = await account.send(answer(peer, "bob", public=True, in_reply_to=name))
    assert (receipt.external_id, peer.posts[-1]["text"]) == (peer.posts[-1]["id"], "@bob Thank you.")


async def test_an_answer_whose_receipt_was_lost_is_not_sent_again(peer: XPeer, account: X) -> None:
    """X took it and did not say so: it is looked for before anything is sent."""
    name = peer.write("bob", "hello", public=True)
    for message in (
        answer(peer, "alice", "Thank you &\nfare well."),
        answer(peer, "bob", public=True, in_reply_to=name),
    ):
        peer.forgets = True
        with pytest.raises(Temporary):
            await account.send(message)
        peer.forgets = False
        receipt = await account.look_up(message)
        assert receipt
        assert receipt.external_id.removeprefix("dm:") in (peer.messages[-1]["id"], peer.posts[-1]["id"])
    later = now() + timedelta(minutes=3)
    same_words = answer(peer, "alice", "Thank you &\nfare well.", at=later)
    assert await account.look_up(same_words) is None, "the same words of an earlier day are another message"
    assert await account.look_up(answer(peer, "alice", "Not yet.")) is None
    assert len(peer.answers_to("alice")) == len(peer.answers_to("bob")) == 1


async def test_a_repeat_that_x_refuses_has_been_sent(peer: XPeer, account: X) -> None:
    """After a restart nobody remembers the doubt; X does."""
    name = peer.write("bob", "hello", public=True)
    message = answer(peer, "bob", public=True, in_reply_to=name)
    first = await account.send(message)
    assert await account.send(message) == first
    other = answer(peer, "bob", public=True, in_reply_to=peer.write("bob", "and again", public=True))
    with pytest.raises(Permanent):
        await account.send(other)


@pytest.mark.parametrize(
    ("where", "words", "error"),
    [
        ("public", "See https://example.gov.uk", Misconfigured),
        ("public", "See www.example.gov.uk", Misconfigured),
        ("public", "x" * 276, Permanent),
        ("public", "漢" * 140, Permanent),
        ("private", "x" * 10_001, Permanent),
    ],
)
async def test_what_x_would_not_take_never_leaves(
    peer: XPeer, account: X, where: str, words: str, error: type[Exception]
) -> None:
    """Nor does an address in public: it costs twenty times as much."""
    name = peer.write("bob", "hello", public=True)
    with pytest.raises(error):
        await account.send(answer(peer, "bob", words, public=where == "public", in_reply_to=name))
    assert not peer.calls


async def test_who_takes_no_messages_is_not_asked_again(peer: XPeer, account: X) -> None:
    """The refusal of one message is no fault of the account, and its words name nobody."""
    peer.closed.add(peer.person("alice")["id"])
    with pytest.raises(Permanent) as refused:
        await account.send(answer(peer, "alice"))
    assert peer.person("alice")["id"] not in str(refused.value)


async def test_a_limit_of_one_address_keeps_no_other_waiting(peer: XPeer, account: X) -> None:
    """Who may read no more direct messages for a quarter of an hour can still send one."""
    peer._counts["dm_events"] = 14
    await account._lists().page("messages", {})
    await asyncio.wait_for(account.send(answer(peer, "alice")), PATIENCE_SECONDS)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(account._lists().page("messages", {}), 0.05)


async def test_a_token_is_renewed_once_it_has_run_out(peer: XPeer) -> None:
    """Again and again, each time with the newest refresh token; then there is one no more."""
    made = x.build("x", settings(peer.base, refresh_token=REFRESH, client_id="app"))
    for _ in range(2):
        peer.expire()
        assert "@council" in await made.check()
    peer.expire()
    peer.refresh_token = "withdrawn"
    with pytest.raises(Misconfigured, match="give consent again"):
        await made.check()
    await made.close()


async def test_calls_are_signed_where_there_is_a_secret_of_the_token(peer: XPeer) -> None:
    """OAuth 1.0a: over the whole query, and for a post."""
    more = {"token": "council", "token_secret": TOKEN_SECRET, "consumer_key": KEY}
    made = x.build("x", settings(peer.base, **more))
    peer.write("alice", "hello")
    messages, _ = await read(made, None, 1)
    assert [message.text for message in messages] == ["hello"]
    await made.send(answer(peer, "alice"))
    assert peer.answers_to("alice") == ["Thank you."]
    await made.close()


@pytest.mark.parametrize(
    "more",
    [
        {"token_secret": "s"},
        {"refresh_token": "r"},
        {"token_secret": "s", "consumer_key": "k", "refresh_token": "r", "client_id": "c"},
        {"poll_seconds": 59},
        {"consumer_secret": ""},
        {"url": "http://api.x.com"},
    ],
)
def test_settings_that_cannot_work_are_refused(more: Any) -> None:
    """With a reason, before anything starts."""
    with pytest.raises(ValidationError):
        settings("https://api.x.com") and settings(**{"base": "https://api.x.com"} | more)


async def test_coverage_is_never_green_and_red_where_x_calls_no_more(peer: XPeer) -> None:
    """What the platform keeps from everybody is said; an invalid webhook is a fault."""
    made = x.build("x", settings(peer.base, bearer_token=APP_TOKEN))
    without = await made.coverage()
    peer.hook = "http://127.0.0.1:1/hooks/x"
    well = await made.coverage()
    assert (without.level, well.level) == ("amber", "amber")
    assert "no webhook" in " ".join(without.findings)
    assert "protected accounts" in " ".join(well.findings)
    assert "two hours" in " ".join(well.findings)
    peer.valid = False
    red = await made.coverage()
    assert (red.level, "invalid" in " ".join(red.findings)) == ("red", True)
    peer.trouble.refused = True
    assert (await made.coverage()).level == "red"
    await made.close()


@pytest.mark.skipif(not SPEC.exists(), reason="the published schema of X is not here")
async def test_the_peer_and_our_calls_are_as_the_schema_publishes_them(peer: XPeer, account: X) -> None:
    """What the peer answers, what we post, and every name that we ask for."""
    spec = json.loads(SPEC.read_text(encoding="utf-8"))
    peer.write("alice", "hello")
    name = peer.write("bob", "hello", public=True)
    await read(account, None, 2)
    await account.send(answer(peer, "alice"))
    await account.send(answer(peer, "bob", public=True, in_reply_to=name))
    messages, mentions = await account._lists().page("messages", {}), await account._lists().page("mentions", {})
    follows(spec, "GetDirectMessagesEventsResponse", messages)
    follows(spec, "GetUsersMentionsResponse", mentions)
    for _, path, content in peer.calls:
        match path:
            case "/2/tweets":
                follows(spec, "CreatePostsRequest", content)
            case "/2/dm_conversations/with/{participant_id}/messages":
                follows(spec, "CreateDirectMessagesByParticipantIdRequest", content)
            case _:
                assert_known(spec, path.replace(peer.council, "{id}"), content)


def follows(spec: Any, schema: str, content: Any) -> None:
    """`content` is valid, and holds no name at its first two levels that the schema does not know."""
    rules = {"$ref": f"#/components/schemas/{schema}", "components": spec["components"]}
    Draft202012Validator(rules).validate(content)
    known = spec["components"]["schemas"][schema]["properties"]
    assert set(content) <= set(known)
    if isinstance(content.get("data"), list):
        item = known["data"]["items"]["$ref"].rpartition("/")[2]
        assert {key for entry in content["data"] for key in entry} <= set(
            spec["components"]["schemas"][item]["properties"]
        )


def assert_known(spec: Any, path: str, query: Any) -> None:
    """Every parameter is one of the call's, and every value of a list one of those that may be asked for."""
    listed = spec["paths"][path]["get"]["parameters"]
    parameters = [spec["components"]["parameters"][p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in listed]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    for name, value in query.items():
        allowed = schemas[name].get("items", {}).get("enum")
        assert allowed is None or set(value.split(",")) <= set(allowed), (path, name)
        assert int(value) <= schemas[name]["maximum"] if "maximum" in schemas[name] else True
        assert int(value) >= schemas[name]["minimum"] if "minimum" in schemas[name] else True
