"""Mastodon: pages, edits, what the settings of an account hide, and the shapes that its documentation publishes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from bot.channel import Batch, Misconfigured, Permanent, Temporary
from bot.core.files import File
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.wire.platforms.mastodon_statuses import IGNORED
from channels import mastodon
from channels.mastodon import Mastodon
from tests.components.ports import PATIENCE_SECONDS
from tests.peers.mastodon import TOKEN, MastodonPeer

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "abraham+mastodon-openapi.schema.json"


@pytest.fixture
def peer() -> Any:
    """One server."""
    with MastodonPeer() as running:
        yield running


@pytest.fixture
async def account(peer: MastodonPeer) -> AsyncIterator[Mastodon]:
    """The council's account, polled often; it begins with everything."""
    made = mastodon.build("fedi", settings(peer))
    yield made
    await made.close()


def settings(peer: MastodonPeer, **more: Any) -> mastodon.Settings:
    """As a configuration would give them."""
    table = {"name": "fedi", "kind": "mastodon", "url": peer.base, "token": TOKEN, "poll_seconds": 0.1, "begin": "all"}
    return mastodon.Settings.model_validate(table | more)


async def read(account: Mastodon, cursor: str | None, count: int) -> tuple[list[Inbound], str | None]:
    """The first `count` messages that are new, and the cursor behind them."""
    messages: list[Inbound] = []
    async with aclosing(account.listen(cursor)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            cursor = batch.cursor or cursor
            messages += () if batch.again else batch.messages
            if len(messages) >= count:
                return messages, cursor
    return messages, cursor


async def compared(account: Mastodon, cursor: str | None) -> Batch:
    """The first batch that compares."""
    async with aclosing(account.listen(cursor)) as batches:  # type: ignore[type-var]
        return await anext(batch async for batch in batches if batch.again)


async def test_more_than_a_page_in_the_order_in_which_it_was_written(peer: MastodonPeer, account: Mastodon) -> None:
    """From the start, and from a cursor: nothing is left out and nothing comes twice."""
    written = [peer.write("alice", f"number {n}") for n in range(95)]
    first, cursor = await read(account, None, 95)
    assert [message.external_id for message in first] == written
    written = [peer.write("bob", f"number {n}") for n in range(90)]
    second, cursor = await read(account, cursor, 90)
    assert [message.external_id for message in second] == written
    assert {len(m.text.split()) for m in second} == {3}  # its words, and our handle


async def test_a_first_look_begins_now(peer: MastodonPeer) -> None:
    """What was there before is neither read nor found missing by comparing."""
    peer.write("alice", "years ago")
    account = mastodon.build("fedi", settings(peer, begin="now"))
    async with aclosing(account.listen(None)) as batches:  # type: ignore[type-var]
        place = await anext(batches)
        assert place.messages == ()
        await asyncio.sleep(1.1)  # the server's clock shows seconds
        peer.write("alice", "today")
        assert [message.text for message in (await anext(batches)).messages] == ["@council today"]
    await account.close()


async def test_what_a_message_holds(peer: MastodonPeer, account: Mastodon) -> None:
    """Its writer, its thread, its link, its warning, its pictures, and whether a program wrote it."""
    peer.account("robot@weather.example", bot=True)
    peer.write("robot@weather.example", "It will rain.", public=True)
    peer.write("alice", "Look at <this> & that")
    status = peer.statuses[-1]
    status["spoiler_text"] = "Damp"
    status["media_attachments"] = [{"id": "1", "type": "image"}]
    (robot, alice), _ = await read(account, None, 2)
    assert robot.post
    assert alice.post
    assert (robot.post.by_program, robot.visibility, robot.post.kind) == (True, "public", "mention")
    assert robot.sender
    assert robot.sender.address == "@robot@weather.example"
    assert alice.sender
    host = peer.base.removeprefix("http://")
    assert (alice.sender.address, alice.post.conversation) == (f"@alice@{host}", f"@alice@{host}")
    assert (alice.visibility, alice.post.holds) == ("private", ("image",))
    assert alice.text == "Damp\n\n@council Look at <this> & that"
    assert alice.post.link == status["url"]


async def test_an_edit_and_a_missed_message_show_when_it_is_compared(peer: MastodonPeer, account: Mastodon) -> None:
    """The server's notifications fail for one private message; its list of conversations has it."""
    first = peer.write("alice", "first words")
    _, cursor = await read(account, None, 1)
    peer.edit(first, "other words")
    peer.quiet = True
    missed = peer.write("bob", "nobody is told of this")
    batch = await compared(account, cursor)
    by_id = {message.external_id: message for message in batch.messages}
    edited = next(message for message in batch.messages if message.post and message.post.kind == "edit")
    assert edited.post
    assert (edited.post.about, edited.text) == (first, "other words")
    assert by_id[missed].text == "@council nobody is told of this"


async def test_what_is_taken_back_is_told_by_the_stream(peer: MastodonPeer, account: Mastodon) -> None:
    """A deletion about the id that it had. What is deleted before the stream stands is not told: another one is."""
    written = [peer.write("alice", f"never mind {number}") for number in range(5)]
    _, cursor = await read(account, None, len(written))

    async def until_a_deletion() -> Inbound:
        async with aclosing(account.listen(cursor)) as batches:  # type: ignore[type-var]
            return await anext(m async for batch in batches for m in batch.messages if m.post and m.post.about)

    begun = peer.streams_begun
    listening = asyncio.create_task(until_a_deletion())
    while peer.streams_begun == begun:
        await asyncio.sleep(0.01)
    for status_id in written:
        peer.delete(status_id)
        await asyncio.wait({listening}, timeout=2)
        if listening.done():
            break
    message = await asyncio.wait_for(listening, PATIENCE_SECONDS)
    assert message.post
    assert (message.post.kind, message.post.about in written) == ("deletion", True)


async def test_what_is_deleted_while_nobody_tells_us_is_found_by_comparing(
    peer: MastodonPeer, account: Mastodon
) -> None:
    """The stream was down, and so were we; a notification that staff dismissed, or whose writer has blocked the
    account, is no deletion."""
    gone, unlisted, blocked, listed = (peer.write(person, "never mind") for person in ("a", "b", "c", "d"))
    _, cursor = await read(account, None, 4)
    peer.delete(gone)
    peer.notifications = [n for n in peer.notifications if n["status"]["id"] != unlisted]
    peer.block("c")
    deletions, cursor = await read(account, cursor, 1)
    assert [(m.post.kind, m.post.about) for m in deletions if m.post] == [("deletion", gone)]
    assert set(json.loads(cursor or "")["recent"]) == {unlisted, blocked, listed}


@pytest.mark.parametrize(
    ("visibility", "more", "private"),
    [
        ("public", {}, False),
        ("unlisted", {}, False),
        ("private", {}, True),
        ("direct", {}, True),
        ("limited", {}, True),
        ("mutuals_only", {}, True),
        ("public", {"local_only": True}, True),
        ("public", {"federated": False}, True),
        ("public", {"local_only": False, "federated": True}, False),
    ],
)
async def test_what_not_everybody_can_read_is_private(
    peer: MastodonPeer, account: Mastodon, visibility: str, more: Any, *, private: bool
) -> None:
    """To followers, to a circle, to one server: it is a private message, and so is a kind that we do not know."""
    peer.write("alice", "hello")
    peer.statuses[-1] |= {"visibility": visibility, **more}
    (message,), _ = await read(account, None, 1)
    assert message.post
    meaning = ("private", "message", True) if private else ("public", "mention", False)
    assert (message.visibility, message.post.kind, bool(message.post.conversation)) == meaning


async def test_a_quote_of_ours_is_a_comment_unless_it_names_us(peer: MastodonPeer, account: Mastodon) -> None:
    """Both say that they hold another post."""
    for words in ("@council is that so?", "is that so?"):
        peer.write("alice", "x", public=True)
        quoting = peer.statuses[-1] | {"content": words, "quote": {"state": "accepted"}}
        if "@" not in words:
            quoting["mentions"] = []
        peer.notifications.pop()
        peer.notify("quote", account=quoting["account"], status=quoting)
    (naming, other), _ = await read(account, None, 2)
    assert [(m.post.kind, m.post.holds) for m in (naming, other) if m.post] == [
        ("mention", ("post",)),
        ("comment", ("post",)),
    ]


async def test_what_tells_us_nothing_is_left_out(peer: MastodonPeer, account: Mastodon) -> None:
    """It stands in a table with the reason; a server that sends it all the same does no harm."""
    for kind in IGNORED:
        assert account.reread(json.dumps({"notification": {"id": "1", "type": kind}, "me": "1"}).encode()) == []
        peer.notify(kind)
    peer.write("alice", "hello")
    (message,), _ = await read(account, None, 1)
    assert message.text == "@council hello"


async def test_what_is_not_understood_is_kept(peer: MastodonPeer, account: Mastodon) -> None:
    """A new kind, a status that is missing or broken, something without a name: its neighbours are read."""
    peer.notify("something.new", status=None)
    peer.notify("mention", status=None)
    peer.write("alice", "no account")
    peer.notifications[-1] = peer.notifications[-1] | {"status": peer.statuses[-1] | {"account": None}}
    peer.write("alice", "hello")
    messages, cursor = await read(account, None, 4)
    assert [message.is_understood for message in messages] == [False, False, False, True]
    assert account.reread(messages[-1].raw) == [messages[-1]]
    for message in messages[:-1]:
        with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
            account.reread(message.raw)
    batch = await compared(account, cursor)
    assert len(batch.messages) == 5, "the comparing meets them again, and the private one in two lists"


async def test_a_file_is_fetched_without_the_token(peer: MastodonPeer, account: Mastodon) -> None:
    """From the server itself, and from hosts that are named; from nowhere else."""
    peer.files["/system/media_attachments/1.png"] = b"picture"
    peer.write("alice", "look")
    address = f"{peer.base}/system/media_attachments/1.png"
    peer.statuses[-1]["media_attachments"] = [
        {"id": "1", "type": "image", "url": address},
        {"id": "2", "type": "video", "url": None},
    ]
    (message,), _ = await read(account, None, 1)
    assert message.post
    assert message.post.files == (RemoteFile("image", address),)
    assert await account.fetch(message.post.files[0], 10) == File("1.png", b"picture")
    for elsewhere in ("https://media.example/1.png", f"{peer.base}/system/media_attachments/2.png"):
        with pytest.raises(Permanent):
            await account.fetch(RemoteFile("image", elsewhere), 10)


@pytest.mark.parametrize("host", ["media.example.org", ".example.org"])
def test_hosts_of_media_are_names(peer: MastodonPeer, host: str) -> None:
    """With or without all below them; no addresses, no ports."""
    assert settings(peer, media_hosts=[host]).media_hosts == (host,)
    with pytest.raises(ValidationError):
        settings(peer, media_hosts=[f"https://{host}/"])


async def test_one_post_however_often_it_is_sent(peer: MastodonPeer, account: Mastodon) -> None:
    """The same key is the same status; it names the recipient alone, also where what it answers is gone."""
    mention = peer.write("alice", "@carol @dave look")
    out = Outbound("@alice@" + peer.base.removeprefix("http://"), b"Thank you.", "", "<ack.1@x>", in_reply_to=mention)
    first, again = await account.send(out), await account.send(out)
    assert first == again
    peer.delete(mention)
    await account.send(Outbound("@bob@far.example", b"Thank you.", "", "<ack.2@x>", in_reply_to=mention, public=True))
    direct, public = [s for s in peer.statuses if s["account"]["acct"] == "council"]
    assert [m["acct"] for m in direct["mentions"]] == ["alice"]
    assert (direct["visibility"], direct["in_reply_to_id"]) == ("direct", mention)
    assert ([m["acct"] for m in public["mentions"]], public["visibility"]) == (["bob@far.example"], "unlisted")


async def test_what_the_account_is_set_to_drop_is_a_fault(peer: MastodonPeer, account: Mastodon) -> None:
    """Filtered is not dropped: we ask for what was filtered."""
    peer.policy["for_private_mentions"] = "filter"
    assert (await account.coverage()).level == "green"
    peer.policy["for_private_mentions"] = "drop"
    coverage = await account.coverage()
    assert coverage.level == "red"
    assert "private messages of people whom it does not follow" in coverage.findings[0]


async def test_refusals_say_who_must_act(peer: MastodonPeer, account: Mastodon) -> None:
    """A token that is refused is for staff; a server that is away is not; neither tells the token."""
    peer.trouble.refused = True
    with pytest.raises(Misconfigured, match="channel fedi") as refused:
        await account.check()
    assert TOKEN not in str(refused.value)
    peer.trouble.refused, peer.trouble.down = False, True
    with pytest.raises(Temporary, match="503"):
        await account.check()


async def test_a_limit_is_waited_for(peer: MastodonPeer, account: Mastodon) -> None:
    """After 429 the next call comes when the server has said that it may."""
    peer.trouble.limited = 1
    with pytest.raises(Temporary, match="429"):
        await account.check()
    began = asyncio.get_running_loop().time()
    await account.check()
    assert asyncio.get_running_loop().time() - began >= 0.9


@pytest.mark.parametrize("name", ["Notification", "Status", "Conversation", "CredentialAccount"])
async def test_our_server_speaks_as_the_published_description_says(peer: MastodonPeer, name: str) -> None:
    """Each answer has every field that must be there, of the type that it must have."""
    if not SPEC.exists():
        pytest.skip("the published description is not on this machine")
    peer.write("alice", "hello")
    whole = json.loads(SPEC.read_text(encoding="utf-8"))
    schema = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
    shown: dict[str, Any] = {
        "Notification": peer.notifications[0],
        "Status": peer.statuses[0],
        "Conversation": peer.conversations()[0],
        "CredentialAccount": peer.me(),
    }
    faults = [
        f"{'/'.join(map(str, e.path))}: {e.message[-150:]}"
        for e in Draft202012Validator(schema).iter_errors(shown[name])
    ]
    assert faults == []
