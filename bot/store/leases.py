"""Leases: which process does what only one should do at a time, and which are alive, by the database's clock alone.

A lease saves work and settles who takes over. Correctness never depends on it: a cursor moves by compare-and-set, a
delivery is claimed row by row, and every key is unique.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, delete, func, literal, select, true

from bot.store.tables import leases
from bot.store.upserts import insert

PROCESS = "process "


def renew(connection: Connection, holder: str, names: Iterable[str], span: timedelta) -> set[str]:
    """Take or extend each of these leases for that long, unless another process holds it; return those held now."""
    until = func.now() + literal(span)
    names_held = set()
    for name in sorted(names):
        statement = insert(leases).values(name=name, holder=holder, held_until=until)
        free = (leases.c.holder == holder) | (leases.c.held_until < func.now())
        new_values = {"holder": holder, "held_until": until}
        upsert = statement.on_conflict_do_update(index_elements=["name"], set_=new_values, where=free)
        if connection.execute(upsert.returning(leases.c.name)).scalar() is not None:
            names_held.add(name)
    return names_held


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
    query = select(leases.c.holder).where(leases.c.name.startswith(PROCESS), leases.c.held_until >= func.now())
    return set(connection.execute(query).scalars())
