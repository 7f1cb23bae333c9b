"""A publication as JSON: the same text for the same publication, and the same publication from it."""

import json
from dataclasses import replace

import pytest

from bot.core import publication_json
from tests.publications import publication


def test_a_publication_comes_back_as_it_was() -> None:
    """Every part of it, with one that has nothing to be compared with."""
    for report in (publication(), publication(before=None, promises=(), tables={}, titles={})):
        assert publication_json.read(publication_json.write(report)) == report


def test_the_same_publication_gives_the_same_bytes() -> None:
    """In whatever order its values were put together."""
    report = publication()
    turned = replace(
        report,
        whole=replace(report.whole, values=dict(reversed([*report.whole.values.items()]))),
        tables=dict(reversed([*report.tables.items()])),
    )
    assert publication_json.write(turned) == publication_json.write(report)
    assert publication_json.digest(publication_json.write(report)) == publication_json.digest(
        publication_json.write(publication_json.read(publication_json.write(report)))
    )


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"whole": 1}', '"text"'])
def test_nothing_else_is_a_publication(content: str) -> None:
    """Broken or foreign text is refused as a whole."""
    with pytest.raises(ValueError, match=r"."):
        publication_json.read(content)


def test_every_field_is_written() -> None:
    """A field that is added to the publication is in its JSON, or this fails."""
    names = set(json.loads(publication_json.write(publication())))
    assert names == set(publication().__dataclass_fields__)
