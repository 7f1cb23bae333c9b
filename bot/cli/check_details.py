"""What `ackbot check --verbose` says besides: channels, standards with their dates, services, times of keeping."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.cli.configuration import rulebook_of

if TYPE_CHECKING:
    from bot.settings.reading import Settings


def lines(configured: "Settings") -> Iterator[str]:
    """Yield each fact of a good configuration, in one line or several."""
    for channel in configured.channels:
        yield f"Channel {channel.name}: kind {channel.kind}."
    yield from _standard_lines(configured)
    yield from _service_lines(configured)
    yield from _keeping_lines(configured)


def _standard_lines(configured: "Settings") -> Iterator[str]:
    from bot.flows import promise
    from bot.flows.promise import within
    from bot.present import Present

    book, now = rulebook_of(configured), Present().now()
    today = book.clocks.default_calendar.day_of(now)
    for name, way in book.ways.items():
        usual = book.clocks.promises.choose(way.matter("private"), today)
        yield f"Channel {name}: what comes there has the standard {usual.id} ({usual.title})."
    for standard in book.clocks.promises.in_force(today):
        promises = [f"acknowledge {within(standard.acknowledge)}"] if standard.acknowledge else []
        promises += [f"answer {within(standard.respond)}"] if standard.respond else []
        yield f"Standard {standard.id}: {', '.join(promises)}."
        yield from (f"  {line}" for line in promise.sentences(standard, now, book.clocks))


def _service_lines(configured: "Settings") -> Iterator[str]:
    """Yield each service with its team and its standard, and the number of routing rules."""
    from bot.core.books import Matter
    from bot.present import Present

    book, services = rulebook_of(configured), configured.services
    today = book.clocks.today(Present().now())
    for service in services.service:
        standard = book.clocks.promises.choose(Matter(service=service.name), today)
        links = (("no page", service.page), ("no other_route", service.other_route))
        gaps = [words for words, value in links if not value]
        with_gaps = (
            f" It has {' and '.join(gaps)}: people with or without the internet are sent nowhere." if gaps else ""
        )
        team = service.team or "its channel's team"
        yield f"Service {service.name} ({service.title}): {team}, standard {standard.id}.{with_gaps}"
    if services.route:
        yield f"Rules of routing: {len(services.route)}. To see one at work: ackbot triage --config DIR FILE"


def _keeping_lines(configured: "Settings") -> Iterator[str]:
    """Yield for how long each kind of contact is kept."""
    retention, reopen_days = configured.retention, configured.mail.reopen_days
    yield f"Kept after the last message or answer, and at least {reopen_days} days after the promised date:"
    yield f"  {max(retention.days, reopen_days):>5} days  what is named nowhere below"
    yield f"  {max(retention.direct_message_days, reopen_days):>5} days  direct messages on platforms"
    for kind, days in retention.days_of_kinds.items():
        origin = "" if kind in retention.kinds else " (packaged)"
        yield f"  {max(days, reopen_days):>5} days  kind {kind}{origin}"
    yield f"  {retention.audit_days:>5} days  lines of the audit trail that are about no contact"
