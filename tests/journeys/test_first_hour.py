"""A stranger's first hour: README.md, "Run it for real", line by line on a bare clone, up to a first answer.

The clone's `.venv/` is made from the packages of the one in which the tests run, so that `make setup` finds it as new
as the lock files. The port is the test's own, as other tests listen at the same time.
"""

import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import Page as Tab

from tests.architecture.documents import Page
from tests.components.browser import chromium
from tests.components.forked import ROOT
from tests.components.form import shown_before
from tests.components.officer import PASSWORD
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until
from tests.conftest import Needs

SECTION = re.compile(r"^## Run it for real\n(.*?)^## ", re.DOTALL | re.MULTILINE)
USUAL = "127.0.0.1:8080"
MESSAGE, ANSWER = "The lamp by the school is out.", "We mend it on Friday."
PROGRAM = f"#!{{python}}\n{(ROOT / 'bot' / '__main__.py').read_text(encoding='utf-8')}"


def section() -> Page:
    """What the README says of a first service."""
    match = SECTION.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert match is not None
    return Page("README.md", match[1])


def shell(line: str, home: Path) -> "subprocess.Popen[bytes]":
    """One line, typed by somebody at home or, once it is there, in the clone; what it prints is added to a file."""
    clone = home / "ackbot"
    with (home / "printed").open("ab") as words:
        return subprocess.Popen(
            ["bash", "-c", line.replace("REPOSITORY", str(ROOT))],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            cwd=clone if clone.is_dir() and line != "cd ackbot" else home,
            env={"HOME": str(home), "PATH": os.environ["PATH"]},
        )


def furnish(clone: Path) -> None:
    """Make the clone's environment, as `make setup` does, without installing each package again."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True)
    scheme = {"base": str(clone / ".venv"), "platbase": str(clone / ".venv")}
    packages = Path(sysconfig.get_path("purelib", vars=scheme))
    (packages / "ackbot.pth").write_text(f"{clone}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    program = clone / ".venv" / "bin" / "ackbot"
    program.write_text(PROGRAM.format(python=clone / ".venv" / "bin" / "python"), encoding="utf-8")
    program.chmod(0o755)
    (clone / ".venv" / ".installed").touch()


def move(config: Path) -> str:
    """Give the pages a port that no other test has; return their address."""
    address, path = f"127.0.0.1:{free_port()}", config / "ackbot.toml"
    text = path.read_text(encoding="utf-8")
    (usual,) = re.findall('^listen = "(.*)"', text, re.MULTILINE)
    path.write_text(text.replace(usual, address), encoding="utf-8")
    return address


def is_ready(address: str) -> bool:
    """Whether the service takes messages."""
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=PATIENCE_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture(scope="module")
def first_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Each line typed in turn, the last of which goes on: the home, and the address of the pages."""
    home, address = tmp_path_factory.mktemp("home"), ""
    *lines, last = section().code_lines()
    for line in lines:
        assert shell(line, home).wait(PATIENCE_SECONDS) == 0, (home / "printed").read_text(encoding="utf-8")
        if line.startswith("git clone"):
            furnish(home / "ackbot")
        if " init " in line:
            address = move(home / "council")
    service = shell(f"exec {last}", home)
    try:
        wait_until(lambda: service.poll() is not None or is_ready(address), what="the service")
        yield home, address
    finally:
        service.terminate()
        service.wait(PATIENCE_SECONDS)


def press(tab: Tab, words: str) -> None:
    """Press a button that the README names."""
    assert f"**{words}**" in section().text
    tab.get_by_role("button", name=words, exact=True).click()


def fill(tab: Tab, words: str, text: str) -> None:
    """Type into a field that the README names."""
    assert f"**{words}**" in section().text
    tab.get_by_label(words, exact=True).fill(text)


def sent(home: Path) -> list[str]:
    """The words of each mail that lies where the README says, the oldest first."""
    folder = home / "council" / "var" / "sent"
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*.eml"))]
    bodies = [mail.get_body(("plain",)) for mail in mails]
    return [body.get_content() for body in bodies if body is not None]


@pytest.mark.slow
def test_a_stranger_comes_to_a_first_answer(first_service: tuple[Path, str], needs: Needs) -> None:
    """Signed in by the link, a message written as a resident and answered as an officer: both mails lie there."""
    needs("chromium")
    home, address = first_service
    (link,) = re.findall(r"http\S+#\S+", (home / "printed").read_text(encoding="utf-8"))
    with chromium() as browser:
        context = browser.new_context()
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        office, resident = context.new_page(), context.new_page()
        office.goto(link)
        office.get_by_label("Your new password").fill(PASSWORD)
        press(office, "Set it and sign in")

        assert f"<http://{USUAL}/>" in section().text
        resident.goto(f"http://{address}/")
        fill(resident, "Your message", MESSAGE)
        press(resident, "Continue")
        fill(resident, "Email address", "sam@residents.example")
        press(resident, "Continue")
        token = resident.input_value("[name=token]")
        secret = (home / "council" / "secrets" / "web-secret").read_text(encoding="utf-8").strip()
        # As long ago as a person takes to write.
        resident.eval_on_selector("[name=shown]", "(field, value) => field.value = value", shown_before(token, secret))
        press(resident, "Send message")
        wait_until(lambda: any("Your reference" in mail for mail in sent(home)), what="the receipt")

        assert "**Queue**" in section().text
        office.get_by_role("link", name="Queue", exact=True).click()
        office.get_by_role("row").filter(has_text=MESSAGE).get_by_role("link").click()
        fill(office, "Your answer", ANSWER)
        press(office, "Send")
        office.get_by_text("leaves in ten seconds").wait_for()
    wait_until(lambda: any(ANSWER in mail for mail in sent(home)), what="the answer")
