"""Holds the leases of this process: that it lives, and what it alone reads. Takes back what dead ones had claimed."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Set
from contextlib import suppress
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from bot import log
from bot.present import Present
from bot.store import leases, outbox
from bot.store.engine import Store, StoreUnavailable

logger = log.get("leasing")

# Whoever holds it does what one process does for all: what recurs by the calendar, and what follows behind events.
TIMETABLE = "timetable"
# A dead process's work is taken over after SPAN at the latest, and one more RENEW_SECONDS.
SPAN_SECONDS = 9.0
RENEW_SECONDS = 2.5
RETRY_SECONDS = 0.5
# A commit whose answer was lost can still take effect, but not for so long.
DOUBT_SECONDS = 60.0


class Leasing:
    """`names` are what this process would hold alone. With a store for one process, it holds everything."""

    def __init__(self, store: Store, present: Present, names: Iterable[str], took_over: Callable[[], None]) -> None:
        self.holder = secrets.token_hex(outbox.HOLDER_LENGTH // 2) if store.is_shared else None
        self._store, self._present, self._took_over = store, present, took_over
        self._process = f"{leases.PROCESS}{self.holder}"
        self._names = {self._process, *names}
        self._held: Set[str] = frozenset()
        self._until = float("-inf")
        self._claims = self._sound_after = 0
        self._doubted: dict[str, float] = {}
        self._left: dict[str, float] = {}
        self._others = False

    @property
    def alive(self) -> bool:
        """Whether others know that this process lives: what it has claimed is its own."""
        return self.holds(self._process)

    def holds(self, name: str) -> bool:
        """Whether this process may do alone what is so named."""
        if self.holder is None:
            return True
        return name in self._held and asyncio.get_running_loop().time() < self._until

    def claim_name(self) -> str | None:
        """The name of the next claim: whose it is, and which."""
        self._claims += 1
        return None if self.holder is None else f"{self.holder}.{self._claims}"

    def stands(self, claim: str | None) -> bool:
        """Whether nobody can have taken over what this claim of ours took."""
        if claim is None:
            return True
        return self.alive and int(claim.rpartition(".")[2]) > self._sound_after

    def doubt(self, claim: str | None) -> None:
        """Nobody knows what came of this claim: whatever it took is given back as soon as the store answers."""
        if claim is not None:
            self._doubted[claim] = asyncio.get_running_loop().time() + DOUBT_SECONDS

    async def begin(self) -> None:
        """Take the leases for the first time, before anything is claimed."""
        if self.holder is not None:
            await self._renew()

    async def run(self) -> None:
        """Renew for ever."""
        while self.holder is not None:
            try:
                await self._renew()
            except StoreUnavailable as error:
                logger.error("leases.not_renewed", error=str(error))
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await asyncio.sleep(RENEW_SECONDS)
        await asyncio.Event().wait()

    async def leave(self, name: str, seconds: float) -> None:
        """Let another process try this for so long, where there is one."""
        if self.holder is None or not self._others:
            return
        self._left[name] = asyncio.get_running_loop().time() + max(seconds, 2 * RENEW_SECONDS)
        self._held -= {name}
        with suppress(StoreUnavailable):  # it runs out by itself
            await self._store.write(partial(leases.give_up, holder=self.holder, name=name))

    async def end(self) -> None:
        """Let others go on at once."""
        if self.holder is not None:
            await self._store.write(self._give_up)

    async def _renew(self) -> None:
        # Counted from before the question: the database counts from later, so we never believe for too long. The
        # loop's clock runs on while the process is stopped, so that one that is woken late knows that it is late.
        asked_at = asyncio.get_running_loop().time()
        self._doubted = {claim: until for claim, until in self._doubted.items() if until > asked_at}
        names = {name for name in self._names if self._left.get(name, asked_at) <= asked_at}
        renewed = partial(self._renew_in_store, names=names, doubted=list(self._doubted))
        names_held, claim_count, living_count = await self._store.write(renewed)
        if gained := names_held - self._held - {self._process}:
            logger.info("leases.taken", names=sorted(gained))
        if asyncio.get_running_loop().time() >= self._until:
            # There was a time in which others took us for dead.
            self._sound_after = self._claims
        self._held, self._until, self._others = names_held, asked_at + SPAN_SECONDS, living_count > 1
        if claim_count:
            logger.warning("claims.taken_over", count=claim_count)
            self._took_over()

    def _renew_in_store(self, connection: Connection, names: set[str], doubted: list[str]) -> tuple[Set[str], int, int]:
        now = self._present.now()
        standing = leases.renew(connection, self.holder or "", names, timedelta(seconds=SPAN_SECONDS))
        dead = standing.claimers - standing.living
        claim_count = outbox.take_back(connection, leases.LIVING, now) if dead else 0
        claim_count += outbox.give_back_claims(connection, doubted, now) if doubted else 0
        return standing.names, claim_count, len(standing.living)

    def _give_up(self, connection: Connection) -> None:
        outbox.give_back(connection, self.holder or "", self._present.now())
        leases.give_up(connection, self.holder or "")
