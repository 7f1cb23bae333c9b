"""A batch is gathered, decided and applied as values: it ends as its messages one by one would, and nothing is lost."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.core.acknowledgements import Limits
from bot.core.contacts import Contact
from bot.core.histories import Kind
from bot.core.messages import Inbound
from bot.flows.changes.adjust import ClockChange, Word, adjust
from bot.flows.intake.batches import Capacity
from bot.flows.intake.consequences import FollowUp
from bot.flows.intake.decide import decide
from bot.flows.intake.gather import gather
from bot.flows.intake.plan import Plan
from bot.flows.intake.receive import apply
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox, suppressions
from bot.store.contacts import Numbers
from bot.store.engine import Store
from bot.store.tables import deliveries
from tests.flows.conftest import NOW, Make, writing
from tests.flows.test_mail import (
    FULL,
    HOUR,
    PERSON,
    STAFF,
    bounce,
    log,
    opened,
    respond,
    return_address,
    signed,  # noqa: F401 - a fixture
    staffs,
)
from tests.flows.test_urgent import GAS
from tests.rulebooks import altered

LATER = NOW + 6 * HOUR
Scene = Callable[[Connection, Rulebook, Make, Contact], Sequence[Inbound]]


def follow_up(mail: Make, contact: Contact, number: int, text: str = "It grew.", **headers: str) -> Inbound:
    """A mail of the person's that names the contact."""
    return mail(number, text=f"{text} {number}", From=PERSON, Subject=contact.reference, **headers)


