"""Spells agree with an independent count: each question is answered from the list of events anew, by sets of hours."""

import json
from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any

from bot.core.replays import spells_of
from bot.core.spells import Happening, Origin, Spell, microseconds
from bot.store.history import FACTS
from tests.core.invented_lives import Fact, Life, at_unit, invent
from tests.thoroughness import cases

LIVES = cases(1_500, 20_000)
ACKNOWLEDGEMENTS = ("acknowledged by staff", "holding reply", "responded")
LOSSES = ("undeliverable", "came back", "acknowledgement permanent-failure")
STAFFS_WORDS = ("acknowledged by staff", "holding reply", "responded", "paused", "restarted", "extended")


class Oracle:
    """What the events of a life say up to a number; `struck` are those that were taken back by then."""

    def __init__(self, life: Life, first_due: int | None, first_acknowledge: int | None, number: int) -> None:
        self.life, self.first_due, self.first_acknowledge = life, first_due, first_acknowledge
        self.facts = [fact for fact in life.facts if fact.number <= number]
        self.struck = {
            self.victim(i) for i, fact in enumerate(self.facts) if fact.kind in ("corrected", "merge undone")
        }
        self.begins = [self.facts[0], *(f for f in self.facts if f.kind in ("reopened", "opened again"))]

    def victim(self, place: int) -> int:
        """The number of what the event at this place takes back: brackets that open, and close."""
        pairs = {"corrected": ("responded", "holding reply"), "merge undone": ("merged",)}
        opening = pairs[self.facts[place].kind]
        depth = 1
        for fact in reversed(self.facts[:place]):
            if fact.kind == self.facts[place].kind:
                depth += 1
            elif fact.kind in opening and (fact.kind != "merged" or "was" in fact.details):
                depth -= 1
                if depth == 0:
                    return fact.number
        return 0

    def within(self, spell: int) -> list[Fact]:
        """The events of a spell, from the one that began it."""
        after = self.begins[spell + 1].number if spell + 1 < len(self.begins) else 10**9
        return [fact for fact in self.facts if self.begins[spell].number <= fact.number < after]

    def end(self, spell: int) -> Fact | None:
        """The event that ended it and stands."""
        return next((f for f in self.within(spell) if f.number not in self.struck and _ends(f)), None)

    def begin_at(self, spell: int) -> int:
        """When it began; not before the one before it had ended."""
        if spell == 0:
            return 0
        return max(self.begins[spell].at, self.end_at(spell - 1) or 0)

    def end_at(self, spell: int) -> int | None:
        """When it ended; not before it began."""
        end = self.end(spell)
        return None if end is None else max(end.at, self.begin_at(spell))

    def before_end(self, spell: int) -> list[Fact]:
        """The events of a spell while it was open."""
        end = self.end(spell)
        return [f for f in self.within(spell) if end is None or f.number < end.number]

    def pause_without_end(self, spell: int) -> int | None:
        """Since when its clock stood at the end of what happened while it was open."""
        inherits = self.begins[spell].kind == "opened again" and "paused_at" in self.begins[spell].details
        since = self.begin_at(spell) if inherits else None
        for fact in self.before_end(spell):
            if fact.kind == "paused" and since is None:
                since = fact.at
            elif fact.kind in ("resumed", "restarted"):
                since = None
        return since

    def paused_hours(self, spell: int) -> set[int]:
        """Every hour in which its clock stood, up to its end."""
        hours, since = set[int](), None
        for fact in self.before_end(spell):
            if fact is self.begins[spell] and "paused_at" in fact.details:
                since = self.begin_at(spell)
            elif fact.kind == "paused":
                since = fact.at
            elif fact.kind in ("resumed", "restarted") and since is not None:
                hours |= set(range(since, fact.at))
                since = None
        end_at = self.end_at(spell)
        if end_at is None:
            return hours
        return {hour for hour in hours | set(range(since or end_at, end_at)) if hour < end_at}

    def dates(self, spell: int) -> list[datetime | None]:
        """Every date to answer by that it had, in order."""
        first = self.first_due if spell == 0 else None
        dates = [None if first is None else at_unit(first)]
        if self.begins[spell].kind == "opened again":
            dates = [self.dates(spell - 1)[-1]]
        for fact in self.before_end(spell):
            if "respond_by" in fact.details:
                dates.append(datetime.fromisoformat(fact.details["respond_by"]))
            elif "respond_by_before" in fact.details and fact.kind != "paused":
                dates.append(None)
        return dates

    def due(self, spell: int) -> datetime | None:
        """The date as it was agreed last; what ends while its clock stands is not late."""
        last, end_at, since = self.dates(spell)[-1], self.end_at(spell), self.pause_without_end(spell)
        if last is None or end_at is None or since is None or since > end_at:
            return last
        return max(last, at_unit(end_at))

    def acknowledged(self, about: dict[str, str], number: int) -> int | None:
        """When the person first knew, by what stands."""
        hours = [f.at for f in self.facts if f.kind in ACKNOWLEDGEMENTS and f.number not in self.struck]
        receipts = self.receipts(number)
        losses = [place for place, fact in enumerate(receipts) if fact.kind in LOSSES]
        rest = receipts[losses[-1] + 1 :] if losses else receipts
        if rest and about["acknowledged_by"] == "receipt":
            hours.append(max(rest[0].at, self.facts[0].at))
        return min(hours, default=None)

    def receipts(self, number: int) -> list[Fact]:
        """What became of the receipts, of its own and of the one that stands for it."""
        facts = sorted((*self.facts, *self.life.receipts), key=lambda fact: fact.number)
        is_receipts = ("acknowledgement", "acknowledgement sent")
        return [
            f
            for f in facts
            if f.number <= number
            and f.kind in ("acknowledgement sent", *LOSSES)
            and (f.kind in is_receipts or f.details.get("purpose") == "acknowledgement")
        ]

    def words_after(self, spell: int) -> int | None:
        """When the person first wrote after its end, up to the beginning of the next."""
        end_at = self.end_at(spell)
        if end_at is None:
            return None
        is_last = spell + 1 == len(self.begins)
        hours = [f.at for f in self.facts if f.kind == "follow-up" and f.details["rule"][0] == "8"]
        hours += [self.begin_at(i) for i, f in enumerate(self.begins) if f.kind == "reopened" and not f.is_of_staff]
        return min((h for h in hours if h >= end_at and (is_last or h <= self.begin_at(spell + 1))), default=None)

    def early_words(self, spell: int) -> int:
        """How often the person wrote before the date that held, while no member of staff had."""
        return sum(self.is_early(spell, fact) for fact in self.before_end(spell))

    def is_early(self, spell: int, word: Fact) -> bool:
        """Whether this is such a word."""
        if word.kind != "follow-up" or word.details["rule"][0] != "8":
            return False
        before = [f for f in self.within(spell) if f.number < word.number]
        if any(f.kind in STAFFS_WORDS for f in before):
            return False
        date = Oracle(self.life, self.first_due, None, word.number).dates(spell)[-1]
        return date is not None and at_unit(word.at) <= date


