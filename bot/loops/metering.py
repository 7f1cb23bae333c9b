"""What the loops count, for Prometheus. No label ever holds personal data."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bot.core.deliveries import State
from bot.core.feedback import Opinion
from bot.core.languages import LANGUAGES
from bot.core.needs import Need
from bot.flows.desk.backlog import Backlog


class Meter:
    """One registry for one running service."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # memory, open files and the start of the process, by their usual names
        self.logged = Counter(
            "ackbot_messages_logged",
            "Messages logged, by channel and what was decided.",
            ["channel", "outcome"],
            registry=registry,
        )
        self.attempts = Counter(
            "ackbot_delivery_attempts",
            "Attempts to hand a message over, by outlet and the state that the delivery came to.",
            ["outlet", "state"],
            registry=registry,
        )
        self.receipt_seconds = Histogram(
            "ackbot_receipt_seconds",
            "Time from the logging of a contact to the hand-over of its acknowledgement.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 900, 3600),
            registry=registry,
        )
        self.channel_up = Gauge(
            "ackbot_channel_up", "1 while a channel is being read, 0 while it fails.", ["channel"], registry=registry
        )
        self.missed = Counter(
            "ackbot_messages_missed",
            "Messages that only the comparing with a platform's own list brought in, by channel.",
            ["channel"],
            registry=registry,
        )
        self.coverage = Gauge(
            "ackbot_channel_coverage",
            "2 where all that people write to an account reaches us, 1 where it is known what does not, 0 where not.",
            ["channel"],
            registry=registry,
        )
        self.restarts = Counter(
            "ackbot_loop_restarts", "Loops that fell over and were started again.", ["loop"], registry=registry
        )
        self.ready = Gauge("ackbot_ready", "1 while /readyz answers 200.", registry=registry)
        self.store_writable = Gauge("ackbot_store_writable", "1 while the store takes writes.", registry=registry)
        self._count_what_waits()

    def _count_what_waits(self) -> None:
        registry = self.registry
        self._open = Gauge("ackbot_open_contacts", "Contacts that wait for an answer.", registry=registry)
        self._waiting = Gauge("ackbot_waiting_deliveries", "Messages that have not left yet.", registry=registry)
        self._oldest_receipt = Gauge(
            "ackbot_oldest_waiting_receipt_seconds",
            "How long the acknowledgement has waited that has waited longest; 0 when none waits.",
            registry=registry,
        )
        self._overdue_look = Gauge(
            "ackbot_overdue_look_seconds",
            "How long ago an open contact should have been looked at; 0 when none is overdue.",
            registry=registry,
        )
        self._stopped = Gauge("ackbot_receipts_stopped", "1 while the breaker holds receipts back.", registry=registry)
        self._feedback = Gauge(
            "ackbot_unread_feedback",
            "What people say of our answers that nobody has read, by answer.",
            ["answer"],
            registry=registry,
        )
        self._shunted = Gauge("ackbot_shunted_messages", "Messages that wait for a person.", registry=registry)
        self._overdue_public = Gauge(
            "ackbot_overdue_public_look_seconds",
            "How long ago somebody should have looked at what was said in public; 0 when nothing is overdue.",
            registry=registry,
        )
        self._count_wishes()

    def _count_wishes(self) -> None:
        registry = self.registry
        self._needs = Gauge(
            "ackbot_contacts_with_needs", "Open contacts of people with a need.", ["need"], registry=registry
        )
        self._languages = Gauge(
            "ackbot_contacts_in_language",
            "Open contacts of people who want a language.",
            ["language"],
            registry=registry,
        )
        self._formats = Gauge(
            "ackbot_formats_to_make", "Messages that staff have to make in a format or a language.", registry=registry
        )

    def begin_outlet(self, outlet: str) -> None:
        """Show every state from the start: of a count that appears with its first event Prometheus sees no increase."""
        for state in (State.SENT, State.TEMPORARY_FAILURE, State.PERMANENT_FAILURE, State.TECHNICAL_FAILURE):
            self.attempts.labels(outlet, state)

    def show(self, backlog: Backlog, now: datetime) -> None:
        """Bring what waits up to date."""
        self._open.set(backlog.open_contacts)
        self._waiting.set(backlog.waiting_deliveries)
        self._oldest_receipt.set(_seconds_since(backlog.oldest_receipt_at, now))
        self._overdue_look.set(_seconds_since(backlog.next_look_at, now))
        self._stopped.set(backlog.receipts_stopped)
        self._shunted.set(backlog.shunted_messages)
        self._overdue_public.set(_seconds_since(backlog.public_look_at, now))
        for need in Need:
            self._needs.labels(need).set(backlog.needs.get(need, 0))
        for language in LANGUAGES:
            self._languages.labels(language).set(backlog.languages.get(language, 0))
        self._formats.set(backlog.formats_to_make)
        for opinion in Opinion:
            self._feedback.labels(opinion).set(backlog.unread_feedback.get(opinion, 0))

    def exposition(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)


def _seconds_since(instant: datetime | None, now: datetime) -> float:
    return max((now - instant).total_seconds(), 0.0) if instant else 0.0
