"""What staff answer from here leaves through the outbox, and stops the clock when it has left."""

import email
import email.policy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot.channel import Batch, Permanent, Temporary
from bot.core import acknowledgements
from bot.core.answers import AnswerRules
from bot.core.closings import Outcome
from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose, State
from bot.core.escalations import Window
from bot.core.events import EventKind
from bot.core.files import File
from bot.core.lengths import Longest, Unit
from bot.core.messages import Inbound, Party, Post
from bot.core.roles import Scope
from bot.flows.changes import answer, answer_outcome, close
from bot.flows.changes.answer import Answer
from bot.flows.changes.refusals import Refused
from bot.flows.desk import contact_view, foresight
from bot.flows.desk.actions import act
from bot.flows.desk.orders import Order
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import as_sent, deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.compose import MessageWriter
from bot.flows.outgoing.deliver import Attempt, ClaimTerms
from bot.flows.people import erase
from bot.flows.rulebook import Rulebook, Way
from bot.flows.staffing import Visitor
from bot.store import contacts, outbox, retention, staff_answers
from bot.store.engine import Store
from bot.wire.mail import mime
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import again, logged
from tests.render.letters import COMPOSER
from tests.rulebooks import altered

ANN = "staff:ann@example.gov.uk"
SECRET = b"s" * 32
HOUR = timedelta(hours=1)
LATER = NOW + HOUR
LEAVES = LATER + timedelta(seconds=10)
HOLD = ClaimTerms(timedelta(minutes=30))
FULL = Answer("full", "The hole is filled.\nSee https://example.gov.uk/roads.", name="Ann Example")
HOLDING = replace(FULL, kind="holding", words="We are looking.")


def typed(connection: Connection, book: Rulebook, mail: Make, words: Answer = FULL, **headers: str) -> Contact:
    """A contact that has its receipt, and an answer that waits."""
    contact = logged(connection, book, mail(**headers))
    answer.answer(connection, contact.reference, words, ANN, LATER, book)
    return contact


def claimed(connection: Connection, book: Rulebook, outlet: str = "post") -> Claimed:
    """The answer as it is about to leave."""
    (claim,) = (c for c in deliver.claim(connection, outlet, LEAVES, HOLD, 50, book))
    current = deliver.asked_again(connection, claim, LEAVES, book)
    assert current is not None
    return current


def leave(connection: Connection, book: Rulebook, error: Exception | None = None) -> Delivery:
    """One attempt to hand it over, and its record."""
    claim = claimed(connection, book)
    message = MessageWriter(COMPOSER, book, b"s" * 32).write(claim, LEAVES)
    attempts = [Attempt(claim.delivery, LEAVES, error, message=message)]
    deliver.record(connection, attempts, book)
    answer_outcome.count(connection, attempts, book)
    return claim.delivery


def kinds(connection: Connection, contact: Contact) -> list[tuple[str, str]]:
    """The kinds of the events since the receipt, and who did them."""
    events = contacts.events_of(connection, contact.id)
    return [(event.kind, event.actor) for event in events if event.at >= LATER]


def test_an_answer_stops_the_clock_when_it_has_left(store: Store, book: Rulebook, mail: Make) -> None:
    """Not before; at the instant at which it left, by the officer, and once."""
    with writing(store) as connection:
        contact = typed(connection, book, mail)
        assert deliver.claim(connection, "post", LATER + timedelta(seconds=9), HOLD, 50, book) == []
        assert again(connection, contact.reference).state == "open"
        assert contact.id in staff_answers.under_way_among(connection, [contact.id])
        delivery = leave(connection, book)
        after = again(connection, contact.reference)
        assert (after.state, after.responded_at) == ("answered", LEAVES)
        assert answer.under_way(connection, contact.id) is None
        assert kinds(connection, contact) == [
            (EventKind.ANSWER_WRITTEN, ANN),
            (EventKind.ANSWER_SENT, "ackbot"),
            (EventKind.RESPONDED, ANN),
        ]
        # The same attempt recorded again, as by a process that was out of touch, changes nothing.
        close.reopen(connection, contact.reference, ANN, LEAVES, book)
        late = [Attempt(delivery, LEAVES + timedelta(seconds=1))]
        deliver.record(connection, late, book)
        answer_outcome.count(connection, late, book)
        assert again(connection, contact.reference).state == "open"


