"""What a start costs of the processor: help, a list of the queue, and the service until it is ready."""

import statistics
import sys
import tempfile
from pathlib import Path

from bench import rig, year
from bot.store import schema
from bot.store.databases import database_path
from tests.components import service as configured
from tests.components.ports import free_port
from tests.components.service import Service

# What no command that reads a store, and no service, can start without; as in a command, nothing is looked through for
# garbage at the end.
_OF_A_LIST = "import gc, pydantic.main, sqlalchemy.dialects.sqlite, typer.main; gc.freeze()"
_OF_THE_SERVICE = f"import aiohttp.web, prometheus_client, bot.log; {_OF_A_LIST}"


def of_fresh_processes(times: int, contacts: int) -> None:
    """Start each so many times, mail channels alone, on a SQLite store with so many contacts; show the medians."""
    with tempfile.TemporaryDirectory() as folder:
        lmtp, smtp = configured.LMTP.format(port=free_port()), configured.SMTP.format(port=2)
        service = Service(Path(folder), [lmtp, smtp])
        schema.upgrade(service.store_url)
        year.fill(database_path(service.store_url), contacts)
        program = [sys.executable, "-m", "bot"]
        commands = {
            "python": [sys.executable, "-c", "pass"],
            "list_libraries": [sys.executable, "-c", _OF_A_LIST],
            "libraries": [sys.executable, "-c", _OF_THE_SERVICE],
            "help": [*program, "--help"],
            "list": [*program, "contacts", "list", "--config", str(service.config)],
        }
        _until_ready(service)  # what Python compiles once, and a new store's first start, are no cost of a start
        costs: dict[str, list[float]] = {name: [] for name in ("run", *commands)}
        for _ in range(times):
            for name, words in commands.items():
                costs[name].append(rig.cost_of(words, service.environment).cpu_seconds)
            costs["run"].append(_until_ready(service))
    medians = {name: statistics.median(figures) for name, figures in costs.items()}
    rig.show(
        benchmark="a start",
        times=times,
        contacts=contacts,
        **{f"{name}_cpu_seconds": median for name, median in medians.items()},
        **{f"{name}_lowest_cpu_seconds": min(costs[name]) for name in ("help", "list", "run", "libraries")},
        ratio_of_run_to_libraries=medians["run"] / medians["libraries"],
    )


def _until_ready(service: Service) -> float:
    """Return the CPU seconds of a service from its start until /readyz answers 200."""
    with service.start():
        seconds = rig.cost(service.pid).cpu_seconds
        service.stop()
    return seconds
