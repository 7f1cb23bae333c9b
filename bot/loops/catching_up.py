"""At the start: have the rules changed by which the dates of open contacts were computed? Then compute them anew."""

from collections.abc import Callable, Sequence
from functools import partial

from bot import log
from bot.flows.changes import rule_versions
from bot.flows.rulebook import Rulebook
from bot.present import Present
from bot.store.engine import Store

logger = log.get("catching_up")


async def catch_up(store: Store, book: Rulebook, present: Present, wake: Callable[[], None]) -> None:
    """Bring every open contact up to the rules in force; killed half way, the next start does the rest."""
    if names := await store.read(partial(rule_versions.names_changed, book=book)):
        await _compute_anew(names, store, book, present, wake)
    await store.write(partial(rule_versions.settle, book=book, now=present.now()))


async def _compute_anew(
    names: Sequence[str], store: Store, book: Rulebook, present: Present, wake: Callable[[], None]
) -> None:
    from bot.flows.changes import recompute  # noqa: PLC0415 - it tells people of new dates, which few starts do

    after: int | None = 0
    looked_at = changed_dates = people_told = 0
    while after is not None:
        work = partial(recompute.recompute, after_id=after, names=names, now=present.now(), book=book, dry_run=False)
        page = await store.write(work)
        looked_at += page.looked_at
        changed_dates += len(page.changes)
        people_told += page.people_told
        logger.info("dates.recomputed", looked_at=looked_at, moved=changed_dates, told=people_told, changed=names)
        after = page.last_id
        wake()
