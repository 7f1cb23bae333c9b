"""How tables name their keys and indexes, and number their rows."""

from sqlalchemy import BigInteger, Index, Integer, MetaData, TextClause

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# Running numbers: on SQLite only a column that is exactly INTEGER is one.
Key = BigInteger().with_variant(Integer(), "sqlite")


def partial(name: str, *columns: str, where: TextClause) -> Index:
    """Return an index of some rows only, so that its cost follows what is due and not what is stored.

    A store gets its condition by the migration that makes it. Here it is named to SQLite alone: to name it to
    PostgreSQL, too, would import that dialect at every start, which takes long.
    """
    return Index(name, *columns, sqlite_where=where)
