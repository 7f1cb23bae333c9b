"""What the operators are told of who may come in: tokens of programs that soon end, and those that never do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.deliveries import NewDelivery
from bot.flows.outgoing import alert
from bot.flows.rulebook import Rulebook
from bot.store.tokens import Token

TOLD_BEFORE = timedelta(days=14)


def soon_expired(tokens: Sequence[Token], now: datetime, zone: ZoneInfo, book: Rulebook) -> list[NewDelivery]:
    """One notice for each token that ends within a fortnight."""
    return [
        row
        for token in tokens
        if token.ends_at is not None and token.ends_at - TOLD_BEFORE <= now
        for row in alert.notices(
            None,
            f"token-ends:{token.name}:{token.ends_at.isoformat()}",
            now,
            book,
            subject=f"The token {token.name} soon ends",
            happened=f"The program that uses the token {token.name} is let in until "
            f"{token.ends_at.astimezone(zone):%d %B %Y, %H:%M}.",
            action="Make another one under a new name (ackbot token create), give it to the program, and revoke this "
            "one.",
        )
    ]


def never_expiring(tokens: Sequence[Token], now: datetime, book: Rulebook) -> list[NewDelivery]:
    """One notice a year that names the tokens without an end."""
    names = ", ".join(token.name for token in tokens if token.ends_at is None)
    if not names:
        return []
    return alert.notices(
        None,
        f"tokens-without-end:{now:%Y}",
        now,
        book,
        subject="Some tokens never end",
        happened=f"These let a program in for ever, whoever has learnt them: {names}.",
        action="Replace each by one with an end, unless it must be so: ackbot token create, then ackbot token revoke.",
    )
