"""`ackbot check`: checks the configuration, and with --live, that every account answers."""

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

import typer

from bot.cli import check_pages
from bot.cli.configuration import NEGATIVE, Directory, load_or_exit, rulebook_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Iterator

    from bot.channel import Channel, Checkable, Coverage, Glance, MailWayIn
    from bot.settings.reading import Settings


@runtime_checkable
class SentFolder(Protocol):
    """Settings of a mailbox with the folder in which staff's own answers are seen (None: it is not watched)."""

    sent_folder: str | None


def check(
    config: Directory = None,
    live: Annotated[
        bool, typer.Option("--live", help="Also sign in to every account; sends and changes nothing.")
    ] = False,
) -> None:
    """Check configuration, templates and standards. Status 0: good, 1: something fails, 2: mistakes in the files."""
    from bot import app
    from bot.cli import check_answers, check_limits, check_store, check_templates
    from bot.present import Present
    from bot.render import lint

    configured = load_or_exit(config)
    of_files, standing = app.composer(configured), check_store.standing(configured)
    composer = standing.composer(of_files)
    findings = [*check_templates.examine(configured, composer), *check_answers.examine(configured, composer)]
    errors = lint.errors(findings)
    for finding in findings:
        typer.echo(f"{finding}", err=finding in errors)
    typer.echo(f"Configuration {configured.directory}: good. {len(configured.channels)} channels:")
    for channel in configured.channels:
        typer.echo(f"  {channel.name} ({channel.kind})")
    for remark in (*_remarks(configured), *standing.remarks, *standing.faults(of_files)):
        typer.echo(f"Please note: {remark}")
    for line in (*_standard_lines(configured), *_service_lines(configured), *_keeping_lines(configured)):
        typer.echo(line)
    for line in check_limits.lines(configured, Present().now()):
        typer.echo(line)
    for line in check_templates.lines(configured, composer):
        typer.echo(line)
    typer.echo(f"Templates: {lint.summary(findings)}.")
    well = asyncio.run(_live(configured)) if live else True
    if errors or not well:
        raise typer.Exit(NEGATIVE)


def _standard_lines(configured: "Settings") -> "Iterator[str]":
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


def _service_lines(configured: "Settings") -> "Iterator[str]":
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


def _keeping_lines(configured: "Settings") -> "Iterator[str]":
    """Yield for how long each kind of contact is kept."""
    retention, reopen_days = configured.retention, configured.mail.reopen_days
    yield f"Kept after the last message or answer, and at least {reopen_days} days after the promised date:"
    yield f"  {max(retention.days, reopen_days):>5} days  what is named nowhere below"
    yield f"  {max(retention.direct_message_days, reopen_days):>5} days  direct messages on platforms"
    for kind, days in retention.days_of_kinds.items():
        origin = "" if kind in retention.kinds else " (packaged)"
        yield f"  {max(days, reopen_days):>5} days  kind {kind}{origin}"
    yield f"  {retention.audit_days:>5} days  lines of the audit trail that are about no contact"


def _may_prove_answers(mailbox: "MailWayIn") -> bool:
    is_watched = isinstance(mailbox, SentFolder) and mailbox.sent_folder is not None
    return is_watched or mailbox.authserv_id != ""


def _remarks(configured: "Settings") -> list[str]:
    remarks = [*_remarks_on_ways_in(configured)]
    if not configured.teams:
        remarks.insert(0, "there is no [[team]], so nobody is alerted before a promise is broken.")
    return [*remarks, *check_pages.remarks(configured)]


