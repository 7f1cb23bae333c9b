"""Leases: which process does what only one should do at a time, and which are alive, by the database's clock alone.

A lease saves work and settles who takes over. Correctness never depends on it: a cursor moves by compare-and-set, a
delivery is claimed row by row, and every key is unique.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import (
    ARRAY,
    CompoundSelect,
    Connection,
    Interval,
    String,
    bindparam,
    delete,
    func,
    literal,
    literal_column,
    select,
    true,
)

from bot.store.outbox import CLAIMERS
from bot.store.tables import leases
from bot.store.upserts import insert

PROCESS = "process "


@dataclass(frozen=True, slots=True)
class Standing:
    """The leases that a process holds after it has renewed them; who lived and who had claims before it did."""

    names: Set[str]
    living: Set[str]
    claimers: Set[str]


_LIVES = leases.c.name.startswith(PROCESS), leases.c.held_until >= func.now()
# The processes whose lease has not run out.
LIVING = select(leases.c.holder).where(*_LIVES)


def _renewing() -> CompoundSelect[str, str]:
    # All in one statement, which every process runs every few seconds, whether there is anything to do or not.
    until = func.now() + bindparam("span", type_=Interval)
    new = insert(leases).from_select(
        leases.c.keys(),
        select(func.unnest(bindparam("names", type_=ARRAY(String))), bindparam("holder", type_=String), until),
    )
    free = (leases.c.holder == new.excluded.holder) | (leases.c.held_until < func.now())
    new_values = {"holder": new.excluded.holder, "held_until": new.excluded.held_until}
    upsert = new.on_conflict_do_update(index_elements=["name"], set_=new_values, where=free)
    renewal = upsert.returning(leases.c.name).cte("renewal")
    living = select(literal_column("'living'"), leases.c.holder).where(*_LIVES)
    claimers = select(literal_column("'claimers'"), CLAIMERS.subquery().c[0])
    return select(literal_column("'names'"), renewal.c.name).union_all(living, claimers)


_RENEW = _renewing()


def renew(connection: Connection, holder: str, names: Iterable[str], span: timedelta) -> Standing:
    """Take or extend each of these leases for that long, unless another process holds it."""
    # In this order for every process, so that no two wait for each other.
    rows = connection.execute(_RENEW, {"names": sorted(names), "holder": holder, "span": span}).all()
    standing = Standing(*(frozenset(name for part, name in rows if part == field) for field in Standing.__slots__))
    # The statement does not see what it has changed.
    lives = f"{PROCESS}{holder}" in standing.names and span >= timedelta(0)
    return replace(standing, living=standing.living | {holder}) if lives else standing


def give_up(connection: Connection, holder: str, name: str | None = None) -> None:
    """End this lease of this holder, or all of them, so that others need not wait."""
    condition = leases.c.name == name if name is not None else true()
    connection.execute(delete(leases).where(leases.c.holder == holder, condition))


def forget_dead(connection: Connection, after: timedelta) -> None:
    """Remove the leases of processes that ended long ago."""
    is_dead = leases.c.name.startswith(PROCESS) & (leases.c.held_until < func.now() - literal(after))
    connection.execute(delete(leases).where(is_dead))


def living(connection: Connection) -> set[str]:
    """Return the processes whose lease has not run out."""
    return set(connection.execute(LIVING).scalars())
