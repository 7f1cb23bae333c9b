"""Somebody uses the form to have receipts sent to others, against the real service."""

import http.client
import urllib.parse
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from tests.components import service as configured
from tests.components.form import shown_before
from tests.components.ports import PATIENCE_SECONDS, wait_until
from tests.components.service import Service, ask

AT_ONCE = 6
HELD = "will come later than usual"
LEAVING = "SELECT id FROM deliveries WHERE purpose = 'acknowledgement' AND next_attempt_at IS NOT NULL"


def post(service: Service, token: str, addresses: Sequence[str]) -> list[str]:
    """Send the form once for each address, from one page and over one connection; what the pages say."""
    fields = {"token": token, "shown": shown_before(token, service.environment["ACKBOT_SECRET"])}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection = http.client.HTTPConnection("127.0.0.1", service.web_port, timeout=PATIENCE_SECONDS)
    pages = []
    for address in addresses:
        body = urllib.parse.urlencode(fields | {"email": address, "message": f"For {address}"})
        connection.request("POST", "/?send", body, headers)
        answer = connection.getresponse()
        pages.append(answer.read().decode())
        assert answer.status == 200
    connection.close()
    return pages


def sent(service: Service) -> Counter[str]:
    """To whom mails have left, tags folded, and how many."""
    files = (service.directory / "sent").glob("*.eml")
    recipients = (str(message_from_bytes(file.read_bytes())["To"]) for file in files)
    return Counter(address.partition("+")[0] for address in recipients)


def test_six_hundred_posts_to_strangers_and_to_tags_of_one_mailbox(tmp_path: Path) -> None:
    """At most 20 receipts leave, three of them there; 600 contacts are logged, and staff are asked once."""
    pairs = ((f"s{n}@strangers{n}.example", f"victim+{n}@residents.example") for n in range(300))
    addresses = [address for pair in pairs for address in pair]
    with Service(tmp_path, [configured.FORM, configured.LOOPBACK]) as service:
        token = LexborHTMLParser(service.get("/")[1]).css_first("input[name=token]")
        assert token is not None
        value = token.attributes["value"] or ""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            shares = [addresses[start::AT_ONCE] for start in range(AT_ONCE)]
            pages = [page for part in threads.map(lambda share: post(service, value, share), shares) for page in part]
        wait_until(lambda: not ask(service.store_url, LEAVING), what="the receipts")
        receipts = sent(service)
        assert receipts.total() <= 20
        assert receipts["victim"] <= 3
        ((count, references),) = ask(service.store_url, "SELECT count(*), count(DISTINCT reference) FROM contacts")
        assert (count, references) == (600, 600)
        assert len(ask(service.store_url, "SELECT id FROM deliveries WHERE purpose = 'notice'")) == 1
        ((held,),) = ask(
            service.store_url, "SELECT count(*) FROM deliveries WHERE next_attempt_at IS NULL AND state = 'created'"
        )
        assert (
            sum(HELD in page for page in pages) == held == len(service.command("release", "--list").stdout.splitlines())
        )
        assert f"{held} receipts leave now" in service.command("release").stdout
        wait_until(lambda: sent(service).total() >= receipts.total() + held, what="what was held")
