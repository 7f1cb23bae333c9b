"""Receipts are held back where there are too many of them; contacts never are."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from bot.core.acknowledgements import Limits, Tally, contact_in_place, domain, why_held

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTES = some.integers(0, 2000).map(lambda minutes: timedelta(minutes=minutes))


@given(some.lists(MINUTES, max_size=40))
def test_never_more_than_the_limits_in_any_hour_or_day(pauses: list[timedelta]) -> None:
    """Whenever somebody writes: at most three receipts in any hour, ten in any day, one in ten minutes."""
    limits, tally, at = Limits(), Tally(), NOW
    for number, pause in enumerate(pauses, 1):
        at += pause
        if contact_in_place(tally, at, limits) is None and not why_held("a@b.example", at, tally, Tally(), limits):
            tally = Tally((*tally.receipts, at), (number, at))
    sent = tally.receipts
    for start in sent:
        assert sum(start <= receipt_at < start + timedelta(hours=1) for receipt_at in sent) <= limits.an_hour
        assert sum(start <= receipt_at < start + timedelta(days=1) for receipt_at in sent) <= limits.a_day
        assert sum(start <= receipt_at < start + limits.one_within for receipt_at in sent) == 1


@given(some.lists(MINUTES, min_size=1, max_size=40))
def test_without_limits_everybody_has_a_receipt(pauses: list[timedelta]) -> None:
    """0 means any number."""
    limits = Limits(timedelta(0), an_hour=0, a_day=0)
    tally = Tally(tuple(NOW + pause for pause in pauses), (1, NOW))
    assert contact_in_place(tally, NOW, limits) is None
    assert not why_held("a@b.example", NOW, tally, tally, limits)


def test_many_people_of_one_provider_are_not_one_sender() -> None:
    """The cap of a domain is for an organisation whose programs have gone astray."""
    limits, many = Limits(an_hour_to_a_domain=5), Tally((NOW,) * 10)
    assert why_held("a@vendor.example", NOW, Tally(), many, limits)
    assert not why_held("a@GMail.com", NOW, Tally(), many, limits)
    assert domain("A@Vendor.Example") == "vendor.example"
