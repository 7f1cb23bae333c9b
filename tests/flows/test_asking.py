"""After a full answer the person is asked once whether it helped; what they say is kept, and "no" opens it again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.channel import Batch
from bot.core.contacts import Contact, State
from bot.core.deliveries import HELD
from bot.core.durations import duration
from bot.core.feedback import FeedbackRules
from bot.core.histories import Kind
from bot.core.messages import Inbound, Party
from bot.core.responses import Judgement
from bot.core.responses import Kind as Judged
from bot.flows.changes import close, respond, staff_answers
from bot.flows.changes.refusals import Refused
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, claim, record
from bot.flows.residents import opinion
from bot.flows.residents.opinion import Saying
from bot.flows.rulebook import Rulebook
from bot.store import contacts, feedback, outbox, retention, suppressions
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, do, logged
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered

ME = "staff:me"
ASKED = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)  # a working day after NOW, at the same time of day


@pytest.fixture
def asking(council: Rulebook) -> Rulebook:
    """A council that asks, though never about a complaint; one word means danger."""
    ways = {**council.ways, "website": replace(council.ways["inbox"], address="")}
    rules = FeedbackRules(ask=True, never_kinds=frozenset({"complaint"}))
    return altered(council, feedback=rules, ways=ways, urgent=(GAS,))


def answered(connection: Connection, book: Rulebook, message: Inbound, at: datetime = NOW, **columns: Any) -> Contact:
    """A contact with these columns that has had its full answer."""
    contact = logged(connection, book, message)
    if columns:
        contacts.put(connection, contact.id, columns)
    respond.respond(connection, contact.reference, at, book, actor=ME)
    return again(connection, contact.reference)


def questions(connection: Connection) -> list[tuple[str, datetime | None]]:
    """How each question stands, and when it is to leave."""
    query = select(deliveries.c.state, deliveries.c.next_attempt_at).where(deliveries.c.purpose == "feedback")
    return [(row[0], row[1]) for row in connection.execute(query.order_by(deliveries.c.id))]


def leave(connection: Connection, book: Rulebook, now: datetime) -> list[str]:
    """Hand over what is due to people; the purposes."""
    claims = claim(connection, "post", now, ClaimTerms(timedelta(minutes=5)), 50, book)
    record(connection, [Attempt(letter.delivery, now) for letter in claims], book)
    return [c.delivery.purpose for c in claims if c.delivery.recipient.endswith("residents.example")]


def notices(connection: Connection) -> list[str]:
    """Who was told something about feedback."""
    query = select(deliveries.c.recipient).where(deliveries.c.key.like("notice:feedback:%"))
    return list(connection.execute(query).scalars())


def test_the_question_leaves_a_working_day_after_the_answer(store: Store, asking: Rulebook, mail: Make) -> None:
    """Not before, in office hours, and once."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        assert questions(connection) == [("created", ASKED)]
        assert leave(connection, asking, ASKED - timedelta(minutes=1)) == []
        assert leave(connection, asking, ASKED) == ["feedback"]
        row = feedback.of(connection, contact.id)
        assert row
        assert (row.asked_at, row.answer) == (ASKED, "")
        assert leave(connection, asking, ASKED + timedelta(days=5)) == []


@pytest.mark.parametrize(
    ("span", "at", "expected"),
    [
        ("1 working day", datetime(2026, 11, 27, 20, tzinfo=UTC), datetime(2026, 12, 1, 8, 30, tzinfo=UTC)),
        ("3 days", datetime(2026, 11, 25, 10, tzinfo=UTC), datetime(2026, 11, 30, 8, 30, tzinfo=UTC)),
        ("4 hours", datetime(2026, 11, 25, 10, tzinfo=UTC), datetime(2026, 11, 25, 14, tzinfo=UTC)),
    ],
)
def test_it_never_leaves_while_the_office_is_closed(
    store: Store, asking: Rulebook, mail: Make, span: str, at: datetime, expected: datetime
) -> None:
    """Neither at night nor on a Saturday, whatever the span is."""
    rules = replace(asking.outgoing.feedback, after=duration(span))
    with writing(store) as connection:
        answered(connection, altered(asking, feedback=rules), mail(), at)
        assert questions(connection) == [("created", expected)]


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "complaint"},
        {"urgent": "gas"},
        {"muted": True},
        {"visibility": "public"},
        {"forgotten": True},
    ],
    ids=str,
)
def test_some_are_never_asked(store: Store, asking: Rulebook, mail: Make, columns: dict[str, Any]) -> None:
    """After a complaint, of danger, where a program answers, in public, once it is forgotten."""
    with writing(store) as connection:
        answered(connection, asking, mail(), **columns)
        assert questions(connection) == []


