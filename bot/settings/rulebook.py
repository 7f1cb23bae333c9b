"""The configuration as the flows know it: settings -> Rulebook."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path
from types import MappingProxyType

from bot.channel import Account, Follower, MailWayIn, TextsByOutlet, WayIn
from bot.core.addressing import Addressing
from bot.core.answers import AnswerRules
from bot.core.board import PLACEHOLDER
from bot.core.books import Book
from bot.core.escalations import NO_WINDOW, Window
from bot.core.feedback import FeedbackRules
from bot.core.outlets import Limits
from bot.core.rules import Facts
from bot.flows.rulebook import ClockRules, IntakeRules, OutgoingRules, Rulebook, Team, Way
from bot.render import answers
from bot.settings.reading import Settings


def build(
    configured: Settings,
    senders: Mapping[str, str],
    limits: Mapping[str, Limits] = MappingProxyType({}),
) -> Rulebook:
    """The rulebook of a configuration.

    `senders` gives each outlet's From address with its display name, `limits` what each can carry.
    """
    ways = {c.name: _way(c, limits.get(c.replies_by or "")) for c in configured.channels if isinstance(c, WayIn)}
    return Rulebook(
        prefix=configured.organisation.reference_prefix,
        ways=ways,
        clocks=_clocks(configured),
        intake=_intake(configured, frozenset(_own(configured, ways, senders))),
        outgoing=_outgoing(configured, senders, limits),
        secret=configured.web.secret.get_secret_value().encode(),
        tracking=configured.tracking.rules(configured.mail.reopen_days),
    )


def _clocks(configured: Settings) -> ClockRules:
    return ClockRules(
        default_calendar=configured.calendars["england"],
        calendars=configured.calendars,
        promises=Book(configured.standards),
        ladders=configured.escalation.ladders(),
        timing=configured.escalation.alerts.timing(),
    )


def _intake(configured: Settings, own: frozenset[str]) -> IntakeRules:
    return IntakeRules(
        own=own,
        triage=_triage(configured, own),
        limits=configured.limits.limits(),
        router=configured.services.router(configured.teams[0].name if configured.teams else None),
        urgent=configured.urgent,
        words_of_ours=tuple(_words_of_templates(configured.template_directories)),
        reopen_days=configured.mail.reopen_days,
    )


def _words_of_templates(directories: Iterable[Path]) -> Iterator[str]:
    """What we say ourselves to the people who write; a value ends a sentence, as it is another each time."""
    for directory in directories:
        for path in sorted(directory.glob("messages/*/*.md")):
            yield PLACEHOLDER.sub("\n\n", path.read_text(encoding="utf-8-sig"))


def _outgoing(configured: Settings, senders: Mapping[str, str], limits: Mapping[str, Limits]) -> OutgoingRules:
    accounts = {c.name for c in configured.channels if isinstance(c, Account)}
    return OutgoingRules(
        teams={team.name: Team(team.name, team.addresses, team.replies_by, team.roles) for team in configured.teams},
        senders=senders,
        texts=frozenset(accounts | _outlets("text", limits)),
        words=frozenset(_outlets("words", limits)),
        events=frozenset(_outlets("event", limits)),
        followers={c.name: c.follows for c in configured.channels if isinstance(c, Follower) and c.follows},
        operators=configured.operators.team,
        restraint=configured.escalation.restraint.restraint(configured.calendars["england"]),
        deputies=configured.escalation.deputies(),
        most_a_day={name: limit.most_a_day for name, limit in limits.items() if limit.most_a_day},
        website=configured.web.public_url.rstrip("/"),
        answers=answers.read_all(configured.template_directories)[0],
        answering=_answers(configured, limits),
        addressing=_addressing(configured),
        # The question leads to a page of ours, and without pages there is nothing to ask it on.
        feedback=configured.feedback.rules() if configured.web.public_url else FeedbackRules(),
    )


def _addressing(configured: Settings) -> Addressing:
    organisation = configured.organisation
    return Addressing(organisation.languages, organisation.opening_hours, configured.mail.receipts_name_subject)


def _answers(configured: Settings, limits: Mapping[str, Limits]) -> AnswerRules:
    return AnswerRules(
        longest={name: limit.longest for name, limit in limits.items() if limit.longest},
        longest_public={name: limit.longest_public for name, limit in limits.items() if limit.longest_public},
        most_bytes=configured.mail.attachments_megabytes * 1024 * 1024,
        posts_by=next((name for name, limit in limits.items() if limit.posts), ""),
    )


def _own(configured: Settings, ways: Mapping[str, Way], senders: Mapping[str, str]) -> Iterator[str]:
    """Our own addresses in lower case."""
    of_senders = (parseaddr(sender)[1] for sender in senders.values())
    for address in (*(way.address for way in ways.values()), *of_senders, *configured.mail.aliases):
        if address:
            yield address.lower()


def _outlets(message_format: str, limits: Mapping[str, Limits]) -> set[str]:
    return {name for name, limit in limits.items() if limit.format == message_format}


def _way(settings: WayIn, limits: Limits | None) -> Way:
    way = Way(
        name=settings.name,
        channel_kind=settings.kind,
        outlet=settings.replies_by,
        team=settings.team,
        medium=settings.media[0] if len(settings.media) == 1 else settings.kind,
        service=settings.service,
        contact_kind=settings.contact_kind,
        area=settings.area,
        window=Window(limits.reply_window, limits.person_window) if limits else NO_WINDOW,
        receipts=settings.acknowledge if isinstance(settings, Account) else "both",
        texts_outlet=settings.texts_by if isinstance(settings, TextsByOutlet) else None,
    )
    if not isinstance(settings, MailWayIn):
        return way
    return replace(way, address=settings.address, authserv_id=settings.authserv_id, subaddresses=settings.subaddresses)


def _triage(configured: Settings, own: frozenset[str]) -> Facts:
    mail = configured.mail
    return Facts(
        own=own,
        own_complete=bool(mail.aliases),
        staff=frozenset(mail.staff),
        relays=frozenset(mail.relays),
        spam_header=mail.spam_header.lower(),
    )
