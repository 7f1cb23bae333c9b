"""Bluesky: who is spoken to, clocks that go wrong, sessions that run out, and what keeps private messages from us."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from bot.channel import Batch, Misconfigured, Permanent, Temporary
from bot.core.files import File
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.wire.platforms.bsky_reader import IGNORED, Reader
from channels import bluesky
from channels.bluesky import Bluesky
from tests.components.ports import PATIENCE_SECONDS
from tests.peers.bluesky import PASSWORD, SIGN_INS, BlueskyPeer

GROUP = {"$type": "chat.bsky.convo.defs#groupConvo", "name": "Mill Lane", "lockStatus": "unlocked", "memberCount": 9}


@pytest.fixture
def peer() -> Iterator[BlueskyPeer]:
    """One network."""
    with BlueskyPeer() as running:
        yield running


@pytest.fixture
async def account(peer: BlueskyPeer) -> AsyncIterator[Bluesky]:
    """The council's account, polled often; it begins with everything."""
    made = bluesky.build("sky", settings(peer))
    yield made
    await made.close()


def settings(peer: BlueskyPeer, **more: Any) -> bluesky.Settings:
    """As a configuration would give them."""
    table = {"name": "sky", "kind": "bluesky", "service": peer.base, "handle": "council.test", "begin": "all"}
    return bluesky.Settings.model_validate(table | {"app_password": PASSWORD, "poll_seconds": 0.1} | more)


