"""A report is kept as a draft, approved by whoever has looked at it, withdrawn, and drawn up anew as a revision."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.core import publication_json
from bot.core.reports import Report
from bot.core.roles import Scope
from bot.flows import board
from bot.flows.changes.refusals import Refused
from bot.flows.figures import approval
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store import reports as stored
from bot.store.engine import Store
from bot.store.tables import events
from tests.flows.conftest import writing
from tests.publications import publication

LEE = Visitor("staff:lee@example.gov.uk", Scope())
HAL = Visitor("staff:hal@example.gov.uk", Scope(frozenset({"housing"})))
NOW = datetime(2026, 10, 14, 9, 15, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


def keep(connection: Connection, book: Rulebook, reason: str = "", **changes: object) -> Report:
    """Lee draws up a report and keeps it."""
    number = approval.keep(connection, publication(**changes), reason, LEE, NOW, book)
    return report(connection, number)


def report(connection: Connection, number: int) -> Report:
    """It as it is stored."""
    entry = stored.find(connection, number)
    assert entry is not None
    return entry


def test_a_draft_is_read_by_nobody_until_somebody_approves_it(store: Store, book: Rulebook) -> None:
    """Its numbers, their digest and the cut-off are kept as they were drawn up; who approved it has a name."""
    with writing(store) as connection:
        draft = keep(connection, book)
        assert (draft.state, draft.revision, draft.cut_off) == ("draft", 0, 4711)
        assert publication_json.read(draft.content) == publication()
        assert draft.digest == publication_json.digest(draft.content)
        assert stored.list_approved(connection) == []
        approval.approve(connection, draft.id, draft.digest, LEE, LATER, book)
        (entry,) = stored.list_approved(connection)
        (brief,) = stored.list_approved(connection, has_content=False)
        assert (entry.content != "", brief) == (True, replace(entry, content=""))
        assert entry == replace(draft, state="approved", approved_by=LEE.actor, approved_at=LATER)


def test_pages_lead_to_the_reports_while_there_is_one(store: Store, book: Rulebook) -> None:
    """Not to a draft, and no longer when the last one is withdrawn; every process hears of either."""
    with writing(store) as connection:
        draft = keep(connection, book)
        assert not board.read(connection, NOW, book).has_reports
        approval.approve(connection, draft.id, draft.digest, LEE, NOW, book)
        board.refresh(connection, NOW, book)
        assert book.outgoing.board.notices.has_reports
        approval.withdraw(connection, draft.id, "A mailbox was not read.", LEE, LATER)
        board.refresh(connection, LATER, book)
        assert not book.outgoing.board.notices.has_reports


def test_a_draft_takes_the_place_of_an_earlier_one(store: Store, book: Rulebook) -> None:
    """There is one draft of the same months at most; who had looked at the earlier one looks again."""
    with writing(store) as connection:
        first = keep(connection, book)
        second = keep(connection, book, cut_off=4800)
        assert (second.id, second.cut_off, len(stored.list_all(connection))) == (first.id, 4800, 1)
        with pytest.raises(Refused, match="drawn up anew since you looked"):
            approval.approve(connection, first.id, first.digest, LEE, NOW, book)
        assert stored.list_approved(connection) == []


def test_an_approved_report_never_changes_and_a_revision_takes_its_place(store: Store, book: Rulebook) -> None:
    """It needs a reason; the earlier one is read until the revision is approved, and keeps its numbers for good."""
    with writing(store) as connection:
        first = keep(connection, book)
        approval.approve(connection, first.id, first.digest, LEE, NOW, book)
        with pytest.raises(Refused, match="say why it is drawn up anew") as refusal:
            keep(connection, book, "  ", cut_off=4800)
        assert refusal.value.field == "reason"
        second = keep(connection, book, "Two days of mail were missing.", cut_off=4800)
        assert (second.revision, second.id != first.id) == (1, True)
        assert [entry.revision for entry in stored.list_approved(connection)] == [0]
        approval.approve(connection, second.id, second.digest, LEE, LATER, book)
        assert [entry.revision for entry in stored.list_approved(connection)] == [1]
        earlier = report(connection, first.id)
        assert (earlier.content, earlier.digest, earlier.cut_off) == (first.content, first.digest, 4711)
        assert (earlier.state, earlier.reason) == ("withdrawn", "Revision 1: Two days of mail were missing.")


def test_what_is_withdrawn_is_read_by_nobody_and_stays(store: Store, book: Rulebook) -> None:
    """With its reason; whatever is drawn up of these months afterwards is a revision."""
    with writing(store) as connection:
        first = keep(connection, book)
        approval.approve(connection, first.id, first.digest, LEE, NOW, book)
        with pytest.raises(Refused, match="say why it is withdrawn"):
            approval.withdraw(connection, first.id, " ", LEE, LATER)
        approval.withdraw(connection, first.id, "A mailbox was not read.", LEE, LATER)
        assert stored.list_approved(connection) == []
        assert report(connection, first.id).reason == "A mailbox was not read."
        assert keep(connection, book, "All of it is read now.").revision == 1


@pytest.mark.parametrize(
    ("acts", "reason"),
    [
        (("approve", "approve"), "it is approved, so it cannot be approved"),
        (("withdraw", "approve"), "it is withdrawn, so it cannot be approved"),
        (("withdraw", "withdraw"), "it is withdrawn, so it cannot be withdrawn"),
        (("approve", "withdraw", "approve"), "it is withdrawn, so it cannot be approved"),
    ],
)
def test_nothing_else_is_done_with_a_report(store: Store, book: Rulebook, acts: tuple[str, ...], reason: str) -> None:
    """The last of these acts is refused, and changes nothing."""
    with writing(store) as connection:
        draft = keep(connection, book)
        act: dict[str, Callable[[], Report]] = {
            "approve": lambda: approval.approve(connection, draft.id, draft.digest, LEE, LATER, book),
            "withdraw": lambda: approval.withdraw(connection, draft.id, "It is wrong.", LEE, LATER),
        }
        for name in acts[:-1]:
            act[name]()
        before = report(connection, draft.id)
        with pytest.raises(Refused, match=reason):
            act[acts[-1]]()
        assert report(connection, draft.id) == before


@pytest.mark.parametrize(
    ("first_day", "last_day", "field"),
    [
        (None, date(2026, 9, 30), "first_day"),
        (date(2026, 7, 1), None, "last_day"),
        (date(2026, 7, 2), date(2026, 9, 30), "last_day"),
        (date(2025, 7, 1), date(2026, 9, 30), "last_day"),
        (date(2026, 11, 1), date(2026, 11, 30), "first_day"),
    ],
)
def test_a_report_is_of_whole_months_that_have_begun(first_day: date | None, last_day: date | None, field: str) -> None:
    """Anything else is refused at the field that would put it right."""
    with pytest.raises(Refused) as refusal:
        approval.refuse_period(first_day, last_day, NOW.date())
    assert refusal.value.field == field


def test_months_that_are_not_over_are_not_approved(store: Store, book: Rulebook) -> None:
    """Nor what was drawn up before they were over, whenever it is approved."""
    with writing(store) as connection:
        month = {"first_day": "2026-10-01", "last_day": "2026-10-31", "known_at": "2026-10-31T23:59:59+00:00"}
        draft = keep(connection, book, **month)
        with pytest.raises(Refused, match="before October 2026 was over"):
            approval.approve(connection, draft.id, draft.digest, LEE, NOW + timedelta(days=60), book)
        finished = keep(connection, book, **month | {"known_at": "2026-11-01T00:00:00+00:00"})
        approval.approve(connection, finished.id, finished.digest, LEE, NOW + timedelta(days=60), book)


def test_only_who_sees_every_team_decides(store: Store, book: Rulebook) -> None:
    """A report is about all contacts."""
    with writing(store) as connection:
        draft = keep(connection, book)
        for act in (
            lambda: approval.keep(connection, publication(), "", HAL, NOW, book),
            lambda: approval.approve(connection, draft.id, draft.digest, HAL, NOW, book),
            lambda: approval.withdraw(connection, draft.id, "No.", HAL, NOW),
        ):
            with pytest.raises(Refused, match="you see those of some alone"):
                act()
        with pytest.raises(Refused, match="no such report") as refusal:
            approval.withdraw(connection, 99, "No.", LEE, NOW)
        assert refusal.value.kind == "unknown"


def test_everything_that_is_done_with_a_report_is_an_event(store: Store, book: Rulebook) -> None:
    """With its number, months and revision, and without anybody's words."""
    with writing(store) as connection:
        draft = keep(connection, book)
        approval.approve(connection, draft.id, draft.digest, LEE, LATER, book)
        approval.withdraw(connection, draft.id, "Sam Resident is named.", LEE, LATER)
        rows = connection.execute(select(events.c.kind, events.c.actor, events.c.details).order_by(events.c.id)).all()
        months = {"number": draft.id, "from": "2026-07-01", "to": "2026-09-30", "revision": 0}
        kinds = ("report drawn up", "report approved", "report withdrawn")
        assert [tuple(row) for row in rows] == [(kind, LEE.actor, json.dumps(months)) for kind in kinds]
