"""docs/tutorial.md, done from its first line to its last: each command is typed, each line of output looked for.

A block `sh` is what is typed; a block `text` after it is what comes, with `...` for what differs. What is done
in a browser is done here by the words that the tutorial prints in bold. The ports are the test's own.
"""

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page as Tab

from tests.architecture.documents import Page
from tests.architecture.house import ROOT
from tests.components.browser import chromium
from tests.components.form import shown_before
from tests.components.officer import PASSWORD
from tests.components.ports import PATIENCE_SECONDS, free_port, wait_until
from tests.conftest import Needs

TUTORIAL = Page("docs/tutorial.md", (ROOT / "docs/tutorial.md").read_text(encoding="utf-8"))
# README.md has a test that types these.
_INSTALLING = ("make setup", ". .venv/bin/activate")
_MESSAGE, _ANSWER = "When is the library open?", "We mend it on Friday."


class Reader:
    """Somebody who does what the tutorial says, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = ""
        self._ports = {usual: str(free_port()) for usual in ("8080", "8024")}
        self._service: subprocess.Popen[bytes] | None = None
        blocks = [block for block in TUTORIAL.tokens if block.type == "fence"]
        self._blocks = iter([*pairwise(blocks), (blocks[-1], None)])
        (folder / "config").symlink_to(ROOT / "config")
        program = folder / "bin/ackbot"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m bot "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    @property
    def address(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self._ports['8080']}"

    def read_on(self, until: str) -> None:
        """Do what stands in the next blocks, up to the one with these words."""
        for block, after in self._blocks:
            if block.info == "sh" and block.content.strip() not in _INSTALLING:
                self._type(block.content, after.content.splitlines() if after and after.info == "text" else [])
            if until in block.content:
                return
        raise LookupError(f"the tutorial has no block with {until!r}")

    def stop(self) -> None:
        """Press Ctrl-C in the second terminal."""
        if self._service is not None:
            self._service.terminate()
            self._service.wait(PATIENCE_SECONDS)

    def _type(self, command: str, lines: list[str]) -> None:
        for word, value in re.findall(r"\b(EX)(-\w{4}-\w{4})", self.printed)[:1]:
            command = command.replace("REF", word + value)
        command = re.sub("TOKEN", self._token(), command)
        for usual, port in self._ports.items():
            command = command.replace(f":{usual}", f":{port}").replace(f", {usual})", f", {port})")
        if command.startswith("ackbot run"):
            self._start(command)
        elif command.startswith(("grep", "ackbot contacts list")):
            wait_until(lambda: _is_in(lines, self._run(command)), what=f"what {command} prints")
        else:
            text = self._run(command)
            assert _is_in([line.replace("127.0.0.1:8080", self.address.partition("//")[2]) for line in lines], text), (
                text
            )
        if command.startswith("ackbot init"):
            self._move(self.folder / command.split()[2])

    def _run(self, command: str) -> str:
        typing = subprocess.run(
            ["bash", "-ec", command],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self._environment(),
            timeout=PATIENCE_SECONDS,
        )
        self.printed = typing.stdout + self.printed
        assert typing.returncode == 0 or command.startswith("grep"), typing.stdout
        return typing.stdout

    def _start(self, command: str) -> None:
        self.stop()
        with (self.folder / "run.log").open("wb") as log:
            self._service = subprocess.Popen(
                ["bash", "-c", f"exec {command}"], stdout=log, stderr=log, cwd=self.folder, env=self._environment()
            )
        wait_until(self._is_ready, what="the service")

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self._ports['8080']}/readyz", timeout=PATIENCE_SECONDS
            ) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder), "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def _move(self, config: Path) -> None:
        """Give the pages a port that no other test has."""
        path = config / "ackbot.toml"
        text = path.read_text(encoding="utf-8")
        (usual,) = re.findall(r'^listen = "127\.0\.0\.1:(\d+)"', text, re.MULTILINE)
        path.write_text(text.replace(f":{usual}", f":{self._ports['8080']}"), encoding="utf-8")

    def _token(self) -> str:
        match = re.search(r"^(ackbot_\w+|[\w-]{30,})$", self.printed, re.MULTILINE)
        return match[1] if match else "TOKEN"


def _is_in(lines: list[str], text: str) -> bool:
    """Whether the lines stand in the text, in this order."""
    pattern = ".*?".join(".*?".join(map(re.escape, line.split("..."))) for line in lines)
    return re.search(pattern, text, re.DOTALL) is not None


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Somebody who has installed Ackbot, and has read nothing yet."""
    person = Reader(tmp_path)
    yield person
    person.stop()


def press(tab: Tab, words: str, role: Literal["button", "link"] = "button") -> None:
    """Press what the tutorial names."""
    assert f"**{words}**" in TUTORIAL.text
    tab.get_by_role(role, name=words, exact=True).click()


def fill(tab: Tab, words: str, text: str) -> None:
    """Type into a field that the tutorial names."""
    assert f"**{words}**" in TUTORIAL.text
    tab.get_by_label(words, exact=True).fill(text)


def write_by_the_form(tab: Tab, reader: Reader) -> None:
    """Write as Kim does, as slowly as a person writes."""
    tab.goto(reader.address)
    fill(tab, "Your message", _MESSAGE)
    press(tab, "Continue")
    fill(tab, "Email address", "kim@residents.example")
    press(tab, "Continue")
    secret = (reader.folder / "council/secrets/web-secret").read_text(encoding="utf-8").strip()
    shown = shown_before(tab.input_value("[name=token]"), secret)
    tab.eval_on_selector("[name=shown]", "(field, value) => field.value = value", shown)
    press(tab, "Send message")
    tab.get_by_text(re.compile("EX-")).first.wait_for()


# A fortnight passes in it, a day a second: beside other work that takes minutes.
@pytest.mark.timeout(900)
@pytest.mark.slow
def test_the_tutorial_is_true(reader: Reader, needs: Needs) -> None:
    """Every command does what the tutorial says, and prints what it shows; so do the pages."""
    needs("chromium")
    reader.read_on("ackbot run")
    (link,) = re.findall(r"http\S+#\S+", reader.printed)
    with chromium() as browser:
        context = browser.new_context()
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        office, resident = context.new_page(), context.new_page()
        office.goto(link)
        office.get_by_label("Your new password").fill(PASSWORD)
        press(office, "Set it and sign in")
        reader.read_on("Subject: We have your message")
        write_by_the_form(resident, reader)
        press(office, "Queue", "link")
        office.get_by_role("link", name="The lamp by the school").click()
        fill(office, "Your answer", _ANSWER)
        press(office, "Send")
        office.get_by_text("leaves in ten seconds").wait_for()
        reader.read_on("answered")
        press(office, "Figures", "link")
        office.get_by_role("heading", name="Figures").first.wait_for()
    reader.read_on("the answer is due and not recorded")
