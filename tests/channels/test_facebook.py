"""Messenger, a Page's comments and Instagram: echoes, edits, what is taken back, and what a lost call had in it."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.channel import Forged, Misconfigured, Permanent, RawRequest
from bot.core.messages import Inbound, Outbound, RemoteFile
from bot.wire.platforms.reading import NotUnderstood
from channels import facebook, instagram
from channels.facebook import Facebook
from channels.instagram import Instagram
from tests.peers.facebook import APP, PAGE_INBOX, FacebookPeer
from tests.peers.instagram import InstagramPeer
from tests.peers.meta import APP_SECRET, TOKEN, VERIFY, Values, signed

Account = Facebook | Instagram


@pytest.fixture
def peer() -> Iterator[FacebookPeer]:
    """Facebook."""
    with FacebookPeer() as running:
        yield running


@pytest.fixture
async def page(peer: FacebookPeer) -> AsyncIterator[Facebook]:
    """Our Page, asked often."""
    made = facebook.build("page", facebook.Settings.model_validate(table(peer)))
    yield made
    await made.close()


@pytest.fixture
async def gram() -> AsyncIterator[Instagram]:
    """Our account on Instagram."""
    with InstagramPeer() as peer:
        made = instagram.build("gram", instagram.Settings.model_validate(table(peer)))
        yield made
        await made.close()


def table(peer: FacebookPeer) -> Values:
    """As a configuration would give it."""
    common: Values = {"name": peer.kind, "kind": peer.kind, "url": peer.base, "token": TOKEN, "app_secret": APP_SECRET}
    return common | {"verify_token": VERIFY, peer.key: peer.own, "poll_seconds": 0.1, "begin": "all"}


def called(
    account: Account, content: Values, *, subject: str = "page", own: str = FacebookPeer.own
) -> tuple[Inbound, ...]:
    """What an account makes of a call with one entry."""
    body = json.dumps({"object": subject, "entry": [{"id": own, "time": 1, **content}]}).encode()
    return account.open(RawRequest(signed(body), body)).messages


def private(account: Account, message: Values, **more: Any) -> Inbound:
    """What it makes of one private message."""
    event = {"sender": {"id": "7"}, "recipient": {"id": FacebookPeer.own}, "timestamp": 1749416383000}
    (inbound,) = called(account, {"messaging": [event | {"message": message} | more]})
    return inbound


def commented(page: Facebook, **value: Any) -> tuple[Inbound, ...]:
    """What it makes of a change of a post's comments."""
    usual: Values = {"item": "comment", "verb": "add", "comment_id": "9_2", "post_id": "9_1", "message": "Shame!"}
    usual |= {"from": {"id": "8", "name": "Bob"}, "created_time": 1749416383}
    return called(page, {"changes": [{"field": "feed", "value": usual | value}]})


def test_private_messages(page: Facebook) -> None:
    """Words, files, a sticker, a story that is answered, what cannot be shown."""
    reply = private(page, {"mid": "m_1", "text": "Hello", "reply_to": {"mid": "m_0"}})
    assert reply.sender
    assert reply.post
    assert (reply.sender.address, reply.text, reply.post.conversation) == ("messenger:7", "Hello", "messenger:7")
    assert (reply.visibility, reply.post.answers, reply.external_id) == ("private", ("m_0",), "m_1")
    files = [{"type": "image", "payload": {"url": "https://cdn.example/1.jpg"}}, {"type": "audio", "payload": {}}]
    files.append({"type": "image", "payload": {"sticker_id": 369239263222822}})
    shown = private(page, {"mid": "m_2", "attachments": files})
    assert shown.post
    assert (shown.post.holds, shown.post.link) == (("image", "audio", "sticker"), "https://cdn.example/1.jpg")
    story = private(page, {"mid": "m_3", "text": "Nice", "reply_to": {"story": {"id": "1", "url": "https://x"}}})
    odd = private(page, {"mid": "m_4", "is_unsupported": True})
    assert [m.post.holds for m in (story, odd) if m.post] == [("story",), ("unsupported",)]