def _remarks_on_ways_in(configured: "Settings") -> "Iterator[str]":
    from bot.channel import MailWayIn, WayIn

    for channel in configured.channels:
        if isinstance(channel, WayIn) and channel.replies_by is None:
            yield f"channel {channel.name} has no replies_by, so nobody who writes there is acknowledged."
        if isinstance(channel, MailWayIn) and not _may_prove_answers(channel):
            yield (
                f"channel {channel.name} has neither sent_folder nor authserv_id: nothing there proves that staff sent "
                "an answer, so none stops a clock before somebody has said that it is theirs."
            )
        if isinstance(channel, MailWayIn) and not channel.authserv_id:
            yield (
                f"channel {channel.name} has no authserv_id: nothing is known of who wrote, so whoever forges senders "
                f"has as many receipts sent to others as limits.receipts_a_minute allows."
            )


async def _live(configured: "Settings") -> bool:
    from bot.channel import Checkable
    from bot.kinds import build_channels

    well, channels = True, build_channels(configured)
    async with _safes_of(configured, channels.values()):
        for name, channel in channels.items():
            if isinstance(channel, Checkable):
                well &= await _answers(name, channel, configured)
    return await _scanner_answers(configured.form.clamav) and well


@asynccontextmanager
async def _safes_of(configured: "Settings", channels: "Collection[Channel]") -> "AsyncIterator[None]":
    """Let accounts renew their tokens as the service does: a check must not use up one that is good once."""
    from bot.loops import safekeeping
    from bot.present import Present
    from bot.store import schema
    from bot.store.engine import Store
    from bot.wire.platforms.safes import SecretKeeper

    has_secrets = any(isinstance(channel, SecretKeeper) for channel in channels)
    if not has_secrets or schema.current(configured.store.url) != schema.newest():
        yield
        return
    store = Store(configured.store.url, configured.store.secrets)
    store.open()
    try:
        safekeeping.entrust(channels, store, Present(), rulebook_of(configured).secret)
        yield
    finally:
        await store.close()


async def _scanner_answers(address: str) -> bool:
    """Show what the scanner of files says of itself; return False where it does not answer."""
    from bot.wire.clamav import NotScanned, Scanner

    if not address:
        return True
    try:
        typer.echo(f"  clamav: {await Scanner(address).version()}")
    except NotScanned as error:
        typer.echo(f"  clamav: {error}", err=True)
        return False
    return True


async def _answers(name: str, channel: "Checkable", configured: "Settings") -> bool:
    """Show the answer of an account; return False where it fails, or withholds messages."""
    from bot.channel import ChannelError, Closable, Covered, Glancing, SeveralFolders

    try:
        typer.echo(f"  {name}: {await channel.check()}")
        if isinstance(channel, Glancing):
            typer.echo(f"  {name}: {_first_look(name, await channel.glance(), configured)}")
        for folder in channel.also if isinstance(channel, SeveralFolders) else ():
            typer.echo(f"  {folder.name}: {await folder.check()}")
        return _show_coverage(name, await channel.coverage()) if isinstance(channel, Covered) else True
    except ChannelError as error:
        typer.echo(f"  {name}: {error}", err=True)
        return False
    finally:
        if isinstance(channel, Closable):
            await channel.close()


def _show_coverage(name: str, coverage: "Coverage") -> bool:
    """Show the coverage of a channel; return False where it is red."""
    findings = "; ".join(coverage.findings) or "everything that people write there reaches us"
    typer.echo(f"  {name}: coverage {coverage.level}: {findings}", err=coverage.level == "red")
    return coverage.level != "red"


def _first_look(name: str, glance: "Glance", configured: "Settings") -> str:
    """Return what a first look at a mailbox would log and answer."""
    from collections import Counter
    from dataclasses import replace

    from bot.core import intakes

    book = rulebook_of(configured)
    facts = replace(book.intake.triage, authserv_id=book.ways[name].authserv_id)
    outcomes = Counter(intakes.triage(message, facts).outcome for message in glance.newest)
    old = glance.count - glance.to_log
    return (
        f"a first look would log {glance.to_log} of {glance.count} messages, and leave alone {old} from before. "
        f"Of the newest {len(glance.newest)}, if they came now, it would answer {outcomes['acknowledge']}, "
        f"only log {outcomes['log']}, and leave {outcomes['ask']} to staff."
    )
