"""Bluesky's real network: `make test-real` installs it and runs these; `make test` does not."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.core.messages import Outbound
from channels import bluesky
from channels.bluesky import Bluesky
from tests.components.ports import wait_until
from tests.components.service import Service
from tests.peers.bluesky import PASSWORD, BlueskyPeer
from tests.real.network import Network, Person, unlike_the_lexicons

# The network takes half a minute to start.
pytestmark = pytest.mark.timeout(300)

CHANNELS = """
[[channel]]
name = "bluesky"
kind = "bluesky"
service = "{service}"
handle = "council.test"
app_password = "{password}"
chat_did = "{chat_did}"
poll_seconds = 0.5
acknowledge = "both"

[[channel]]
name = "post"
kind = "loopback"
directory = "sent"
sender = "Exampleshire Council <customer.services@example.gov.uk>"
"""
_CALLS = {
    *("createSession", "refreshSession", "getSession", "listNotifications", "getPosts", "listRecords", "getRecord"),
    *("putRecord", "getLog", "getConvo", "listConvos", "getMessages", "sendMessage"),
}


class Chat(BlueskyPeer):
    """Private messages have no open server: ours, which the account's real server asks in its stead."""

    def _admit(self, token: str) -> None:
        """The real server signs a token for each call, of three parts."""
        assert token.count(".") == 2

    def _admit_to_chat(self, request: web.Request) -> None:
        """The header that names us was for the real server."""

    def is_really(self, person: str, did: str) -> None:
        """This name is that account of the real network."""
        self.profile(person, did=did)
        self.repos[did] = {}


@pytest.fixture(scope="module")
def chat() -> Iterator[Chat]:
    """Where private messages are kept."""
    with Chat() as running:
        yield running


@pytest.fixture(scope="module")
def network(chat: Chat) -> Iterator[Network]:
    """The network, for all tests."""
    with Network(chat.base) as running:
        yield running


@pytest.fixture(scope="module")
def council(network: Network, chat: Chat) -> Person:
    """The council's account, signed in by the password that staff use."""
    made = Person(network.service, "council")
    made.call("com.atproto.repo.putRecord", _declared(made))
    chat.is_really("council", made.did)
    return made


@pytest.fixture(scope="module")
def resident(network: Network, chat: Chat) -> Person:
    """Somebody else."""
    made = Person(network.service, "alice")
    chat.is_really("alice", made.did)
    return made


@pytest.fixture(scope="module")
def password(council: Person) -> str:
    """An app password that allows private messages."""
    return council.app_password("ackbot", for_chat=True)


@pytest.fixture
def service(network: Network, password: str, tmp_path: Path) -> Iterator[Service]:
    """The service beside the network, listening."""
    table = CHANNELS.format(service=network.service, password=password, chat_did=network.chat_did)
    with Service(tmp_path, [table]) as beside:
        wait_until(lambda: 'ackbot_channel_up{channel="bluesky"} 1' in beside.get("/metrics")[1], what="it", seconds=60)
        yield beside


@pytest.fixture
async def account(network: Network, password: str) -> AsyncIterator[Bluesky]:
    """The council's account in this process."""
    made = bluesky.build("sky", settings(network, password))
    yield made
    await made.close()


def settings(network: Network, password: str, **more: Any) -> bluesky.Settings:
    """As a configuration would give them."""
    table = {"name": "sky", "kind": "bluesky", "service": network.service, "handle": "council.test"}
    return bluesky.Settings.model_validate(table | {"app_password": password, "chat_did": network.chat_did} | more)


def test_a_mention_is_acknowledged_and_staff_stop_the_clock(
    network: Network, council: Person, resident: Person, service: Service
) -> None:
    """The resident is shown one answer under the mention; what staff post there by another session ends it."""
    mention = resident.post("@council.test There is a hole in Mill Lane.", BlueskyPeer.moment(), naming=council)
    wait_until(lambda: len(resident.replies_to(mention["uri"])) == 1, what="the answer", seconds=60)
    (answer,) = resident.replies_to(mention["uri"])
    assert answer["author"]["did"] == council.did
    assert "hole" not in answer["record"]["text"]
    (contact,) = service.contacts()
    assert contact["state"] == "open"

    staff = Person(network.service, "council", new=False)
    staff.post("It will be filled tomorrow.", BlueskyPeer.moment(), answers=mention)
    wait_until(lambda: service.contacts()[0]["state"] == "answered", what="the answer to be seen", seconds=30)
    assert len(resident.replies_to(mention["uri"])) <= 2
    assert "ackbot_shunted_messages 0" in service.get("/metrics")[1]


