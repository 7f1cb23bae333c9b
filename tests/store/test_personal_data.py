"""The register of personal data names every column, and every cell of it is true of a store that the flows have filled.

A failure names the column and what to do: correct the cell in `bot/store/personal_data.py`, or the code.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from bot.core.retention import Retention
from bot.flows.changes import forget
from bot.flows.people import erase, record
from bot.flows.rulebook import Rulebook
from bot.loops.leasing import Leasing
from bot.loops.timetabling import Timetable
from bot.present import Present
from bot.store import keys as sealing_keys
from bot.store import personal_data, sealing, words
from bot.store.databases import database_path, transaction
from bot.store.engine import Store
from bot.store.personal_data import IMPERSONAL, REGISTER, Cell, Claim, Datum, Whose
from bot.store.tables import metadata
from tests.flows.conftest import book
from tests.store.somebody import ACTOR, HANDLE, HOUR, NOW, PERSON, fill, marks_in, rules_of

__all__ = ["book"]
KEY = sealing.new_key()
KEY_OF_NAMES = b"k" * 32
# The index to search by is no table of SQLAlchemy's.
_WORDS = {
    "sqlite": "SELECT rowid AS number, words FROM message_words",
    "postgresql": "SELECT message_id AS number, words::text AS words FROM message_words",
}
# Values of a column by the key of their row.
Values = Mapping[Any, Any]
Snapshot = Mapping[str, Values]


@dataclass(frozen=True)
class Filled:
    """A store in which somebody has written: as it is read, and as it lies there."""

    store: Store
    book: Rulebook
    reference: str
    before: Snapshot
    raw: Snapshot

    def now(self) -> Snapshot:
        """What is read from it now."""
        return self.store.read_now(_read)

    def holds(self, datum: Datum) -> dict[Any, set[str]]:
        """The marks of the person in the rows of a column; those of a hash have none and are all it has."""
        return _marked(datum, self.before)


@pytest.fixture
def filled(store_url: str, book: Rulebook) -> Iterator[Filled]:
    """A store with keys, as it is when everything has happened to a contact."""
    yield from _filled(store_url, book, (KEY,))


def _filled(url: str, book: Rulebook, keys: tuple[str, ...]) -> Iterator[Filled]:
    sealing_keys.begin(url, keys, NOW)
    store, rules = Store(url, keys), rules_of(book)
    contact = store.write_now(lambda c: fill(c, rules))
    with transaction(url, writes=False) as plain:
        raw = _read_raw(plain)
    yield Filled(store, rules, contact.reference, store.read_now(_read), raw)
    store.let_go()


def _read(connection: Connection) -> Snapshot:
    """Every column as the program reads it."""
    columns: dict[str, Values] = {}
    for table in metadata.sorted_tables:
        rows = connection.execute(select(*table.primary_key.columns, table)).all()
        width = len(table.primary_key.columns)
        for place, column in enumerate(table.columns, width):
            columns[f"{table.name}.{column.name}"] = {tuple(row[:width]): row[place] for row in rows}
    return columns | _index(connection)


def _read_raw(connection: Connection) -> Snapshot:
    """Every column as it lies there."""
    columns: dict[str, Values] = {}
    for table in metadata.sorted_tables:
        rows = connection.execute(select(text("*")).select_from(text(table.name))).mappings().all()
        keys = [column.name for column in table.primary_key.columns]
        for column in table.columns:
            columns[f"{table.name}.{column.name}"] = {tuple(row[k] for k in keys): row[column.name] for row in rows}
    return columns | _index(connection)


def _index(connection: Connection) -> dict[str, Values]:
    rows = connection.execute(text(_WORDS[connection.dialect.name]))
    return {"message_words.words": {(row.number,): row.words for row in rows}}


def _marked(datum: Datum, columns: Snapshot) -> dict[Any, set[str]]:
    values = columns[datum.column]
    if datum.sealing.claim is Claim.HASHED:
        return {key: {str(value)} for key, value in values.items() if value}
    return {key: marks for key, value in values.items() if (marks := marks_in(value, datum.whose))}


def _claims(claims: Mapping[str, str]) -> None:
    """End the test with a line for each claim that is not true."""
    assert not claims, "\n" + "\n".join(f"{name}: {fault}" for name, fault in claims.items())


def _name(datum: Datum) -> str:
    return f"{datum.column} ({datum.whose})"


def test_every_column_is_in_the_register_or_holds_nothing_of_a_person() -> None:
    """One or the other, and no column that does not exist."""
    columns = {f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.columns}
    columns.add("message_words.words")
    personal = {datum.column for datum in REGISTER}
    impersonal = {f"{table}.{column}" for table, names in IMPERSONAL.items() for column in names.split()}
    house = "bot/store/personal_data.py"
    _claims(
        dict.fromkeys(sorted(columns - personal - impersonal), f"enter it into REGISTER or IMPERSONAL of {house}")
        | dict.fromkeys(sorted((personal | impersonal) - columns), f"does not exist: take it out of {house}")
        | dict.fromkeys(sorted(personal & impersonal), f"is in REGISTER and in IMPERSONAL of {house}")
    )


def test_no_cell_is_empty_and_each_says_what_its_place_may_say() -> None:
    """Each datum once, with words for the officer who reads it."""
    assert len({(datum.column, datum.whose) for datum in REGISTER}) == len(REGISTER)
    for datum in REGISTER:
        assert datum.what, datum.column
        assert datum.export.claim in (Claim.GIVEN, Claim.WITHHELD), _name(datum)
        assert {datum.erasure.claim, datum.retention.claim} <= {Claim.EMPTIED, Claim.STAYS}, _name(datum)
        assert datum.sealing.claim in (Claim.SEALED, Claim.HASHED, Claim.CLEAR, Claim.ABSENT), _name(datum)
        assert all(cell.words for cell in (datum.export, datum.erasure, datum.retention, datum.sealing)), _name(datum)


def test_every_word_for_a_cell_is_used() -> None:
    """What no line says any more is taken out."""
    cells = {id(cell) for d in REGISTER for cell in (d.export, d.erasure, d.retention, d.sealing)}
    names = {name for name, value in vars(personal_data).items() if isinstance(value, Cell) and id(value) not in cells}
    assert not names


def test_what_is_of_a_person_stands_in_the_columns_of_the_register_alone(filled: Filled) -> None:
    """The flows wrote marks: each column of the register has them, and no other column has any."""
    empty = {_name(d): "the test has none: let `fill` of tests/store/somebody.py write it" for d in REGISTER}
    entered = {(datum.column, datum.whose) for datum in REGISTER}
    elsewhere = {
        f"{column} ({whose})": f"holds {', '.join(sorted(marks))}: enter it into bot/store/personal_data.py"
        for column, values in filled.before.items()
        for whose in Whose
        if (column, whose) not in entered
        and (marks := {mark for value in values.values() for mark in marks_in(value, whose)})
    }
    written = [d for d in REGISTER if d.sealing.claim is not Claim.ABSENT]
    _claims({_name(d): empty[_name(d)] for d in written if not filled.holds(d)} | elsewhere)


def test_what_is_sealed_or_hashed_is_read_by_nobody_without_the_key(filled: Filled) -> None:
    """In the rows of the database, and on SQLite in its file; what the register says is in clear is."""
    wrong: dict[str, str] = {}
    secret, clear = set[str](), set[str]()
    for datum in REGISTER:
        marks = {mark for value in filled.raw[datum.column].values() for mark in marks_in(value, datum.whose)}
        clear |= marks
        if datum.sealing.claim is Claim.CLEAR:
            if not marks:
                wrong[_name(datum)] = "is said to be in clear, and is not: correct its sealing"
            continue
        secret |= {mark for value in filled.before[datum.column].values() for mark in marks_in(value, datum.whose)}
        if marks:
            wrong[_name(datum)] = f"is said to be {datum.sealing.claim}, and lies there as {', '.join(sorted(marks))}"
        elif datum.sealing.claim is Claim.SEALED and not _all_sealed(filled.raw[datum.column], filled.holds(datum)):
            wrong[_name(datum)] = "is said to be sealed, and is not"
    _claims(wrong)
    filled.store.flush_log()
    _not_in_file(filled.store, secret - clear)


def _all_sealed(values: Values, rows: Mapping[Any, set[str]]) -> bool:
    return all(
        (bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()).startswith(
            (sealing.MARK.encode(), sealing.MARK_ALIKE.encode())
        )
        # Where the key of a row is sealed, too, rows are not told apart.
        for value in ([values[key] for key in rows] if rows.keys() <= values.keys() else values.values())
    )


def _not_in_file(store: Store, marks: set[str]) -> None:
    if not store.is_shared:
        path = database_path(store.url)
        log = Path(f"{path}-wal")
        content = (path.read_bytes() + (log.read_bytes() if log.exists() else b"")).lower()
        assert {mark for mark in marks if mark.encode() in content} == set()


def test_a_person_is_given_what_the_register_says(filled: Filled) -> None:
    """By each of their addresses; what was mail is read in base64."""
    export = _export(filled)
    marks_to_export = {datum.whose: set[str]() for datum in REGISTER}
    for datum in REGISTER:
        if datum.export.claim is Claim.GIVEN:
            marks_to_export[datum.whose].update(*filled.holds(datum).values())
    wrong: dict[str, str] = {}
    for datum in REGISTER:
        marks = set[str]().union(*filled.holds(datum).values())
        if datum.export.claim is Claim.GIVEN:
            if missing := {mark for mark in marks if mark not in export}:
                wrong[_name(datum)] = f"is said to be given, and {', '.join(sorted(missing))} is not in the export"
        elif leak := {mark for mark in marks - marks_to_export[datum.whose] if mark in export}:
            wrong[_name(datum)] = f"is said to be withheld, and {', '.join(sorted(leak))} is in the export"
    _claims(wrong)


def _export(filled: Filled) -> str:
    exports = [filled.store.read_now(lambda c, a=a: record.of_person(c, a, NOW + HOUR)) for a in (PERSON, HANDLE)]  # type: ignore[misc]
    content = json.dumps(exports, default=str)
    encoded = re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", content)
    return "\n".join([content, *(base64.b64decode(part).decode("latin-1") for part in encoded)]).lower()


def _end_hold(connection: Connection, filled: Filled) -> None:
    forget.hold(connection, filled.reference, "", ACTOR, NOW + HOUR)


def _erase(filled: Filled) -> None:
    """As `ackbot person erase` does, for each address of the person; the hold has ended."""
    filled.store.write_now(lambda c: _end_hold(c, filled))
    for address in (PERSON, HANDLE):
        erasure = filled.store.write_now(lambda c, a=address: erase.erase(c, a, ACTOR, NOW + HOUR, KEY_OF_NAMES))  # type: ignore[misc]
        assert not erasure.exceptions
    begin = True
    while filled.store.write_now(lambda c, b=begin: words.tidy(c, begin=b)):  # type: ignore[misc]
        begin = False
    filled.store.flush_log()


def _check(filled: Filled, cell: str, what_ran: str) -> None:
    """Hold the cell of this name against what is left."""
    after = filled.now()
    wrong: dict[str, str] = {}
    for datum in REGISTER:
        claim = getattr(datum, cell).claim
        remainder = _left(datum, filled, after)
        if claim is Claim.EMPTIED and remainder:
            wrong[_name(datum)] = f"is said to be emptied, and {what_ran} leaves {', '.join(sorted(remainder))}"
        elif claim is Claim.STAYS and not remainder:
            wrong[_name(datum)] = f"is said to stay, and {what_ran} empties it: correct its {cell}"
    _claims(wrong)


def _left(datum: Datum, filled: Filled, after: Snapshot) -> set[str]:
    """The marks that a column still has, in the rows in which it had them."""
    now = _marked(datum, after)
    return {mark for key, marks in filled.holds(datum).items() for mark in marks & now.get(key, set())}


def test_an_erasure_takes_away_what_the_register_says(filled: Filled) -> None:
    """And leaves what it says that stays."""
    _erase(filled)
    _check(filled, "erasure", "an erasure")


def test_what_is_erased_is_in_no_file(tmp_path: Path, fresh_file: Path, book: Rulebook) -> None:
    """Without keys nothing hides it: not in the store's file, nor in its log of writes."""
    path = tmp_path / "ackbot.db"
    path.write_bytes(fresh_file.read_bytes())
    for filled in _filled(f"sqlite:///{path}", book, ()):
        _erase(filled)
        after = filled.now()
        gone, remainder = set[str](), set[str]()
        for datum in REGISTER:
            if datum.sealing.claim is not Claim.HASHED:
                gone.update(*filled.holds(datum).values())
                remainder.update(*_marked(datum, after).values())
        assert gone - remainder
        _not_in_file(filled.store, gone - remainder)


async def test_the_night_takes_away_what_the_register_says(filled: Filled) -> None:
    """Ten years later, when every time of keeping is over; and leaves what it says that stays."""
    filled.store.write_now(lambda c: _end_hold(c, filled))
    await _nightly(filled)
    _check(filled, "retention", "the night")


async def _nightly(filled: Filled) -> None:
    store, present = filled.store, Present(NOW + timedelta(days=3653), 0.001)
    leases, keep = Leasing(store, present, (), lambda: None), Retention(timedelta(days=183))
    table = Timetable(store, filled.book, present, lambda: None, leases, keep=keep, calendar_checked=date(2026, 11, 23))
    store.open()
    await table.forget()
    await store.close()