def after_the_answer(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """It opens again once, and the person is told once."""
    respond(connection, contact, NOW + HOUR)
    return [follow_up(mail, contact, number) for number in (2, 3)]


def staff_and_person(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """Staff answer, the person writes again, staff answer again."""
    first, second = staffs(mail, contact, FULL, number=60), staffs(mail, contact, FULL, number=61)
    return [first, follow_up(mail, contact, 2), replace(second, sent_at=LATER)]


def while_paused(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """The clock runs on once."""
    adjust(connection, contact.reference, ClockChange(Kind.PAUSED, NOW + HOUR), Word("staff:me"), NOW + HOUR, book)
    return [follow_up(mail, contact, number) for number in (2, 3)]


def two_reports(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """One delivery comes back once; then the person cannot be told, and gets no receipt for another matter."""
    (receipt,) = outbox.of_contact(connection, contact.id)
    reports = [bounce(mail, return_address(receipt), number=number) for number in (90, 91)]
    return [*reports, follow_up(mail, contact, 2), mail(3, From=PERSON, Subject="A lamp", text="It is dark.")]


def full_mailbox(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """The first report has it tried again; the second finds it waiting for that."""
    (receipt,) = outbox.of_contact(connection, contact.id)
    return [bounce(mail, return_address(receipt), status="5.2.2", number=number) for number in (90, 91)]


def programs(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """After the third automatic answer nothing automatic leaves."""
    robots = [follow_up(mail, contact, number, Auto_Submitted="auto-replied") for number in (2, 3, 4, 5)]
    return [*robots, follow_up(mail, contact, 6)]


def what_cannot_wait(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """Somebody is called once."""
    return [follow_up(mail, contact, number, "I smell gas.") for number in (2, 3)]


def sent_again(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """A new matter, the same words again, an answer to them, and the first mail by another way."""
    matter = mail(2, From=PERSON, Subject="A lamp", text="It is dark.")
    answer = mail(4, From=PERSON, Subject="Re: A lamp", In_Reply_To=matter.external_id)
    return [matter, replace(matter, external_id="<3@residents.example>"), answer, matter]


def too_many(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """The fourth within an hour is left to staff."""
    return [mail(n, From=PERSON, Subject=f"Matter {n}", text=f"Words {n}.") for n in range(2, 7)]


def our_own(connection: Connection, book: Rulebook, mail: Make, contact: Contact) -> Sequence[Inbound]:
    """The third alarms."""
    return [mail(n, From=STAFF, Return_Path=STAFF, text=f"Words {n}.") for n in range(2, 6)]


SCENES: list[Scene] = [
    after_the_answer,
    staff_and_person,
    while_paused,
    two_reports,
    full_mailbox,
    programs,
    what_cannot_wait,
    sent_again,
    too_many,
    our_own,
]


def standing(connection: Connection) -> dict[str, list[Any]]:
    """What is stored, apart from running numbers and what follows from them."""
    every = contacts.list_all(connection)
    events = [(event.kind, event.at, event.actor) for c in every for event in contacts.events_of(connection, c.id)]
    queued = connection.execute(select(deliveries.c.purpose, deliveries.c.state, deliveries.c.recipient))
    return {
        "contacts": [replace(contact, id=0, reference="", linked_to=None, receipt_of=None) for contact in every],
        "messages": [(m.message_id, m.written_by) for c in every for m in contacts.messages_of(connection, c.id)],
        "events": sorted(events),
        "deliveries": sorted(tuple(row) for row in queued),
        "suppressions": suppressions.list_in_force(connection, LATER),
    }


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_batch_ends_as_its_messages_one_by_one_would(
    store: Store,
    signed: Rulebook,  # noqa: F811
    mail: Make,
    scene: Scene,
) -> None:
    """How a mailbox is cut into batches must not be seen: what one message changes, the next is decided by."""
    book = altered(signed, urgent=(GAS,), limits=Limits(one_within=timedelta(0), an_hour=3))
    ends = []
    for is_batch in (True, False):
        with writing(store) as connection, connection.begin_nested() as trial:
            contact = opened(connection, book, mail())
            messages = scene(connection, book, mail, contact)
            for part in [messages] if is_batch else [[message] for message in messages]:
                log(connection, book, *part, at=LATER)
            ends.append(standing(connection))
            trial.rollback()
    for what, expected in ends[1].items():
        assert ends[0][what] == expected, what


# Values ---------------------------------------------------------------------------------------------------------------


def numbers() -> Numbers:
    """Numbers that nothing has used."""
    return Numbers(count(100), count(100), count(100))


def test_a_plan_is_decided_without_the_store_and_changes_no_fact(
    store: Store,
    signed: Rulebook,  # noqa: F811
    mail: Make,
) -> None:
    """The facts are as they were; twice the same facts make the same plan; nothing is stored before it is applied."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        respond(connection, contact, NOW + HOUR)
        messages = [follow_up(mail, contact, 2), follow_up(mail, contact, 3), mail(4)]
        facts = gather(connection, messages, LATER, signed)
        before = repr(facts)
        plan, again = (decide(deepcopy_of(facts), messages, numbers(), Capacity(), LATER, signed) for _ in range(2))
        decide(facts, messages, numbers(), Capacity(), LATER, signed)
    assert repr(facts) == before
    (step,) = plan.changes
    assert isinstance(step, FollowUp)
    assert (step.contact_id, step.reopens_at, step.resumes_at, step.is_told) == (contact.id, LATER, None, True)
    assert [type(change) for change in again.changes] == [FollowUp]
    assert [row["id"] for row in plan.contacts] == [100]
    with writing(store) as connection:
        assert len(contacts.list_all(connection)) == 1
        received = apply(connection, replace(plan), LATER, signed)
        assert [filed.outcome for filed in received.filed] == ["attach", "attach", "acknowledge"]
        assert [each.state for each in contacts.list_all(connection)] == ["open", "open"]


def deepcopy_of(facts: Any) -> Any:
    """The same facts, of which nothing is shared."""
    return replace(facts, earlier=deepcopy(dict(facts.earlier)), recents=deepcopy(dict(facts.recents)))


def test_a_change_that_is_allowed_no_more_leaves_the_message_logged(
    store: Store,
    signed: Rulebook,  # noqa: F811
    mail: Make,
) -> None:
    """Staff opened the contact again while the plan was made: the verb refuses, and the words are kept."""
    with writing(store) as connection:
        contact = opened(connection, signed, mail())
        respond(connection, contact, NOW + HOUR)
        messages = [follow_up(mail, contact, 2)]
        numbers_used = contacts.numbers(connection, 1)
        plan = decide(gather(connection, messages, LATER, signed), messages, numbers_used, Capacity(), LATER, signed)
        standing_now = contacts.with_id(connection, [contact.id])[contact.id]
        assert contacts.reopen(connection, standing_now, {"responded_at": None, "next_look_at": LATER})
        apply(connection, plan, LATER, signed)
        assert len(contacts.messages_of(connection, contact.id)) == 2
        assert "reopened" not in [event.kind for event in contacts.events_of(connection, contact.id)]


def test_plans_are_joined_in_their_order() -> None:
    """Everything of the first, then everything of the second."""
    first, second = Plan(messages=({"id": 1},)), Plan(messages=({"id": 2},), contacts=({"id": 3},))
    assert first + second == Plan(messages=({"id": 1}, {"id": 2}), contacts=({"id": 3},))


@pytest.mark.parametrize("first", ["a plain mail", "a robot", "what cannot wait"])
def test_the_rows_of_a_batch_keep_every_column(store: Store, book: Rulebook, mail: Make, first: str) -> None:
    """Whichever message is first in its batch: the rows are stored by one statement, and must not lose the call."""
    messages = {
        "a plain mail": mail(2),
        "a robot": mail(3, Auto_Submitted="auto-generated"),
        "what cannot wait": mail(4, text="I smell gas."),
    }
    batch = [messages.pop(first), *messages.values()]
    with writing(store) as connection:
        log(connection, altered(book, urgent=(GAS,)), *batch)
        stored = {contact.external_id: contact for contact in contacts.list_all(connection)}
    urgent = {name: (contact.urgent, contact.urgent_step) for name, contact in stored.items()}
    assert urgent == {
        "<2@residents.example>": ("", 0),
        "<3@residents.example>": ("", 0),
        "<4@residents.example>": ("gas", 1),
    }


# Both databases get the same statements; of the two drivers only SQLite's shows them.
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_plain_mail_asks_five_questions(store: Store, book: Rulebook, mail: Make) -> None:
    """Is it here, what was its sender sent and needs, are receipts stopped, the next numbers; then it is written."""
    statements: list[str] = []
    with writing(store) as connection:
        log(connection, book, mail())
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(statements.append)
        log(connection, book, mail(2))
        driver.set_trace_callback(None)
    # SQLite names a statement again when a trigger looks at it.
    verbs = [statement.split()[0] for statement in dict.fromkeys(statements)]
    assert verbs.count("SELECT") == 5
    assert verbs.count("INSERT") == 5
    assert set(verbs) == {"SELECT", "INSERT", "SAVEPOINT", "RELEASE"}
