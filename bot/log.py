"""The structured log: one JSON object a line on standard error, facts and no personal data."""

import logging
import re
import sys
from collections.abc import MutableMapping
from datetime import datetime
from types import ModuleType
from typing import Any, cast

_RICH = sys.modules.get("rich")
# For want of it structlog draws tracebacks without boxes, as we do; to import it took a twentieth of a start.
sys.modules["rich"] = cast("ModuleType", None)
import structlog  # noqa: E402

del sys.modules["rich"]
if _RICH is not None:
    sys.modules["rich"] = _RICH

_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")


def _without_addresses(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Remove addresses, which no line should contain: error texts of servers may quote one."""
    for key, value in event.items():
        if isinstance(value, str) and "@" in value:
            event[key] = _ADDRESS.sub("(address)", value)
    return event


def configure(now: Any, *, level: int = logging.INFO) -> None:
    """Send all log lines to standard error: JSON for machines, columns for a person at a terminal.

    `now` returns the instant of each line, so that a rehearsal's log shows rehearsal time.
    """

    def stamp(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        at: datetime = now()
        event["at"] = at.isoformat(timespec="milliseconds")
        return event

    shared: list[Any] = [structlog.processors.add_log_level, stamp]
    shared += [structlog.processors.format_exc_info, _without_addresses]
    to_person = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if to_person else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop_record, renderer])
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _drop_record(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def get(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger; `log.info("delivery.sent", reference=..., channel=..., attempt=2)`."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger
