"""What staff say of a contact for the figures: of which it may be said, and that nothing is done by halves."""

from datetime import datetime

import pytest
from sqlalchemy import Connection

from bot.core.closings import Outcome
from bot.core.contacts import Contact
from bot.core.events import EventKind
from bot.core.histories import Kind
from bot.core.roles import Scope
from bot.flows.changes import classify, respond
from bot.flows.changes.close import Closing, close, reopen, reopen_for_person
from bot.flows.changes.judge import Judgement, judge
from bot.flows.changes.merge import merge
from bot.flows.changes.refusals import Kind as Why
from bot.flows.changes.refusals import Refused
from bot.flows.desk import actions, contact_view
from bot.flows.desk.orders import Order
from bot.flows.figures import folding
from bot.flows.people import erase
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import contacts, figures
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, writing
from tests.flows.desk import after, again, do, logged

OLU = "staff:olu@example.gov.uk"
LATE = 20
VISITOR = Visitor(OLU, Scope())


def say(connection: Connection, contact: Contact, at: datetime = NOW, **codes: str) -> bool:
    """Olu says it."""
    return judge(connection, contact.reference, Judgement(**codes), OLU, at)


def order(connection: Connection, contact: Contact, book: Rulebook, action: str, days: float, **fields: str) -> str:
    """Olu does it in the console."""
    return actions.act(connection, Order(action, contact.reference, fields), VISITOR, after(days), book)


def codes_of(connection: Connection, contact: Contact) -> tuple[str, str, str]:
    """What stands in the contact now."""
    stored = again(connection, contact.reference)
    return stored.avoidable, stored.cause, stored.complaint_outcome


def judgements_of(connection: Connection, contact: Contact) -> list[tuple[str, dict[str, str]]]:
    """The events of it."""
    kinds = (EventKind.AVOIDABILITY_JUDGED, EventKind.CAUSE_NAMED, EventKind.COMPLAINT_DECIDED)
    events = contacts.events_of(connection, contact.id)
    return [(event.kind, dict(event.details)) for event in sorted(events, key=lambda e: e.id) if event.kind in kinds]


def questions(connection: Connection, contact: Contact, book: Rulebook, days: float) -> tuple[bool, bool, bool]:
    """What the page of the contact asks: late, a complaint, asked early."""
    view = contact_view.show(connection, contact.reference, Scope(), after(days), book)
    assert view
    return view.questions.is_late, view.questions.is_complaint, view.questions.asked_early


def test_what_is_said_can_be_changed_and_taken_back(store: Store, book: Rulebook, mail: Make) -> None:
    """Each time with what was said before; the same again is nothing new, and what is not named stays."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        assert say(connection, contact, avoidable="progress")
        assert not say(connection, contact, avoidable="progress")
        assert say(connection, contact, after(LATE), avoidable="unclear", cause="volume")
        assert say(connection, contact, avoidable="")
        assert codes_of(connection, contact) == ("", "volume", "")
        assert judgements_of(connection, contact) == [
            ("avoidability judged", {"avoidable": "progress", "avoidable_before": ""}),
            ("avoidability judged", {"avoidable": "unclear", "avoidable_before": "progress"}),
            ("cause named", {"cause": "volume", "cause_before": ""}),
            ("avoidability judged", {"avoidable": "", "avoidable_before": "unclear"}),
        ]


@pytest.mark.parametrize(
    ("codes", "field", "reason"),
    [
        ({}, "", "say whether it was avoidable, why it is late, or what came of a complaint"),
        ({"avoidable": "yes"}, "avoidable", "choose one of progress, unclear, on-the-web, wrong-place, necessary"),
        ({"cause": "lazy"}, "cause", "choose one of volume"),
        ({"cause": "volume"}, "cause", "its answer is not late"),
        ({"complaint_outcome": "upheld"}, "complaint_outcome", "it is no complaint"),
    ],
)
def test_what_does_not_apply_is_refused(
    store: Store, book: Rulebook, mail: Make, codes: dict[str, str], field: str, reason: str
) -> None:
    """By the verb itself, with the field and the choices; nothing is kept, not even what applies beside it."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        with pytest.raises(Refused, match=reason) as refusal:
            say(connection, contact, NOW, **({"avoidable": "progress"} if codes else {}) | codes)
        assert (refusal.value.field, codes_of(connection, contact)) == (field, ("", "", ""))


def test_a_complaint_has_an_outcome(store: Store, council: Rulebook, mail: Make) -> None:
    """Once its kind says that it is one; what was said stays takeable back when it turns out to be none."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        classify.classify(connection, contact.reference, classify.About(kind="complaint"), OLU, NOW, council)
        assert questions(connection, contact, council, 0) == (False, True, False)
        assert say(connection, contact, complaint_outcome="partly-upheld")
        classify.classify(connection, contact.reference, classify.About(kind=""), OLU, NOW, council)
        assert say(connection, contact, complaint_outcome="")
        assert codes_of(connection, contact) == ("", "", "")


def test_a_cause_is_for_what_is_late_or_was(store: Store, book: Rulebook, mail: Make) -> None:
    """Open past its date, answered after it, or closed after it; by its date, or in time, there is none."""
    with writing(store) as connection:
        late, in_time, closed, closed_in_time = (logged(connection, book, mail(number)) for number in range(4))
        assert questions(connection, late, book, LATE)[0]
        respond.respond(connection, late.reference, after(LATE), book, actor=OLU)
        respond.respond(connection, in_time.reference, after(1), book, actor=OLU)
        close(connection, closed.reference, OLU, after(LATE), book, Closing(Outcome.TOLD, note="By phone."))
        close(connection, closed_in_time.reference, OLU, after(1), book, Closing(Outcome.SPAM))
        assert [questions(connection, c, book, LATE + 9)[0] for c in (late, in_time, closed, closed_in_time)] == [
            *(True, False),
            *(True, False),
        ]
        assert say(connection, late, after(LATE + 9), cause="absence")
        with pytest.raises(Refused, match="not late"):
            say(connection, in_time, after(LATE + 9), cause="absence")


def test_nothing_is_late_while_its_clock_is_paused(store: Store, council: Rulebook, mail: Make) -> None:
    """The person was asked something: nobody knows yet when the answer is due."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        classify.classify(connection, contact.reference, classify.About(kind="foi"), OLU, NOW, council)
        do(connection, council, contact, Kind.PAUSED, after(1))
        with pytest.raises(Refused, match="not late"):
            say(connection, contact, after(90), cause="absence")


def test_another_answer_has_another_cause(store: Store, book: Rulebook, mail: Make) -> None:
    """Who opens it again begins anew: the cause was that of the answer before, and stays in the history."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        for number, days in enumerate((LATE, 2 * LATE, 3 * LATE)):
            respond.respond(connection, contact.reference, after(days), book, actor=OLU)
            assert say(connection, contact, after(days), cause="volume", avoidable="necessary")
            if number == 0:
                reopen_for_person(connection, contact.reference, after(days), after(days), book)
            else:
                reopen(connection, contact.reference, OLU, after(days), book)
            assert codes_of(connection, contact) == ("necessary", "", "")


def test_of_a_merged_one_it_is_said_where_it_goes_on(store: Store, book: Rulebook, mail: Make) -> None:
    """It counts there."""
    with writing(store) as connection:
        first, second = logged(connection, book, mail()), logged(connection, book, mail(2))
        pair = merge(connection, first, second, "yes", OLU, NOW)
        with pytest.raises(Refused, match=f"goes on in {pair.survivor.reference}"):
            say(connection, pair.duplicate, avoidable="progress")
        assert say(connection, pair.survivor, avoidable="progress")


def test_of_what_is_logged_only_nothing_is_said(store: Store, book: Rulebook, mail: Make) -> None:
    """A robot is owed nothing, and counts in no figure; nor is it asked for on its page."""
    with writing(store) as connection:
        robot = logged(connection, book, mail(Auto_Submitted="auto-generated"))
        view = contact_view.show(connection, robot.reference, Scope(), NOW, book)
        assert (robot.state, view and "judge" in view.offers) == ("logged", False)
        with pytest.raises(Refused, match="nobody is owed an answer") as refusal:
            say(connection, robot, avoidable="wrong-place")
        assert refusal.value.kind is Why.CONFLICT


def test_of_a_forgotten_one_it_is_said_and_stays(store: Store, book: Rulebook, mail: Make) -> None:
    """No word of the person is in it, and the figures of a quarter are drawn up after the words are gone."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        respond.respond(connection, contact.reference, after(LATE), book, actor=OLU)
        say(connection, contact, avoidable="progress", cause="volume")
        assert erase.erase(connection, "resident1@residents.example", OLU, after(LATE), b"k" * 32).erased
        assert judgements_of(connection, contact)[1] == ("cause named", {"cause": "volume", "cause_before": ""})
        assert say(connection, contact, cause="fault")
        assert codes_of(connection, contact) == ("progress", "fault", "")


