"""A mailbox of Microsoft 365 by Microsoft Graph: what comes, what leaves, and what goes wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from bot.channel import Batch, Forged, Handed, Misconfigured, Permanent, RawRequest, Searchable, Temporary
from bot.core.messages import Inbound, Outbound
from bot.wire.refusals import Uncertain
from channels.email_graph import Graph, Settings, build
from tests.channels.mailbox import mail
from tests.peers.entra import CLIENT, SECRET, TENANT
from tests.peers.graph import MAILBOX, OTHER, GraphPeer
from tests.peers.peer import now

LETTER = (
    b"From: Council <enquiries@example.gov.uk>\r\nTo: pat@residents.example\r\nSubject: We have it\r\n"
    b"Message-ID: <ack.1@example.gov.uk>\r\nAuto-Submitted: auto-replied\r\nIn-Reply-To: <1@example.test>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nThank you.\r\n"
)


@pytest.fixture
def peer() -> Iterator[GraphPeer]:
    """The council's tenant."""
    with GraphPeer() as started:
        yield started


Open = Callable[..., Graph]


@pytest.fixture
async def open_mailbox(peer: GraphPeer) -> AsyncIterator[Open]:
    """Opens the mailbox under test, with these settings besides; it is never called unless they say so."""
    table = {
        "name": "enquiries",
        "kind": "email_graph",
        "mailbox": MAILBOX,
        "tenant": TENANT,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "url": peer.url,
        "login_url": peer.base,
        "poll_seconds": 0.1,
        "notifications": False,
    }
    channels: list[Graph] = []

    def open_one(**others: Any) -> Graph:
        channels.append(build("enquiries", Settings.model_validate({**table, **others})))
        return channels[-1]

    yield open_one
    for channel in channels:
        await channel.close()


@asynccontextmanager
async def reading(channel: Any, cursor: str | None = None) -> AsyncIterator[AsyncIterator[Batch]]:
    """What it yields, until the end of the block."""
    batches = channel.listen(cursor)
    try:
        yield batches
    finally:
        with suppress(Exception):
            await batches.aclose()


async def read(channel: Graph, cursor: str | None = None, *, of: Any = None) -> tuple[list[Inbound], str, list[Batch]]:
    """Everything up to where it is up to date: the messages, the cursor, and the batches."""
    messages: list[Inbound] = []
    every: list[Batch] = []
    async with reading(of or channel, cursor) as batches:
        async for batch in batches:
            messages += batch.messages
            every.append(batch)
            if batch.up_to_date:
                break
    return messages, every[-1].cursor or "", every


def subjects(messages: list[Inbound]) -> list[str]:
    """Which mails these are."""
    return [message.subject for message in messages]


def outbound(content: bytes = LETTER) -> Outbound:
    """A receipt that is to leave."""
    return Outbound("pat@residents.example", content, "b1@example.gov.uk", "<ack.1@example.gov.uk>")


# Mail in


async def test_a_folder_is_read_as_it_came_over_the_wire_and_stays_unread(peer: GraphPeer, open_mailbox: Open) -> None:
    """Page by page, short ones together and one with a file by itself, in the order in which they came."""
    peer.most_page = 7
    with_file = mail(99).replace(b"Subject: 99", b"Subject: 99\r\nX-Has: attachment")
    raws = [mail(number) for number in range(30)] + [with_file]
    for number, raw in enumerate(raws):
        peer.put(raw, at=now() - timedelta(minutes=60 - number))
    messages, _, _ = await read(open_mailbox(begin="all"))
    assert subjects(messages) == [*map(str, range(30)), "99"]
    assert [message.raw for message in messages] == raws
    assert messages[0].external_id == "<0@example.test>"
    assert messages[0].received_at is not None
    assert not any(message["isRead"] for message in peer.messages.values())
    assert {request.partition(" ")[0] for request in peer.requests} == {"GET", "POST"}
    assert sum("$batch" in request for request in peer.requests) == 5


async def test_it_goes_on_from_its_cursor(peer: GraphPeer, open_mailbox: Open) -> None:
    """What came meanwhile, once; what staff moved in counts, too, and keeps its name when it moves on."""
    peer.put(mail(1), at=now() - timedelta(days=9))
    aside = peer.put(mail(2), folder="deleteditems", at=now() - timedelta(days=9))
    messages, cursor, _ = await read(open_mailbox())
    assert messages == []
    peer.put(mail(3))
    peer.move(aside, "inbox")
    peer.move(aside, "deleteditems")
    peer.move(aside, "inbox")
    messages, cursor, _ = await read(open_mailbox(), cursor)
    assert set(subjects(messages)) == {"2", "3"}
    assert (await read(open_mailbox(), cursor))[0] == []


async def test_fifty_thousand_messages_from_before_are_passed_by(peer: GraphPeer, open_mailbox: Open) -> None:
    """With begin = "now" none is fetched, a hundred calls are made, and no more than one page is held at a time."""
    peer.fill(50_000, days=30)
    messages, cursor, batches = await read(open_mailbox())
    assert messages == []
    assert len(batches) == 101
    assert max(len(batch.cursor or "") for batch in batches) < 2_000
    assert not any("$value" in request or "$batch" in request for request in peer.requests)
    peer.put(mail(1))
    assert subjects((await read(open_mailbox(), cursor))[0]) == ["1"]


async def test_a_folder_whose_state_is_lost_is_read_from_where_we_began(peer: GraphPeer, open_mailbox: Open) -> None:
    """What was read comes again under its name, and what came meanwhile is new."""
    peer.put(mail(0), at=now() - timedelta(days=9))
    _, cursor, _ = await read(open_mailbox())
    for number, days in ((1, 3), (2, 0)):
        peer.put(mail(number), at=now() + timedelta(minutes=number) - timedelta(days=days))
    messages, cursor, _ = await read(open_mailbox(), cursor)
    assert [message.doubt for message in messages] == ["", ""]
    peer.forget()
    peer.put(mail(3), at=now() + timedelta(minutes=3))
    messages, cursor, _ = await read(open_mailbox(), cursor)
    assert subjects(messages) == ["2", "3"]
    assert [bool(message.doubt) for message in messages] == [False, False]
    peer.put(mail(4))
    assert subjects((await read(open_mailbox(), cursor))[0]) == ["4"]


async def test_a_page_that_was_not_stored_is_read_again(peer: GraphPeer, open_mailbox: Open) -> None:
    """The cursor moves only past what was handed over whole."""
    for number in range(3):
        peer.put(mail(number))
    channel = open_mailbox(begin="all")
    async with reading(channel) as batches:
        first, second = await anext(batches), await anext(batches)
    assert len(second.messages) == 3
    assert first.cursor == second.cursor
    assert len((await read(open_mailbox(), second.cursor))[0]) == 3


async def test_other_folders_have_cursors_and_marks_of_their_own(peer: GraphPeer, open_mailbox: Open) -> None:
    """Junk is junk, what lies in Sent Items is staff's, and a folder in a folder is found by its way."""
    peer.folders |= {"F1": "Roads", "F2": "Potholes"}
    peer.parents["F2"] = "F1"
    for number, folder in enumerate(("junkemail", "F2", "sentitems"), 1):
        peer.put(mail(number), folder=folder)
    channel = open_mailbox(begin="all", folders=["Inbox", "Junk Email", "Roads/Potholes"])
    assert [folder.name for folder in channel.also] == [
        "enquiries/Junk Email",
        "enquiries/Roads/Potholes",
        "enquiries sent",
    ]
    marks = []
    for part in channel.also:
        ((message,), _, _) = await read(channel, of=part)
        marks.append((message.channel, message.junk, message.outgoing))
    assert marks == [("enquiries", True, False), ("enquiries", False, False), ("enquiries", False, True)]
    assert [folder.answers_to for folder in channel.also] == ["", "", "enquiries"]


async def test_a_folder_in_the_inbox_is_found_in_any_language(peer: GraphPeer, open_mailbox: Open) -> None:
    """The first folder of a way has Microsoft's own name, too."""
    peer.folders |= {"inbox": "Mewnflwch", "F1": "Roads"}
    peer.parents["F1"] = "inbox"
    peer.put(mail(1), folder="F1")
    channel = open_mailbox(begin="all", folders=["Inbox", "Inbox/Roads"])
    assert subjects((await read(channel, of=channel.also[0]))[0]) == ["1"]