def _ends(fact: Fact) -> bool:
    return fact.kind == "responded" or (fact.kind in ("closed", "merged") and fact.details.get("was") == "open")


def _ending(fact: Fact | None) -> str:
    if fact is None:
        return ""
    names = {"responded": "answered", "merged": "merged"}
    return names.get(fact.kind) or str(fact.details.get("outcome", "finished"))


def _hours(text: str) -> Iterator[int]:
    for begin, until in json.loads(text or "[]"):
        assert begin < until
        yield from range(_unit(begin), _unit(until))


def _unit(count: int) -> int:
    return (count - microseconds(at_unit(0))) // 3_600_000_000


def _count(unit: int | None) -> int | None:
    return None if unit is None else microseconds(at_unit(unit))


def _microseconds(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)


def origin_of(life: Life, first_due: int | None, first_acknowledge: int | None) -> Origin:
    """What such a contact keeps; what it is about is as the last event left it."""
    standard, version = life.topics["standard"].split()
    first_dates = [None if unit is None else at_unit(unit) for unit in (first_acknowledge, first_due)]
    topics = {name: life.topics[name] for name in ("service", "kind", "area", "team", "calendar", "acknowledged_by")}
    return Origin(
        contact_id=7,
        first_event=life.facts[0].number,
        received_at=at_unit(0),
        channel="inbox",
        channel_kind="mail",
        medium="email",
        visibility="private",
        outcome="acknowledge",
        rule="24 person",
        language="en",
        receipt_sent_at=None,
        first_acknowledge_by=first_dates[0],
        first_respond_by=first_dates[1],
        standard=standard,
        standard_version=version,
        **topics,
    )