def test_echoes_tell_staff_from_us(page: Facebook) -> None:
    """The Page's own inbox has another app and no mark; ours bears it."""
    who = {"sender": {"id": FacebookPeer.own}, "recipient": {"id": "7"}}
    staff = private(page, {"mid": "m_1", "text": "Done", "is_echo": True, "app_id": PAGE_INBOX}, **who)
    ours = private(page, {"mid": "m_2", "is_echo": True, "app_id": int(APP), "metadata": "<ack.ex@x>"}, **who)
    for message, automatic in ((staff, False), (ours, True)):
        assert message.post
        assert (message.outgoing, message.sender, message.post.conversation) == (True, None, "messenger:7")
        assert message.post.automatic is automatic


def test_what_happens_to_a_message_afterwards(page: Facebook, gram: Instagram) -> None:
    """Reactions, edits, what is taken back; receipts of delivery and of reading bring nothing."""
    who = {"sender": {"id": "7"}, "recipient": {"id": FacebookPeer.own}, "timestamp": 1749416383000}
    events: list[tuple[Values, str, str]] = [
        ({"reaction": {"mid": "m_1", "action": "react", "reaction": "love", "emoji": "❤"}}, "reaction", "❤"),
        ({"message_edit": {"mid": "m_1", "text": "New words", "num_edit": 1}}, "edit", "New words"),
    ]
    for event, kind, words in events:
        (inbound,) = called(page, {"messaging": [who | event]})
        assert inbound.post
        assert (inbound.post.kind, inbound.post.about, inbound.text) == (kind, "m_1", words)
    for event in (
        {"delivery": {"watermark": 1}},
        {"read": {"watermark": 1}},
        {"reaction": {"mid": "m", "action": "unreact"}},
        {"optin": {"type": "notification_messages"}},
        {"take_thread_control": {"previous_owner_app_id": APP}},
    ):
        assert called(page, {"messaging": [who | event]}) == ()
    for event in ({"delivery": {"mids": ["m_1"], "watermark": 1}}, {"read": {"mid": "m_1"}}):
        (arrived,) = called(page, {"messaging": [who | event]})
        assert arrived.post
        assert (arrived.post.kind, arrived.post.about, arrived.external_id) == ("delivered", "m_1", "m_1 delivered")
    event = who | {"recipient": {"id": InstagramPeer.own}, "message": {"mid": "m_1", "is_deleted": True}}
    (gone,) = called(gram, {"messaging": [event]}, subject="instagram", own=InstagramPeer.own)
    assert gone.post
    assert (gone.post.kind, gone.post.about) == ("deletion", "m_1")
    (pressed,) = called(page, {"messaging": [who | {"postback": {"mid": "m_5", "title": "Bins", "payload": "B"}}]})
    assert (pressed.text, pressed.external_id) == ("Bins", "m_5")


def test_comments(page: Facebook, gram: Instagram) -> None:
    """Logged as comments; staff's are answers; those that change or go name the first."""
    (comment,) = commented(page)
    assert comment.post
    assert comment.sender
    assert (comment.post.kind, comment.visibility, comment.sender.address) == ("comment", "public", "messenger:8")
    (own,) = commented(page, comment_id="9_3", parent_id="9_2", **{"from": {"id": FacebookPeer.own}})
    assert own.post
    assert (own.outgoing, own.post.kind, own.post.answers) == (True, "message", ("9_2", "9_1"))
    for verb, kind in (("edited", "edit"), ("remove", "deletion")):
        (later,) = commented(page, verb=verb)
        assert later.post
        assert (later.post.kind, later.post.about) == (kind, "9_2")
    for other in ({"item": "reaction"}, {"verb": "hide"}, {"item": "event"}):
        assert commented(page, **other) == ()
    value = {"id": "c1", "text": "Why?", "from": {"id": "5", "username": "bob"}, "media": {"id": "m"}}
    (under,) = called(
        gram, {"changes": [{"field": "comments", "value": value}]}, subject="instagram", own=InstagramPeer.own
    )
    value = {"media_id": "m", "comment_id": "c2"}
    (named,) = called(
        gram, {"changes": [{"field": "mentions", "value": value}]}, subject="instagram", own=InstagramPeer.own
    )
    assert [(m.post.kind, m.sender and m.sender.name) for m in (under, named) if m.post] == [
        ("comment", "bob"),
        ("mention", None),
    ]


