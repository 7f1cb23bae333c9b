"""The table of the secrets of accounts that their platforms change, such as tokens that are good once."""

from sqlalchemy import Column, String, Table, Text

from bot.store.column_types import Instant
from bot.store.metadata import metadata

# `secret` is encrypted with a key that is derived from the installation's own secret, whether the store has keys or
# not. Whoever changes it claims it before: a token that is good once is used once.
account_secrets = Table(
    "account_secrets",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("secret", Text, nullable=False, server_default=""),
    Column("claimed_until", Instant),
    Column("changed_at", Instant),
)
