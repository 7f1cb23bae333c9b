"""The tables of who may come in: staff and programs. Of every secret there is only a digest."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from bot.store.column_types import Instant, Sealed, SealedLookup
from bot.store.metadata import metadata

staff = Table(
    "staff",
    metadata,
    Column("address", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    # Names of teams with spaces between; none: every team.
    Column("teams", Text, nullable=False),
    # As argon2 writes it, "" for who signs in elsewhere.
    Column("password", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
    # The secret of their app for codes, encrypted (`wire.codes`), "" for none; the step of the last code that
    # was used; and digests of recovery codes, with spaces between.
    Column("second_factor", Text, nullable=False, server_default=""),
    Column("second_factor_step", BigInteger, nullable=False, server_default="0"),
    Column("recovery_codes", Text, nullable=False, server_default=""),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("address", Text, nullable=False, index=True),
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    # How they signed in ("password", "elsewhere", "link"; with " and code" behind it).
    Column("how", Text, nullable=False, server_default=""),
)

# Links with which somebody signs in once and sets a password.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("address", Text, nullable=False, index=True),
    Column("ends_at", Instant, nullable=False),
)

# How often somebody has tried to sign in of late (`core.throttles`): a row ends when its bucket is full again.
throttles = Table(
    "throttles",
    metadata,
    Column("key", Text, primary_key=True),
    Column("full_at", Instant, nullable=False, index=True),
)

tokens = Table(
    "tokens",
    metadata,
    Column("name", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", Text, nullable=False),
    Column("teams", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    # NULL: it never ends.
    Column("ends_at", Instant),
)

# What a caller of the API was answered under a key of its own, so that the same call again does nothing twice.
answers = Table(
    "answers",
    metadata,
    Column("key", SealedLookup, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Sealed, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)
