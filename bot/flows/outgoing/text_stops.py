"""Automatic text messages that do not leave, as the owner of the number wants none; asked when they are about to."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from bot.core.deliveries import TO_STAFF, Delivery, Purpose
from bot.core.phones import PREFIX
from bot.store import suppressions

_OTHERS = TO_STAFF | {Purpose.ANSWER, Purpose.EVENT}


def barred(connection: Connection, due: Iterable[Delivery], now: datetime) -> set[int]:
    """Return the numbers of those of these deliveries that may not leave; what a person typed may."""
    texts = [d for d in due if d.recipient.startswith(PREFIX) and d.purpose not in _OTHERS]
    addresses = suppressions.among(connection, {text.recipient for text in texts}, now)
    return {text.id for text in texts if text.recipient.lower() in addresses}
