"""`make faults`: one fault after the other on real services, and a table of what came of each."""

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bot.store import schema
from tests.components.postgres import Postgres
from tests.faults import on_clocks, on_database, on_mail, on_mailboxes, on_processes
from tests.faults.scene import Outcome, Scene

Fault = Callable[[Scene], Outcome]
FAULTS: dict[str, Fault] = {
    f"{group.__name__.rpartition('on_')[2]}.{fault.__name__}": fault
    for group in (on_processes, on_database, on_mail, on_mailboxes, on_clocks)
    for fault in group.ALL
}
THE_LONG_ONE = "processes.killed"
HEAD = ("fault", "times", "contacts", "lost", "doubled", "repeated", "refused", "recovery s", "slowest s", "verdict")


def main() -> int:
    """Run the faults that are asked for; 1 if a promise was broken."""
    options = _arguments()
    rows: list[tuple[str, ...]] = [HEAD]
    broken = 0
    with Postgres() as server:
        schema.upgrade(server.create("fresh"))
        for name in options.names or FAULTS:
            began = time.monotonic()
            print(f"{name}: {(FAULTS[name].__doc__ or '').strip()}", file=sys.stderr, flush=True)
            row = _row(name, server, options)
            rows.append(row)
            broken += row[-1] != "kept"
            print(f"{name}: {row[-1]}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            server.empty("fresh")
    print(_table(rows))
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="FAULT", help=f"which; all where none is named: {', '.join(FAULTS)}"
    )
    parser.add_argument("--contacts", type=int, default=400, help="for each fault (default: 400)")
    parser.add_argument("--long", type=int, default=10_000, help=f"contacts for {THE_LONG_ONE} (default: 10,000)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default: 1)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(FAULTS):
        parser.error(f"there is no fault {', '.join(sorted(unknown))}")
    return options


def _row(name: str, server: Postgres, options: argparse.Namespace) -> tuple[str, ...]:
    contacts = options.long if name == THE_LONG_ONE else options.contacts
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        seconds = contacts / 50 if name == THE_LONG_ONE else 20.0
        scene = Scene(Path(directory), server.url_of("fresh"), contacts, random.Random(options.seed), seconds)
        try:
            result = FAULTS[name](scene)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next fault is tried
            traceback.print_exc()
            return (name, *["-"] * (len(HEAD) - 2), f"BROKEN: {type(error).__name__}: {str(error)[:120]}")
    verdict = result.verdict
    broken = [*verdict.faults, *([f"{verdict.unacknowledged} unacknowledged"] if verdict.unacknowledged else [])]
    figures = (result.faults, verdict.contacts, verdict.lost, verdict.doubled, verdict.repeated, verdict.refused)
    times = (f"{result.recovery_seconds:.1f}", f"{result.slowest_seconds:.1f}")
    return (name, *map(str, figures), *times, "kept" if verdict.good else f"BROKEN {'; '.join(broken)}")


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:-1], row[-1]]))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
