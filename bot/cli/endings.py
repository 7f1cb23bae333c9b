"""How a command ends that could not do its work: with one plain line, where a traceback would say no more."""

import os
import re
import sys
from contextlib import suppress
from typing import NoReturn

import typer

from bot.cli.configuration import MISUSE, NEGATIVE, refuse

INTERRUPTED, PIPE_CLOSED = 130, 141  # as shells have it: 128 and the number of the signal
# What the library says of a value that is typed, and what we say.
_PLAIN_WORDS = (
    (r"Value error, (.+)", r"\1"),
    (r"Input should be a valid integer.*", "give a whole number"),
    (r"Input should be a valid number.*", "give a number"),
    (r"Input should be greater than or equal to (.+)", r"it must be \1 or more"),
    (r"Input should be less than or equal to (.+)", r"it must be \1 or less"),
)
_NOT_PERMITTED = "42501"  # PostgreSQL: insufficient_privilege


def end(error: Exception | KeyboardInterrupt) -> NoReturn:
    """End the command for the reason that the error gives; raise it again where it is a fault of the program."""
    match error:
        case KeyboardInterrupt() | typer.Abort():  # the latter at a question
            typer.echo("\nStopped before it was finished.", err=True)
            raise typer.Exit(INTERRUPTED) from error
        case typer.BadParameter():
            error.message = _in_plain_words(error.message)
            raise error
        case BrokenPipeError():
            # Whoever read the output has had enough of it.
            _drop_output()
            raise typer.Exit(PIPE_CLOSED) from error
        case OSError():
            _drop_output()
            refuse(f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}.")
    if "bot.flows.changes.refusals" in sys.modules:
        _end_where_refused(error)
    if "sqlalchemy" in sys.modules and (reason := _why_no_store(error)):
        refuse(reason)
    raise error


def _in_plain_words(message: str) -> str:
    """Return what the library says of a value, as we say it."""
    for pattern, words in _PLAIN_WORDS:
        message = re.sub(f"^{pattern}$", words, message)
    return message


def _end_where_refused(error: Exception) -> None:
    """End with status 2 where what was typed is wrong, with 1 where it cannot be done as things stand."""
    from bot.flows.changes.refusals import Kind, Refused

    if isinstance(error, Refused):
        typer.echo(f"Nothing was changed: {error.reason}.", err=True)
        raise typer.Exit(MISUSE if error.kind is Kind.INVALID else NEGATIVE) from error


def _why_no_store(error: Exception) -> str:
    """Return why the store cannot be used, as a sentence; "" where the error is another."""
    from sqlalchemy.exc import DatabaseError, DBAPIError

    from bot.store.databases import UNAVAILABLE, reason_of
    from bot.store.engine import StoreUnavailable
    from bot.store.schema import StoreRefused

    if isinstance(error, StoreRefused):
        return f"Nothing was done: {error}."
    is_outside = isinstance(error, (StoreUnavailable, *UNAVAILABLE)) or type(error) is DatabaseError
    if is_outside or (isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") == _NOT_PERMITTED):
        reason = reason_of(error) if isinstance(error, DBAPIError) else error
        return f"The store cannot be used now: {reason}. Nothing is half done; run it again when it can be used."
    return ""


def _drop_output() -> None:
    """Let what is still to be written go nowhere, as Python writes it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
