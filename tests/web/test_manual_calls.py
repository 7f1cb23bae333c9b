"""The calls that the manual shows, as somebody types them into a shell: with curl, to the pages as they really run."""

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from bot import kinds
from bot.web.server import runner
from bot.web.site import Site
from tests.conftest import Needs
from tests.web.pages import Desk
from tests.web.whole import application

MANUAL = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
SECTION = MANUAL.partition("\n## inbound_webhook")[2].partition("\n## ")[0]
HEAD = '[organisation]\nname = "X"\nreference_prefix = "EX"\n[web]\nsecret = "a secret of the tests, 32 and more"\n'
POST = '[[channel]]\nname = "post"\nkind = "loopback"\nsender = "X <x@example.gov.uk>"\ndirectory = "mails"\n'
SECRETS = {"FORMS_SECRET": "a secret of the vendor's", "FORMS_TOKEN": "a token of the vendor's"}
PUBLIC = "https://contact.example.gov.uk"


def example(*, bearer: bool) -> str:
    """The configuration that the manual shows."""
    table = SECTION.partition("```toml\n")[2].partition("```")[0]
    signature = table.replace('service = "waste"\n', "")
    return signature.replace('secret = "env:FORMS_SECRET"', 'bearer = "env:FORMS_TOKEN"') if bearer else signature


def commands() -> list[str]:
    """The blocks of a shell, without their indent."""
    blocks = re.findall(r"(?:^ {4}.*\n)+", SECTION, re.MULTILINE)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in blocks]


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[str]:
    """The address of the pages."""
    running = runner(application(site), shutdown_seconds=0.1)
    await running.setup()
    await web.TCPSite(running, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}".format(*running.addresses[0])
    finally:
        await running.cleanup()


async def typed(command: str) -> tuple[int, str]:
    """What a shell answers."""
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-c", command), env=os.environ | SECRETS, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await shell.communicate()
    return shell.returncode or 0, output.decode()


@pytest.mark.parametrize("bearer", [False, True])
async def test_a_form_of_a_vendor_is_sent_as_the_manual_says(
    needs: Needs, site: Site, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, bearer: bool
) -> None:
    """Signed or with a token, by the configuration beside it; and with another secret it is not taken."""
    needs("curl")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "ackbot.toml").write_text(HEAD + POST + example(bearer=bearer), encoding="utf-8")
    channels = kinds.build_channels(kinds.load(tmp_path))
    signature, page = commands()
    whole = f"{signature}\n" if not bearer else f"{signature.partition('SIGNATURE')[0]}\n{page}"
    async with serving(replace(site, channels=channels, log=desk.keep)) as address:
        command = whole.replace(PUBLIC, address)
        assert await typed(command) == (0, "ok")
        (inbound,) = desk.taken.values()
        assert (inbound.external_id, inbound.text) == ("id:F-1", "My bin was missed.")
        forged = command.replace("$FORMS_SECRET", "$FORMS_TOKEN").replace("Bearer $FORMS_TOKEN", "Bearer $FORMS_SECRET")
        status, words = await typed(forged)
        assert (status, words) == (22, "not accepted\n")
    assert len(desk.taken) == 1
