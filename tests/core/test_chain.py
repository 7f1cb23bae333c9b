"""A chain of digests over events: each change shows at its own event, and forgetting is none."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core import chain
from bot.core.chain import Link, Record, Secret, Verification

SECRET, FORMER = Secret(b"s" * 32), Secret(b"f" * 32)
KEY = b"k" * 32
NOW = datetime(2026, 11, 30, 9, 15, tzinfo=UTC)
EVENTS = [
    Record(
        number, 7, NOW + timedelta(minutes=number), "closed", "staff:ann@example.gov.uk", f'{{"reason": "r{number}"}}'
    )
    for number in range(1, 5)
]
Pair = tuple[Record | None, Link]


def linked(events: Sequence[Record], secret: Secret = SECRET) -> list[Pair]:
    """Each event with its link."""
    digest, pairs = chain.ORIGIN, list[Pair]()
    for event in events:
        link = chain.link(digest, event, bytes([event.id]) * chain.SALT_BYTES, secret, secret.name)
        digest = link.link
        pairs.append((event, link))
    return pairs


def forgotten(pair: Pair, key: bytes = KEY) -> Pair:
    """The event without what it said, and its link without the salt."""
    event, link = pair
    assert event is not None
    rest = replace(event, details="{}")
    return rest, replace(link, salt=None, remainder=chain.remainder_proof(link.link, rest.actor, rest.details, key))


def judged(pairs: Sequence[Pair], *heads: bytes, forgetting: bool = False, secret: Secret = SECRET) -> Verification:
    """What comes of these events and links."""
    verification = Verification(secret, KEY, heads)
    for number, (event, link) in enumerate(pairs, 1):
        verification.take(number, event, link, forgetting_follows=forgetting)
    return verification


def test_what_was_not_changed_holds() -> None:
    """With every head that was written down."""
    pairs = linked(EVENTS)
    verification = judged(pairs, pairs[1][1].link)
    assert verification.holds
    assert (verification.count, verification.event, verification.head) == (4, 4, pairs[-1][1].link)


def _changed(**values: object) -> Callable[[Pair], Pair]:
    def change(pair: Pair) -> Pair:
        event, link = pair
        assert event is not None
        return replace(event, **values), link  # type: ignore[arg-type]

    return change


def _by_another(pair: Pair) -> Pair:
    event, link = pair
    return event, replace(link, mac=chain.proof(link.link, FORMER))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda pair: (None, pair[1]), "deleted"),
        (_changed(details="{}"), "its details"),
        (_changed(actor="staff:lee@example.gov.uk"), "who did it"),
        (_changed(kind="reopened"), "kind was changed"),
        (_changed(contact_id=8), "its contact"),
        (_changed(at=NOW), "instant"),
        (_by_another, "does not have the secret"),
        (lambda pair: forgotten(pair, b"x" * 32), "no event says that it was forgotten"),
    ],
)
def test_each_change_is_one_fault_at_its_event(change: Callable[[Pair], Pair], reason: str) -> None:
    """What follows is judged by the link as it is stored."""
    pairs = linked(EVENTS)
    pairs[1] = change(pairs[1])
    verification = judged(pairs)
    assert not verification.holds
    assert [fault.event for fault in verification.faults] == [2]
    assert reason in verification.faults[0].reason


def test_what_was_forgotten_holds_as_long_as_its_rest_is_not_changed() -> None:
    """The proof of the rest needs the key."""
    pairs = linked(EVENTS)
    pairs[1] = forgotten(pairs[1])
    verification = judged(pairs, forgetting=True)
    assert verification.holds
    assert verification.forgotten_count == 1
    for change in (_changed(details='{"by": "nobody"}'), lambda pair: forgotten(pair, b"x" * 32)):
        again = [*pairs]
        again[1] = change(pairs[1])
        assert "was changed after it was forgotten" in judged(again, forgetting=True).faults[0].reason


def test_a_former_secret_proves_nothing_and_is_no_fault() -> None:
    """The chain holds again once a link is made with the secret of now."""
    pairs = linked(EVENTS[:3], FORMER)
    verification = judged(pairs)
    assert (verification.faults, verification.of_former_secrets, verification.holds) == ([], 3, False)
    last = chain.link(pairs[-1][1].link, EVENTS[3], b"4" * chain.SALT_BYTES, SECRET, SECRET.name)
    assert judged([*pairs, (EVENTS[3], last)]).holds
    pairs[1] = forgotten(pairs[1], b"x" * 32)
    verification = judged([*pairs, (EVENTS[3], last)], forgetting=True)
    assert (verification.holds, verification.unproved_remainders) == (True, 1)


def test_a_head_that_is_not_there_shows_that_the_end_was_cut_off() -> None:
    """Nothing else would: what is left holds by itself."""
    pairs = linked(EVENTS)
    verification = judged(pairs[:2], pairs[-1][1].link)
    assert (verification.faults, verification.holds) == ([], False)
    assert verification.absent_heads == {pairs[-1][1].link}


def test_of_many_faults_the_first_are_named_and_all_are_counted() -> None:
    """A report stays short."""
    events = [replace(EVENTS[0], id=number) for number in range(1, 31)]
    verification = judged([(None, link) for _, link in linked(events)])
    assert (len(verification.faults), verification.fault_count) == (Verification.MOST_FAULTS, 30)
