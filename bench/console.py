"""The console with a million contacts: queue, search, one contact; then fifty officers clicking while mail comes in."""

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text
from typer.testing import CliRunner

from bench import rig
from bench.mails import mails
from bot.cli.commands import app
from bot.core import threads
from bot.store import schema, words
from bot.store.databases import engine_of
from bot.store.engine import Store
from tests.components import service as configured
from tests.components.officer import PASSWORD, Officer
from tests.components.ports import free_port
from tests.components.service import Service, ask
from tests.components.sink import Sink

OPEN_SHARE = 0.05
TIMES = 200
OFFICERS, MAILS_A_SECOND, SECONDS = 50, 100, 30
# How long a person reads a page before the next click, on average.
READS_SECONDS = 2.0
_WORDS = ("bin", "road", "school", "damp", "noise", "council", "tax", "housing", "tree", "lamp", "hole", "street")
_CONTACTS = """WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    INSERT INTO contacts (id, reference, channel, external_id, state, outcome, rule, reason, sender_address, sender_key,
      sender_name, subject, team, standard, standard_version, promise, calendar, receipt_rule, received_at,
      acknowledge_by, acknowledged_at, respond_by, receipt_sent_at, assigned_at, next_look_at)
    SELECT i, reference(i), 'inbox', '<' || i || '@old.example>',
      CASE WHEN i > :open THEN 'open' WHEN i % 3 THEN 'answered' ELSE 'logged' END,
      CASE WHEN i <= :open AND i % 3 = 0 THEN 'log' ELSE 'acknowledge' END, '24 person', 'a person wrote',
      'p' || (i % 200000) || '@old.example', 'p' || (i % 200000) || '@old.example', 'Resident ' || i, 'Contact ' || i,
      CASE i % 4 WHEN 0 THEN 'housing' ELSE 'front-office' END, 'general', '2', '10 working days', 'england',
      'same day', :at, :at, :at, datetime(:at, '+' || (i % 20) || ' days') || '.000000', :at, :at,
      CASE WHEN i > :open THEN '2099-01-01 00:00:00.000000' END FROM n"""
_MESSAGES = """INSERT INTO messages (id, contact_id, channel, external_id, message_id, digest, received_at,
      sender_address, text) SELECT id, id, channel, external_id, external_id, '', received_at, sender_address,
      'Please help with the ' || {word} || ' and the ' || {other} || '. Number ' || id FROM contacts"""
_EVENTS = "INSERT INTO events (contact_id, at, kind, actor) SELECT id, received_at, 'logged', 'ackbot' FROM contacts"
TEAM = """
[[team]]
name = "housing"
alert = ["mailto:housing@example.gov.uk"]
replies_by = "post"
"""


@dataclass(slots=True)
class Clicks:
    """The experience of officers: milliseconds of each page, and the status of each error."""

    milliseconds: list[float] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)

    def click(self, look: Callable[[], int]) -> None:
        """Time one click."""
        start = time.perf_counter()
        status = look()
        self.milliseconds.append(1000 * (time.perf_counter() - start))
        if status != 200:
            self.errors.append(status)

    def p95(self) -> float:
        """Return the time within which 95 of 100 pages came."""
        return statistics.quantiles(self.milliseconds, n=20)[-1]


def with_contacts(count: int) -> None:
    """Fill a SQLite store, measure it alone, then with fifty officers and a hundred mails a second."""
    with Sink() as sink, tempfile.TemporaryDirectory() as folder:
        port = free_port()
        channels = [
            TEAM,
            configured.LMTP.format(port=port),
            configured.SMTP.format(port=sink.port),
            configured.NO_BREAKER,
        ]
        prepared_service = Service(Path(folder), channels)
        schema.upgrade(prepared_service.store_url)
        _fill(prepared_service.store_url, count)
        start = time.perf_counter()
        _index(prepared_service.store_url)
        index_seconds = time.perf_counter() - start
        password = Path(folder) / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        command = ["staff", "add", "ada@example.gov.uk", "--role", "administrator", "--password-file", str(password)]
        result = CliRunner().invoke(
            app, [*command, "--config", str(prepared_service.config)], env=prepared_service.environment
        )
        if result.exit_code:
            raise RuntimeError(result.output)
        with prepared_service as service:
            officer = Officer(service.web_port)
            officer.sign_in("ada@example.gov.uk")
            alone = {name: _click_alone(officer, paths) for name, paths in _pages(count).items()}
            crowd, mail_count = _crowd(service, officer, port, count)
            locked_count = service.words().count("locked")
        rig.show(
            benchmark="the console on many contacts",
            contacts=count,
            open_contacts=int(count * OPEN_SHARE),
            messages_indexed_a_second=count / index_seconds,
            **{f"{name}_p95_milliseconds": page_clicks.p95() for name, page_clicks in alone.items()},
            **{
                f"{name}_p50_milliseconds": statistics.median(page_clicks.milliseconds)
                for name, page_clicks in alone.items()
            },
            officers=OFFICERS,
            clicks=len(crowd.milliseconds),
            click_p50_milliseconds=statistics.median(crowd.milliseconds),
            click_p95_milliseconds=crowd.p95(),
            clicks_refused=len(crowd.errors),
            mails_a_second_meanwhile=mail_count / SECONDS,
            database_is_locked=locked_count,
        )


