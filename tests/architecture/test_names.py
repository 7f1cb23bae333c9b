"""Names say what a thing is, in the words that the whole house uses."""

import ast
from collections.abc import Iterator

from bot.store.tables import metadata
from tests.architecture.house import Source, sources

HOMELESS = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc"}

# The word that we use instead is in the comment.
NEVER = {
    "ticket",  # contact
    "case",  # contact
    "user",  # sender
    "platform",  # channel
    "sla",  # standard, promise
    "timer",  # clock
    "expiry",  # due
    "expires",  # due
    "snooze",  # pause
    "snoozed",  # paused
    "autoreply",  # acknowledgement, receipt
    "resolution",  # full response
    "resolved",  # responded
    "notification",  # escalation step
    "job",  # delivery
    "task",  # delivery
    "failed",  # shunted; for a delivery, its states
}

# Until when a provider such as WhatsApp takes an answer: its own term, and no channel of ours.
TERMS = {"platform_reply_by"}

LOG_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def test_no_file_is_a_drawer() -> None:
    """No file is called utils, helpers, manager or base: what is in it has a name, or no home."""
    drawers = [
        source.name for source in sources("bot", "channels", "tests", "bench") if _words(source.path.stem) & HOMELESS
    ]
    assert not drawers


def test_the_store_speaks_our_language() -> None:
    """No table and no column uses a word for which the house has another."""
    names = {name for table in metadata.tables.values() for name in (table.name, *table.columns.keys())}
    assert not {name for name in names - TERMS if _words(name) & NEVER}


def test_the_log_speaks_our_language() -> None:
    """No key of a log line uses a word for which the house has another."""
    keys = {
        (source.name, key) for source in sources("bot", "channels") for key in _log_keys(source) if _words(key) & NEVER
    }
    assert not keys


def _log_keys(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logger"), attr=level)) if level in LOG_LEVELS:
                yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def _words(name: str) -> set[str]:
    return set(name.lower().strip("_").split("_"))
