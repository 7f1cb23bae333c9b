"""Figures over a year of contacts: made anew from the events; a quarter and the year, each by a command."""

import sys
import tempfile
from pathlib import Path

from bench import rig, year
from bot.store import schema
from bot.store.databases import database_path
from tests.components import service as configured
from tests.components.service import Service

QUARTER, YEAR = ("2026-07-01", "2026-09-30"), ("2026-01-01", "2026-12-31")
CUT = ("--by", "service,channel", "--format", "csv")


def over(count: int) -> None:
    """Fill a SQLite store with so many contacts of a year, and measure each command."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), [configured.LMTP.format(port=1), configured.SMTP.format(port=2)])
        schema.upgrade(service.store_url)
        events = year.fill(database_path(service.store_url), count)
        anew = _cost(service, "figures", "rebuild")
        check = _cost(service, "figures", "rebuild", "--check")
        quarter = _cost(service, "report", "--from", QUARTER[0], "--to", QUARTER[1], *CUT)
        whole = _cost(service, "report", "--from", YEAR[0], "--to", YEAR[1], *CUT)
    costs = {"anew": anew, "check": check, "quarter": quarter, "year": whole}
    rig.show(
        benchmark="figures over a year",
        contacts=count,
        events=events,
        **{f"{name}_seconds": cost.seconds for name, cost in costs.items()},
        **{f"{name}_cpu_seconds": cost.cpu_seconds for name, cost in costs.items()},
        megabytes=max(cost.megabytes for cost in costs.values()),
    )


def _cost(service: Service, *command: str) -> rig.CommandCost:
    return rig.cost_of([sys.executable, "-m", "bot", *command, "--config", str(service.config)], service.environment)