async def test_a_copy_that_exchange_renamed_has_our_name(peer: GraphPeer, open_mailbox: Open) -> None:
    """So that a receipt of ours is not taken for an answer of staff's."""
    renamed = LETTER.replace(b"<ack.1@example.gov.uk>", b"<x@prod.outlook.com>")
    peer.put(b"X-Microsoft-Original-Message-ID: <ack.1@example.gov.uk>\r\n" + renamed, folder="sentitems")
    channel = open_mailbox(begin="all")
    ((message,), _, _) = await read(channel, of=channel.also[-1])
    assert message.external_id == "<ack.1@example.gov.uk>"


async def test_what_graph_cannot_give_is_given_up_alone(peer: GraphPeer, open_mailbox: Open) -> None:
    """After three tries, with what is known of it; the rest goes on."""
    peer.broken.add(peer.put(mail(1)))
    peer.put(mail(2))
    peer.put(mail(3))
    channel = open_mailbox(begin="all")
    for _ in range(2):
        with pytest.raises(Temporary):
            await read(channel)
    messages, _, batches = await read(channel)
    assert sorted(subjects(messages)) == ["2", "3"]
    (lost,) = [message for batch in batches for message in batch.losses.unreadable]
    assert b"Message-ID: <1@example.test>" in lost.raw
    assert "ErrorMimeContentConversionFailed" in lost.fault


@pytest.mark.parametrize("entry", [{"subject": "x"}, {"id": ""}, {"id": 7}, "x", None, {"@removed": {}}])
async def test_what_a_page_names_and_nobody_understands_is_kept(
    peer: GraphPeer, open_mailbox: Open, entry: Any
) -> None:
    """Once, as Graph gave it; the messages beside it are read."""
    peer.put(mail(1))
    peer.strange = [entry]
    messages, _, batches = await read(open_mailbox(begin="all"))
    assert subjects(messages) == ["1"]
    (entry_of_it,) = [message for batch in batches for message in batch.losses.unreadable]
    assert json.loads(entry_of_it.raw) == entry
    assert "do not understand" in entry_of_it.fault


@pytest.mark.parametrize(("status", "wait"), [(429, "0"), (503, "0"), (503, ""), (503, "nan"), (503, "inf")])
async def test_a_busy_graph_is_asked_again_later(peer: GraphPeer, open_mailbox: Open, status: int, wait: str) -> None:
    """429 and 503 with Retry-After delay, and lose nothing."""
    peer.put(mail(1))
    peer.busy = [(status, wait or "0.1")] * 2
    assert subjects((await read(open_mailbox(begin="all")))[0]) == ["1"]


async def test_who_asks_for_too_long_a_wait_is_left_alone(peer: GraphPeer, open_mailbox: Open) -> None:
    """An hour is not sat out in silence: staff see why nothing comes."""
    peer.busy = [(429, "3600")]
    channel = open_mailbox()
    for _ in range(2):
        with pytest.raises(Temporary):
            await read(channel)
    assert sum("mailFolders" in request for request in peer.requests) == 1


async def test_a_token_that_is_refused_is_replaced_once(peer: GraphPeer, open_mailbox: Open) -> None:
    """A new one is tried before staff are told; where that is refused, too, they are."""
    channel = open_mailbox()
    await read(channel)
    peer.entra.good.clear()
    await read(channel)
    assert peer.entra.issued == 2
    peer.trouble.refused = True
    with pytest.raises(Misconfigured):
        await read(channel)


async def test_links_lead_to_graph_alone(peer: GraphPeer, open_mailbox: Open) -> None:
    """A cursor that names another machine takes our token nowhere."""
    _, cursor, _ = await read(open_mailbox())
    elsewhere = {**json.loads(cursor), "link": "http://127.0.0.1.evil.example/v1.0/x"}
    with pytest.raises(Misconfigured, match="another address"):
        await read(open_mailbox(), json.dumps(elsewhere))


# Mail out


