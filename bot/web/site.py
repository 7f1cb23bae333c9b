"""What the console and the API work with: the store and the rulebook at the present instant."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from sqlalchemy import Connection

from bot.channel import Coverage, Desk, Form, Temporary
from bot.core.messages import Inbound
from bot.core.roles import Scope
from bot.flows.changes.refused import Kind
from bot.flows.intake.plan import Filed
from bot.flows.rulebook import Rulebook
from bot.render.compose import Composer
from bot.settings.main import SignIn
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
    """`log` logs a message and returns after the commit; `wake` is called when something may be in the outbox.

    `now` is our time, `wall` the clock on the wall, which a rehearsal's time leaves.
    """

    store: Store
    book: Rulebook
    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    wake: Callable[[], None]
    log: Callable[[Inbound], Awaitable[Filed]]
    desks: Mapping[str, Desk]
    forms: Mapping[str, Form]
    composer: Composer
    coverage: Callable[[], Mapping[str, Coverage]]
    problems: Callable[[], Awaitable[list[str]]]
    public_url: str
    sign_in: SignIn | None

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
            done = await self.store.write(work)
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error
        self.wake()
        return done


def loop_time() -> float:
    """Seconds on a clock that never goes back."""
    return asyncio.get_running_loop().time()