@pytest.mark.parametrize("item", ["post", "status", "photo", "video", "share", "album", "link", "note"])
def test_what_visitors_post_is_addressed_to_the_page(page: Facebook, item: str) -> None:
    """Whatever it is; later it may be changed or taken back, and what the Page itself publishes is nobody's contact."""
    post = {"item": item, "comment_id": None, "message": "A hole in the road", "link": "https://www.facebook.com/1"}
    (inbound,) = commented(page, **post)
    assert inbound.post
    assert inbound.sender
    assert (inbound.post.kind, inbound.external_id, inbound.visibility) == ("mention", "9_1", "public")
    assert (inbound.sender.name, inbound.post.link) == ("Bob", "https://www.facebook.com/1")
    assert inbound.post.holds == (() if item in ("post", "status") else (item,))
    for verb, kind in (("edited", "edit"), ("remove", "deletion")):
        (later,) = commented(page, **post, verb=verb)
        assert later.post
        assert (later.post.kind, later.post.about) == (kind, "9_1")
    assert commented(page, **post, **{"from": {"id": FacebookPeer.own}}) == ()


def test_reviews(page: Facebook) -> None:
    """With whether they recommend the Page, their words and their writer; what people write under one is a comment."""
    review: Values = {"item": "rating", "verb": "add", "open_graph_story_id": "55", "reviewer_id": "8"}
    review |= {"reviewer_name": "Bob", "recommendation_type": "NEGATIVE", "review_text": "Nobody answers."}
    (inbound,) = called(page, {"changes": [{"field": "ratings", "value": review}]})
    assert inbound.post
    assert inbound.sender
    assert (inbound.post.kind, inbound.external_id, inbound.sender.name) == ("comment", "55", "Bob")
    assert inbound.text == "Does not recommend the Page.\nNobody answers."
    under: Values = {
        "item": "comment",
        "verb": "add",
        "comment_id": "56",
        "open_graph_story_id": "55",
        "message": "So?",
    }
    (comment,) = called(page, {"changes": [{"field": "ratings", "value": under}]})
    assert comment.post
    assert (comment.post.kind, comment.post.answers) == ("comment", ("55",))


def test_what_comes_while_another_program_answers_is_read(page: Facebook, gram: Instagram) -> None:
    """A thread that staff have in the Page's inbox comes as `standby`; some calls of Instagram have one bare change."""
    who = {"sender": {"id": "7"}, "recipient": {"id": FacebookPeer.own}, "timestamp": 1749416383000}
    (waiting,) = called(page, {"standby": [who | {"message": {"mid": "m_1", "text": "Still there?"}}]})
    assert waiting.text == "Still there?"
    (change,) = called(
        page, {"changes": [{"field": "messages", "value": who | {"message": {"mid": "m", "text": "x"}}}]}
    )
    assert change.external_id == "m"
    bare = {"field": "comments", "value": {"id": "c1", "text": "Why?", "from": {"id": "5", "username": "bob"}}}
    (comment,) = called(gram, bare, subject="instagram", own=InstagramPeer.own)
    assert comment.text == "Why?"


WHO: Values = {"sender": {"id": "7"}, "recipient": {"id": FacebookPeer.own}, "timestamp": 1749416383000}


@pytest.mark.parametrize(
    "content",
    [
        {"messaging": [WHO | {"hologram": {"mid": "m"}}]},
        {"messaging": [WHO | {"message": {"text": "no id"}}]},
        {"messaging": [WHO | {"message": {"mid": "m"}}]},
        {"messaging": [WHO | {"message": {"mid": "m", "text": ["x"]}}]},
        {"messaging": [{"message": {"mid": "m", "text": "x"}}]},
        {"messaging": ["x"]},
        {"messaging": {"0": {}}},
        {"hologram": [{}]},
        {"changes": [{"field": "leadgen", "value": {"leadgen_id": "1"}}]},
        {"changes": [{"field": "feed", "value": {"item": "hologram", "verb": "add", "post_id": "1"}}]},
        {"changes": [{"field": "feed", "value": {"item": "post", "verb": "sell", "post_id": "1"}}]},
        {"changes": [{"field": "feed", "value": {"item": "comment", "verb": "add"}}]},
        {},
    ],
    ids=str,
)
def test_what_is_not_understood_is_kept(page: Facebook, content: Values) -> None:
    """As it came, beside its neighbours, and it can be read once its kind is known."""
    good = {"id": FacebookPeer.own, "messaging": [WHO | {"message": {"mid": "good", "text": "x"}}]}
    body = json.dumps({"object": "page", "entry": [{"id": FacebookPeer.own, "time": 1, **content}, good]}).encode()
    odd, message = page.open(RawRequest(signed(body), body)).messages
    assert (odd.is_understood, message.is_understood) == (False, True)
    with pytest.raises(NotUnderstood):
        list(page.reread(odd.raw))
    call = json.dumps({"object": "page", "entry": [good]}).encode()
    assert [message.external_id for message in page.reread(call)] == ["good"]


