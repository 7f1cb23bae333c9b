"""What a service does beside receiving and sending: begun once it is ready, as no message waits for it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from bot.channel import Channel
from bot.core.chain import Secret
from bot.core.subkeys import Use, subkey
from bot.flows.rulebook import Rulebook
from bot.loops import folding, following, indexing, linking, watching
from bot.loops.beating import beat
from bot.loops.fetching import Fetching
from bot.loops.lagging import Lagging
from bot.loops.leasing import Leasing
from bot.loops.tending import SelfWatch
from bot.loops.timetabling import Timetable
from bot.present import Present
from bot.settings.reading import Settings
from bot.store.engine import Store

__all__ = ["Parts", "SelfWatch", "beat", "loops", "timetable"]
Loop = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loops work with; `wake` is called when something may have been put into the outbox."""

    settings: Settings
    book: Rulebook
    store: Store
    present: Present
    leases: Leasing
    channels: Mapping[str, Channel]
    wake: Callable[[], None]


def loops(parts: Parts) -> Iterator[tuple[str, Loop]]:
    """Return each loop with its name; of several processes one at a time does what they do."""
    store, book, leases = parts.store, parts.book, parts.leases
    yield "watching", partial(watching.watch, store, book, parts.present, parts.wake)
    if book.outgoing.followers:
        yield "following", partial(following.follow, store, book, parts.present, leases, parts.wake)
    lagging = Lagging(store, leases)
    yield "indexing", partial(indexing.index, store, leases, lagging)
    yield "folding", partial(folding.fold, store, leases, lagging)
    scanner = None
    if address := parts.settings.form.clamav:
        from bot.loops import scanning  # noqa: PLC0415 - it reads mails whole, which few services need
        from bot.wire.clamav import Scanner  # noqa: PLC0415

        scanner = Scanner(address)
        yield "scanning", partial(scanning.scan, store, scanner, parts.present, leases)
    fetching = Fetching(store, book, parts.present, parts.channels, scanner)
    yield "fetching", partial(fetching.run, leases, lagging)
    yield "linking", partial(linking.link, store, Secret(subkey(book.secret, Use.AUDIT)), leases, lagging)
    yield "lagging", lagging.run


def timetable(parts: Parts) -> Timetable:
    """Return what recurs by the calendar."""
    settings = parts.settings
    return Timetable(
        parts.store,
        parts.book,
        parts.present,
        parts.wake,
        parts.leases,
        keep=settings.keep,
        calendar_checked=settings.calendar_checked,
    )
