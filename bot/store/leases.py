"""Leases: who does what only one process should do at a time, and who is alive. By the database's clock alone.

A lease saves work and settles who takes over. What is right never rests on it: a cursor moves by compare-and-set, a
delivery is claimed row by row, and every key is unique.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, delete, func, literal, select, true
from sqlalchemy.dialects.postgresql import insert

from bot.store.tables import leases

PROCESS = "process "


def renew(connection: Connection, holder: str, names: Iterable[str], span: timedelta) -> set[str]:
    """Take or keep each of these leases for that long, where nobody else holds it; returns those that are held."""
    until = func.now() + literal(span)
    held = set()
    for name in sorted(names):
        statement = insert(leases).values(name=name, holder=holder, held_until=until)
        free = (leases.c.holder == holder) | (leases.c.held_until < func.now())
        changed = {"holder": holder, "held_until": until}
        taken = statement.on_conflict_do_update(index_elements=["name"], set_=changed, where=free)
        if connection.execute(taken.returning(leases.c.name)).scalar() is not None:
            held.add(name)
    return held


def give_up(connection: Connection, holder: str, name: str | None = None) -> None:
    """End this lease of this holder, or every one: others need not wait."""
    named = leases.c.name == name if name is not None else true()
    connection.execute(delete(leases).where(leases.c.holder == holder, named))


def forget_dead(connection: Connection, after: timedelta) -> None:
    """Remove the leases of processes that are long gone."""
    gone = leases.c.name.startswith(PROCESS) & (leases.c.held_until < func.now() - literal(after))
    connection.execute(delete(leases).where(gone))


def living(connection: Connection) -> set[str]:
    """The processes whose lease has not run out."""
    query = select(leases.c.holder).where(leases.c.name.startswith(PROCESS), leases.c.held_until >= func.now())
    return set(connection.execute(query).scalars())