async def test_files_lie_where_the_message_says(peer: FacebookPeer, page: Facebook) -> None:
    """On the platform's own hosts; a link that somebody passes on is nothing to fetch."""
    files = [{"type": kind, "payload": {"url": f"https://scontent.xx.fbcdn.net/{kind}"}} for kind in ("image", "file")]
    shared = {"type": "fallback", "title": "News", "payload": {"url": "https://evil.example/x"}}
    post = private(page, {"mid": "m_2", "attachments": [*files, shared, {"type": "hologram", "payload": {}}]}).post
    assert post
    assert post.holds == ("image", "file", "fallback", "unsupported")
    assert [file.locator for file in post.files] == [str(file["payload"]["url"]) for file in files]  # type: ignore[index]
    with pytest.raises(Permanent, match="not the platform's"):
        await page.fetch(RemoteFile("image", "https://evil.example/x"), 100)
    peer.files["1"] = b"JPEG"
    assert (await page.fetch(RemoteFile("image", f"{peer.base}/cdn/1"), 100)).content == b"JPEG"


async def test_what_may_have_left_is_looked_up(peer: FacebookPeer, page: Facebook) -> None:
    """In the conversation, by its words, since it may have left; in public under what it answers."""
    peer.silent = True
    peer.write("ann", "hello")
    out = Outbound(f"messenger:{peer.id_of('ann')}", b"Thank you", idempotency_key="<ack.1@x>", in_reply_to="m_1")
    assert await page.look_up(out) is None
    receipt = await page.send(out)
    assert await page.look_up(out) == receipt
    assert await page.look_up(replace(out, content=b"Thank  you\n")) == receipt
    assert await page.look_up(replace(out, content=b"Thank")) is None
    (own,) = [message for message in peer.messages if message["text"] == "Thank you"]
    own["at"] -= timedelta(hours=1)
    assert await page.look_up(replace(out, at=own["at"] + timedelta(minutes=30))) is None
    assert await page.look_up(replace(out, recipient=f"messenger:{peer.id_of('bob')}")) is None
    comment = replace(out, public=True, in_reply_to=peer.mention("bob", "A hole!"))
    assert await page.look_up(comment) is None
    receipt = await page.send(comment)
    assert await page.look_up(comment) == receipt


def deletion(user: str, secret: str = APP_SECRET) -> RawRequest:
    """The call that Meta makes when somebody asks for their data to be deleted."""
    content = {"algorithm": "HMAC-SHA256", "expires": 1291840400, "issued_at": 1291836800, "user_id": user}
    payload = urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    signature = urlsafe_b64encode(hmac.digest(secret.encode(), payload.encode(), "sha256")).decode().rstrip("=")
    body = urlencode({"signed_request": f"{signature}.{payload}"}).encode()
    return RawRequest({"content-type": "application/x-www-form-urlencoded"}, body)


async def test_a_request_to_delete_data_is_a_contact(peer: FacebookPeer) -> None:
    """The same request is the same contact, its person is told a code, and staff find out who it is."""
    page = facebook.build("page", facebook.Settings.model_validate(table(peer) | {"deletion_page": PRIVACY}))
    (request,) = page.open(deletion("218471")).messages
    assert (request.external_id, "218471" in request.text) == (
        page.open(deletion("218471")).messages[0].external_id,
        True,
    )
    answer = json.loads(page.answer(deletion("218471")) or b"")
    assert answer == {"url": PRIVACY, "confirmation_code": request.fields["code"]}
    assert page.open(deletion("218472")).messages[0].external_id != request.external_id
    many = replace(deletion("1"), body=b"&".join([b"a=b"] * 11))
    for forged in (deletion("218471", "another"), replace(deletion("1"), body=b"signed_request=a.b"), many, FORM):
        with pytest.raises(Forged):
            page.open(forged)
    with pytest.raises(Permanent):
        page.open(deletion("not-a-number"))
    assert page.answer(RawRequest(signed(b"{}"), b"{}")) is None
    await page.close()


