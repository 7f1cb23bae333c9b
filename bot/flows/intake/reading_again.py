"""What was shunted, as its channel reads it now: after an upgrade it may be understood."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.channel import Channel, Rereader
from bot.core.messages import Inbound
from bot.field_channels import Desk, Form
from bot.flows.intake import receive
from bot.flows.intake.batches import Filed
from bot.flows.rulebook import NO_WAY, Rulebook
from bot.store import shunt
from bot.store.shunt import ShuntedMessage
from bot.wire import bundles
from bot.wire.mail import mime

Messages = tuple[Inbound, ...]


def read_again(channel: Channel | None, row: ShuntedMessage, book: Rulebook, *, has_scanner: bool) -> Messages | None:
    """Return the messages in it, none where it is rightly ignored now; None where only a person can read it."""
    if isinstance(channel, Rereader):
        return _of_account(channel, row)
    if book.ways.get(row.channel, NO_WAY).medium == "email":
        return (mime.read(row.raw, channel=row.channel, received_at=row.at),)
    message = _of_fields(channel, row)
    if message is None:
        return None
    # Nobody knows whether its files were looked into.
    is_scanned = not (bundles.is_bundle(row.raw) and has_scanner)
    return (replace(message, external_id=row.external_id, received_at=row.at, is_scanned=is_scanned),)


def replay(
    connection: Connection, number: int, messages: Messages, now: datetime, book: Rulebook
) -> tuple[Filed, ...] | None:
    """Log what was shunted under this number, as it was read again; None if that fails and it stays as it was."""
    if not messages:
        shunt.drop(connection, number)
        return ()
    filings = receive.replay(connection, number, messages, now, book)
    return None if any(filing.outcome == "shunted" for filing in filings) else filings


def _of_account(account: Rereader, row: ShuntedMessage) -> Messages | None:
    try:
        messages = tuple(account.reread(row.raw))
    except Exception:  # noqa: BLE001 - whatever it is that is not understood, a person can read it
        return None
    if not all(message.is_understood for message in messages):
        return None
    return tuple(replace(message, received_at=message.received_at or row.at) for message in messages)


def _of_fields(channel: Channel | None, row: ShuntedMessage) -> Inbound | None:
    """Return it under its old id, where a form or the desk can read it."""
    fields = bundles.fields_of(row.raw)
    result: object = None
    if isinstance(channel, Form):
        result = channel.read(fields, bundles.files_of(row.raw))
    elif isinstance(channel, Desk):
        result = channel.record(fields, row.external_id.partition(":")[2], None)
    return result if isinstance(result, Inbound) else None
