"""What `ackbot check` says of the limits on receipts: how they compare with what really comes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.cli.check_report import Finding, Level

if TYPE_CHECKING:
    from bot.settings.reading import Settings
    from bot.store.holds import Departure

DAYS = 30
# What a small council may get within a minute, and within an hour from its form.
_LEAST_A_MINUTE, _LEAST_AN_HOUR = 30, 50


def findings(configured: "Settings", now: datetime) -> Iterator[Finding]:
    """Yield what the busiest minute and hour were, and each limit that is off, too low for people, or too high."""
    from bot.core import busiest
    from bot.core.acknowledgements import HOUR, MINUTE

    departures = _departures(configured, now - timedelta(days=DAYS))
    if departures is None:
        words = "Limits of receipts: not compared with what comes, as there is no store of this version yet."
        yield Finding(Level.DETAIL, words)
        departures = []
    all_in_a_minute = busiest.most_within((departure.at for departure in departures), MINUTE)
    forms = {channel.name for channel in configured.channels if channel.kind == "web_form"}
    unproven = [d.at for d in departures if d.unproven or d.channel in forms]
    in_a_minute, in_an_hour = (busiest.most_within(unproven, span) for span in (MINUTE, HOUR))
    limits = configured.limits
    if departures:
        yield Finding(
            Level.DETAIL,
            f"Limits of receipts: in the last {DAYS} days the busiest minute had {all_in_a_minute}. To addresses that "
            f"nothing proves the busiest minute had {in_a_minute}, and the busiest hour {in_an_hour}.",
        )
    yield from _remark("receipts_a_minute", limits.receipts_a_minute, all_in_a_minute, _LEAST_A_MINUTE)
    minute_limit, hour_limit = limits.receipts_a_minute_without_proof, limits.receipts_an_hour_without_proof
    yield from _remark("receipts_a_minute_without_proof", minute_limit, in_a_minute, _LEAST_A_MINUTE)
    yield from _remark("receipts_an_hour_without_proof", hour_limit, in_an_hour, _LEAST_AN_HOUR)


def _remark(name: str, limit: int, most: int, least: int) -> Iterator[Finding]:
    from bot.core import busiest

    words = {
        "off": f"limits.{name} is 0, so nothing stops a flood of receipts to others",
        "too low": f"limits.{name} = {limit} is too low, as {most} came at the busiest time",
        "too high": f"limits.{name} = {limit} would hardly stop a flood: {most} was the most ever",
    }.get(busiest.judge(limit, most, least))
    if words:
        yield Finding(Level.WARNING, f"{words}; better: {name} = {busiest.suggest(most, least)}.")


def _departures(configured: "Settings", since: datetime) -> "list[Departure] | None":
    """Return the receipts that left; None where no store of this version can be read."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.store import holds, schema
    from bot.store.databases import transaction

    try:
        if schema.current(configured.store.url) != schema.newest():
            return None
        with transaction(configured.store.url, writes=False) as connection:
            return holds.departures(connection, since)
    except (SQLAlchemyError, schema.StoreRefused):
        return None
