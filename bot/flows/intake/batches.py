"""What a batch of messages is logged with, and what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.flows.outgoing.deliver import ClaimTerms


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose batch it is and where its cursor stood."""

    channel: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one message: the reference that holds it (None: shunted, or no contact's), and if it was new."""

    reference: str | None
    new: bool
    outcome: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many acknowledgements each outlet could send at once, and how such a claim holds.

    What fits is claimed in the transaction that queues it: it leaves without another one.
    """

    free: Mapping[str, int] = field(default_factory=dict)
    hold: ClaimTerms = field(default_factory=ClaimTerms)