def test_private_messages_go_through_the_real_server(chat: Chat, resident: Person, service: Service) -> None:
    """It signs for us, and passes on to the service that `chat_did` names."""
    chat.say("alice", "The bin at 4 Mill Lane was missed.")
    wait_until(lambda: len(chat.answers_to("alice")) == 1, what="the receipt", seconds=30)
    assert "automatic" in chat.answers_to("alice")[0]
    chat.staff_answer("alice", "The crew comes tomorrow.")
    wait_until(lambda: service.contacts()[0]["state"] == "answered", what="the answer to be seen", seconds=30)


async def test_a_repeat_is_the_same_post(account: Bluesky, council: Person, resident: Person) -> None:
    """Even a second later, when the record would be another one."""
    question = resident.post("@council.test And the lamp?", BlueskyPeer.moment(), naming=council)
    wait_until(
        lambda: bool(resident.call("app.bsky.feed.getPosts", query=f"?uris={question['uri']}")["posts"]), what="it"
    )
    answer = Outbound("", b"We have your message.", "", "<ack.1@example>", "", question["uri"], public=True)
    first = await account.send(answer)
    await asyncio.sleep(1.1)
    assert await account.send(answer) == first
    records = council.call("com.atproto.repo.listRecords", query=f"?repo={council.did}&collection=app.bsky.feed.post")
    assert [record["value"]["text"] for record in records["records"] if record["uri"] == first.external_id] == [
        "We have your message."
    ]


async def test_a_session_that_is_no_good_is_renewed(account: Bluesky) -> None:
    """The server says so with 400 and a name."""
    await account.check()
    line = account._xrpc
    assert line._session
    line._session = replace(line._session, access="no.such.token")
    assert "@council.test" in await account.check()


async def test_an_app_password_without_private_messages_is_told(network: Network, council: Person) -> None:
    """By the real server's own words."""
    made = bluesky.build("sky", settings(network, council.app_password("public", for_chat=False)))
    coverage = await made.coverage()
    await made.close()
    assert any("app password does not allow private messages" in finding for finding in coverage.findings)


async def test_the_account_with_all_it_needs_has_only_the_network_s_blind_spot(account: Bluesky) -> None:
    """Its chat is open to everyone, and its app password allows private messages."""
    assert len((await account.coverage()).findings) == 1


async def test_our_peer_speaks_as_the_lexicons_say() -> None:
    """What the quick tests run against says nothing that the network's own checks would refuse."""
    with BlueskyPeer() as peer:
        table = {"name": "sky", "kind": "bluesky", "service": peer.base, "handle": "council.test", "begin": "all"}
        account = bluesky.build(
            "sky", bluesky.Settings.model_validate(table | {"app_password": PASSWORD, "poll_seconds": 0.1})
        )
        peer.like("bob", peer.post("council", "The library is open."))
        question, report = peer.post("bob", "@council.test when?"), peer.say("bob", "A hole")
        await account.send(Outbound("", b"Thanks", "", "<1>", "", question, public=True))
        await account.send(Outbound("", b"Thanks", "", "<2>", report.partition("/")[0], report))
        await account.coverage()
        peer.expire()
        async with aclosing(account.listen(None)) as batches:  # type: ignore[type-var]
            async for batch in batches:
                if not batch.messages and batch.cursor and json.loads(batch.cursor)["log"]:
                    peer.say("dan", "A lamp")
                    peer.react("bob", report, "👍")
                    peer.take_back(peer.say("carol", "Never mind"))
                elif any(message.post and message.post.kind == "reaction" for message in batch.messages):
                    break
        await account.close()
    assert {nsid.rpartition(".")[2] for nsid, _ in peer.answers} >= _CALLS
    assert not unlike_the_lexicons(peer.answers)
    assert "must have the property" in unlike_the_lexicons([("app.bsky.notification.listNotifications", {})])


def _declared(council: Person) -> dict[str, Any]:
    """That everyone may write to the council."""
    record = {"$type": "chat.bsky.actor.declaration", "allowIncoming": "all"}
    return {"repo": council.did, "collection": record["$type"], "rkey": "self", "record": record}