async def read(account: Bluesky, cursor: str | None, count: int) -> tuple[list[Inbound], str | None]:
    """The first `count` messages that are new, and the cursor behind them."""
    messages: list[Inbound] = []
    async with aclosing(account.listen(cursor)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            cursor = batch.cursor or cursor
            messages += () if batch.again else batch.messages
            if len(messages) >= count:
                return messages, cursor
    return messages, cursor


async def kind_of(account: Bluesky, name: str) -> str:
    """What a message is taken for."""
    messages, _ = await read(account, None, 1)
    while name not in {message.external_id for message in messages}:
        messages, _ = await read(account, None, len(messages) + 1)
    (message,) = [message for message in messages if message.external_id == name]
    assert message.post
    return message.post.kind


def answer(conversation: str, to: str, words: str, *, public: bool = False) -> Outbound:
    """A receipt on its way."""
    return Outbound("did:plc:x", words.encode(), "", "<ack.1@example>", conversation, to, public)


async def test_a_mention_says_who_wrote_it_and_where(peer: BlueskyPeer, account: Bluesky) -> None:
    """By the account's unchanging name; the shown name and the handle are for staff."""
    image = {"$type": "app.bsky.embed.recordWithMedia", "media": {"$type": "app.bsky.embed.images"}, "record": {}}
    peer.profile("alice", labels=[{"src": peer.did("alice"), "val": "bot"}])
    uri = peer.post("alice", "@council.test see this", embed=image)
    (message,), _ = await read(account, None, 1)
    assert (message.external_id, message.visibility, message.text) == (uri, "public", "@council.test see this")
    assert message.sender
    assert (message.sender.address, message.sender.name) == (peer.did("alice"), "Alice (@alice.test)")
    assert message.post
    assert (message.post.kind, message.post.by_program, message.post.holds) == ("mention", True, ("image", "post"))
    assert message.post.link == f"https://bsky.app/profile/{peer.did('alice')}/post/{uri.rpartition('/')[2]}"


async def test_what_stands_under_a_post_of_ours_is_a_comment_unless_it_names_us(peer: BlueskyPeer) -> None:
    """Comments and quotes are said about us; who names us, or goes on with what they began, speaks to us."""
    news = peer.post("council", "The library is open.")
    under, named = peer.post("alice", "At last!", answers=news), peer.post("bob", "@council.test when?", answers=news)
    quoted = peer.post("carol", "Read this", embed={"$type": "app.bsky.embed.record", "record": {"uri": news}})
    report = peer.post("dan", "@council.test a hole")
    peer.staff_answer("dan", "Where?")
    own = next(
        record["uri"] for record in peer.repos[peer.did("council")].values() if record["value"].get("text") == "Where?"
    )
    goes_on = peer.post("dan", "Mill Lane", answers=own)
    passing = peer.post("eve", "Same here", answers=goes_on)
    account = bluesky.build("sky", settings(peer))
    messages, _ = await read(account, None, 7)
    await account.close()
    kinds = {message.external_id: message.post.kind for message in messages if message.post and not message.outgoing}
    comments = {name for name, kind in kinds.items() if kind == "comment"}
    assert comments == {under, quoted, passing}
    assert {name for name, kind in kinds.items() if kind == "mention"} == {named, report, goes_on}


async def test_a_reply_to_a_receipt_under_a_post_of_ours_speaks_to_us(peer: BlueskyPeer, account: Bluesky) -> None:
    """Nobody names an account again that has just answered them."""
    news = peer.post("council", "The library is open.")
    question = peer.post("bob", "@council.test when?", answers=news)
    receipt = await account.send(answer("", question, "We have your message.", public=True))
    peer.post("bob", "Thanks. And on Sunday?", answers=receipt.external_id)
    messages, _ = await read(account, None, 3)
    assert {message.text: message.post.kind for message in messages if message.post and message.sender} == {
        "@council.test when?": "mention",
        "Thanks. And on Sunday?": "mention",
    }
    assert [message.post.automatic for message in messages if message.post and message.outgoing] == [True]


async def test_likes_say_nothing(peer: BlueskyPeer) -> None:
    """They are read over, and those of before are not asked for again and again."""
    peer.page = 10
    news = peer.post("council", "The library is open.")
    for number in range(50):
        peer.like("bob", news, at=peer.moment(timedelta(days=10, minutes=number)))
    account = bluesky.build("sky", settings(peer, begin="now", chat=False))
    _, cursor = await read(account, None, 0)
    question = peer.post("bob", "@council.test when?")
    for number in range(15):
        peer.like("bob", news, at=peer.moment(-timedelta(milliseconds=10 * number + 10)))
    peer.answers.clear()
    messages, _ = await read(account, cursor, 1)
    await account.close()
    assert [message.external_id for message in messages] == [question]
    assert [nsid.rpartition(".")[2] for nsid, _ in peer.answers].count("listNotifications") == 2


async def test_what_staff_post_is_theirs(peer: BlueskyPeer, account: Bluesky) -> None:
    """It names what it answers; their own news answers nothing and is left alone."""
    peer.post("council", "The library is open.")
    report = peer.post("bob", "@council.test a hole")
    peer.staff_answer("bob", "It is filled.")
    messages, _ = await read(account, None, 2)
    (staffs,) = [message for message in messages if message.outgoing]
    assert staffs.post
    assert (staffs.text, staffs.post.answers, staffs.post.automatic) == ("It is filled.", (report,), False)


async def test_a_public_answer_is_posted_once(peer: BlueskyPeer, account: Bluesky) -> None:
    """Its name is known beforehand, so a repeat finds it there; it stands in the thread, under what it answers."""
    news = peer.post("council", "The library is open.")
    question = peer.post("bob", "@council.test when?", answers=news)
    first = await account.send(answer("", question, "We have your message.", public=True))
    again = await account.send(answer("", question, "We have your message.", public=True))
    assert first == again
    assert peer.answers_to("bob") == ["We have your message."]
    posted = peer.repos[peer.did("council")][first.external_id]["value"]["reply"]
    assert (posted["parent"]["uri"], posted["root"]["uri"]) == (question, news)


async def test_a_private_answer_is_sent_once(peer: BlueskyPeer, account: Bluesky) -> None:
    """The service knows no repeats, so we look; the same words for another message are another answer."""
    first, second = peer.say("bob", "A hole"), None
    conversation = first.partition("/")[0]
    receipt = await account.send(answer(conversation, first, "We have it."))
    assert await account.send(answer(conversation, first, "We have it.")) == receipt
    second = peer.say("bob", "Another")
    assert await account.send(answer(conversation, second, "We have it.")) != receipt
    assert peer.answers_to("bob") == ["We have it."] * 2


async def test_what_cannot_be_sent_is_not_tried_again(peer: BlueskyPeer, account: Bluesky) -> None:
    """Too long; the post is gone; the conversation is none of ours."""
    report = peer.write("bob", "a hole", public=True)
    with pytest.raises(Permanent, match="use 300 characters or fewer; there are 301"):
        await account.send(answer("", report, "x" * 301, public=True))
    with pytest.raises(Permanent, match="use 1,000 characters or fewer; there are 1,001"):
        await account.send(answer("convo-bob", "", "x" * 1001))
    with pytest.raises(Permanent, match="InvalidConvo"):
        await account.send(answer("convo-nobody", "", "Hello"))
    peer.delete(report)
    with pytest.raises(Permanent, match="the post is gone"):
        await account.send(answer("", report, "We have it.", public=True))


async def test_every_page_is_read(peer: BlueskyPeer, account: Bluesky) -> None:
    """Whatever the server's pages hold: of what named us, of our own posts, and of conversations."""
    peer.page = 3
    for number in range(10):
        peer.post("bob", f"@council.test {number}", at=peer.moment(timedelta(minutes=50 - number)))
        peer.staff_answer("bob", f"Answer {number}")
        peer.say(f"person{number % 4}", f"Private {number}")
    messages, _ = await read(account, None, 30)
    assert [message.text for message in messages if message.visibility == "public" and message.sender] == [
        f"@council.test {number}" for number in range(10)
    ]
    assert [message.text for message in messages if message.outgoing] == [f"Answer {number}" for number in range(10)]
    assert {message.text for message in messages if message.visibility == "private"} == {
        f"Private {number}" for number in range(10)
    }


async def test_every_page_of_the_log_is_read(peer: BlueskyPeer) -> None:
    """It goes on from where it was, however much was said meanwhile."""
    peer.page = 3
    account = bluesky.build("sky", settings(peer, begin="now"))
    _, cursor = await read(account, None, 0)
    for number in range(10):
        peer.say("bob", f"Later {number}")
    messages, cursor = await read(account, cursor, 10)
    peer.say("bob", "Last")
    last, _ = await read(account, cursor, 1)
    await account.close()
    assert [message.text for message in (*messages, *last)] == [*(f"Later {number}" for number in range(10)), "Last"]


async def test_a_clock_that_is_slow_hides_nothing(peer: BlueskyPeer, account: Bluesky) -> None:
    """A post is sorted by its writer's clock: what is minutes behind is read all the same, and once."""
    peer.post("bob", "@council.test now")
    async with aclosing(account.listen(None)) as batches:  # type: ignore[type-var]
        new = (message.text async for batch in batches if not batch.again for message in batch.messages)
        assert await anext(new) == "@council.test now"
        peer.post("alice", "@council.test minutes ago", at=peer.moment(timedelta(minutes=5)))
        assert await anext(new) == "@council.test minutes ago"
        peer.post("carol", "@council.test after that")
        assert await anext(new) == "@council.test after that"


async def test_a_first_look_begins_now(peer: BlueskyPeer) -> None:
    """What was there before is nobody's business, not even when all is compared."""
    peer.post("bob", "@council.test long ago", at=peer.moment(timedelta(minutes=5)))
    account = bluesky.build("sky", settings(peer, begin="now"))
    texts: list[str] = []
    async with aclosing(account.listen(None)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            texts += [message.text for message in batch.messages]
            if not texts and batch.cursor:
                peer.post("bob", "@council.test new")
                peer.say("bob", "Private")
            if {"@council.test new", "Private"} <= set(texts):
                break
    await account.close()
    assert "@council.test long ago" not in texts


async def test_what_was_missed_is_found_when_all_is_compared(peer: BlueskyPeer, account: Bluesky) -> None:
    """Private messages that the log does not hold any more, and posts with an old date."""
    _, cursor = await read(account, None, 0)
    peer.say("bob", "Private")
    peer.log.clear()
    peer.post("alice", "@council.test an hour ago", at=peer.moment(timedelta(hours=1)))
    async with aclosing(account.listen(cursor)) as batches:  # type: ignore[type-var]
        batch: Batch = await anext(batch async for batch in batches if batch.again)
    assert {message.text for message in batch.messages} == {"Private", "@council.test an hour ago"}


async def test_what_happens_to_a_private_message_is_about_it(peer: BlueskyPeer) -> None:
    """A reaction names the message, ours is none of theirs; what somebody hid from themselves is logged as hidden."""
    account = bluesky.build("sky", settings(peer, begin="now"))
    _, cursor = await read(account, None, 0)
    report = peer.say("bob", "A hole", embed={"$type": "app.bsky.embed.record#view"})
    peer.react("bob", report, "👍")
    peer.react("council", report, "❤️")
    gone = peer.say("bob", "Never mind")
    peer.take_back(gone)
    messages, _ = await read(account, cursor, 3)
    await account.close()
    by_kind = {message.post.kind: message for message in messages if message.post and message.external_id != gone}
    assert by_kind["message"].post
    assert (by_kind["message"].external_id, by_kind["message"].post.holds) == (report, ("post",))
    assert by_kind["reaction"].post
    assert (by_kind["reaction"].post.about, by_kind["reaction"].text) == (report, "👍")
    (hidden,) = [message for message in messages if message.external_id == gone]
    assert hidden.post
    assert (hidden.post.kind, hidden.post.holds, hidden.text) == ("message", ("hidden",), "")
    assert not [message for message in messages if message.post and message.post.kind == "deletion"]


async def test_nothing_automatic_is_said_in_a_group(peer: BlueskyPeer, account: Bluesky) -> None:
    """Others read along there: it is logged, and staff see it."""
    report = peer.say("bob", "Neighbours, and the council")
    peer.convos["convo-bob"]["kind"] = GROUP
    assert await kind_of(account, report) == "comment"


async def test_what_is_deleted_is_found_by_comparing(peer: BlueskyPeer, account: Bluesky) -> None:
    """Nobody is told; whoever has blocked the account has deleted nothing."""
    gone, hidden, listed = (peer.post(person, "@council.test never mind") for person in ("alice", "bob", "carol"))
    _, cursor = await read(account, None, 3)
    peer.delete(gone)
    peer.blockers.add(peer.did("bob"))
    (_, deletion), cursor = await read(account, cursor, 2)
    assert deletion.post
    assert (deletion.post.kind, deletion.post.about) == ("deletion", gone)
    assert set(json.loads(cursor or "")["recent"]) == {hidden, listed}


async def test_what_has_no_name_is_no_repeat_of_another(peer: BlueskyPeer, account: Bluesky) -> None:
    """Each is kept for a person, at whichever look it comes."""
    kinds, names = ["something_new", "something_else"], set[str]()
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(account.listen(None)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            names |= set() if batch.again else {message.external_id for message in batch.messages}
            if len(names) == 2:
                break
            if kinds and len(names) == 2 - len(kinds):
                peer.notifications.append({"reason": kinds.pop(0), "indexedAt": peer.moment()})
    assert kinds == []


@pytest.mark.parametrize("kind", list(IGNORED))
def test_what_tells_us_nothing_is_left_out(kind: str) -> None:
    """It stands in a table with the reason."""
    entry = {"$type": f"chat.bsky.convo.defs#{kind}", "rev": "3", "convoId": "c"}
    message = {"$type": f"chat.bsky.convo.defs#{kind}", "id": "1"}
    pieces: list[Any] = [{"notification": {"reason": kind}}, {"entry": entry}, {"message": message}]
    for piece in pieces:
        assert Reader("sky").piece(piece | {"me": "did:plc:x"}) == []


async def test_what_is_not_understood_is_kept(peer: BlueskyPeer) -> None:
    """New kinds, and what lacks a part: its neighbours are read, the cursors go on, and it can be read again later."""
    account = bluesky.build("sky", settings(peer, begin="now"))
    _, cursor = await read(account, None, 0)
    post, at = "at://did:plc:x/app.bsky.feed.post", peer.moment(-timedelta(seconds=1))
    peer.notifications += [
        {"uri": f"{post}/1", "reason": "something-new", "indexedAt": at},
        {"uri": f"{post}/2", "reason": "mention", "author": peer.profile("alice"), "indexedAt": at},
    ]
    peer.say("alice", "hello")
    peer._note("logSomethingNew", "convo-alice")
    peer._note("logCreateMessage", "convo-alice", message={"$type": "#messageView", "id": "9", "sentAt": "x"})
    peer.say("alice", "again")
    async with asyncio.timeout(PATIENCE_SECONDS):
        messages, cursor = await read(account, cursor, 6)
    assert sorted((message.text, message.is_understood) for message in messages) == [
        *[("", False)] * 4,
        ("again", True),
        ("hello", True),
    ]
    for message in messages:
        if message.is_understood:
            assert account.reread(message.raw) == [message]
        else:
            with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
                account.reread(message.raw)
    assert json.loads(cursor or "")["log"] == peer.log[-1]["rev"]
    await account.close()


async def test_a_picture_of_a_post_is_fetched(peer: BlueskyPeer, account: Bluesky) -> None:
    """As the network shows it to everybody; a name that leads elsewhere is refused."""
    blob = {"$type": "blob", "ref": {"$link": "bafkreipicture"}, "mimeType": "image/png", "size": 7}
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "A hole", "image": blob}]}
    peer.post("alice", "@council.test see this", embed=images)
    (message,), _ = await read(account, None, 1)
    locator = f"{peer.did('alice')}/bafkreipicture"
    assert message.post
    assert message.post.files == (RemoteFile("image", locator, "", "image/png"),)
    near = bluesky.build("sky", settings(peer, media_url=peer.base))
    peer.pictures[f"{locator}@jpeg"] = b"picture"
    assert await near.fetch(message.post.files[0], 10) == File("picture.jpeg", b"picture")
    for name in (f"{locator}x", "../../xrpc/x", f"{locator}/..", "did:plc:x@evil.example/x", ""):
        with pytest.raises(Permanent):
            await near.fetch(RemoteFile("image", name), 10)
    await near.close()


