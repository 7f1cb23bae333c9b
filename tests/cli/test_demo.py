"""The demo lets an officer in by the link that it prints, and what they answer is seen to have left."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.components.demonstration import demo
from tests.components.officer import PASSWORD, Officer
from tests.components.ports import wait_until


@pytest.fixture
def printed(tmp_path: Path) -> Iterator[str]:
    """What the demo says when it is ready, up to the link; it stops after the test."""
    (tmp_path / "demo").mkdir()
    command = [sys.executable, "-m", "bot", "demo", "--directory", str(tmp_path / "demo")]
    with demo(command, folder=tmp_path / "demo", until="#") as lines:
        yield lines


def test_a_resident_reads_where_the_message_is_and_the_form_in_welsh(printed: str) -> None:
    """The two addresses that are printed for residents answer with their pages."""
    address = urlsplit(printed.split("The same in Welsh", 1)[1].split(maxsplit=1)[0])
    resident = Officer(address.port or 0)
    assert "Anfonwch neges atom" in resident.get(address.path).words()
    (link,) = re.findall(r"http\S+/track/\S+", printed)
    path = urlsplit(link).path
    assert path.split("/")[2] in resident.get(path).words()


def test_everything_that_is_printed_can_be_done(printed: str) -> None:
    """Signed in by the link, every contact of the queue opened, one answered, and the answer seen in /sent."""
    (link,) = re.findall(r"http\S+#\S+", printed)
    address = urlsplit(link)
    officer = Officer(address.port or 0)
    form = officer.get(address.path).hidden()
    assert officer.post(address.path, {**form, "code": address.fragment, "password": PASSWORD}).status == 200
    pages = {
        path: officer.get(path)
        for path in {
            str(node.attributes["href"]).partition("?")[0]
            for node in officer.get("/console/queue?state=any").all("a[href^='/console/contacts/']")
        }
    }
    assert len(pages) == 4
    assert {page.status for page in pages.values()} == {200}
    path = next(path for path, page in pages.items() if "Mill Lane" in page.words())
    fields = {**pages[path].hidden(), "kind": "full", "channel": "mail", "words": "We mend it on Friday.", "do": "send"}
    assert "leaves in ten seconds" in officer.post(f"{path}/answer", fields).words()
    subject = "Re: Street light out"
    wait_until(lambda: subject in officer.get("/sent").words(), what="the answer in /sent", seconds=30)
