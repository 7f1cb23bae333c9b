"""What an installation has made once and keeps with its store: the key by which numbers become references."""

from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, select

from bot.store.tables import rules

# Among the rules, as hexadecimal digits. Migration 0016 makes it for a new store; one that had references has none.
REFERENCE_KEY = "reference key"

# By the dialect, of which every engine has its own.
_REFERENCE_KEYS: WeakKeyDictionary[Dialect, bytes] = WeakKeyDictionary()


def reference_key(connection: Connection) -> bytes:
    """Return the key of this store's references, read once for an engine; empty where they are made without one."""
    key = _REFERENCE_KEYS.get(connection.dialect)
    if key is None:
        value = connection.execute(select(rules.c.value).where(rules.c.name == REFERENCE_KEY)).scalar()
        key = _REFERENCE_KEYS[connection.dialect] = bytes.fromhex(value or "")
    return key
