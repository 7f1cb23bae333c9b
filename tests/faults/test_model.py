"""A model of several processes on one store, with a fault at every border of a transaction, judged after each step.

A transaction is rolled back, or it is committed and its answer is lost; a process dies and forgets what it had claimed,
or is out of touch for so long that others take its claims over.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings, target
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Connection, delete, text

from bot.channel import Batch, Permanent, Temporary
from bot.core.deliveries import Delivery
from bot.core.histories import Kind
from bot.core.messages import Inbound
from bot.flows import escalate
from bot.flows.changes import adjust, respond
from bot.flows.changes.refusals import Refused
from bot.flows.intake import receive
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.outgoing import deliver
from bot.flows.outgoing.claimed import Claimed
from bot.flows.outgoing.deliver import Attempt, ClaimTerms, NotTried
from bot.flows.rulebook import Rulebook
from bot.store import contacts, outbox
from bot.store.engine import Store
from bot.store.tables import metadata
from tests.components.tampering import drop_triggers
from tests.faults.checker import TRUTHS
from tests.flows.conftest import NOW, book, mail
from tests.flows.test_mail import bounce, return_address, signed
from tests.thoroughness import cases

__all__ = ["book", "mail", "signed"]
T = TypeVar("T")
EXAMPLES = cases(10, 1_000)
WELL, UNDONE, LOST = "well", "undone", "answer lost"
fates = st.sampled_from([WELL, WELL, WELL, UNDONE, LOST])
people = st.integers(1, 4)
which = st.integers(0, 1)
_KINDS = {"ask": Kind.PAUSED, "have their answer": Kind.RESUMED, "write": Kind.HOLDING_REPLY}


class Undone(Exception):
    """The fault: nothing of the transaction is stored."""


@dataclass
class Process:
    """What a process knows. `doubted` are claims whose answer was lost."""

    name: str
    in_hand: list[Claimed] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    doubted: list[str] = field(default_factory=list)
    claims: int = 0
    in_touch: bool = True
    sound_after: int = 0

    def claim(self) -> ClaimTerms:
        """The next claim."""
        self.claims += 1
        return ClaimTerms(timedelta(days=3650), f"{self.name}.{self.claims}")

    def stands(self, claimed: Claimed) -> bool:
        """Whether nobody can have taken it over."""
        return self.in_touch and int((claimed.claim or "").rpartition(".")[2]) > self.sound_after


class Service(RuleBasedStateMachine):
    """Two processes, the people who write, and what they find in their mailboxes."""

    store: Store
    rulebook: Rulebook
    make: Callable[..., Inbound]

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.born = 0
        self.processes = [self._process(), self._process()]
        self.sent: dict[int, Inbound] = {}
        self.letters: list[str] = []
        self.bounced = 0

    def _process(self) -> Process:
        self.born += 1
        return Process(f"{self.born:016x}")

    def _commit(self, work: Callable[[Connection], T], fate: str) -> T | None:
        """What `work` gives once committed; None where it is undone, or its answer is lost."""
        try:
            with self.store._writer_engine.begin() as connection:
                value = work(connection)
                if fate == UNDONE:
                    raise Undone
        except Undone:
            return None
        return None if fate == LOST else value

    # What comes in ----------------------------------------------------------------------------------------------------

    @rule(who=which, person=people, number=st.integers(1, 3), again=st.booleans(), fate=fates, room=st.integers(0, 2))
    def mail_comes(self, who: int, person: int, number: int, again: bool, fate: str, room: int) -> None:  # noqa: FBT001
        """A first mail or a further one, maybe one that came before; it is offered again until it is taken."""
        unique = 10 * person + number
        known = self.sent.get(unique)
        headers = {"From": f"Resident <resident{person}@residents.example>"}
        message = known if again and known else self.make(unique, text=f"Words {unique}", **headers)
        self._receive(self.processes[who], message, fate, room)
        if fate != UNDONE:
            self.sent[unique] = message

    def _receive(self, process: Process, message: Inbound, fate: str, room: int) -> None:
        hold = process.claim()
        there = Capacity({"post": room if process.in_touch else 0}, hold)
        at = replace(message, received_at=self.now)
        batch, reading = Batch((at,)), Reading("inbox")
        received = self._commit(lambda c: receive.receive(c, batch, reading, self.now, self.rulebook, there), fate)
        if received is None:
            process.doubted.append(hold.holder or "")
        else:
            process.in_hand += received.claimed

    @precondition(lambda self: self.letters)
    @rule(who=which, chosen=st.integers(0, 50), full=st.booleans(), fate=fates)
    def mail_comes_back(self, who: int, chosen: int, full: bool, fate: str) -> None:  # noqa: FBT001
        """A receipt that had left is reported as undeliverable."""
        self.bounced += 1
        message_id = self.letters[chosen % len(self.letters)]
        (delivery,) = self.store.read_now(lambda c: _deliveries(c, message_id))
        report = bounce(
            self.make, return_address(delivery), status="5.2.2" if full else "5.1.1", number=900 + self.bounced
        )
        self._receive(self.processes[who], report, fate, 0)

    # What leaves ------------------------------------------------------------------------------------------------------

    @rule(who=which, most=st.integers(1, 3), fate=fates)
    def claim(self, who: int, most: int, fate: str) -> None:
        """A process takes what is due."""
        process = self.processes[who]
        if process.in_touch:
            hold = process.claim()
            claimed = self._commit(lambda c: deliver.claim(c, "post", self.now, hold, most, self.rulebook), fate)
            if claimed is None:
                process.doubted.append(hold.holder or "")
            else:
                process.in_hand += claimed

    @rule(who=which, answer=st.sampled_from(["taken", "taken", "taken, not said", "450", "550"]))
    def hand_over(self, who: int, answer: str) -> None:
        """The mail server takes one mail, puts it off, refuses it, or takes it and hangs up."""
        process = self.processes[who]
        if not process.in_hand:
            return
        claimed = process.in_hand.pop(0)
        error: Exception | None = NotTried()
        if process.stands(claimed):
            if answer.startswith("taken"):
                self.letters.append(claimed.delivery.message_id)
            errors = {"taken": None, "550": Permanent("550 no"), "450": Temporary("450 later")}
            error = errors.get(answer, Temporary("hung up"))
        process.attempts.append(Attempt(claimed.delivery, self.now, error))

    @rule(who=which, fate=fates)
    def record(self, who: int, fate: str) -> None:
        """What came of it is recorded, again and again until the store has answered."""
        process = self.processes[who]
        attempts = list(process.attempts)

        def work(connection: Connection) -> bool:
            deliver.record(connection, attempts, self.rulebook)
            return True

        if self._commit(work, fate):
            process.attempts.clear()

    # Life and death ---------------------------------------------------------------------------------------------------

    @rule(who=which)
    def die(self, who: int) -> None:
        """Killed; another starts in its place."""
        self.processes[who] = self._process()

    @rule(who=which)
    def lose_touch(self, who: int) -> None:
        """It stands still, or the store is out of its reach, until its lease has run out."""
        self.processes[who].in_touch = False

    @rule(who=which, fate=fates)
    def renew(self, who: int, fate: str) -> None:
        """Its lease is renewed; what others lost sight of is given back."""
        process = self.processes[who]
        living = {neighbour.name for neighbour in self.processes if neighbour.in_touch} | {process.name}

        def work(connection: Connection) -> bool:
            outbox.take_back(connection, living, self.now)
            outbox.give_back_claims(connection, process.doubted, self.now)
            return True

        if self._commit(work, fate):
            process.doubted.clear()
            if not process.in_touch:
                process.in_touch, process.sound_after = True, process.claims

    # Time, and staff --------------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 6, 60, 1440, 10000]))
    def time_passes(self, minutes: int) -> None:
        """Until something falls due."""
        self.now += timedelta(minutes=minutes)

    @rule(most=st.integers(1, 5), fate=fates)
    def look(self, most: int, fate: str) -> None:
        """Whoever watches looks at what is due."""
        self._commit(lambda c: escalate.escalate(c, self.now, most, self.rulebook), fate)

    @rule(number=st.integers(1, 12), fate=fates, what=st.sampled_from(["answer", *_KINDS]))
    def staff_act(self, number: int, fate: str, what: str) -> None:
        """They answer, ask the person something, have their answer, or write that it takes longer."""
        contact = self.store.read_now(lambda c: contacts.with_id(c, [number])).get(number)
        if contact is None:
            return
        reference, at = contact.reference, self.now
        with suppress(Refused):
            if what == "answer":
                self._commit(lambda c: respond.respond(c, reference, at, self.rulebook, actor="staff:jo"), fate)
                return
            change, word = adjust.ClockChange(_KINDS[what], at), adjust.Word("staff:jo")
            self._commit(lambda c: adjust.adjust(c, reference, change, word, at, self.rulebook), fate)

    # The truths -------------------------------------------------------------------------------------------------------

    @invariant()
    def every_truth_of_the_checker_holds(self) -> None:
        """In the store, whatever has happened."""
        broken = self.store.read_now(lambda c: [w for w, q in TRUTHS.items() if c.execute(text(q)).scalar()])
        assert not broken

    @invariant()
    def every_mail_is_logged_once(self) -> None:
        """Each that was taken, and no other."""
        rows = self._ask("SELECT message_id FROM messages WHERE written_by = 'sender'")
        logged = sorted(row[0] for row in rows if "<9" not in row[0])
        assert logged == sorted(message.external_id for message in self.sent.values())

    @invariant()
    def nothing_counts_as_sent_that_was_not(self) -> None:
        """And what left for good has left once: a second one has the same Message-ID."""
        sent = {row[0] for row in self._ask("SELECT message_id FROM deliveries WHERE state = 'sent'")}
        assert sent <= set(self.letters)
        twice = self._ask(
            "SELECT contact_id FROM deliveries WHERE purpose = 'acknowledgement' GROUP BY 1 HAVING count(*) > 1"
        )
        assert not twice

    @invariant()
    def somebody_knows_of_every_claim(self) -> None:
        """Who holds it, who doubts it; or its holder is dead, or out of touch."""
        known = {claim.claim for p in self.processes for claim in p.in_hand} | {
            c for p in self.processes for c in p.doubted
        }
        recording = {attempt.delivery.id for p in self.processes for attempt in p.attempts}
        living = {process.name for process in self.processes}
        for number, holder in self._ask("SELECT id, holder FROM deliveries WHERE state = 'sending'"):
            assert holder in known or number in recording or holder.partition(".")[0] not in living

    def teardown(self) -> None:
        """Once all faults are over, everybody hears of us, or staff know that they do not."""
        self.now += timedelta(hours=5)
        for who in (0, 1):
            self.processes[who].in_touch = False
            self.renew(who=who, fate=WELL)
            self.renew(who=who, fate=WELL)
        for _ in range(12):
            for who in (0, 1):
                for _ in range(len(self.processes[who].in_hand)):
                    self.hand_over(who=who, answer="taken")
                self.record(who=who, fate=WELL)
                self.claim(who=who, most=50, fate=WELL)
            self.now += timedelta(hours=5)
        self.every_truth_of_the_checker_holds()
        assert not self._ask(
            "SELECT id, state FROM deliveries WHERE state IN ('created', 'sending', 'temporary-failure')"
        )
        target(float(len(self.letters)), label="letters")
        self.store.write_now(_empty)

    def _ask(self, query: str) -> list[Any]:
        return self.store.read_now(lambda c: list(c.execute(text(query))))


def _deliveries(connection: Connection, message_id: str) -> list[Delivery]:
    query = text("SELECT * FROM deliveries WHERE message_id = :id")
    return [outbox.delivery_of(row) for row in connection.execute(query, {"id": message_id})]


def _empty(connection: Connection) -> None:
    drop_triggers(connection)
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))


@pytest.mark.timeout(cases(300, 3600))
def test_no_fault_at_any_border_breaks_a_promise(store: Store, signed: Rulebook, mail: Callable[..., Inbound]) -> None:
    """Whatever happens in whatever order: no contact and no claim is lost, and nothing happens twice."""

    class Here(Service):
        """On this store."""

    Here.store, Here.rulebook, Here.make = store, signed, staticmethod(mail)
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
