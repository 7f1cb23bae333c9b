"""What every page works with: the settings, the store and the rulebook at the present instant, the channels."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from bot.channel import Batch, Channel, Coverage, Hook, Temporary
from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.field_channels import Desk, Form
from bot.flows.changes.refusals import Kind
from bot.flows.intake.batches import Filed, Reading
from bot.flows.rulebook import Rulebook
from bot.present import Present
from bot.render.compose import Composer
from bot.settings.reading import Settings
from bot.store.engine import Store, StoreUnavailable

T = TypeVar("T")
Work = Callable[[Connection], T]
# What the kind of a refusal is to programs and to browsers.
STATUS_OF = {
    Kind.UNKNOWN: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
}


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that a page works with.

    `log` logs a batch and returns after the commit; `wake` is called when something may be in the outbox. `sent_mail`
    is a directory of .eml files to show on this computer (demo only).
    """

    settings: Settings
    book: Rulebook
    store: Store
    present: Present
    channels: Mapping[str, Channel]
    composer: Composer
    log: Callable[[Batch, Reading], Awaitable[Sequence[Filed]]]
    wake: Callable[[], None]
    problems: Callable[[], Awaitable[list[str]]]
    coverage: Callable[[], Mapping[str, Coverage]]
    metrics: Callable[[], Awaitable[bytes]]
    sent_mail: Path | None = None

    @property
    def desks(self) -> dict[str, Desk]:
        """The channels that take down what staff and other programs record."""
        return {name: channel for name, channel in self.channels.items() if isinstance(channel, Desk)}

    @property
    def forms(self) -> dict[str, Form]:
        """The channels that read a form."""
        return {name: channel for name, channel in self.channels.items() if isinstance(channel, Form)}

    @property
    def front_form(self) -> Form | None:
        """The form that stands on the first page."""
        return next((hook for hook in self.hooks if isinstance(hook, Form) and hook.path == "/"), None)

    @property
    def hooks(self) -> list[Hook]:
        """The channels that providers call, by their addresses."""
        return [channel for channel in self.channels.values() if isinstance(channel, Hook)]

    @property
    def public_url(self) -> str:
        """Where our pages stand for people."""
        return self.settings.web.public_url.rstrip("/")

    def now(self) -> datetime:
        """Our time."""
        return self.present.now()

    def wall(self) -> datetime:
        """The clock on the wall, which a rehearsal's time leaves."""
        return self.present.to_wall(self.present.now())

    def sees_channel(self, scope: Scope, name: str) -> bool:
        """Whether this scope sees what comes by a channel and has no team yet."""
        way = self.book.ways.get(name)
        return scope.sees(way.team if way else None)

    async def read(self, work: Work[T]) -> T:
        """Read; raises Temporary where the store cannot be read now."""
        try:
            return await self.store.read(work)
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error

    async def write(self, work: Work[T]) -> T:
        """Write, and send what is to leave; raises Temporary, and what `work` raises."""
        try:
            result = await self.store.write(work)
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error
        self.wake()
        return result

    async def log_batch(self, channel: str, batch: Batch) -> Sequence[Filed]:
        """Log what came by a channel; returns after the commit, or raises Temporary."""
        try:
            return await self.log(batch, Reading(channel))
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error

    async def log_message(self, message: Inbound) -> Filed:
        """Log one message; returns after the commit, or raises Temporary."""
        (filing,) = await self.log_batch(message.channel, Batch((message,)))
        return filing

    async def log_taken_down(self, message: Inbound, *, unproven: bool = False) -> Filed:
        """Log what staff took down, or a program, to which the person's address is unproven.

        They say when it came in our time, not in the wall clock's as providers do.
        """
        at = message.received_at and self.present.to_wall(message.received_at)
        return await self.log_message(replace(message, received_at=at, unproven=unproven))


def loop_time() -> float:
    """Seconds on a clock that never goes back."""
    return asyncio.get_running_loop().time()
