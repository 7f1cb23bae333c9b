"""What describes a published CSV: the file beside it that CSV on the Web asks for (W3C).

The CSV itself holds nothing but its header and its lines, as the government's standard for tabular data asks.
"""

import json
from typing import Any

from bot.core.figure_words import WORDS
from bot.core.publications import HIDDEN, SMALL
from bot.core.report_columns import COLUMNS, Column, Sort
from bot.wire.report_files import HEADER, Origin

LICENCE = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
_DATATYPES: dict[Sort, Any] = {
    Sort.COUNT: {"base": "integer", "minimum": 0},
    Sort.SHARE: {"base": "decimal", "minimum": 0, "maximum": 100},
    Sort.TIME: {"base": "decimal", "minimum": 0},
    Sort.REASONS: "string",
}
# The columns that are no figure: what each is called, what it holds, and what it means.
_NAMES: dict[str, tuple[str, Any, str]] = {
    "period_start": ("First day", "date", "The first day that is counted."),
    "period_end": ("Last day", "date", "The last day that is counted."),
    "area": ("Area", "string", "The part of the organisation's area; empty in the line of everything."),
    "service": ("Service", "string", "The service that the contacts are about; empty in the line of everything."),
    "channel": ("Channel", "string", "How they came in, by the name of the channel; empty in the line of everything."),
    "kind": ("Kind", "string", "What they are, such as a complaint; empty in the line of everything."),
    "standard_id": ("Standard", "string", "The service standard that was promised; empty in the line of everything."),
    "standard_version": ("Version of the standard", "string", "From which day on the standard is as it was promised."),
    "team": ("Team", "string", "Who answers them; empty in the line of everything."),
    "definition_version": ("Version of the definitions", "integer", "Goes up when a figure is counted in another way."),
    "cut_off": ("Last event", "integer", "The number of the last event that counts: the same gives the same figures."),
    "note": ("Note", "string", "c: some counts are not shown, as they are below five or would give such a count away."),
}
NOTES = (
    f"{SMALL} stands for 1, 2, 3 or 4. An empty count is not shown, as another would follow from it.",
    "An empty percentage or time rests on too few contacts, or on none.",
    "The first line is everything; where lines are cut in one way, they add up to it.",
    "Times are in working days. The day of receipt is day 0, and days on which we waited for the person are left out.",
)


def describe(url: str, origin: Origin, organisation: str) -> str:
    """Return the metadata, as JSON, of the CSV at this address: its columns, its licence, and how to read it."""
    figures = {column.name: column for column in COLUMNS}
    metadata = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": url,
        "dc:title": f"How {organisation} answers, {origin.first_day} to {origin.last_day}",
        "dc:description": "Contacts, acknowledgements and answers, counted by the day on which they were due.",
        "dc:publisher": organisation,
        "dc:license": {"@id": LICENCE},
        "dc:temporal": f"{origin.first_day}/{origin.last_day}",
        "dc:modified": origin.known_at,
        "dialect": {"encoding": "utf-8", "lineTerminators": ["\r\n"], "header": True},
        "tableSchema": {
            "columns": [_figure(figures[name], origin) if name in figures else _name(name) for name in HEADER]
        },
        "notes": [{"type": "Annotation", "target": url, "body": note} for note in NOTES],
    }
    return json.dumps(metadata, ensure_ascii=False, indent=2) + "\n"


def _name(name: str) -> dict[str, Any]:
    title, datatype, words = _NAMES[name]
    return {"name": name, "titles": [name, title], "datatype": datatype, "dc:description": words}


def _figure(column: Column, origin: Origin) -> dict[str, Any]:
    words = WORDS[column.name]
    if column.name in origin.since:
        day = origin.since[column.name]
        words += f" We have recorded this since {day}." if day else " We did not record this at that time."
    description = {
        "name": column.name,
        "titles": [column.name, column.title],
        "datatype": _DATATYPES[column.sort],
        "dc:description": words,
    }
    return description if column.sort is Sort.REASONS else description | {"null": [HIDDEN, SMALL]}
