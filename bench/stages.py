"""Where the CPU of a mail goes: the service with a stop-watch at each stage, fed by LMTP.

python -m bench.stages run ...  is `ackbot run ...` with the stop-watches; at its end it writes their times to $STAGES.
A stage's time is its thread's CPU without the stages that it calls; the watches themselves take about a twentieth.
"""

import json
import os
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import rig
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service
from tests.components.sink import Sink

STAGES = {
    "MIME: lines to message": ("bot.wire.mail.mime:read",),
    "MIME: header fields": ("bot.wire.mail.headers:fields", "bot.wire.mail.mime:_mail"),
    "MIME: bodies": ("bot.wire.mail.mime:_read_body",),
    "words: new ones of a thread": ("bot.wire.mail.quoting:new_words",),
    "words: folded": ("bot.core.phrases:words_of", "bot.core.phrases:fold"),
    "words: urgent rules": ("bot.core.urgencies:urgency_in",),
    "words: language": ("bot.flows.intake.topics:language_of",),
    "words: routing": ("bot.core.topics:Router.route", "bot.core.topics:query_of"),
    "words: references in them": ("bot.core.threads:pointers_of",),
    "words: into the index": ("bot.store.words:index",),
    "decide: triage": ("bot.core.intakes:triage",),
    "decide: promise": ("bot.flows.intake.plan:_promise_columns",),
    "decide: the rest": ("bot.flows.intake.decide:decide",),
    "store: what is known": ("bot.flows.intake.gather:gather", "bot.store.direct:rows_of"),
    "store: rows of a mail": ("bot.flows.intake.receive:apply", "bot.store.direct:run_many"),
    "store: begin, savepoint, commit": ("bot.store.engine:Store._commit_together", "bot.store.direct:mark"),
    "store: numbers, cursor, lock": ("bot.flows.intake.receive:receive",),
    "receipt: written": (
        "bot.flows.outgoing.compose:MessageWriter.write",
        "bot.render.compose:Composer.compose_together",
    ),
    "receipt: signed address": ("bot.core.acknowledgements:signed_subaddress",),
    "receipt: recorded": ("bot.flows.outgoing.deliver:record",),
}


class Staged(Service):
    """The service with stop-watches, from nothing."""

    program = "bench.stages"


def every_way(count: int) -> None:
    """Measure one connection, where every mail has its own transaction, and ten, where they share some."""
    for connections in (1, 10):
        by_lmtp(count, connections)


def by_lmtp(count: int, connections: int) -> None:
    """Print the microseconds of each stage a mail, the dearest first."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        port, times = free_port(), Path(folder) / "times.json"
        channels = [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port), configured.NO_BREAKER]
        service = Staged(Path(folder), channels)
        service.environment["STAGES"] = str(times)
        with service:
            rig.settle()
            before = rig.cost(service.pid)
            rig.deliver_apart(port, count, connections).wait()
            wait_until(lambda: rig.sent_count(service) >= count * 0.9, what="every acknowledgement", seconds=300)
            spent = rig.cost(service.pid).cpu_seconds - before.cpu_seconds
            service.stop()
        measured: dict[str, float] = json.loads(times.read_text(encoding="utf-8"))
    measured["loop, lines, log, and all else"] = spent - sum(measured.values())
    for stage, seconds in sorted(measured.items(), key=lambda item: -item[1]):
        rig.show(
            benchmark="stages of a mail",
            way=f"LMTP, connections: {connections}",
            stage=stage,
            cpu_microseconds_a_mail=1e6 * seconds / count,
        )
    rig.show(benchmark="stages of a mail", stage="all", cpu_microseconds_a_mail=1e6 * spent / count)


class Watches:
    """The CPU seconds of each stage, by thread so that none waits for another."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._stacks = threading.local()

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a stop-watch."""

        def timed(*arguments: Any, **named: Any) -> Any:
            stack: list[float] = self._stacks.__dict__.setdefault("inner", [])
            stack.append(0.0)
            begin = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                whole = time.thread_time() - begin
                self.seconds[stage] += whole - stack.pop()
                if stack:
                    stack[-1] += whole

        return timed

    def put_on(self, stage: str, place: str) -> None:
        """Replace the function wherever a module of the service has its name."""
        module_name, _, path = place.partition(":")
        owner: Any = import_module(module_name)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        original = getattr(owner, name)
        timed = self.around(stage, original)
        setattr(owner, name, timed)
        for module in [module for key, module in sys.modules.items() if key.startswith(("bot.", "channels."))]:
            for key in [key for key, value in vars(module).items() if value is original]:
                setattr(module, key, timed)


def main() -> None:
    """Run the service with the stop-watches."""
    import_module("tests.components.imports")
    watches = Watches()
    for stage, places in STAGES.items():
        for place in places:
            watches.put_on(stage, place)
    try:
        import_module("bot.__main__").main()
    finally:
        Path(os.environ["STAGES"]).write_text(json.dumps(watches.seconds), encoding="utf-8")


if __name__ == "__main__":
    main()
