"""The cost of what is asked again and again follows what is due, not what is stored: SQLite uses an index for each."""

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine, event

from bot.core.contacts import Contact
from bot.core.deliveries import Delivery, Purpose, State
from bot.core.events import EventKind
from bot.core.retention import Category, Retention
from bot.core.roles import Scope
from bot.core.rules import OUR_OWN
from bot.store import (
    ages,
    arrivals,
    audit,
    clocks,
    contacts,
    figures,
    glances,
    happenings,
    history,
    holds,
    known,
    lag,
    links,
    listing,
    merging,
    needs,
    notes,
    outbox,
    people,
    queue,
    receipts,
    remote_files,
    retention,
    shunt,
    staff,
    tokens,
    views,
)
from bot.store.audit import Looking
from bot.store.databases import sqlite_engine
from bot.store.engine import Work
from bot.store.queue import Criteria, Place

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 23, tzinfo=UTC)
_ALERT = Delivery(1, "k", None, Purpose.ALERT, "", "post", "a@b.example", "<1@b.example>", State.SENDING, 1, NOW)
_FIELDS = dict.fromkeys(Contact.__dataclass_fields__)
_CONTACT = Contact(**_FIELDS | {"id": 1, "sender_key": "a@b.example", "linked_to": 2})  # type: ignore[arg-type]
_KEEP = Retention(timedelta(30))
_TEAM = Scope(frozenset({"front"}))
_PLACE = Place(1, NOW, NOW, is_open=True)
AGE = Criteria(team="front", received_from=NOW, received_before=NOW)
ASKED_ALWAYS: dict[str, Work[object]] = {
    "claim": lambda c: outbox.claim(c, "post", NOW, NOW, 50),
    "next delivery": lambda c: outbox.next_due(c, "post"),
    "waiting": outbox.waiting_count,
    "oldest receipt": outbox.oldest_receipt,
    "due contacts": lambda c: clocks.due(c, NOW, 50),
    "next look": clocks.next_look,
    "dates": lambda c: clocks.dates(c, 0, 50),
    "clock events": lambda c: contacts.clock_events(c, [1, 2]),
    "acknowledgements": lambda c: outbox.acknowledgements_of(c, [1, 2]),
    "owed by a team": lambda c: clocks.open_of_team(c, "front", NOW, NOW, NOW),
    "open contacts": contacts.open_count,
    "by reference": lambda c: contacts.find(c, "EX-7K3M-9QPH"),
    "by number": lambda c: contacts.with_id(c, [1, 2]),
    "history": lambda c: contacts.events_of(c, 1),
    "words": lambda c: contacts.messages_of(c, 1),
    "old contacts": lambda c: ages.old(c, _KEEP, NOW, 50),
    "old contacts of a kind": lambda c: ages.old_of(c, Category("foi", "inbox", "private"), _KEEP, NOW, 50),
    "audit lines without a contact": lambda c: history.forget_people(c, NOW, 50, b"key"),
    "old notices": lambda c: retention.strip_notices(c, NOW, 50),
    "known messages": lambda c: known.logged_messages(c, ["<1@a.example>"], b"key"),
    "answered messages": lambda c: known.parents(c, ["<1@a.example>"]),
    "receipts of late": lambda c: known.recent_contacts(c, ["a@b.example"], ["x"], NOW, NOW),
    "receipts that nothing proves": lambda c: known.unproven_since(c, NOW),
    "held receipts": holds.count,
    "held of some": lambda c: holds.among(c, [1, 2]),
    "receipts of a domain": lambda c: known.of_domain(c, "b.example", NOW, 50),
    "sent before": lambda c: known.earlier_contacts(c, [1, 2]),
    "waiting of a person": lambda c: known.open_of_person(c, "a@b.example"),
    "receipts since": lambda c: known.receipts_since(c, NOW, "breaker"),
    "deliveries": lambda c: known.deliveries_of(c, [1, 2]),
    "not acknowledged": lambda c: receipts.not_acknowledged(c, NOW),
    "logged by a rule": lambda c: known.by_rule(c, OUR_OWN, NOW),
    "automatic mails": lambda c: known.automatic_mails(c, [1, 2], NOW),
    "shared receipt": lambda c: contacts.share_receipt(c, 1, NOW),
    "events of a kind": lambda c: contacts.count_events(c, 1, EventKind.FOLLOW_UP, NOW),
    "receipt came back": lambda c: contacts.withdraw_receipt(c, 1, NOW),
    "hold": holds.hold,
    "held": holds.contact_ids,
    "what is under way": lambda c: outbox.under_way(c, [1, 2]),
    "sent under a name": lambda c: known.sent_under(c, ["x"]),
    "conversations": lambda c: known.in_conversations(c, ["x"]),
    "alerts of a person": lambda c: outbox.claim_like(c, _ALERT, NOW, NOW, 50),
    "alerts of late": lambda c: outbox.message_times(c, Purpose.ALERT, "a@b.example", NOW, NOW, {1}),
    "calls of late": lambda c: outbox.message_times(c, Purpose.URGENT, "a@b.example", NOW, NOW, {1}),
    "release": lambda c: holds.release(c, NOW),
    "late alerts": lambda c: outbox.late_alerts(c, NOW),
    "owners": clocks.owners,
    "the queue": lambda c: queue.page(c, Criteria(), Scope(), NOW, most=50),
    "the queue of a team": lambda c: queue.page(c, Criteria(team="front"), Scope(), NOW, most=50),
    "the queue of some teams": lambda c: queue.page(c, Criteria(), Scope(frozenset({"front"})), NOW, most=50),
    "the next of the queue": lambda c: queue.next_of(c, Criteria(), Scope(), NOW, _PLACE),
    "the next of the queue of a team": lambda c: queue.next_of(c, Criteria(team="front"), _TEAM, NOW, _PLACE),
    "the next that is answered": lambda c: queue.next_of(c, Criteria(state="answered"), _TEAM, NOW, _PLACE),
    "the next that is suppressed": lambda c: queue.next_of(c, Criteria("any", "suppressed"), Scope(), NOW, _PLACE),
    "answered of a team": lambda c: queue.page(c, Criteria(state="answered", team="front"), Scope(), NOW, most=50),
    "suppressed": lambda c: queue.page(c, Criteria("any", "suppressed"), Scope(), NOW, most=50),
    "not delivered": lambda c: queue.page(c, Criteria("any", "undeliverable"), Scope(), NOW, most=50),
    "the rows of a list": lambda c: glances.of(c, [_CONTACT], NOW),
    "what no team has": lambda c: queue.page(c, Criteria(team=queue.NO_TEAM), Scope(), NOW, most=50),
    "an age of a team": lambda c: queue.page(c, AGE, Scope(), NOW, most=50),
    "when a channel brought messages": lambda c: arrivals.ends(c, "inbox"),
    "how many a channel brought": lambda c: arrivals.count(c, "inbox", NOW, NOW),
    "last looks": lambda c: arrivals.last_looks(c, ["inbox", "foi"]),
    "what was shunted": shunt.by_channel,
    "files to fetch": lambda c: remote_files.due(c, NOW, 50),
    "files that cannot be fetched": lambda c: remote_files.stuck(c, NOW),
    "files of messages": lambda c: remote_files.of_messages(c, [1, 2]),
    "size of files": lambda c: remote_files.size_of_contact(c, 1),
    "found by words": lambda c: queue.page(c, Criteria("any", words="01632 960 888"), Scope(), NOW, most=50),
    "contacts for programs": lambda c: queue.after(c, Criteria(state="any"), Scope(), NOW, cursor=1, most=50),
    "held back of a team": lambda c: queue.count_held(c, _TEAM),
    "of a person": lambda c: people.of(c, 1),
    "of an address": lambda c: people.with_keys(c, ["a@b.example"]),
    "merged": lambda c: merging.merged_into(c, 1),
    "notes": lambda c: notes.of(c, [1], 50),
    "open contacts for programs": lambda c: queue.after(c, Criteria(), Scope(), NOW, cursor=1, most=50),
    "words for programs": lambda c: queue.after(c, Criteria("any", words="bin"), Scope(), NOW, cursor=1, most=50),
    "the audit trail": lambda c: audit.trail(c, Looking("staff:x", Scope()), 50),
    "what one person did": lambda c: audit.trail(c, Looking("staff:x", Scope(), by="staff:y"), 50),
    "what was done to one": lambda c: audit.trail(c, Looking("staff:x", _TEAM, 9, reference="EX-1"), 50),
    "the stream of events": lambda c: audit.stream(c, 1, 9, Scope(), 50),
    "last by others": lambda c: audit.last_by_others(c, 1),
    "alerts of the last days": lambda c: audit.alerts(c, NOW, _TEAM, 50),
    "a session": lambda c: staff.session(c, "x", NOW),
    "a token": lambda c: tokens.with_digest(c, "x"),
    "an answer": lambda c: tokens.find_answer(c, "x"),
    "old answers": lambda c: tokens.drop_answers(c, NOW),
    "needs": lambda c: needs.of(c, ["a@b.example", "contact:1"]),
    "known addresses": lambda c: needs.keys_of(c, [1, 2]),
    "links": lambda c: links.of(c, 1),
    "linked contacts": lambda c: links.group(c, 1),
    "what became of messages": lambda c: outbox.fates(c, 1),
    "views": lambda c: views.of(c, "a@b.example"),
    "what lags behind": lag.look,
    "contacts of which something happened": lambda c: figures.contacts_between(c, 5, 9),
    "spells of contacts": lambda c: figures.rows(c, [1, 2]),
    "spells from events": lambda c: list(happenings.replay(c, [1, 2], 9)),
    "spells of a period": lambda c: list(figures.of_period(c, 1, 2, ())),
    "when an event was recorded": lambda c: figures.recorded_at(c, 9),
}