def test_nobody_is_asked_by_telephone(store: Store, asking: Rulebook) -> None:
    """Who left a number alone is not."""
    call = Inbound("website", "1", "1", Party("tel:+441632960888"), text="My bin is full.", told_by="at once")
    with writing(store) as connection:
        answered(connection, asking, call)
        assert questions(connection) == []


def test_nobody_is_asked_whose_mail_comes_back(store: Store, asking: Rulebook, mail: Make) -> None:
    """Their address gets nothing automatic."""
    with writing(store) as connection:
        suppressions.add(connection, "resident1@residents.example", "it came back", NOW, after(30))
        answered(connection, asking, mail())
        assert questions(connection) == []


def test_a_council_that_asks_nobody_asks_nobody(store: Store, council: Rulebook, mail: Make) -> None:
    """`ask = false`."""
    with writing(store) as connection:
        answered(connection, council, mail())
        assert questions(connection) == []


def test_a_person_is_asked_once_within_ninety_days(store: Store, asking: Rulebook, mail: Make) -> None:
    """About whatever they wrote; another person is asked, and they are again later."""
    same = {"From": "Resident 1 <resident1@residents.example>"}
    with writing(store) as connection:
        answered(connection, asking, mail(1))
        answered(connection, asking, mail(2, **same, Subject="Bins"))
        assert len(questions(connection)) == 1
        answered(connection, asking, mail(3))
        assert len(questions(connection)) == 2
        answered(connection, asking, mail(4, **same, Subject="Trees"), after(91))
        assert len(questions(connection)) == 3


def test_what_is_opened_again_is_not_asked_about(store: Store, asking: Rulebook, mail: Make) -> None:
    """The question is cancelled as it is about to leave; answered again, there is a new one."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        close.reopen(connection, contact.reference, ME, NOW + timedelta(hours=1), asking)
        assert leave(connection, asking, ASKED) == []
        assert [state for state, _ in questions(connection)] == ["cancelled"]
        respond.respond(connection, contact.reference, ASKED, asking, actor=ME)
        assert [state for state, _ in questions(connection)] == ["cancelled", "created"]


def test_what_is_answered_twice_is_asked_about_once(store: Store, asking: Rulebook, mail: Make) -> None:
    """Also where the question had left before it was opened again."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        leave(connection, asking, ASKED)
        close.reopen(connection, contact.reference, ME, ASKED, asking)
        respond.respond(connection, contact.reference, ASKED, asking, actor=ME)
        assert [state for state, _ in questions(connection)] == ["sent"]