def test_a_holding_reply_lets_the_clock_run_on(store: Store, book: Rulebook, mail: Make) -> None:
    """It is noted as one, and the contact stays open."""
    with writing(store) as connection:
        contact = typed(connection, book, mail, HOLDING)
        leave(connection, book)
        after = again(connection, contact.reference)
        assert (after.state, after.respond_by) == ("open", contact.respond_by)
        assert (EventKind.HOLDING_REPLY, ANN) in kinds(connection, contact)


def test_it_leaves_as_a_mail_of_a_person(store: Store, book: Rulebook, mail: Make) -> None:
    """From the officer, in the person's thread, answered to the contact; not as automatic mail, and known as ours."""
    with writing(store) as connection:
        contact = typed(connection, replace(book, secret=b"s" * 32), mail, Message_ID="<hole@residents.example>")
        message = MessageWriter(COMPOSER, book, b"s" * 32).write(claimed(connection, book), LEAVES)
        parsed = email.message_from_bytes(message.content, policy=email.policy.default)
        assert parsed["From"] == '"Ann Example, Exampleshire Council" <us@example.gov.uk>'
        assert parsed["To"] == contact.sender_address
        assert parsed["Subject"] == f"Re: A hole ({contact.reference})"
        assert parsed["In-Reply-To"] == parsed["References"] == "<hole@residents.example>"
        assert parsed["Reply-To"].startswith(f"us+{contact.reference.lower()}.")
        assert (parsed["Auto-Submitted"], parsed["X-Auto-Response-Suppress"]) == (None, None)
        assert parsed["X-Ackbot-Loop"]
        assert message.envelope_sender.startswith("us+b")
        text = parsed.get_body(("plain",))
        page = parsed.get_body(("html",))
        assert text is not None
        assert page is not None
        assert text.get_content().splitlines()[:2] == ["The hole is filled.", "See https://example.gov.uk/roads."]
        assert text.get_content().splitlines()[-3:] == ["Ann Example", "Front team", "Exampleshire Council"]
        assert '<a href="https://example.gov.uk/roads"' in page.get_content()


def test_it_can_be_taken_back_until_it_leaves(store: Store, book: Rulebook, mail: Make) -> None:
    """The words come back, and an event says so; once it is claimed, or may have left, it is too late."""
    with writing(store) as connection:
        contact = typed(connection, book, mail)
        assert answer.undo(connection, contact.reference, ANN, LATER).words == FULL.words
        assert deliver.claim(connection, "post", LEAVES, HOLD, 50, book) == []
        assert kinds(connection, contact)[-1] == (EventKind.ANSWER_TAKEN_BACK, ANN)
        with pytest.raises(Refused, match="no answer waits"):
            answer.undo(connection, contact.reference, ANN, LATER)
        answer.answer(connection, contact.reference, FULL, ANN, LATER, book)
        claimed(connection, book)
        with pytest.raises(Refused, match="too late"):
            answer.undo(connection, contact.reference, ANN, LEAVES)
        outbox.release_all(connection, LEAVES)  # its process died: the mail server may have it
        with pytest.raises(Refused, match="too late"):
            answer.undo(connection, contact.reference, ANN, LEAVES)


def test_what_a_server_refused_for_now_can_be_taken_back(store: Store, book: Rulebook, mail: Make) -> None:
    """Nothing of it has left; and it is not lost when staff close the contact meanwhile."""
    with writing(store) as connection:
        contact = typed(connection, book, mail)
        leave(connection, book, Temporary("451 later"))
        close.close(connection, contact.reference, ANN, LEAVES, book, close.Closing(reason="We wrote to you"))
        waiting = answer.under_way(connection, contact.id)
        assert waiting is not None
        assert waiting.can_be_taken_back
        assert answer.undo(connection, contact.reference, ANN, LEAVES) == replace(
            FULL, channel="mail", subject=waiting.answer.subject
        )