async def test_a_receipt_leaves_as_mime_with_a_copy(peer: GraphPeer, open_mailbox: Open) -> None:
    """Under its own Message-ID, by which the copy in Sent Items is told from staff's."""
    channel = open_mailbox()
    await channel.send(outbound())
    ((copy,), _, _) = await read(open_mailbox(begin="all"), of=channel.also[-1])
    assert copy.external_id == "<ack.1@example.gov.uk>"
    (raw,) = peer.sent
    assert b"Thank you." in raw


async def test_a_receipt_leaves_without_a_copy_where_none_is_wanted(peer: GraphPeer, open_mailbox: Open) -> None:
    """As JSON, with the header that shows that a program wrote it."""
    channel = open_mailbox(save_to_sent=False)
    await channel.send(outbound())
    (raw,) = peer.sent
    for line in (
        b"Message-ID: <ack.1@example.gov.uk>",
        b"Auto-Submitted: auto-replied",
        b"In-Reply-To: <1@example.test>",
    ):
        assert line in raw
    assert not [message for message in peer.messages.values() if message["folder"] == "sentitems"]


async def test_what_a_refusal_means(peer: GraphPeer, open_mailbox: Open) -> None:
    """The recipient's, ours, too long, or nobody's."""
    channel = open_mailbox()
    wrong = LETTER.replace(b"pat@residents.example", b"pat")
    with pytest.raises(Permanent, match="ErrorInvalidRecipients"):
        await channel.send(outbound(wrong))
    with pytest.raises(Misconfigured, match="403 ErrorSendAsDenied"):
        await channel.send(outbound(LETTER.replace(b"enquiries@", b"other@")))
    with pytest.raises(Permanent, match="larger"):
        await channel.send(outbound(LETTER + b"x" * 4_000_000))
    peer.busy = [(429, "900")]
    with pytest.raises(Temporary):
        await channel.send(outbound())


async def test_a_mail_whose_answer_was_lost_is_looked_up(peer: GraphPeer, open_mailbox: Open) -> None:
    """Graph knows no key against repeats; where no copy is wanted, nobody can know."""
    peer.answers_lost = 1
    channel = open_mailbox()
    assert isinstance(channel, Searchable)
    assert await channel.look_up(outbound()) is None
    with pytest.raises(Temporary):
        await channel.send(outbound())
    assert await channel.look_up(outbound()) == Handed("<ack.1@example.gov.uk>")
    assert await open_mailbox(save_to_sent=False).look_up(outbound()) is None
    assert len(peer.sent) == 1
    peer.entra.roles = ["Mail.Send"]
    with pytest.raises(Misconfigured):
        await open_mailbox().look_up(outbound())


async def test_a_mail_that_nobody_can_look_up_is_uncertain(peer: GraphPeer, open_mailbox: Open) -> None:
    """Without a copy each further attempt may be one more mail to the person: they are counted, and few."""
    peer.answers_lost = 1
    with pytest.raises(Uncertain):
        await open_mailbox(save_to_sent=False).send(outbound())
    assert len(peer.sent) == 1
    with GraphPeer() as gone:
        channel = open_mailbox(save_to_sent=False, url=gone.url, login_url=gone.base)
        await channel.check()
    with pytest.raises(Temporary, match="cannot be reached") as refusal:
        await channel.send(outbound())
    assert not isinstance(refusal.value, Uncertain)


async def test_a_gateway_that_names_a_time_is_not_asked_again(peer: GraphPeer, open_mailbox: Open) -> None:
    """After 504 the mail may have left, whatever Retry-After says."""
    peer.busy = [(504, "0")]
    with pytest.raises(Temporary):
        await open_mailbox().send(outbound())
    assert peer.sent == []


# Calls


def call(content: Any, **query: str) -> RawRequest:
    """A call of Graph's."""
    return RawRequest({}, json.dumps(content).encode(), "POST", query)


