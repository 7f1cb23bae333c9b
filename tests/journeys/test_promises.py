"""Staff change clocks from the terminal, a holiday is proclaimed, people are told: on the real service."""

import json
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from bot.core.calendars import Holiday, calendar
from bot.core.clocks import due
from bot.core.durations import duration
from tests.components import service as configured
from tests.components.ports import free_port, wait_until
from tests.components.service import Service
from tests.components.sink import Sink
from tests.journeys.test_kill import hand_over

ENGLAND = calendar("england")


def new_dates(sink: Sink) -> list[str]:
    """The text of each mail that told a new date."""
    parsed = [message_from_bytes(raw, policy=policy.default) for raw in sink.mails()]
    chosen = [mail for mail in parsed if "new date" in (mail["Subject"] or "")]
    bodies = [mail.get_body(("plain",)) for mail in chosen]
    return [body.get_content() for body in bodies if body is not None]


def after(contact: dict[str, Any], count: int, name: str = "england", **more: Any) -> datetime:
    """So many working days after it was received."""
    received = datetime.fromisoformat(contact["received_at"])
    return due(duration(f"{count} working days"), received, calendar(name, **more))


def respond_by(contact: dict[str, Any]) -> datetime:
    """As the queue says."""
    return datetime.fromisoformat(contact["respond_by"])


@pytest.mark.needs("smtp-sink")
def test_a_clock_is_classified_extended_paused_and_resumed_from_the_terminal(tmp_path: Path) -> None:
    """The service sends what the person must know; each refusal says why and ends with 1."""
    with Sink() as sink:
        port = free_port()
        with Service(tmp_path, [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port)]) as service:
            hand_over(port, range(1))
            wait_until(lambda: service.acknowledged() == 1, what="the acknowledgement")
            (contact,) = service.contacts()
            reference = contact["reference"]
            assert respond_by(contact) == after(contact, 10)

            longer = ("contacts", "extend", reference, "--reason", "x", "--to")
            refused = service.command(*longer, "20 working days", check=False)
            assert (refused.exit_code, "allows no extension" in refused.stderr) == (1, True)
            service.command("contacts", "classify", reference, "--kind", "foi")
            (contact,) = service.contacts()
            assert (contact["standard"], respond_by(contact)) == ("foi", after(contact, 20, "uk-any"))
            wait_until(lambda: len(new_dates(sink)) == 1, what="the first new date")

            why = "We must look through many papers."
            service.command("contacts", "extend", reference, "--to", "40 working days", "--reason", why)
            (contact,) = service.contacts()
            assert respond_by(contact) == after(contact, 40, "uk-any")
            wait_until(lambda: len(new_dates(sink)) == 2, what="the second new date")
            assert any(why in body for body in new_dates(sink))  # the sink keeps no order

            assert "paused" in service.command("contacts", "pause", reference).stdout
            assert service.contacts()[0]["respond_by"] is None
            again = service.command("contacts", "pause", reference, check=False)
            assert (again.exit_code, "paused already" in again.stderr) == (1, True)
            service.command("contacts", "resume", reference)
            # The day of the question and of the answer are lost to the pause: here one day, if it counts.
            lost = calendar("uk-any").is_working_day(datetime.now(UTC).date())  # noqa: TID251 - the service's own time
            (contact,) = service.contacts()
            assert respond_by(contact) in (after(contact, 40, "uk-any"), after(contact, 40 + lost, "uk-any"))

            shown = json.loads(service.command("contacts", "show", reference, "--json").stdout)
            assert shown["clocks"]["respond"]["state"] == "running"
            assert "working days left" in shown["clocks"]["respond"]["remaining"]
            kinds = [event["kind"] for event in shown["events"]]
            assert [kind for kind in kinds if kind in ("classified", "extended", "paused", "resumed")] == [
                *("classified", "extended", "paused", "resumed")
            ]
            wrong = service.process(*longer, "soon")
            assert (wrong.returncode, "'soon'" in wrong.stderr) == (2, True), wrong.stderr


