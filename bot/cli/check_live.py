"""What `ackbot check --live` asks: whether every account answers, what it covers, and what a first look would log."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.cli import progress
from bot.cli.check_report import Finding, Level
from bot.cli.configuration import rulebook_of

if TYPE_CHECKING:
    from bot.channel import Channel, Checkable, Coverage, Glance
    from bot.settings.reading import Settings

# So many are asked side by side, so that a slow one does not hold up the others; each for so long.
_AT_ONCE = 8
_PATIENCE_SECONDS = 60.0
ASKING = "Asking the accounts, each for a minute at most"


def findings(configured: "Settings", move: progress.Move) -> list[Finding]:
    """Sign in to every account, and return what each says; nothing is sent and nothing is changed.

    `move` shows how many have answered.
    """
    return asyncio.run(_ask_all(configured, move))


async def _ask_all(configured: "Settings", move: progress.Move) -> list[Finding]:
    from bot.channel import Checkable
    from bot.kinds import build_channels

    channels = build_channels(configured)
    accounts = {name: channel for name, channel in channels.items() if isinstance(channel, Checkable)}
    gate, answers = asyncio.Semaphore(_AT_ONCE), dict[str, list[Finding]]()

    async def ask(name: str, account: "Checkable") -> None:
        async with gate:
            answers[name] = await _ask(name, account, configured)
            move(len(answers), len(accounts), ASKING)

    move(0, len(accounts), ASKING)
    async with _safes_of(configured, channels.values()):
        await asyncio.gather(*(ask(name, account) for name, account in accounts.items()))
    of_accounts = [finding for name in accounts for finding in answers[name]]
    return [*of_accounts, *await _of_scanner(configured.form.clamav)]


@asynccontextmanager
async def _safes_of(configured: "Settings", channels: "Collection[Channel]") -> AsyncIterator[None]:
    """Let accounts renew their tokens as the service does: a check must not use up one that is good once."""
    from bot.loops import safekeeping
    from bot.present import Present
    from bot.store.engine import Store
    from bot.wire.platforms.safes import SecretKeeper

    has_secrets = any(isinstance(channel, SecretKeeper) for channel in channels)
    if not has_secrets or not _is_current(configured.store.url):
        yield
        return
    store = Store(configured.store.url, configured.store.secrets)
    store.open()
    try:
        safekeeping.entrust(channels, store, Present(), rulebook_of(configured).secret)
        yield
    finally:
        await store.close()


def _is_current(url: str) -> bool:
    """Whether there is a store, and of this version; one that cannot be read is named elsewhere in the report."""
    from bot.store import schema

    try:
        return schema.current(url) == schema.newest()
    except schema.StoreRefused:
        return False


async def _ask(name: str, account: "Checkable", configured: "Settings") -> list[Finding]:
    """Return the answer of one account; an error where it fails, or withholds messages."""
    from bot.channel import ChannelError, Closable

    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return [finding async for finding in _answers(name, account, configured)]
    except ChannelError as error:
        return [Finding(Level.ERROR, f"{name}: {f'{error}'.removeprefix(f'channel {name}: ')}")]
    except TimeoutError:
        return [Finding(Level.ERROR, f"{name}: there was no answer within {_PATIENCE_SECONDS:.0f} seconds")]
    finally:
        if isinstance(account, Closable):
            await account.close()


async def _answers(name: str, account: "Checkable", configured: "Settings") -> AsyncIterator[Finding]:
    from bot.channel import Covered, Glancing, SeveralFolders

    yield Finding(Level.ACCOUNT, f"{name}: {await account.check()}")
    if isinstance(account, Glancing):
        yield Finding(Level.ACCOUNT, f"{name}: {_first_look(name, await account.glance(), configured)}")
    for folder in account.also if isinstance(account, SeveralFolders) else ():
        yield Finding(Level.ACCOUNT, f"{folder.name}: {await folder.check()}")
    if isinstance(account, Covered):
        for finding in _of_coverage(name, await account.coverage()):
            yield finding


def _of_coverage(name: str, coverage: "Coverage") -> Iterator[Finding]:
    words = "; ".join(coverage.findings) or "everything that people write there reaches us"
    level = {"red": Level.ERROR, "amber": Level.WARNING}.get(coverage.level, Level.ACCOUNT)
    yield Finding(level, f"{name}: coverage {coverage.level}: {words}")


async def _of_scanner(address: str) -> list[Finding]:
    """Return what the scanner of files says of itself."""
    from bot.wire.clamav import NotScanned, Scanner

    if not address:
        return []
    try:
        return [Finding(Level.ACCOUNT, f"clamav: {await Scanner(address).version()}")]
    except NotScanned as error:
        return [Finding(Level.ERROR, f"clamav: {error}")]


def _first_look(name: str, glance: "Glance", configured: "Settings") -> str:
    """Return what a first look at a mailbox would log and answer."""
    from collections import Counter
    from dataclasses import replace

    from bot.core import intakes

    book = rulebook_of(configured)
    facts = replace(book.intake.triage, authserv_id=book.ways[name].authserv_id)
    outcomes = Counter(intakes.triage(message, facts).outcome for message in glance.newest)
    old = glance.count - glance.to_log
    return (
        f"a first look would log {glance.to_log} of {glance.count} messages, and leave alone {old} from before. "
        f"Of the newest {len(glance.newest)}, if they came now, it would answer {outcomes['acknowledge']}, "
        f"only log {outcomes['log']}, and leave {outcomes['ask']} to staff."
    )