def test_a_call_proves_itself_and_only_wakes(peer: GraphPeer, open_mailbox: Open) -> None:
    """It says that something came, not what; anybody else's is refused, and so is one that nobody understands."""
    channel = open_mailbox()
    (proof,) = {channel._proof}
    value = {"subscriptionId": "1", "clientState": proof, "changeType": "created"}
    assert channel.open(call({"value": [value]})).messages == ()
    assert channel.news.is_set()
    assert all(folder.news.is_set() for folder in channel.also)
    contents: list[Any] = [
        {},
        [],
        {"value": []},
        {"value": [{**value, "clientState": "other"}]},
        {"value": [value, {}]},
        {"value": [{**value, "clientState": "\ud800"}]},
    ]
    for content in contents:
        with pytest.raises(Forged):
            channel.open(call(content))
    assert channel.prove(call({}, validationToken="a <b>")) == b"a <b>"
    assert channel.prove(call({}, validationToken="\udcff")) == b"?"
    assert channel.prove(call({})) is None


@asynccontextmanager
async def hooked(peer: GraphPeer, channel: Graph) -> AsyncIterator[None]:
    """The address that Graph calls, in place of the service's own."""

    async def take(request: web.Request) -> web.Response:
        raw = RawRequest({}, await request.read(), "POST", dict(request.query))
        if (proof := channel.prove(raw)) is not None:
            return web.Response(body=proof, content_type="text/plain")
        channel.open(raw)
        return web.Response()

    app = web.Application()
    app.add_routes([web.post(channel.path, take)])
    async with TestServer(app, host="127.0.0.1") as server:
        peer.hook = str(server.make_url(channel.path))
        yield
        peer.hook = ""


async def test_a_subscription_is_made_renewed_and_made_again(peer: GraphPeer, open_mailbox: Open) -> None:
    """One at a time, whatever an earlier start left; without it nothing is lost."""
    called = {"notifications": True, "public_url": "https://contact.example.gov.uk"}
    earlier, channel = open_mailbox(**called), open_mailbox(**called)
    async with hooked(peer, channel):
        await earlier._subscription.renew()
        await channel._subscription.renew()
        ((key, subscription),) = peer.subscriptions.items()
        assert subscription["resource"] == f"/users/{MAILBOX}/messages"
        await channel._subscription.renew()
        assert list(peer.subscriptions) == [key]
        await asyncio.to_thread(peer.put, mail(1))
        assert channel.news.is_set()
        await asyncio.to_thread(peer.lifecycle, "subscriptionRemoved")
        await channel._subscription.renew()
        assert len(peer.subscriptions) == 1
        assert key not in peer.subscriptions
    with pytest.raises(Permanent, match="400 ValidationError"):
        await open_mailbox(**called)._subscription.renew()


def test_nobody_is_called_who_is_not_public(open_mailbox: Open) -> None:
    """Where the pages have no address by https, or none is wanted, mail is looked for."""
    for table in ({"notifications": True}, {"notifications": True, "public_url": "http://127.0.0.1"}):
        assert open_mailbox(**table)._subscription.address == ""
    settings = open_mailbox()._settings.model_copy(update={"notifications": True})
    assert settings.called_at("https://contact.example.gov.uk/").public_url == "https://contact.example.gov.uk/"
    assert (
        build("post", settings.called_at("https://x.example/"))._subscription.address == "https://x.example/hooks/post"
    )


# The check


async def test_the_check_names_permissions_expiry_and_policy(peer: GraphPeer, open_mailbox: Open) -> None:
    """What is granted, what is too much, when the secret runs out, and that another mailbox is closed."""
    peer.put(mail(1), at=now() - timedelta(days=1))
    channel = open_mailbox(closed_mailbox=OTHER, client_secret_ends="2099-01-31")
    words = await channel.check()
    for part in ("Mail.Read and Mail.Send", "31 January 2099", f"{OTHER} is closed to us", "holds 1 messages"):
        assert part in words
    glance = await channel.glance()
    assert (glance.count, glance.to_log, subjects(list(glance.newest))) == (1, 0, ["1"])
    peer.entra.roles.append("Mail.ReadWrite")
    assert "more than is needed: Mail.ReadWrite" in await open_mailbox().check()