@pytest.mark.needs("smtp-sink")
def test_a_holiday_that_is_proclaimed_moves_open_dates_at_the_next_start(tmp_path: Path) -> None:
    """Killed and started again: the date moves, the person is told once, the old date stays in the history."""
    with Sink() as sink:
        port = free_port()
        service = Service(tmp_path, [configured.LMTP.format(port=port), configured.SMTP.format(port=sink.port)])
        # The mail with a new date leaves in office hours, and the test may run at any hour.
        with service.start("--pretend-now", "2026-12-01T10:00+00:00"):
            hand_over(port, range(2))
            wait_until(lambda: service.acknowledged() == 2, what="the acknowledgements")
            open_one, answered = service.contacts()
            service.command("contacts", "respond", answered["reference"])
            service.kill()
            service.command("recompute")
            assert service.contacts()[0]["respond_by"] == open_one["respond_by"]

            holiday = ENGLAND.working_day_after(date.fromisoformat(open_one["received_at"][:10]), 3)
            folder = service.config / "calendars"
            folder.mkdir()
            words = f'checked = 2026-11-23\n[[holiday]]\nday = {holiday}\ntitle = "The jubilee"\n'
            (folder / "holidays.toml").write_text(words, encoding="utf-8")
            dry = service.command("recompute", "--dry-run", "--json")
            assert json.loads(dry.stdout)["reference"] == open_one["reference"]
            assert "1 would move" in dry.stderr
            assert service.contacts()[0]["respond_by"] == open_one["respond_by"]

            day = ENGLAND.working_day_after(date.fromisoformat(open_one["received_at"][:10]), 1)
            in_the_office = ("--pretend-now", f"{day}T10:00+00:00")
            service.start(*in_the_office)
            wait_until(lambda: len(new_dates(sink)) == 1, what="the new date")
            moved, unmoved = service.contacts()
            assert respond_by(moved) == after(moved, 10, proclaimed=(Holiday(holiday, "The jubilee"),))
            assert respond_by(moved) > respond_by(open_one)
            assert unmoved["respond_by"] == answered["respond_by"]
            shown = json.loads(service.command("contacts", "show", moved["reference"], "--json").stdout)
            (event,) = [event for event in shown["events"] if event["kind"] == "recomputed"]
            assert datetime.fromisoformat(event["details"]["respond_by_before"]) == respond_by(open_one)

            service.kill()
            service.start(*in_the_office)
            assert "dates.recomputed" in service.words()
            assert service.words().count("dates.recomputed") == 1
            assert len(new_dates(sink)) == 1


@pytest.mark.needs("smtp-sink")
def test_the_page_of_standards_is_made_from_the_files(tmp_path: Path) -> None:
    """What is in force and what follows, for people and for machines; a check says what each promises."""
    with Sink() as sink:
        service = Service(tmp_path, [configured.SMTP.format(port=sink.port)])
        folder = service.config / "standards"
        folder.mkdir()
        (folder / "ours.toml").write_text(TWO, encoding="utf-8")
        with service:
            status, page = service.get("/standards")
            assert status == 200
            link = "https://www.example.gov.uk/promise"
            for words in ("Every contact", "10 working days", "1 March 2099", "8 working days", link):
                assert words in page
            status, text = service.get("/standards.json")
            rows = json.loads(text)["standards"]
            assert [(row["id"], row["version"]) for row in rows if row["in_force"]] == [("all", "1")]
            assert [(row["id"], row["version"]) for row in rows if not row["in_force"]] == [("all", "2")]
            assert rows[0]["review_by"] == "2098-01-01"
            output = service.command("check", "--verbose").stdout
            assert "Standard all: acknowledge within 1 working day, answer within 10 working days." in output
            for moment in ("received now", "on Christmas Eve", "just before Easter"):
                assert moment in output
        late = TWO.replace("valid_from = 2099-03-01", "valid_from = 2099-03-02")
        (folder / "ours.toml").write_text(late, encoding="utf-8")
        refused = service.command("check", check=False)
        assert refused.exit_code == 2
        assert "neither is in force from 2099-03-01 to 2099-03-01" in refused.stderr


TWO = """
id = "all"
title = "Every contact"
calendar = "england"
acknowledge = "1 working day"
page = "https://www.example.gov.uk/promise"

[[standard]]
version = "1"
valid_from = 2023-04-01
valid_to = 2099-02-28
respond = "10 working days"
review_by = 2098-01-01

[[standard]]
version = "2"
valid_from = 2099-03-01
respond = "8 working days"
"""
