"""The time of keeping of each category of contacts."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.core.retention import Category, Retention

KEEP = Retention(
    usual=timedelta(183),
    of_kind={"complaint": timedelta(2192), "survey": timedelta(7)},
    direct_messages=timedelta(31),
    accounts=frozenset({"whatsapp", "toots"}),
    reopen=timedelta(28),
)


@pytest.mark.parametrize(
    ("kind", "channel", "visibility", "days"),
    [
        ("", "inbox", "private", 183),
        ("", "whatsapp", "private", 31),
        ("", "toots", "private", 31),
        ("", "toots", "public", 183),
        ("complaint", "inbox", "private", 2192),
        ("complaint", "whatsapp", "private", 2192),
        ("survey", "inbox", "private", 28),
        ("unheard-of", "website", "private", 183),
    ],
)
def test_a_kind_goes_before_the_way_it_came(kind: str, channel: str, visibility: str, days: int) -> None:
    """And nothing is kept for a shorter time than it may open again."""
    assert KEEP.span(Category(kind, channel, visibility)) == timedelta(days)


def test_without_a_time_of_their_own_direct_messages_are_kept_like_others() -> None:
    """As every contact that nothing else is for."""
    assert Retention(timedelta(183)).span(Category("", "whatsapp", "private")) == timedelta(183)


def test_a_promise_may_be_kept_and_opened_again() -> None:
    """A date that is less than the days of opening ago keeps the contact."""
    now = datetime(2026, 12, 24, tzinfo=UTC)
    assert KEEP.promise_over_before(now) == datetime(2026, 11, 26, tzinfo=UTC)