@pytest.mark.parametrize("name", ASKED_ALWAYS)
def test_nothing_is_scanned(engine: Engine, name: str) -> None:
    """No plan reads a whole table."""
    plans = _plans(engine, ASKED_ALWAYS[name])
    assert plans
    assert not [line for line in plans if line.startswith("SCAN") and not _is_by_an_index(line)]


def _is_by_an_index(line: str) -> bool:
    # `due`, `hits`, `firsts` and a subquery are no tables but few rows that an index has found; the words are an index.
    few = line in ("SCAN due", "SCAN hits", "SCAN firsts", "SCAN CONSTANT ROW") or line.startswith("SCAN (subquery")
    return few or "USING" in line or "VIRTUAL TABLE INDEX" in line


def test_the_oldest_receipt_is_sought_among_what_waits(engine: Engine) -> None:
    """In the order of their age all receipts ever sent would come first."""
    (plan,) = _plans(engine, outbox.oldest_receipt)
    assert "ix_deliveries_waiting" in plan


@pytest.mark.parametrize("state", ["any", "open", "answered", "closed"])
def test_few_among_many_are_found_by_their_index(engine: Engine, state: str) -> None:
    """Whoever sees one small team, and a program that asks for what is open or closed, reads nothing of the others."""
    criteria = Criteria(state)
    queries: list[Work[object]] = [
        partial(queue.page, criteria=criteria, scope=_TEAM, now=NOW, most=50),
        partial(queue.after, criteria=criteria, scope=_TEAM, now=NOW, cursor=1, most=50),
    ]
    if state in ("open", "closed"):
        queries.append(partial(queue.after, criteria=criteria, scope=Scope(), now=NOW, cursor=1, most=50))
    for work in queries:
        plans = _plans(engine, work)
        assert not [line for line in plans if line.startswith("SCAN contacts") and "ix_contacts" not in line]
        assert not [line for line in plans if "INTEGER PRIMARY KEY (rowid>?)" in line]


