"""Nights of people: a secret that is lost or leaked, a day that was listed wrongly."""

from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from bot.present import Present
from bot.store import sealing
from tests.components import service as configured
from tests.components.dovecot import CONTACT, Dovecot
from tests.components.forked import ROOT
from tests.components.ports import wait_until
from tests.components.service import Service, ask
from tests.nights.conftest import Write, receivers
from tests.nights.page import Night

MAIL = b"From: sam@residents.example\r\nMessage-ID: <night@residents.example>\r\n\r\nIt is out.\r\n"
UNLINKED = "SELECT id FROM events WHERE id NOT IN (SELECT event_id FROM event_links)"
LATER = "SELECT count(*) FROM deliveries WHERE purpose = 'new-date'"
SEALED = 'keys = ["file:{file}"]\n'


@pytest.mark.needs("dovecot")
def test_both_secrets_are_lost(tmp_path: Path) -> None:
    """A new one signs; a new store begins, what is in the mailbox is logged anew, and nobody hears twice."""
    with Dovecot() as server:
        mailbox = configured.IMAP.format(port=server.imap_port, user=CONTACT, begin="all")
        service = Service(tmp_path, [mailbox, configured.LOOPBACK])
        key, settings = service.config / "store.key", service.config / "ackbot.toml"
        key.write_text(sealing.new_key(), encoding="utf-8")
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("[store]\n", f"[store]\n{SEALED.format(file=key)}"), encoding="utf-8")
        with service:
            server.deliver(MAIL, mail_from="sam@residents.example")
            wait_until(lambda: receivers(service) == ["sam@residents.example"], what="a receipt")
            (reference,) = [contact["reference"] for contact in service.contacts()]
            service.kill()
            with Night("lost-the-secret", service) as night:
                night.step()
                assert service.environment["ACKBOT_SECRET"] != "s" * 40
                assert [contact["reference"] for contact in service.contacts()] == [reference]
                assert "trail" in night.step(None).words  # its last events may be vouched for by nothing yet
                key.unlink()
                assert "ackbot release --list" in night.step().words
                night.step()
            wait_until(lambda: len(service.contacts()) == 1, what="the mail that is read anew")
            assert reference not in service.command("release", "--list").stdout
            assert "1 receipts are held" in service.command("release", "--list").stderr
            assert receivers(service) == ["sam@residents.example"]
            assert service.acknowledged() == 0


def test_an_account_and_a_token_have_leaked(service: Service) -> None:
    """Both are ended at once; the trail holds, and says who did it."""
    service.start()
    for address in ("ann@example.gov.uk", "bo@example.gov.uk"):
        service.command("staff", "add", address, "--role", "administrator")
    token = service.command("token", "create", "--name", "crm", "--scope", "contacts:read").stdout.split()[0]
    assert _status(service, token) == 200
    places = {"ADDRESS": "ann@example.gov.uk", "NAME": "crm"}
    with Night("somebody-got-in", service, places) as night:
        assert "ann@example.gov.uk" in night.step().words
        assert "crm" in night.step().words
        wait_until(lambda: not ask(service.store_url, UNLINKED), what="a trail with every event")
        assert "events" in night.step().words
    assert _status(service, token) == 401


def _status(service: Service, token: str) -> int:
    """What the API answers to that token."""
    address = f"http://127.0.0.1:{service.web_port}/api/v1/contacts"
    try:
        with urlopen(Request(address, headers={"Authorization": f"Bearer {token}"})) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_a_holiday_was_missing(service: Service, write: Write) -> None:
    """Dates move once, and whoever was told one hears the new one; looked at again, nothing moves."""
    service.start()
    write(1)
    wait_until(lambda: service.acknowledged() == 1, what="a receipt with a date")
    first = Present().now().date() + timedelta(days=1)
    days = f'[[closure]]\nfirst = {first}\nlast = {first + timedelta(days=4)}\ntitle = "A day of mourning"\n'
    (service.config / "calendars").mkdir()
    office = (ROOT / "config/calendars/organisation.toml").read_text(encoding="utf-8")
    (service.config / "calendars/organisation.toml").write_text(f"{days}{office}", encoding="utf-8")
    with Night("a-listed-holiday-was-wrong", service) as night:
        assert "1 would move" in night.step().words
        night.step()
        wait_until(
            lambda: ask(service.store_url, LATER) == [(1,)], what="a mail with the new date, which leaves by day"
        )
        assert "0 would move" in night.step().words
