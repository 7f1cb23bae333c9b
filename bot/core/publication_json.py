"""A publication as JSON and back: the same publication gives the same text, on every machine."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from bot.core.publications import Promise, Publication, Row, Table


def write(publication: Publication) -> str:
    """Return the publication as one line of JSON."""
    return json.dumps(_publication(publication), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(content: str) -> str:
    """Return what a content is known by."""
    return hashlib.sha256(content.encode()).hexdigest()


def read(content: str) -> Publication:
    """Return the publication that `write` wrote; raises ValueError for anything else."""
    try:
        return _read_publication(json.loads(content))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"that is no publication: {error}") from error


def _publication(publication: Publication) -> dict[str, Any]:
    return {
        "organisation": publication.organisation,
        "first_day": publication.first_day,
        "last_day": publication.last_day,
        "cut_off": publication.cut_off,
        "known_at": publication.known_at,
        "definitions": publication.definitions,
        "whole": _row(publication.whole),
        "before": _row(publication.before) if publication.before else None,
        "promises": [_promise(promise) for promise in publication.promises],
        "tables": {name: _table(table) for name, table in publication.tables.items()},
        "calendars": dict(publication.calendars),
        "since": dict(publication.since),
        "titles": {cut: dict(titles) for cut, titles in publication.titles.items()},
        "improvements": [list(improvement) for improvement in publication.improvements],
    }


def _row(row: Row) -> dict[str, Any]:
    return {"names": dict(row.names), "values": dict(row.values), "at_least": list(row.at_least)}


def _table(table: Table) -> dict[str, Any]:
    return {"cuts": list(table.cuts), "rows": [_row(row) for row in table.rows]}


def _promise(promise: Promise) -> dict[str, Any]:
    names = ("standard", "version", "title", "words")
    before = _row(promise.before) if promise.before else None
    return {name: getattr(promise, name) for name in names} | {"row": _row(promise.row), "before": before}


def _read_publication(values: Mapping[str, Any]) -> Publication:
    return Publication(
        organisation=values["organisation"],
        first_day=values["first_day"],
        last_day=values["last_day"],
        cut_off=values["cut_off"],
        known_at=values["known_at"],
        definitions=values["definitions"],
        whole=_read_row(values["whole"]),
        before=_read_row(values["before"]) if values["before"] else None,
        promises=tuple(map(_read_promise, values["promises"])),
        tables={name: _read_table(table) for name, table in values["tables"].items()},
        calendars=values["calendars"],
        since=values["since"],
        titles=values["titles"],
        improvements=tuple((day, problem, remedy) for day, problem, remedy in values["improvements"]),
    )


def _read_row(values: Mapping[str, Any]) -> Row:
    return Row(values["names"], values["values"], tuple(values["at_least"]))


def _read_table(values: Mapping[str, Any]) -> Table:
    return Table(tuple(values["cuts"]), tuple(map(_read_row, values["rows"])))


def _read_promise(values: Mapping[str, Any]) -> Promise:
    return Promise(
        values["standard"],
        values["version"],
        values["title"],
        values["words"],
        _read_row(values["row"]),
        _read_row(values["before"]) if values["before"] else None,
    )