def test_who_asks_again_before_the_date_makes_the_page_ask_staff(store: Store, book: Rulebook, mail: Make) -> None:
    """Until somebody has written to them; nothing is chosen for staff."""
    with writing(store) as connection:
        contact, other = logged(connection, book, mail()), logged(connection, book, mail(2))
        do(connection, book, other, Kind.HOLDING_REPLY, NOW)
        assert not questions(connection, contact, book, 1)[2]
        for number, first in ((3, contact), (4, other)):
            reply = mail(number, From=f"{first.sender_name} <{first.sender_address}>", Subject=f"Re: {first.reference}")
            logged(connection, book, reply, acknowledged=False)
        assert questions(connection, contact, book, 1) == (False, False, True)
        assert questions(connection, other, book, 1) == (False, False, False)
        assert codes_of(connection, contact) == ("", "", "")


@pytest.mark.parametrize("before", ["nothing", "holding-reply", "pause", "respond", "close", "reopen"])
def test_the_page_asks_where_the_figures_count_an_early_word(
    store: Store, council: Rulebook, mail: Make, before: str
) -> None:
    """Whatever happened before the person wrote again: of what waits, once, and again when it waits anew."""
    with writing(store) as connection:
        contact = logged(connection, council, mail())
        classify.classify(connection, contact.reference, classify.About(kind="foi"), OLU, NOW, council)
        for action in {"nothing": [], "reopen": ["respond", "reopen"]}.get(before, [before]):
            fields = {"outcome": "told", "note": "By phone."} if action == "close" else {}
            order(connection, contact, council, action, 0, **fields)
        reply = mail(2, From=f"{contact.sender_name} <{contact.sender_address}>", Subject=f"Re: {contact.reference}")
        logged(connection, council, reply, acknowledged=False)
    # In a transaction of its own: what another may still be writing is not counted yet.
    with writing(store) as connection:
        folding.fold(connection, 100)
        words = [spell.early_words for spell in figures.rows(connection, [contact.id])]
        assert sum(words) == (1 if before in ("nothing", "reopen") else 0)
        assert questions(connection, contact, council, 1)[2] is bool(sum(words))


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("respond", {}),
        ("close", {"outcome": "told", "note": "By phone."}),
        ("answer", {"kind": "full", "words": "The hole is filled now."}),
    ],
)
def test_the_cause_is_named_with_the_answer_or_the_closing(
    store: Store, book: Rulebook, mail: Make, action: str, fields: dict[str, str]
) -> None:
    """In one transaction: what is refused of the one is not done of the other."""
    with writing(store) as connection:
        contact, in_time = logged(connection, book, mail()), logged(connection, book, mail(2))
        order(connection, contact, book, action, LATE, cause="overlooked", **fields)
        assert codes_of(connection, contact)[1] == "overlooked"
    with pytest.raises(Refused, match="not late") as refusal, writing(store) as connection:
        order(connection, in_time, book, action, 1, cause="overlooked", **fields)
    assert refusal.value.field == "cause"
    with writing(store) as connection:
        assert again(connection, in_time.reference) == in_time


def test_the_cause_is_named_with_the_letter_that_is_posted(store: Store, book: Rulebook, mail: Make) -> None:
    """By the day on which it was posted."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        order(connection, contact, book, "answer", 1, kind="full", words="It is mended.", channel="phone")
        order(connection, contact, book, "confirm-answer", LATE, cause="others")
        assert codes_of(connection, contact)[1] == "others"


def test_the_action_says_whether_anything_is_new(store: Store, book: Rulebook, mail: Make) -> None:
    """A form that is sent twice is noted once."""
    with writing(store) as connection:
        contact = logged(connection, book, mail())
        sentences = [order(connection, contact, book, "judge", 1, avoidable=" unclear ", cause="") for _ in range(2)]
        assert sentences == ["It is noted for the figures.", "Nothing is different: it was noted so before."]