def test_one_answer_waits_at_a_time(store: Store, book: Rulebook, mail: Make) -> None:
    """A form that is sent twice sends one answer; after it has left, a further one is possible."""
    with writing(store) as connection:
        contact = typed(connection, book, mail)
        with pytest.raises(Refused, match="another answer has not left yet"):
            answer.answer(connection, contact.reference, FULL, ANN, LATER, book)
        leave(connection, book)
        assert answer.answer(connection, contact.reference, FULL, ANN, LATER, book).can_be_taken_back
        leave(connection, book)
        assert again(connection, contact.reference).responded_at == LEAVES
        answers = staff_answers.of_contact(connection, contact.id)
        assert [a.state for a in answers] == [State.SENT, State.SENT]
        close.close(connection, contact.reference, ANN, LEAVES, book, close.Closing())
        with pytest.raises(Refused, match="open it again first"):
            answer.answer(connection, contact.reference, FULL, ANN, LEAVES, book)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "perhaps"}, "kind"),
        ({"words": " \r\n "}, "words"),
        ({"words": "x" * 50_001}, "words"),
        ({"channel": "pigeon"}, "channel"),
        ({"name": "x" * 101}, "by"),
        ({"files": (File("a.exe", b"x"),)}, "files"),
        ({"files": (File("a.txt", b"MZ"),)}, "files"),
        ({"files": (File("a.txt", b"x"),) * 11}, "files"),
        ({"files": (File("a.txt", b"x" * 11 * 1024 * 1024),)}, "files"),
        ({"files": (File("a.txt", b"x"),), "channel": "letter"}, "files"),
    ],
)
def test_what_cannot_leave_is_refused(
    store: Store, book: Rulebook, mail: Make, change: dict[str, object], field: str
) -> None:
    """With the field that would put it right; nothing is queued."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        with pytest.raises(Refused) as refusal:
            answer.answer(connection, contact.reference, replace(FULL, **change), ANN, LATER, book)  # type: ignore[arg-type]
        assert refusal.value.field == field
        assert answer.under_way(connection, contact.id) is None


def test_a_letter_and_a_call_are_done_by_hand(store: Store, book: Rulebook, mail: Make) -> None:
    """The words are kept; the clock stops when staff say that it was done, with those words in what we sent."""
    with writing(store) as connection:
        contact = typed(connection, book, mail, replace(FULL, channel="letter"))
        assert deliver.claim(connection, "post", LEAVES, HOLD, 50, book) == []
        waiting = answer.under_way(connection, contact.id)
        assert waiting is not None
        assert waiting.is_by_hand
        assert again(connection, contact.reference).state == "open"
        answer_outcome.confirm(connection, contact.reference, None, ANN, LEAVES, book)
        assert again(connection, contact.reference).responded_at == LEAVES
        (letter,) = staff_answers.of_contact(connection, contact.id)
        (evidence,) = as_sent.of(connection, letter)
        assert evidence.words == FULL.words
        with pytest.raises(Refused, match="no letter"):
            answer_outcome.confirm(connection, contact.reference, None, ANN, LEAVES, book)


def test_an_answer_that_is_refused_is_told_and_leaves_the_clock_alone(store: Store, book: Rulebook, mail: Make) -> None:
    """The team hears whose answer did not arrive, and how to go on."""
    with writing(store) as connection:
        contact = typed(connection, book, mail)
        leave(connection, book, Permanent("550 no such user"))
        assert again(connection, contact.reference).state == "open"
        notice = next(c.delivery for c in deliver.claim(connection, "post", LEAVES, HOLD, 50, book))
        assert notice.purpose is Purpose.NOTICE
        assert notice.details["subject"] == f"{contact.reference}: your answer did not arrive"
        assert "ann@example.gov.uk sent an answer" in notice.details["happened"]
        assert "ackbot " not in notice.details["action"]


def bounce(connection: Connection, book: Rulebook, mail: Make, delivery: Delivery, text: str, at: datetime) -> None:
    """A mail server sends it back to its signed address."""
    address = acknowledgements.signed_subaddress("us@example.gov.uk", f"b{delivery.id}", SECRET)
    headers = {"From": "MAILER-DAEMON@mx.residents.example", "To": address, "Return_Path": "<>"}
    report = mail(90 + delivery.id, text=text, Subject="Undelivered", **headers)
    receive(connection, Batch((report,)), Reading("inbox"), at, book, Capacity())


def notices(connection: Connection, book: Rulebook, at: datetime) -> list[str]:
    """The subjects of what the team is told by then."""
    claims = deliver.claim(connection, "post", at, HOLD, 50, book)
    deliver.record(connection, [Attempt(claim.delivery, at) for claim in claims], book)
    return [str(c.delivery.details["subject"]) for c in claims if c.delivery.purpose is Purpose.NOTICE]


GONE = "host mx said: 550 5.1.1 no such user"


@pytest.mark.parametrize("words", [FULL, HOLDING], ids=["full", "holding"])
def test_an_answer_that_comes_back_was_never_given(store: Store, book: Rulebook, mail: Make, words: Answer) -> None:
    """The contact is open with the dates that it had, nothing counts as acknowledged by it, and the team is told."""
    secret_book = replace(book, secret=SECRET)
    with writing(store) as connection:
        contact = logged(connection, secret_book, mail())
        contacts.put(connection, contact.id, {"receipt_sent_at": None, "acknowledged_at": None})
        before = again(connection, contact.reference)
        answer.answer(connection, contact.reference, words, ANN, LATER, secret_book)
        delivery = leave(connection, secret_book)
        assert again(connection, contact.reference).acknowledged_at == LEAVES
        bounce(connection, secret_book, mail, delivery, GONE, LEAVES + HOUR)
        after = again(connection, contact.reference)
        assert (after.state, after.respond_by, after.responded_at) == ("open", before.respond_by, None)
        assert after.acknowledged_at is None
        assert notices(connection, secret_book, LEAVES + HOUR) == [f"{contact.reference}: your answer did not arrive"]
        bounce(connection, secret_book, mail, delivery, GONE, LEAVES + 2 * HOUR)
        assert notices(connection, secret_book, LEAVES + 2 * HOUR) == []


def test_a_full_mailbox_has_its_answer_once_more(store: Store, book: Rulebook, mail: Make) -> None:
    """The clock runs until it has left again; the team knows meanwhile."""
    secret_book = replace(book, secret=SECRET)
    with writing(store) as connection:
        contact = typed(connection, secret_book, mail)
        delivery = leave(connection, secret_book)
        bounce(connection, secret_book, mail, delivery, "said: 552 5.2.2 mailbox full", LEAVES + HOUR)
        assert again(connection, contact.reference).state == "open"
        subject = f"{contact.reference}: your answer came back, and is sent once more"
        assert notices(connection, secret_book, LEAVES + HOUR) == [subject]
        at = LEAVES + 6 * HOUR
        (claim,) = deliver.claim(connection, "post", at, HOLD, 50, secret_book)
        assert claim.delivery.message_id == delivery.message_id
        deliver.record(connection, [Attempt(claim.delivery, at)], secret_book)
        answer_outcome.count(connection, [Attempt(claim.delivery, at)], secret_book)
        assert again(connection, contact.reference).responded_at == at


def test_one_of_two_answers_that_comes_back_leaves_the_other(store: Store, book: Rulebook, mail: Make) -> None:
    """What has reached the person has answered them; the team hears of the one that has not."""
    secret_book = replace(book, secret=SECRET)
    with writing(store) as connection:
        contact = typed(connection, secret_book, mail)
        first = leave(connection, secret_book)
        answer.answer(connection, contact.reference, FULL, ANN, LATER, secret_book)
        leave(connection, secret_book)
        bounce(connection, secret_book, mail, first, GONE, LEAVES + HOUR)
        assert again(connection, contact.reference).state == "answered"
        assert len(notices(connection, secret_book, LEAVES + HOUR)) == 1


def test_two_answers_that_both_come_back_were_never_given(store: Store, book: Rulebook, mail: Make) -> None:
    """Whichever comes back first: once none has reached the person, the contact is open."""
    secret_book = replace(book, secret=SECRET)
    with writing(store) as connection:
        contact = typed(connection, secret_book, mail)
        first = leave(connection, secret_book)
        answer.answer(connection, contact.reference, FULL, ANN, LEAVES, secret_book)
        (claim,) = deliver.claim(connection, "post", LEAVES + HOUR, HOLD, 50, secret_book)
        deliver.record(connection, [Attempt(claim.delivery, LEAVES + HOUR)], secret_book)
        answer_outcome.count(connection, [Attempt(claim.delivery, LEAVES + HOUR)], secret_book)
        for delivery, state in ((first, "answered"), (claim.delivery, "open")):
            bounce(connection, secret_book, mail, delivery, GONE, LEAVES + 2 * HOUR)
            assert again(connection, contact.reference).state == state


@pytest.mark.parametrize(("outcome", "state"), [(Outcome.FINISHED, "open"), (Outcome.TOLD, "closed")])
def test_an_answer_that_comes_back_opens_what_was_closed_as_answered(
    store: Store, book: Rulebook, mail: Make, outcome: Outcome, state: str
) -> None:
    """A mail server may try for days; not what was closed because staff had reached the person another way."""
    secret_book = replace(book, secret=SECRET)
    with writing(store) as connection:
        contact = typed(connection, secret_book, mail)
        delivery = leave(connection, secret_book)
        closing = close.Closing(outcome, note="I rang them.")
        close.close(connection, contact.reference, ANN, LEAVES + HOUR, secret_book, closing)
        bounce(connection, secret_book, mail, delivery, GONE, LEAVES + 2 * HOUR)
        assert again(connection, contact.reference).state == state


def test_an_answer_that_came_back_at_once_stops_nothing(store: Store, book: Rulebook, mail: Make) -> None:
    """A report may be quicker than the line on which the mail server takes the mail over."""
    secret_book = replace(book, secret=SECRET)
    with writing(store) as connection:
        contact = typed(connection, secret_book, mail)
        claim = claimed(connection, secret_book)
        bounce(connection, secret_book, mail, claim.delivery, GONE, LEAVES)
        deliver.record(connection, [Attempt(claim.delivery, LEAVES)], secret_book)
        answer_outcome.count(connection, [Attempt(claim.delivery, LEAVES)], secret_book)
        assert again(connection, contact.reference).state == "open"


def test_a_copy_in_the_folder_of_sent_mail_is_no_second_answer(store: Store, book: Rulebook, mail: Make) -> None:
    """Our mark says whose it is; what staff send from their own mail program still counts."""
    secret_book = replace(book, secret=SECRET)
    with writing(store) as connection:
        contact = typed(connection, secret_book, mail, HOLDING)
        claim = claimed(connection, secret_book)
        content = MessageWriter(COMPOSER, secret_book, SECRET).write(claim, LEAVES).content
        deliver.record(connection, [Attempt(claim.delivery, LEAVES)], secret_book)
        answer_outcome.count(connection, [Attempt(claim.delivery, LEAVES)], secret_book)
        for number, is_sent in ((1, True), (2, False)):
            copy = replace(mime.read(content, channel="inbox", received_at=None), outgoing=is_sent)
            receive(connection, Batch((copy,)), Reading("inbox"), LEAVES + HOUR * number, secret_book, Capacity())
        assert again(connection, contact.reference).state == "open"
        assert EventKind.STAFF_WROTE not in {kind for kind, _ in kinds(connection, contact)}
        headers = {
            "From": "Us <us@example.gov.uk>",
            "To": contact.sender_address or "",
            "In_Reply_To": "<1@residents.example>",
        }
        own = replace(mail(80, text="We have filled the hole today, thank you.", **headers), outgoing=True)
        receive(connection, Batch((own,)), Reading("inbox"), LEAVES + 3 * HOUR, secret_book, Capacity())
        assert again(connection, contact.reference).state == "answered"


def test_files_leave_with_the_answer(store: Store, book: Rulebook, mail: Make) -> None:
    """Under names that are safe, larger than any automatic mail; they are shown by name, and gone when it is erased."""
    report, letter = bytes(range(256)) * 400, "Dear Zoë\r\n".encode()
    evidence = (File("../../ref%d/Öl\u202e report.pdf", report), File("letter.txt", letter))
    with writing(store) as connection:
        contact = typed(connection, book, mail, replace(FULL, files=evidence))
        claim = claimed(connection, book)
        message = MessageWriter(COMPOSER, book, b"s" * 32).write(claim, LEAVES)
        attempts = [Attempt(claim.delivery, LEAVES, message=message)]
        deliver.record(connection, attempts, book)
        answer_outcome.count(connection, attempts, book)
        (view,) = as_sent.of(connection, claim.delivery)
        assert view.files == ("Öl report.pdf", "letter.txt")
        assert view.words.splitlines()[0] == "The hole is filled."
        parsed = email.message_from_bytes(message.content, policy=email.policy.default)
        assert next(part.get_content() for part in parsed.iter_attachments()) == report
        retention.strip(connection, [contact.id], b"key")
        assert staff_answers.files_of(connection, claim.delivery.id) == ()


def test_a_person_who_is_erased_is_written_to_no_more(store: Store, book: Rulebook, mail: Make) -> None:
    """A further answer that waits does not leave without anybody to go to."""
    with writing(store) as connection:
        contact = typed(connection, book, mail)
        leave(connection, book)
        answer.answer(connection, contact.reference, FULL, ANN, LATER, book)
        erase.erase(connection, contact.sender_address or "", ANN, LATER, b"key")
        assert answer.under_way(connection, contact.id) is None
        assert deliver.claim(connection, "post", LEAVES + HOUR, HOLD, 50, book) == []


def test_of_undoing_and_leaving_at_once_one_wins(store_url: str, book: Rulebook, mail: Make) -> None:
    """Whoever is first: it leaves and cannot be taken back, or it is taken back and does not leave."""
    stores = Store(store_url), Store(store_url)
    with writing(stores[0]) as connection:
        contact = typed(connection, book, mail)

    def take_back() -> bool:
        with writing(stores[0]) as own:
            try:
                return bool(answer.undo(own, contact.reference, ANN, LEAVES))
            except Refused:
                return False

    def take_over() -> bool:
        with writing(stores[1]) as own:
            return bool(deliver.claim(own, "post", LEAVES, HOLD, 50, book))

    with ThreadPoolExecutor(2) as pool:
        results = [run.result() for run in [pool.submit(take_back), pool.submit(take_over)]]
    assert sum(results) == 1
    for store in stores:
        store.let_go()


TO = "whatsapp:447700900123"


def on_platform(book: Rulebook, visibility: str = "private") -> tuple[Rulebook, Inbound]:
    """A rulebook with an account on a platform that takes answers for a day, and a message there."""
    window = Window(timedelta(hours=24))
    ways = {**book.ways, "page": Way("wa", "front", medium="whatsapp", window=window, name="page", receipts="none")}
    limits = AnswerRules({"wa": Longest(30)}, {"wa": Longest(30, Unit.WEIGHTED, links=False)})
    post = Post("mention" if visibility == "public" else "message", conversation="" if visibility == "public" else TO)
    message = Inbound("page", "wamid.1", "digest", Party(TO), text="The lamp is out.", post=post)
    rules = altered(book, ways=ways, texts=frozenset({"wa"}), answering=limits)
    return rules, replace(message, visibility=visibility)  # type: ignore[arg-type]


SHORT = replace(FULL, words="The lamp is repaired.")


def test_a_platform_has_its_length_and_its_window(store: Store, book: Rulebook) -> None:
    """Too long is refused with the numbers; after the window only a letter or a call is left."""
    rules, message = on_platform(book)
    with writing(store) as connection:
        contact = logged(connection, rules, message, acknowledged=False)
        by_name = {route.name: route for route in answer.routes(contact, rules, LATER)}
        assert by_name.keys() == {"platform", "phone", "letter"}
        assert by_name["platform"].until == NOW + timedelta(hours=24)
        with pytest.raises(Refused, match="use 30 characters or fewer; there are 53") as refusal:
            answer.answer(connection, contact.reference, FULL, ANN, LATER, rules)
        assert refusal.value.field == "words"
        with pytest.raises(Refused, match="takes none now"):
            answer.answer(connection, contact.reference, SHORT, ANN, NOW + timedelta(days=1), rules)
        late = NOW + timedelta(hours=24) - timedelta(seconds=5)
        answer.answer(connection, contact.reference, SHORT, ANN, late, rules)
        (claim,) = deliver.claim(connection, "wa", late + timedelta(seconds=10), HOLD, 50, rules)
        assert deliver.too_late(claim, late, rules) == ""
        assert "takes no answer" in deliver.too_late(claim, late + timedelta(seconds=10), rules)
        message_out = MessageWriter(COMPOSER, rules, SECRET).write(claim, late)
        assert (message_out.content, message_out.conversation, message_out.in_reply_to, message_out.public) == (
            SHORT.words.encode(),
            TO,
            "wamid.1",
            False,
        )


def test_what_a_platform_takes_from_a_person_for_longer_is_marked(store: Store, book: Rulebook) -> None:
    """After the time for automatic answers, and not before."""
    rules, message = on_platform(book)
    ways = {**rules.ways, "page": replace(rules.ways["page"], window=Window(timedelta(hours=24), timedelta(days=7)))}
    rules = altered(rules, ways=ways)
    with writing(store) as connection:
        contact = logged(connection, rules, message, acknowledged=False)
        answer.answer(connection, contact.reference, SHORT, ANN, LATER, rules)
        (claim,) = deliver.claim(connection, "wa", LEAVES, HOLD, 50, rules)
        write = MessageWriter(COMPOSER, rules, SECRET).write
        days = timedelta(days=2)
        assert [write(claim, at).by_person_later for at in (LEAVES, LEAVES + days)] == [False, True]


def test_in_public_only_what_the_officer_says_is_public(store: Store, book: Rulebook) -> None:
    """By default nothing leaves there, and nothing of anybody is added."""
    rules, message = on_platform(book, "public")
    with writing(store) as connection:
        contact = logged(connection, rules, message, acknowledged=False)
        with pytest.raises(Refused, match="written in public"):
            answer.answer(connection, contact.reference, SHORT, ANN, LATER, rules)
        linked = replace(SHORT, words="See https://a.example", channel="public")
        with pytest.raises(Refused, match="web address"):
            answer.answer(connection, contact.reference, linked, ANN, LATER, rules)
        answer.answer(connection, contact.reference, replace(SHORT, channel="public"), ANN, LATER, rules)
        (claim,) = deliver.claim(connection, "wa", LEAVES, HOLD, 50, rules)
        message_out = MessageWriter(COMPOSER, rules, SECRET).write(claim, LEAVES)
        assert (message_out.public, message_out.content) == (True, SHORT.words.encode())


def test_what_a_platform_could_not_deliver_was_never_given(store: Store, book: Rulebook) -> None:
    """It took the answer, and says later that it failed: the contact is open, and the team is told, once."""
    rules, message = on_platform(book)
    with writing(store) as connection:
        contact = logged(connection, rules, message, acknowledged=False)
        answer.answer(connection, contact.reference, SHORT, ANN, LATER, rules)
        (claim,) = deliver.claim(connection, "wa", LEAVES, HOLD, 50, rules)
        attempts = [Attempt(claim.delivery, LEAVES, external_id="wamid.SENT")]
        deliver.record(connection, attempts, rules)
        answer_outcome.count(connection, attempts, rules)
        assert again(connection, contact.reference).state == "answered"
        post = Post("undelivered", about="wamid.SENT")
        failed = Inbound("page", "wamid.SENT failed", "", None, post=post, fault="131026 Message undeliverable")
        for number in range(2):
            received = receive(connection, Batch((failed,)), Reading("page"), LEAVES + HOUR, rules, Capacity())
            assert [filed.outcome for filed in received.filed] == ["our own"], number
        assert again(connection, contact.reference).state == "open"
        assert notices(connection, rules, LEAVES + HOUR) == [f"{contact.reference}: your answer did not arrive"]
        assert len(contacts.messages_of(connection, contact.id)) == 1


def test_a_text_message_carries_the_words_alone(store: Store, book: Rulebook, mail: Make) -> None:
    """To a telephone, by the outlet that sends texts, within its length."""
    ways = {**book.ways, "desk": Way("post", "front", medium="desk", texts_outlet="notify", name="desk")}
    limits = AnswerRules({"notify": Longest(60)})
    rules = altered(book, ways=ways, words=frozenset({"notify"}), answering=limits)
    message = replace(mail(), channel="desk", external_id="phone:1", sender=Party("tel:+441632960888"), mail=None)
    with writing(store) as connection:
        contact = logged(connection, rules, replace(message, told_by="at once"), acknowledged=False)
        names = [route.name for route in answer.routes(contact, rules, LATER)]
        assert names == ["text", "phone", "letter"]
        answer.answer(connection, contact.reference, FULL, ANN, LATER, rules)
        (claim,) = deliver.claim(connection, "notify", LEAVES, HOLD, 50, rules)
        text = MessageWriter(COMPOSER, rules, SECRET).write(claim, LEAVES)
        assert (text.recipient, text.content.decode()) == ("tel:+441632960888", FULL.words)
        by_phone = replace(contact, sender_address=None)
        assert [route.name for route in answer.routes(by_phone, rules, LATER)] == ["phone", "letter"]


@pytest.mark.parametrize("channel", ["", "letter", "phone"])
def test_an_answer_is_seen_before_it_leaves(store: Store, book: Rulebook, mail: Make, channel: str) -> None:
    """As every action that writes to a person: with the words that leave, and nothing is queued."""
    visitor = Visitor(ANN, Scope())
    order = Order("answer", "", {"kind": "full", "words": FULL.words, "channel": channel, "by": "Ann Example"})
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        trial = foresight.attempt(connection, replace(order, reference=contact.reference), visitor, LATER, book)
        (letter,) = trial.compose(MessageWriter(COMPOSER, book, SECRET), LATER, book).letters
        assert letter.words.splitlines()[0] == "The hole is filled."
        assert answer.under_way(connection, contact.id) is None


def test_the_actions_are_offered_as_they_can_be_done(store: Store, book: Rulebook, mail: Make) -> None:
    """To answer, to take it back, to say that a letter is posted, to answer further; not on what is closed."""

    def offered(connection: Connection) -> frozenset[str]:
        view = contact_view.show(connection, contact.reference, Scope(), LATER, book)
        assert view is not None
        return view.offers & {"answer", "undo", "confirm-answer"}

    visitor = Visitor(ANN, Scope())
    with writing(store) as connection:
        contact = logged(connection, book, mail())

        def do(action: str, **fields: str) -> str:
            return act(connection, Order(action, contact.reference, fields), visitor, LATER, book)

        assert offered(connection) == {"answer"}
        assert "leaves in 10 seconds" in do("answer", kind="holding", words="We look.")
        assert offered(connection) == {"undo"}
        assert "has not been sent" in do("undo")
        assert "words are kept" in do("answer", kind="full", words="We came.", channel="letter")
        assert offered(connection) == {"undo", "confirm-answer"}
        assert "recorded as the answer" in do("confirm-answer")
        assert offered(connection) == {"answer"}
        do("close")
        assert offered(connection) == set()
        with pytest.raises(Refused, match="is closed: open it again first"):
            do("answer", kind="full", words="Once more.")
