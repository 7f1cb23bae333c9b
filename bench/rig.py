"""Common parts of the benchmarks: the service and the raw loop as processes, and their cost."""

import json
import os
import shutil
import smtplib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from tests.components.dovecot import CONTACT, Dovecot
from tests.components.forked import ROOT
from tests.components.service import Service

TICKS = os.sysconf("SC_CLK_TCK")
SETTLE_SECONDS = 2.5
RECIPIENT = "customer.services@example.gov.uk"


@dataclass(frozen=True)
class Cost:
    """CPU seconds used so far, and the highest memory use, in MB."""

    cpu_seconds: float
    peak_megabytes: float


@dataclass(frozen=True)
class CommandCost:
    """What a command took, on the wall and of the processor, and the highest memory use of its process."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def cost_of(command: Sequence[str], environment: Mapping[str, str]) -> CommandCost:
    """Run a command to its end; raises RuntimeError where it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return CommandCost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def settle() -> None:
    """Wait until a service that has just started has read what it reads after its start: that is no cost of a mail."""
    time.sleep(SETTLE_SECONDS)


def cost(pid: int) -> Cost:
    """Return the cost of a process until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return Cost((int(fields[11]) + int(fields[12])) / TICKS, peak / 1024)


def resident_megabytes(pid: int) -> float:
    """Return the memory that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def fill_mailbox(server: Dovecot, mails: Iterable[bytes]) -> None:
    """Put mails into a mailbox as a delivery would; Dovecot finds them at its next look."""
    box = server.mailbox_path(CONTACT)
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True, exist_ok=True)
    for number, mail in enumerate(mails):
        (box / "new" / f"{1_700_000_000 + number}.M{number}P1.bench").write_bytes(mail)
    for path in (box.parent, box, *box.rglob("*")):
        shutil.chown(path, "mail", "mail")


def run_raw(kind: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start the raw serial loop."""
    command = [sys.executable, "-m", "bench.raw", kind, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def result_of(process: "subprocess.Popen[str]") -> dict[str, float]:
    """Return the output of the raw loop at its end."""
    words, _ = process.communicate(timeout=300)
    result: dict[str, float] = json.loads(words)
    return result


def deliver(port: int, mails: Sequence[bytes], connections: int) -> None:
    """Hand mails over by LMTP, over so many connections at once, one mail after another on each."""

    def send_share(first: int) -> None:
        with smtplib.LMTP("127.0.0.1", port) as client:
            for mail in mails[first::connections]:
                client.sendmail(_author(mail), [RECIPIENT], mail)

    threads = [threading.Thread(target=send_share, args=(first,)) for first in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _author(mail: bytes) -> str:
    """Return the address of the author: receipts go to the envelope sender, and one mailbox gets only a few."""
    return parseaddr(mail[mail.index(b"From: ") :].split(b"\n", 1)[0].decode())[1]


def deliver_apart(port: int, count: int, connections: int) -> "subprocess.Popen[bytes]":
    """Deliver from a process of its own, so that its work is counted separately."""
    words = f"from bench import rig, mails; rig.deliver({port}, mails.mails({count}), {connections})"
    return subprocess.Popen([sys.executable, "-c", words], cwd=ROOT)


def deliver_among(ports: Sequence[int], count: int, connections: int) -> None:
    """Hand mails over to several services, from a process for each; return when all were accepted."""
    shares = [
        f"from bench import rig, mails; rig.deliver({port}, mails.mails({count})[{n}::{len(ports)}], "
        f"{max(connections // len(ports), 1)})"
        for n, port in enumerate(ports)
    ]
    for process in [subprocess.Popen([sys.executable, "-c", words], cwd=ROOT) for words in shares]:
        process.wait()


def sent_count(service: Service) -> int:
    """Return the number of acknowledgements that have left and are recorded."""
    with closing(sqlite3.connect(f"file:{service.store}?mode=ro", uri=True, timeout=10)) as store:
        query = "SELECT count(*) FROM deliveries WHERE state = 'sent' AND purpose = 'acknowledgement'"
        return int(store.execute(query).fetchone()[0])


def span(service: Service) -> float:
    """Return the seconds from the first contact's logging to the last acknowledgement's hand-over."""
    with closing(sqlite3.connect(f"file:{service.store}?mode=ro", uri=True, timeout=10)) as store:
        query = """SELECT (SELECT max(julianday(sent_at)) FROM deliveries) - min(julianday(at)) FROM events
                   WHERE kind = 'logged'"""
        return float(store.execute(query).fetchone()[0]) * 86_400


def show(**facts: Any) -> None:
    """Print one JSON object on a line; figures to three significant places."""
    print(json.dumps({k: float(f"{v:.3g}") if isinstance(v, float) else v for k, v in facts.items()}), flush=True)