async def test_a_session_is_renewed_and_not_begun_again(peer: BlueskyPeer, account: Bluesky) -> None:
    """To begin one is what the server allows seldom."""
    for _ in range(3):
        await account.check()
        peer.expire()
    await account.check()
    assert (peer.sign_ins, peer.renewals) == (1, 3)
    peer.expire(wholly=True)
    await account.check()
    assert peer.sign_ins == 2


async def test_a_password_that_is_refused_is_not_tried_again_at_once(peer: BlueskyPeer) -> None:
    """Nor does it stand in what staff read."""
    account = bluesky.build("sky", settings(peer, app_password="wrong-horse"))
    for _ in range(3):
        with pytest.raises(Misconfigured, match="refuses the app password") as refused:
            await account.check()
        assert "wrong-horse" not in str(refused.value)
    coverage = await account.coverage()
    await account.close()
    assert (peer.sign_ins, coverage.level) == (1, "red")


async def test_too_many_sessions_pass(peer: BlueskyPeer, account: Bluesky) -> None:
    """The server says when; nobody has to act."""
    peer.sign_ins = SIGN_INS
    with pytest.raises(Temporary, match="429 RateLimitExceeded"):
        await account.check()


async def test_the_account_may_keep_private_messages_out(peer: BlueskyPeer, account: Bluesky) -> None:
    """By its own chat setting, which is not `everyone` from the beginning."""
    assert len((await account.coverage()).findings) == 1
    peer.put("council", "chat.bsky.actor.declaration", "self", {"allowIncoming": "none"})
    assert "private messages are allowed from none" in (await account.coverage()).findings[0]
    peer.repos[peer.did("council")].clear()
    coverage = await account.coverage()
    assert coverage.level == "amber"
    assert "private messages are allowed from following" in coverage.findings[0]