def test_what_is_closed_is_not_asked_about(store: Store, asking: Rulebook, mail: Make) -> None:
    """There is one message about the end, and not two."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        close.close(connection, contact.reference, ME, NOW, asking, close.Closing())
        assert leave(connection, asking, ASKED) == []


def test_a_mail_of_staffs_that_is_an_answer_is_asked_about(store: Store, asking: Rulebook, mail: Make) -> None:
    """Each way of answering ends in one place; a wrong guess that is put right is asked about no more."""
    with writing(store) as connection:
        contact = logged(connection, asking, mail())
        answer = staff_answers.StaffAnswer(contact.id, contact.reference, NOW, Judgement(Judged.FULL, "it reads so"))
        staff_answers.take(connection, answer, NOW, asking)
        assert questions(connection) == [("created", ASKED)]
        staff_answers.correct(connection, contact.reference, "holding reply", ME, NOW, asking)
        assert leave(connection, asking, ASKED) == []


def test_after_a_restore_the_question_is_held(store: Store, asking: Rulebook, mail: Make) -> None:
    """The store that was lost may have asked already."""
    with writing(store) as connection:
        answered(connection, altered(asking, restored_at=after(1)), mail(), NOW)
        assert questions(connection) == [("created", HELD)]


def say(connection: Connection, contact: Contact, book: Rulebook, now: datetime, *fields: str) -> Contact:
    """The person says so on the page."""
    return opinion.say(connection, contact, Saying(*fields), "website", now, book)


def test_no_opens_the_contact_again_with_a_date_of_its_own(store: Store, asking: Rulebook, mail: Make) -> None:
    """Staff read the words among the others, and it is in the queue."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        leave(connection, asking, ASKED)
        contact = say(connection, again(connection, contact.reference), asking, ASKED, "no", "", "The hole is there.")
        assert contact.state == State.OPEN
        assert contact.respond_by
        assert contact.respond_by.date().isoformat() == "2026-12-08"
        assert contacts.messages_of(connection, contact.id)[-1].text.endswith("No.\n\nThe hole is there.")
        row = feedback.of(connection, contact.id)
        assert row
        assert (row.asked_at, row.answered_at, row.answer, row.reopened) == (ASKED, ASKED, "no", True)
        kinds = [event.kind for event in contacts.events_of(connection, contact.id)]
        assert kinds[-3:] == ["feedback given", "follow-up", "reopened"]
        assert leave(connection, asking, ASKED) == []


def test_no_opens_what_was_closed_after_its_answer(store: Store, asking: Rulebook, mail: Make) -> None:
    """As a further message does."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        close.close(connection, contact.reference, ME, NOW, asking, close.Closing())
        assert say(connection, again(connection, contact.reference), asking, ASKED, "no").state == State.OPEN


def test_after_the_days_of_opening_again_no_is_for_the_team(store: Store, asking: Rulebook, mail: Make) -> None:
    """It stays as it is, and they are told."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        assert say(connection, contact, asking, after(29), "no", "", "Still there.").state == State.ANSWERED
        assert notices(connection) == ["staff@example.gov.uk"]


def test_partly_tells_the_team_and_yes_nobody(store: Store, asking: Rulebook, mail: Make) -> None:
    """Neither opens it."""
    with writing(store) as connection:
        partly, fully = (answered(connection, asking, mail(number)) for number in (1, 2))
        assert say(connection, fully, asking, ASKED, "yes", "very-satisfied").state == State.ANSWERED
        assert notices(connection) == []
        assert say(connection, partly, asking, ASKED, "partly").state == State.ANSWERED
        assert notices(connection) == ["staff@example.gov.uk"]


@pytest.mark.parametrize("now", [ASKED, after(40)])
def test_words_of_danger_call_whatever_the_answer_is(store: Store, asking: Rulebook, mail: Make, now: datetime) -> None:
    """In the contact, or in a new one where it is too long ago."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        say(connection, contact, asking, now, "yes", "", "I smell gas now.")
        calls = connection.execute(select(deliveries.c.id).where(deliveries.c.purpose == "urgent")).all()
        assert len(calls) == 1
        assert len([c for c in contacts.list_all(connection) if c.urgent]) == 1


def test_it_can_be_changed_until_staff_have_read_it(store: Store, asking: Rulebook, mail: Make) -> None:
    """The last word counts; the same twice is one."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        for _ in range(2):
            say(connection, contact, asking, ASKED, "partly", "neither", "Half.")
        say(connection, contact, asking, ASKED + timedelta(hours=1), "yes")
        row = feedback.of(connection, contact.id)
        assert row
        assert (row.answer, row.satisfaction, row.words) == ("yes", "", "")
        kinds = [event.kind for event in contacts.events_of(connection, contact.id)]
        assert kinds.count("feedback given") == 2
        assert feedback.note_reading(connection, contact.id, ME, ASKED)
        assert not feedback.note_reading(connection, contact.id, ME, ASKED)
        with pytest.raises(Refused, match="read it already"):
            say(connection, contact, asking, after(2), "no")


