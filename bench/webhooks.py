"""A platform that calls the service at a fixed rate: how long it waits for the answer, which follows the commit.

    python -m bench.webhooks send URL COUNT RATE
    python -m bench.webhooks bare PORT STORE

The first makes the calls, from a process of its own, each at its time, whether earlier calls are answered or not; the
wait is counted from that time. The second is the comparison: one INSERT and one commit a call, and no logic.
"""

import asyncio
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import aiohttp
from aiohttp import web

from bench import rig
from tests.components.forked import ROOT
from tests.components.ports import free_port, wait_until
from tests.components.service import LOOPBACK, Service, ask
from tests.peers import x
from tests.peers.peer import now
from tests.peers.x import XPeer, signature

CONNECTIONS = 50


@dataclass(frozen=True)
class Run:
    """The figures of the caller, and the cost of the other side."""

    waits: list[float]
    error_count: int
    rate: float
    cpu_milliseconds: float
    peak_megabytes: float

    def milliseconds(self, percent: int) -> float:
        """Return the longest wait of that percentage of calls."""
        return 1000 * statistics.quantiles(self.waits, n=100)[percent - 1]


def at_rate(rate: int, seconds: int) -> None:
    """Measure each message as another person's first: without receipts, and with each one sent."""
    count = rate * seconds
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(count, rate, Path(folder) / "bare.db")
    for acknowledge in ("none", "private"):
        with tempfile.TemporaryDirectory() as folder:
            run, logged_count, receipts = _measure_service(count, rate, acknowledge, Path(folder))
        rig.show(
            benchmark="webhook messages, answered after the commit",
            way="logged" if acknowledge == "none" else "logged, and each receipt sent meanwhile",
            sent=count,
            logged=logged_count,
            refused=run.error_count,
            receipts=receipts,
            messages_a_second=run.rate,
            p50_milliseconds=run.milliseconds(50),
            p95_milliseconds=run.milliseconds(95),
            p99_milliseconds=run.milliseconds(99),
            cpu_milliseconds_a_message=run.cpu_milliseconds,
            bare_messages_a_second=bare.rate,
            bare_p50_milliseconds=bare.milliseconds(50),
            bare_p95_milliseconds=bare.milliseconds(95),
            bare_cpu_milliseconds_a_message=bare.cpu_milliseconds,
            ratio_to_bare_cpu=run.cpu_milliseconds / bare.cpu_milliseconds,
            ratio_to_bare_p95=run.milliseconds(95) / bare.milliseconds(95),
            peak_megabytes=run.peak_megabytes,
        )


def _measure_service(count: int, rate: int, acknowledge: str, folder: Path) -> tuple[Run, int, int]:
    # X itself would not accept so many answers in so short a time; only the service is measured here.
    x.LIMITS |= dict.fromkeys(x.LIMITS, 10 * count)
    with XPeer() as peer:
        table = peer.table().replace('acknowledge = "both"', f'acknowledge = "{acknowledge}"')
        with Service(folder, [table, LOOPBACK]) as service:
            wait_until(lambda: 'channel_up{channel="x"} 1' in service.get("/metrics")[1], what="the account")
            run = _run(f"http://127.0.0.1:{service.web_port}/hooks/x", count, rate, service.pid)
            query = "SELECT count(*) FROM contacts WHERE channel = 'x'"
            receipts = len([message for message in peer.messages if message["sender_id"] == peer.council])
            return run, int(ask(service.store_url, query)[0][0]), receipts


def _bare(count: int, rate: int, store: Path) -> Run:
    port = free_port()
    handler = subprocess.Popen([sys.executable, "-m", "bench.webhooks", "bare", str(port), str(store)], cwd=ROOT)
    try:
        wait_until(lambda: _listens(port), what="the bare handler")
        return _run(f"http://127.0.0.1:{port}/hooks/x", count, rate, handler.pid)
    finally:
        handler.terminate()
        handler.wait()


def _listens(port: int) -> bool:
    port_field = f":{port:04X} "
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    return any(port_field in line and " 0A " in line for line in lines)


def _run(url: str, count: int, rate: int, pid: int) -> Run:
    sleep(1)
    before = rig.cost(pid)
    command = [sys.executable, "-m", "bench.webhooks", "send", url, str(count), str(rate)]
    process = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True, timeout=300)
    after = rig.cost(pid)
    figures = json.loads(process.stdout)
    cpu = 1000 * (after.cpu_seconds - before.cpu_seconds) / count
    return Run(figures["waits"], figures["refused"], count / figures["seconds"], cpu, after.peak_megabytes)


def call(number: int, at: datetime) -> bytes:
    """Return a direct message of the X Activity API, written just now by somebody who has not written before."""
    sender, recipient = str(3_000_000_000_000 + number), "2080000000000001000"
    words = f"The street lamp outside number {number} has been out for a week. Please send somebody to look at it."
    content = {
        "target": {"recipient_id": recipient},
        "sender_id": sender,
        "message_data": {"text": words, "entities": {}},
    }
    event = {
        "type": "message_create",
        "id": str(4_000_000_000_000 + number),
        "created_timestamp": f"{at.timestamp() * 1000:.0f}",
    }
    users = {sender: {"data": {"id": sender, "name": f"Resident {number}", "username": f"resident{number}"}}}
    payload = {"direct_message_events": [{**event, "message_create": content}], "users": users}
    envelope = {"event_uuid": event["id"], "filter": {"user_id": recipient}, "event_type": "dm.received"}
    return json.dumps({"data": {**envelope, "payload": payload}}).encode()


async def send(url: str, count: int, rate: int) -> dict[str, Any]:
    """Make each call at its time; return how long each waited from then on."""
    began_at = now()
    bodies = [call(number, began_at + timedelta(seconds=number / rate)) for number in range(count)]
    requests = [(body, {"x-twitter-webhooks-signature": signature(body)}) for body in bodies]
    waits: list[float] = []
    error_count = 0

    async def post(body: bytes, headers: dict[str, str], due: float) -> None:
        nonlocal error_count
        async with session.post(url, data=body, headers=headers) as answer:
            await answer.read()
            error_count += answer.status != 200
        waits.append(perf_counter() - due)

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as calls:
        start = perf_counter()
        for number, (body, headers) in enumerate(requests):
            due = start + number / rate
            await asyncio.sleep(max(due - perf_counter(), 0))
            calls.create_task(post(body, headers, due))
    return {"waits": waits, "refused": error_count, "seconds": perf_counter() - start}


def bare(port: int, store: str) -> None:
    """Run the handler without logic, until it is ended."""
    database = sqlite3.connect(store, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, raw BLOB)")

    async def take(request: web.Request) -> web.Response:
        database.execute("INSERT INTO messages (raw) VALUES (?)", (await request.read(),))
        return web.Response(text="ok")

    app = web.Application()
    app.add_routes([web.post("/hooks/x", take)])
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


def main() -> None:
    """Run one side as a process of its own, so that its CPU time can be measured."""
    kind, *rest = sys.argv[1:]
    if kind == "send":
        print(json.dumps(asyncio.run(send(rest[0], int(rest[1]), int(rest[2])))))
    else:
        bare(int(rest[0]), rest[1])


if __name__ == "__main__":
    main()
