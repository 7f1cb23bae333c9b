"""docs/reference/ is what the program and its alerts are; each of its examples is taken by its reader."""

import json
import re

from bot.web.api import openapi
from bot.web.api.operations import OPERATIONS
from tests.reference import api, readings
from tests.reference.keys import sections_in_use, words
from tests.reference.written import FOLDER, pages


def test_every_page_is_as_it_would_be_written_now() -> None:
    """After a change of a setting, its reader, a command, the API, a metric or an alert: make reference."""
    here = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert {name for name in {*here, *pages()} if here.get(name) != pages().get(name)} == set()


def test_every_example_of_a_key_is_taken() -> None:
    """The reader finds nothing wrong in any of them."""
    assert readings.faults_of_examples() == []


def test_every_wrong_value_is_refused_with_its_key() -> None:
    """The reader names it, but where the value of a key is a table."""
    silent = {place for place, line in readings.mistakes().items() if not line}
    assert silent == set()
    assert {name for name, line in readings.mistakes_of_standards().items() if not line} == set()


def test_nothing_is_described_that_is_no_key() -> None:
    """Each entry of docs/reference/keys.toml is one of a key that the settings take."""
    entries = {(section, name) for section, names in words().items() if section != "standard" for name in names}
    assert entries - set(sections_in_use()) == set()


def test_the_body_of_every_call_is_one_that_it_takes() -> None:
    """Each example of the page is taken by the model of its operation."""
    models = {operation.name: operation.takes for operation in OPERATIONS if operation.takes}
    assert api.samples().keys() == models.keys()
    for name, body in api.samples().items():
        models[name].model_validate(body)


def test_the_description_of_the_api_names_no_schema_that_it_lacks() -> None:
    """Every reference leads to a schema, also where what is taken differs from what is answered."""
    document = openapi.document(OPERATIONS, "Exampleshire Council")
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert names - document["components"]["schemas"].keys() == set()