def test_of_another_answer_it_may_be_said_anew(store: Store, asking: Rulebook, mail: Make) -> None:
    """Staff have read the first word, and have answered again since."""
    with writing(store) as connection:
        contact = say(connection, answered(connection, asking, mail()), asking, ASKED, "no")
        feedback.note_reading(connection, contact.id, ME, ASKED)
        respond.respond(connection, contact.reference, after(3), asking, actor=ME)
        say(connection, again(connection, contact.reference), asking, after(4), "yes")
        row = feedback.of(connection, contact.id)
        assert row
        assert (row.answer, row.read_at) == ("yes", None)


@pytest.mark.parametrize("what", ["open", "paused", "closed", "spam", "complaint"])
def test_without_an_answer_there_is_nothing_to_say(store: Store, asking: Rulebook, mail: Make, what: str) -> None:
    """While it is open or paused, closed without one, and never of a complaint."""
    with writing(store) as connection:
        contact = logged(connection, asking, mail())
        match what:
            case "paused":
                do(connection, asking, contact, Kind.PAUSED, NOW)
            case "closed":
                closing = close.Closing(reason="It is private land.")
                close.close(connection, contact.reference, ME, NOW, asking, closing)
            case "spam":
                closing = close.Closing.of("spam", "", "")
                close.close(connection, contact.reference, ME, NOW, asking, closing)
            case "complaint":
                contacts.put(connection, contact.id, {"kind": "complaint"})
                respond.respond(connection, contact.reference, NOW, asking, actor=ME)
        contact = again(connection, contact.reference)
        assert not opinion.may_say(contact, None, asking)
        with pytest.raises(Refused, match="no answer to speak of"):
            say(connection, contact, asking, ASKED, "no")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (("",), "answer"),
        (("perhaps",), "answer"),
        (("yes", "delighted"), "satisfaction"),
        (("yes", "", "a" * 1201), "words"),
    ],
)
def test_what_is_no_answer_changes_nothing(
    store: Store, asking: Rulebook, mail: Make, fields: tuple[str, ...], field: str
) -> None:
    """It is refused, with the field."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        with pytest.raises(Refused) as refusal:
            say(connection, contact, asking, ASKED, *fields)
        assert refusal.value.field == field
        assert feedback.of(connection, contact.id) is None


def test_the_words_are_forgotten_and_the_answer_stays(store: Store, asking: Rulebook, mail: Make) -> None:
    """With the contact, for the figures."""
    with writing(store) as connection:
        contact = say(connection, answered(connection, asking, mail()), asking, ASKED, "yes", "", "Ann was kind.")
        retention.strip(connection, [contact.id], b"k" * 32)
        row = feedback.of(connection, contact.id)
        assert row
        assert (row.answer, row.words) == ("yes", "")
        details = [e.details for e in contacts.events_of(connection, contact.id) if e.kind == "feedback given"]
        assert details == [{"answer": "yes", "satisfaction": ""}]


def test_a_reply_to_the_question_is_a_further_message(store: Store, asking: Rulebook, mail: Make) -> None:
    """It opens the contact, as every other does."""
    with writing(store) as connection:
        contact = answered(connection, asking, mail())
        leave(connection, asking, ASKED)
        (question,) = [d for d in outbox.of_contact(connection, contact.id) if d.purpose == "feedback"]
        reply = mail(9, In_Reply_To=question.message_id, From="Resident 1 <resident1@residents.example>")
        message = replace(reply, received_at=ASKED)
        receive(connection, Batch((message,)), Reading("inbox"), ASKED, asking, Capacity())
        assert again(connection, contact.reference).state == State.OPEN