def happenings_of(facts: list[Fact], *, is_forgotten: bool) -> list[Happening]:
    """The same events as they are stored; of a contact that is forgotten only facts are left."""
    return [
        Happening(f.number, at_unit(f.at), f.kind, f.is_of_staff, _left(f.details) if is_forgotten else f.details)
        for f in facts
    ]


def _left(details: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if name in FACTS}


def _compare(spell: Spell, oracle: Oracle, about: dict[str, str], number: int) -> None:
    place, end = spell.number, oracle.end(spell.number)
    assert spell.begins_at == _count(oracle.begin_at(place))
    assert (spell.ending, spell.ends_at) == (_ending(end), _count(oracle.end_at(place)))
    assert spell.responded_at == (_count(oracle.end_at(place)) if _ending(end) == "answered" else None)
    assert spell.respond_by == _microseconds(oracle.due(place))
    first = next((date for date in oracle.dates(place) if date is not None), None)
    assert spell.first_respond_by == _microseconds(first)
    assert set(_hours(spell.pauses)) == oracle.paused_hours(place)
    assert spell.paused_at == (_count(oracle.pause_without_end(place)) if end is None else None)
    assert spell.extensions == sum(fact.kind == "extended" for fact in oracle.within(place))
    assert spell.windows_missed == sum(f.kind == "platform window missed" for f in oracle.within(place))
    assert spell.next_word_at == _count(oracle.words_after(place))
    assert spell.early_words == oracle.early_words(place)
    assert {name: getattr(spell, name) for name in ("service", "kind", "area", "team", "calendar")} == {
        name: about[name] for name in ("service", "kind", "area", "team", "calendar")
    }
    assert f"{spell.standard} {spell.standard_version}" == about["standard"]
    causes = [fact.details["cause"] for fact in oracle.within(place) if fact.kind == "cause named"]
    assert spell.cause == (causes[-1] if causes else "")
    if place == 0:
        assert spell.acknowledged_at == _count(oracle.acknowledged(about, number))
        receipts = oracle.receipts(number)
        assert spell.is_undeliverable == bool(receipts and receipts[-1].kind in LOSSES)


def test_spells_agree_with_an_independent_count() -> None:
    """Of many invented contacts, each at a random event: corrected, merged, recorded late, forgotten."""
    random = Random(25)
    for _ in range(LIVES):
        life = invent(random, random.randint(1, 14))
        first_due, first_acknowledge = life.first_due, life.first_acknowledge_by
        number = random.randint(0, life.number + 1)
        is_forgotten = random.random() < 0.5
        happenings = happenings_of(life.facts, is_forgotten=is_forgotten)
        receipts = happenings_of(life.receipts, is_forgotten=is_forgotten)
        origin = origin_of(life, first_due, first_acknowledge)
        spells = spells_of(origin, happenings, number, receipts)
        if number < life.facts[0].number:
            assert spells == ()
            continue
        oracle = Oracle(life, first_due, first_acknowledge, number)
        about = life.about[max(n for n in life.about if n <= number)]
        assert [spell.number for spell in spells] == list(range(len(oracle.begins)))
        for spell in spells:
            _compare(spell, oracle, about, number)