def test_such_requests_are_taken_only_where_a_page_explains_them(page: Facebook) -> None:
    """Without one it is a call without a signature like any other."""
    with pytest.raises(Forged):
        page.open(deletion("218471"))
    assert page.answer(deletion("218471")) is None


PRIVACY = "https://www.example.gov.uk/privacy/facebook"
FORM = RawRequest({"content-type": "application/x-www-form-urlencoded; charset=utf-8"}, b"")


def test_calls_for_others_and_forged_ones(page: Facebook) -> None:
    """Another Page's entries are left alone; another secret is refused."""
    assert called(page, {"messaging": []}, own="12345") == ()
    assert called(page, {"messaging": [WHO | {"message": {"mid": "m", "text": "x"}}]}, own="12345") == ()
    with pytest.raises(Forged):
        page.open(RawRequest(signed(b"{}", "other"), b"{}"))


async def test_the_list_shows_what_no_call_brought(peer: FacebookPeer, page: Facebook) -> None:
    """Sixty conversations, over several pages, in the order in which they were written; then only what is new."""
    peer.silent = True
    written = [peer.write(f"person{n}", f"number {n}") for n in range(60)]
    for index, message in enumerate(peer.messages):
        message["at"] -= timedelta(hours=1, seconds=60 - index)
    messages, cursor = await read(page, None, 60)
    assert {m.external_id for m in messages} == set(written)
    again, cursor = await read(page, cursor, 60)
    assert {m.external_id for m in again} == set(written), "the first look after a start compares two days"


async def read(page: Facebook, cursor: str | None, count: int) -> tuple[list[Inbound], str | None]:
    """The first so many messages, and the cursor behind them."""
    messages: list[Inbound] = []
    async with aclosing(page.listen(cursor)) as batches:  # type: ignore[type-var]
        async for batch in batches:
            cursor = batch.cursor or cursor
            messages += batch.messages
            if len(messages) >= count and batch.cursor:
                break
            if len(messages) >= 2 * count:
                break
    return messages, cursor


async def test_refusals(peer: FacebookPeer, page: Facebook) -> None:
    """Outside the window for good, and as such for staff, who may answer for longer; so is a token that is gone."""
    peer.silent = True
    peer.write("ann", "hello")
    out = Outbound(f"messenger:{peer.id_of('ann')}", b"Thank you", idempotency_key="<ack.1@x>", in_reply_to="m_1")
    assert (await page.send(out)).external_id
    peer.messages[0]["at"] -= timedelta(hours=25)
    with pytest.raises(Permanent, match="outside of allowed window"):
        await page.send(out)
    typed = replace(out, by_person_later=True)
    assert (await page.send(typed)).external_id
    peer.messages[0]["at"] -= timedelta(days=6)
    with pytest.raises(Permanent, match="outside of allowed window"):
        await page.send(typed)
    peer.trouble.refused = True
    with pytest.raises(Misconfigured):
        await page.check()


async def test_a_thread_that_staff_have_is_left_to_them(peer: FacebookPeer, page: Facebook) -> None:
    """Where the Page's own inbox has the conversation, the answer is refused for good, and nothing else is held up."""
    peer.silent = True
    peer.write("ann", "hello")
    peer.held_elsewhere.add(peer.id_of("ann"))
    out = Outbound(f"messenger:{peer.id_of('ann')}", b"Thank you", idempotency_key="<ack.1@x>", in_reply_to="m_1")
    with pytest.raises(Permanent, match="answer in the inbox of the account"):
        await page.send(out)


async def test_coverage(peer: FacebookPeer, page: Facebook) -> None:
    """A Page that does not call us is red; comments have no list, which is amber."""
    coverage = await page.coverage()
    assert (coverage.level, len(coverage.findings)) == ("amber", 1)
    peer.subscribed.remove("ratings")
    assert (await page.coverage()).findings[0] == "the Page does not call us for ratings"
    peer.subscribed = ["messages"]
    coverage = await page.coverage()
    assert (coverage.level, coverage.findings) == ("red", ("the Page does not call us for feed, message_echoes",))
