"""Lives of contacts, invented at random: events as the flows record them, and what it was about after each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

BEGINNING = datetime(2026, 1, 5, 9, tzinfo=UTC)
UNIT = timedelta(hours=1)
STANDARDS = ("general 1", "general 2", "foi 1")


def at_unit(unit: int) -> datetime:
    """The instant after so many units of time."""
    return BEGINNING + unit * UNIT


@dataclass(frozen=True)
class Fact:
    """One event: `at` in units. `receipt`: of the contact whose receipt stands for this one."""

    number: int
    at: int
    kind: str
    details: dict[str, Any] = field(default_factory=dict)
    is_of_staff: bool = False


@dataclass
class Life:
    """One contact. `about` has what it was about after the event with each number, `now` is in units."""

    random: Random
    facts: list[Fact] = field(default_factory=list)
    receipts: list[Fact] = field(default_factory=list)
    about: dict[int, dict[str, str]] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    number: int = 0
    now: int = 0
    state: str = "open"
    is_paused: bool = False
    was_answered: bool = False
    due: int | None = None
    acknowledge_by: int | None = None
    first_due: int | None = None
    first_acknowledge_by: int | None = None
    answers: list[str] = field(default_factory=list)
    state_before_merge: str = ""

    def note(self, what: str, at: int | None = None, /, *, is_of_staff: bool = True, **details: Any) -> None:
        """Record an event now, which happened at `at`."""
        self.number += self.random.randint(1, 4)
        if at is not None and at != self.now:
            details["recorded_at"] = at_unit(self.now).isoformat()
        words = {"note": "What somebody said.", "reason": "Words."}
        self.facts.append(Fact(self.number, self.now if at is None else at, what, details | words, is_of_staff))
        self.about[self.number] = dict(self.topics)

    def move(self, *, may_end: bool = False) -> dict[str, Any]:
        """A new date, as an event says it: while its clock stands there is none."""
        if self.is_paused:
            return {}
        before, self.due = self.due, self.now + self.random.randint(0, 30)
        if may_end and self.random.random() < 0.2:
            self.due = None
        dates = {"respond_by_before": before, "respond_by": self.due}
        return {name: at_unit(date).isoformat() for name, date in dates.items() if date is not None}

    def stand(self) -> dict[str, Any]:
        """How its time stands, as an event says that opens it again."""
        if self.is_paused:
            return {"paused_at": at_unit(self.now).isoformat()}
        return {"respond_by": at_unit(self.due).isoformat()} if self.due is not None else {}


def invent(random: Random, steps: int) -> Life:
    """A contact to which so many things happen."""
    life = Life(random, number=random.randint(0, 5))
    life.topics = {"service": random.choice(("", "bins")), "kind": "", "area": "", "team": "front"}
    life.topics |= {
        "standard": STANDARDS[0],
        "calendar": "england",
        "acknowledged_by": random.choice(("receipt", "staff")),
    }
    life.due, life.acknowledge_by = random.choice((None, 10, 20, 30)), random.choice((None, 5))
    life.first_due, life.first_acknowledge_by = life.due, life.acknowledge_by
    life.now = random.randint(0, 3)
    life.note("logged", is_of_staff=False)
    for _ in range(steps):
        life.now += random.randint(1, 3)
        random.choice(_POSSIBLE[life.state])(life)
    return life


def _acknowledge(life: Life) -> None:
    kind = life.random.choice(("acknowledged by staff", "holding reply"))
    if kind == "holding reply":
        life.answers.append(kind)
    life.note(kind, **(life.move() if life.random.random() < 0.3 else {}))


def _pause_or_resume(life: Life) -> None:
    if life.is_paused:
        life.is_paused = False
        life.note(life.random.choice(("resumed", "restarted")), **life.move())
    else:
        life.is_paused = True
        before: dict[str, Any] = {} if life.due is None else {"respond_by_before": at_unit(life.due).isoformat()}
        life.note("paused", **before)


def _extend(life: Life) -> None:
    life.note("extended", **life.move())


def _recompute(life: Life) -> None:
    details = life.move(may_end=True)
    if life.acknowledge_by is not None and life.random.random() < 0.5:
        details["acknowledge_by_before"] = at_unit(life.acknowledge_by).isoformat()
        life.acknowledge_by += 1
        details["acknowledge_by"] = at_unit(life.acknowledge_by).isoformat()
    life.note("recomputed", is_of_staff=False, **details)


def _classify(life: Life) -> None:
    changes = {"service": life.random.choice(("", "bins", "roads")), "kind": life.random.choice(("", "complaint"))}
    details: dict[str, Any] = {}
    if life.state == "open":
        changes |= {
            "standard": life.random.choice(STANDARDS),
            "acknowledged_by": life.random.choice(("receipt", "staff")),
        }
        details |= life.move(may_end=True)
    else:
        details["after_answer"] = True
    for name, value in changes.items():
        if value != life.topics[name] or name == "standard":
            details |= {name: value, f"{name}_before": life.topics[name]}
            life.topics[name] = value
    life.note("classified", **details)


def _assign(life: Life) -> None:
    team = life.random.choice(("front", "back", ""))
    before, life.topics["team"] = life.topics["team"], team
    life.note("assigned", team=team, team_before=before)


def _respond(life: Life) -> None:
    life.state, life.was_answered = "answered", True
    life.answers.append("responded")
    life.note("responded", life.random.choice((life.now, life.random.randint(0, life.now))))


def _correct(life: Life) -> None:
    if not life.answers or (life.answers[-1] == "responded") != (life.state in ("answered", "closed")):
        return
    if life.answers.pop() == "responded":
        life.state, life.was_answered = "open", False
    life.note("corrected", is_of_staff=False, **life.stand())


def _close(life: Life) -> None:
    is_named = life.random.random() < 0.5
    outcome: dict[str, Any] = {"outcome": life.random.choice(("spam", "told"))} if is_named else {}
    life.note("closed", was=life.state, **outcome)
    life.state = "closed"


def _open_again(life: Life) -> None:
    is_by_person = life.random.random() < 0.5
    if not (is_by_person or life.was_answered):
        life.state = "open"
        life.note("opened again", **life.stand())
        return
    written_at = life.now - life.random.randint(0, 1)
    if is_by_person:
        life.note("follow-up", is_of_staff=False, rule="8 reply to a contact")
    life.state, life.was_answered, life.is_paused = "open", False, False
    life.answers.clear()
    life.note("reopened", written_at if is_by_person else life.now, is_of_staff=not is_by_person, **life.move())


def _merge(life: Life) -> None:
    details: dict[str, Any] = {"with": "EX-2", "was": life.state}
    life.note("merged", **details)
    life.state_before_merge, life.state = life.state, "merged"


def _part(life: Life) -> None:
    life.state = life.state_before_merge
    details: dict[str, Any] = {"with": "EX-2"}
    life.note("merge undone", **details, **(life.stand() if life.state == "open" else {}))


def _take_in(life: Life) -> None:
    details: dict[str, Any] = {"with": "EX-3"}
    life.note("merged", **details)


def _write(life: Life) -> None:
    rule = life.random.choice(("8 reply to a contact", "8 reply to a contact", "1 sent again"))
    life.note("follow-up", is_of_staff=False, rule=rule)


def _miss_window(life: Life) -> None:
    life.note("platform window missed", is_of_staff=False)


def _receipt(life: Life) -> None:
    """Of its own, or of the contact whose receipt stands for it."""
    kind, purpose = life.random.choice(
        (
            *[("acknowledgement sent", "acknowledgement")] * 3,
            *(("undeliverable", "acknowledgement"), ("came back", "acknowledgement"), ("undeliverable", "closing")),
            ("acknowledgement permanent-failure", "acknowledgement"),
        )
    )
    life.note(kind, is_of_staff=False, purpose=purpose)
    if life.random.random() < 0.3:
        life.receipts.append(life.facts.pop())


def _give_opinion(life: Life) -> None:
    if life.was_answered:
        life.note("feedback sent", is_of_staff=False)
        life.note("feedback given", is_of_staff=False, answer=life.random.choice(("yes", "no")), satisfaction="")


def _judge(life: Life) -> None:
    life.note("cause named", cause=life.random.choice(("", "volume", "fault")), cause_before="")
    life.note("avoidability judged", avoidable=life.random.choice(("", "unclear")), avoidable_before="")


Happen = Callable[[Life], None]
_ANY_TIME: tuple[Happen, ...] = (_receipt, _judge)
_POSSIBLE: dict[str, tuple[Happen, ...]] = {
    "open": (
        *(
            _acknowledge,
            _pause_or_resume,
            _pause_or_resume,
            _extend,
            _recompute,
            _classify,
            _assign,
            _respond,
            _respond,
        ),
        *(_correct, _close, _merge, _take_in, _write, _write, _miss_window, *_ANY_TIME),
    ),
    "answered": (_close, _open_again, _open_again, _correct, _classify, _give_opinion, *_ANY_TIME),
    "closed": (_open_again, _open_again, _correct, _classify, _give_opinion, *_ANY_TIME),
    "merged": (_part, _part, *_ANY_TIME),
}