@pytest.mark.parametrize(
    ("roles", "others", "words"),
    [
        (["Mail.Send"], {}, "403 ErrorAccessDenied.*the token names Mail.Send; when client_secret runs out"),
        (["Mail.Read"], {}, "Mail.Send is missing.*the token names Mail.Read; when client_secret runs out"),
        (["Mail.Read", "Mail.Send"], {"mailbox": "nobody@example.gov.uk"}, "no mailbox nobody@example.gov.uk"),
        (["Mail.Read", "Mail.Send"], {"mailbox": OTHER}, "application access policy"),
        (["Mail.Read", "Mail.Send"], {"folders": ["Inbux"]}, "no folder 'Inbux'"),
        (["Mail.Read", "Mail.Send"], {"client_secret": "old"}, "AADSTS7000215"),
    ],
)
async def test_the_check_names_what_is_missing(
    peer: GraphPeer, open_mailbox: Open, roles: list[str], others: dict[str, Any], words: str
) -> None:
    """A permission, the consent, the mailbox, a folder, the secret."""
    peer.entra.roles = roles
    channel = open_mailbox(**others)
    with pytest.raises(Misconfigured, match=words):
        await channel.check()


async def test_a_mailbox_that_must_be_closed_and_is_open_is_a_fault(peer: GraphPeer, open_mailbox: Open) -> None:
    """Without an application access policy the application reads every mailbox of the tenant."""
    peer.open_mailboxes.add(OTHER)
    channel = open_mailbox(closed_mailbox=OTHER)
    with pytest.raises(Misconfigured, match="application access policy"):
        await channel.check()
    with pytest.raises(Misconfigured, match="let closed_mailbox name one that is"):
        await open_mailbox(closed_mailbox="gone@example.gov.uk").check()


async def test_staff_are_told_before_the_secret_runs_out(peer: GraphPeer, open_mailbox: Open) -> None:
    """Thirty days before; without a date nothing is known."""
    for days, level in ((31, "green"), (29, "amber")):
        channel = open_mailbox(client_secret_ends=(now() + timedelta(days=days)).date())
        assert (await channel.coverage()).level == level
    assert "is not known" in await open_mailbox().check()


# Signing in by certificate


def certified(days: int = 90) -> tuple[str, str]:
    """A certificate, and the same with its key, in PEM."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ackbot")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1).not_valid_before(now() - timedelta(days=1))
    certificate = builder.not_valid_after(now() + timedelta(days=days)).sign(key, hashes.SHA256())
    public = certificate.public_bytes(Encoding.PEM).decode()
    return public, public + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def test_a_certificate_is_signed_in_with_in_place_of_a_secret(peer: GraphPeer, open_mailbox: Open) -> None:
    """As the registration knows it; another one is refused, and its last day is known without a setting."""
    peer.entra.certificate, pem = certified(days=20)
    channel = open_mailbox(client_secret=None, certificate=pem)
    words = await channel.check()
    assert "certificate runs out on" in words
    with_chain = pem + certified()[0]
    assert "certificate runs out on" in await open_mailbox(client_secret=None, certificate=with_chain).check()
    assert (await channel.coverage()).level == "amber"
    with pytest.raises(Misconfigured, match="AADSTS700027"):
        await open_mailbox(client_secret=None, certificate=certified()[1]).check()
    with pytest.raises(Misconfigured, match="AADSTS7000215"):
        await open_mailbox().check()


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"client_secret": None}, "or client_secret must be given, and not both"),
        ({"certificate": "x"}, "and not both"),
        ({"client_secret": None, "certificate": "x"}, "must hold a certificate and its RSA private key"),
        ({"mailbox": "a/b@example.gov.uk"}, "mailbox"),
        ({"folders": ["Inbox", "inbox"]}, "names a folder twice"),
        ({"sent_folder": "inbox"}, "is one of the folders"),
        ({"url": "http://graph.example"}, "https://"),
        ({"login_url": "http://login.example"}, "https://"),
        ({"begin": "yesterday"}, "is not"),
    ],
)
def test_settings_are_refused_with_the_reason(open_mailbox: Open, others: dict[str, Any], words: str) -> None:
    """No token leaves in plain text, and no address holds a path."""
    with pytest.raises(ValidationError, match=words):
        open_mailbox(**others)