def _fill(url: str, count: int) -> None:
    word_case = "CASE abs({}) % 12 " + " ".join(f"WHEN {n} THEN '{word}'" for n, word in enumerate(_WORDS)) + " END"
    engine = engine_of(url, writes=True)
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        driver.create_function("reference", 1, _reference)
        rows = {"count": count, "open": int(count * (1 - OPEN_SHARE)), "at": "2026-11-16 09:15:00.000000"}
        connection.execute(text(_CONTACTS), rows)
        connection.execute(text(_MESSAGES.format(word=word_case.format("id"), other=word_case.format("id * 7 / 5"))))
        connection.execute(text(_EVENTS))
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


def _reference(number: int) -> str:
    return threads.reference_of(number, "EX")


def _index(url: str) -> None:
    store = Store(url)
    while store.write_now(words.index):
        pass
    store.let_go()


def _pages(count: int) -> dict[str, Callable[[random.Random], str]]:
    first = int(count * (1 - OPEN_SHARE)) + 1
    return {
        "queue": lambda _: "/console/queue",
        "queue_of_a_team": lambda _: "/console/queue?team=housing",
        "search": lambda chance: f"/console/queue?state=any&words={chance.choice(_WORDS)}+{chance.choice(_WORDS)}",
        "search_for_one": lambda chance: f"/console/queue?state=any&words=number+{chance.randint(1, count)}",
        "contact": lambda chance: f"/console/contacts/{_reference(chance.randint(first, count))}",
    }


def _click_alone(officer: Officer, path: Callable[[random.Random], str]) -> Clicks:
    chance, clicks = random.Random(1), Clicks()
    officer.get(path(chance))
    for _ in range(TIMES):
        page = path(chance)
        clicks.click(lambda page=page: officer.get(page).status)  # type: ignore[misc]
    if clicks.errors:
        raise RuntimeError(f"answered {clicks.errors[0]}")
    return clicks


def _crowd(service: Service, officer: Officer, port: int, count: int) -> tuple[Clicks, int]:
    """Have all officers click, and some act, while mail comes in at its rate."""
    clicks, until = Clicks(), time.monotonic() + SECONDS
    pages = list(_pages(count).values())

    def work(number: int) -> None:
        chance, colleague = random.Random(number), Officer(service.web_port)
        for cookie in officer.jar:
            colleague.jar.set_cookie(cookie)
        while time.monotonic() < until:
            clicks.click(lambda: colleague.get(chance.choice(pages)(chance)).status)
            if chance.random() < 0.2:
                reference = _reference(chance.randint(int(count * (1 - OPEN_SHARE)) + 1, count))
                clicks.click(lambda reference=reference: colleague.act(reference, "holding-reply").status)  # type: ignore[misc]
            time.sleep(chance.uniform(0.5, 1.5) * READS_SECONDS)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(OFFICERS)]
    before = ask(service.store_url, "SELECT count(*) FROM contacts")[0][0]
    for thread in threads:
        thread.start()
    post = mails(MAILS_A_SECOND * SECONDS)
    start = time.monotonic()
    for second in range(SECONDS):
        rig.deliver(port, post[second * MAILS_A_SECOND : (second + 1) * MAILS_A_SECOND], 2)
        time.sleep(max(0.0, start + second + 1 - time.monotonic()))
    for thread in threads:
        thread.join()
    return clicks, ask(service.store_url, "SELECT count(*) FROM contacts")[0][0] - before
