"""The tables of the people behind contacts: whose contacts belong together, what they need, whom staff search for."""

from sqlalchemy import Column, ForeignKey, Table, Text, UniqueConstraint

from bot.store.column_types import Instant, Sealed, SealedLookup
from bot.store.metadata import Key, metadata

# Contacts of one person, as staff have linked them; the smaller number comes first.
links = Table(
    "links",
    metadata,
    Column("contact_id", ForeignKey("contacts.id"), primary_key=True),
    Column("other_id", ForeignKey("contacts.id"), primary_key=True, index=True),
)

# How a person needs us to write or speak, by each address of theirs, or by the contact where there is none
# (`store.needs`); it holds for everything that they send.
needs = Table(
    "needs",
    metadata,
    Column("address", SealedLookup, primary_key=True),
    Column("needs", Sealed, nullable=False),
    Column("noted_by", Text, nullable=False),
    Column("noted_at", Instant, nullable=False),
    # In which language they said that we should write; "" where they said nothing.
    Column("language", Sealed, nullable=False, server_default=""),
    Column("language_by", Text, nullable=False, server_default=""),
    Column("language_at", Instant),
)

views = Table(
    "views",
    metadata,
    Column("id", Key, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", SealedLookup, nullable=False),
    Column("query", Sealed, nullable=False),
    UniqueConstraint("owner", "name"),
    sqlite_autoincrement=True,
)