async def test_an_app_password_may_be_for_public_posts_only(peer: BlueskyPeer, account: Bluesky) -> None:
    """Those are read all the same, and the coverage says what is not."""
    peer.for_chat = False
    peer.say("bob", "Private")
    peer.post("bob", "@council.test public")
    messages, _ = await read(account, None, 1)
    assert [message.text for message in messages] == ["@council.test public"]
    assert any("app password does not allow private" in finding for finding in (await account.coverage()).findings)
    assert peer.sign_ins == 1


async def test_public_posts_are_read_while_private_messages_cannot_be(peer: BlueskyPeer, account: Bluesky) -> None:
    """And that they cannot is said each time."""
    peer.chat_up = False
    peer.post("bob", "@council.test public")
    batches = account.listen(None)
    assert [message.text for message in [*(await anext(batches)).messages, *(await anext(batches)).messages]] == [
        "@council.test public"
    ]
    with pytest.raises(Temporary, match="502 UpstreamFailure"):
        await anext(batches)
    assert any("private messages cannot be read" in finding for finding in (await account.coverage()).findings)


async def test_private_messages_may_be_left_alone(peer: BlueskyPeer) -> None:
    """Where the configuration says so nobody asks for them."""
    peer.chat_up = False
    account = bluesky.build("sky", settings(peer, chat=False))
    peer.post("bob", "@council.test public")
    messages, _ = await read(account, None, 1)
    coverage = await account.coverage()
    await account.close()
    assert (len(messages), len(coverage.findings)) == (1, 1)