@pytest.mark.parametrize("team", ["", "front"])
def test_a_list_in_the_terminal_is_read_in_the_order_of_an_index(engine: Engine, team: str) -> None:
    """Nothing is sorted: what is read follows how much of it is shown."""
    plans = _plans(engine, partial(listing.page, choice=listing.Choice(team=team), after=None, most=50))
    assert not [line for line in plans if "TEMP B-TREE" in line]
    assert any("ix_contacts_team_queue" in line if team else "ix_contacts_queue" in line for line in plans)


class _Cursor(sqlite3.Cursor):
    """Remembers what it is told."""

    def execute(self, sql: str, values: Any = ()) -> "_Cursor":
        cast("_Recording", self.connection).statements.append((sql, values))
        super().execute(sql, values)
        return self


class _Recording(sqlite3.Connection):
    """Remembers what is asked, by whichever way."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.statements: list[tuple[str, Any]] = []

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        cursor: sqlite3.Cursor = self.cursor().execute(sql, values)
        return cursor


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, fresh_file: Path) -> Iterator[Engine]:
    """A store in which every query is asked in turn: what it writes is rolled back."""
    path = shutil.copy(fresh_file, tmp_path_factory.mktemp("plans") / "ackbot.db")
    engine = sqlite_engine(f"sqlite:///{path}", begin="BEGIN")
    event.listen(engine, "do_connect", lambda _d, _r, args, named: sqlite3.connect(*args, **named, factory=_Recording))
    yield engine
    engine.dispose()


def _plans(engine: Engine, work: Work[object]) -> list[str]:
    with engine.connect() as connection:
        driver = cast("_Recording", connection.connection.driver_connection)
        driver.statements.clear()
        work(connection)
        statements = [statement for statement in driver.statements if statement[0] != "BEGIN"]
        return [row[3] for sql, values in statements for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
