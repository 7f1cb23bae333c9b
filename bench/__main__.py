"""`make bench`: the usual benchmarks, or those whose names are given.

python -m bench [throughput] [latency] [memory] [deadlines] [fuzz] [graph] [hostile] [processes] [size] [soak] [stages]
[start] [ticks] [webhooks] [console] [report[=CONTACTS]] [councils[=COUNT]]
"""

import sys

from bench import (
    console,
    councils,
    deadlines,
    fuzz,
    graph,
    hostile,
    latency,
    memory,
    processes,
    report,
    size,
    soak,
    stages,
    start,
    throughput,
    ticks,
    webhooks,
)


def main() -> None:
    """Run them one after another; nothing else should run on the machine in the meantime."""
    usual = {
        "throughput",
        "latency",
        "memory",
        "graph",
        "deadlines",
        "fuzz",
        "hostile",
        "processes",
        "start",
        "webhooks",
        "ticks",
        "console",
    }
    names = set(sys.argv[1:]) or usual
    if "throughput" in names:
        throughput.every_way(2000)
    if "stages" in names:
        stages.every_way(2000)
    if "latency" in names:
        latency.by_lmtp(100)
        latency.by_imap(20)
    if "memory" in names:
        memory.over(20_000)
    if "deadlines" in names:
        deadlines.rates()
        deadlines.all_anew()
    if "fuzz" in names:
        fuzz.over(20_000)
    if "hostile" in names:
        hostile.growth()
    if "processes" in names:
        processes.one_and_three(3000)
    if "webhooks" in names:
        webhooks.at_rate(200, 20)
    _run_more(names)


def _run_more(names: set[str]) -> None:
    if "start" in names:
        start.of_fresh_processes(times=9, contacts=300)
    for name in names:
        kind, _, size_text = name.partition("=")
        if kind == "report":
            report.over(int(size_text or 1_000_000))
        if kind == "councils":
            councils.on_one_server(int(size_text or 200))
    if "graph" in names:
        graph.first_look(50_000)
    if "ticks" in names:
        ticks.with_open(1_000_000)
    if "console" in names:
        console.with_contacts(1_000_000)
    if "soak" in names:
        # It takes an hour.
        soak.for_minutes(60)
    if "size" in names:
        # It fills ten gigabytes of disk, twice.
        size.empty_and_full(5_000_000)


if __name__ == "__main__":
    main()
