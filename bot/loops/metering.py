"""What the loops count, for Prometheus. No label ever holds personal data."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Meter:
    """One registry for one running service."""

    def __init__(self) -> None:
        ours = self.registry = CollectorRegistry()
        self.logged = Counter(
            "ackbot_messages_logged",
            "Messages logged, by channel and what was decided.",
            ["channel", "outcome"],
            registry=ours,
        )
        self.attempts = Counter(
            "ackbot_delivery_attempts",
            "Attempts to hand a message over, by outlet and outcome.",
            ["outlet", "state"],
            registry=ours,
        )
        self.receipt_seconds = Histogram(
            "ackbot_receipt_seconds",
            "Time from the logging of a contact to the hand-over of its acknowledgement.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 900, 3600),
            registry=ours,
        )
        self.channel_up = Gauge(
            "ackbot_channel_up", "1 while a channel is being read, 0 while it fails.", ["channel"], registry=ours
        )
        self.open_contacts = Gauge("ackbot_open_contacts", "Contacts that wait for an answer.", registry=ours)
        self.waiting_deliveries = Gauge("ackbot_waiting_deliveries", "Messages that have not left yet.", registry=ours)
        self.shunted = Gauge("ackbot_shunted_messages", "Messages that wait for a person.", registry=ours)
        self.restarts = Counter(
            "ackbot_loop_restarts", "Loops that fell over and were started again.", ["loop"], registry=ours
        )

    def exposition(self) -> bytes:
        """Everything in the Prometheus text format."""
        return generate_latest(self.registry)
