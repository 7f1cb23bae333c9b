"""Mastodon: pages, edits, what the settings of an account hide, and the shapes that its documentation publishes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.channel import Batch, Misconfigured, Temporary
from bot.core.messages import Inbound, Outbound
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
