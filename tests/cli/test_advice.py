"""Whatever is wrong in a configuration is said in plain words: no pattern, no name of a type, and what is near."""

import codecs
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from bot import kinds
from bot.settings import (
    advice,
    calendars,
    escalation,
    feedback,
    main,
    public_pages,
    retention,
    services,
    teams,
    urgent,
)
from tests.cli.test_settings import GOOD, SECRET, mistakes

_FILES = (calendars, escalation, feedback, main, public_pages, retention, services, teams, urgent)
# None of them fits most settings, and each breaks another constraint.
_NONSENSE: tuple[Any, ...] = ("\x00 no!", "", "x" * 5000, -(10**9), 10**9, 1.5, True, [], {}, ["\x00"], [1], {"x": 1})
# How a library or a programmer speaks, and nobody else.
_JARGON = re.compile(
    r"Input should|\[type|valid (string|integer|list|tuple)|pydantic|Literal|\^|\\[dswS]|instance of|ctx"
)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", SECRET)


def _models(module: ModuleType) -> Iterator[type[BaseModel]]:
    for _, model in inspect.getmembers(module, inspect.isclass):
        if issubclass(model, BaseModel):
            yield from _with_inner(model)


def _with_inner(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for part in _parts(field.annotation):
            yield from _with_inner(part)


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


MODELS = sorted(
    {model for file in _FILES for model in _models(file)}
    | {model for kind in kinds.kinds() for model in _with_inner(kinds.kind_of(kind))},
    key=lambda model: f"{model.__module__}.{model.__name__}",
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.__module__}.{model.__name__}")
def test_no_advice_speaks_in_patterns_or_types(model: type[BaseModel]) -> None:
    """Every key of every table, with values of every wrong sort."""
    for name in model.model_fields:
        for value in _NONSENSE:
            try:
                model.model_validate({name: value})
            except ValidationError as error:
                for fault in error.errors(include_url=False):
                    line = advice.line(fault, model, "here")
                    words = line.partition(": ")[2] or line
                    assert not _JARGON.search(words), line


def test_every_pattern_has_words() -> None:
    """And no words are left of a pattern that is gone."""
    patterns = {pattern for model in MODELS for pattern in _patterns(model.model_json_schema())}
    assert patterns == set(advice.PATTERNS)


def _patterns(schema: Any) -> Iterator[str]:
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    for part in parts:
        yield from _patterns(part)


@pytest.mark.parametrize(
    ("before", "after", "suggestion"),
    [
        ("reference_prefix =", "refrence_prefix =", "reference_prefix"),
        ("[[team]]", "[[teams]]", "team"),
        ('kind = "email_lmtp"', 'kind = "email_ltmp"', "email_lmtp"),
        ('replies_by = "post"', 'replies_by = "pots"', "post"),
        ("sender =", "senders =", "sender"),
        ('tls = "none"', 'tls = "nome"', "none"),
        ("[web]", '[sign_in]\nsecond_factor = "optinal"\n[web]', "optional"),
    ],
)
def test_what_is_nearly_right_brings_a_suggestion(tmp_path: Path, before: str, after: str, suggestion: str) -> None:
    """A key, a table, a kind, a name and a choice."""
    assert any(f"did you mean '{suggestion}'?" in line for line in mistakes(tmp_path, GOOD.replace(before, after, 1)))


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    """Some editors begin each file with one, and end lines in their own way."""
    secret = tmp_path / "secret.txt"
    secret.write_bytes(codecs.BOM_UTF8 + b"k" * 40 + b"\r\n")
    text = GOOD.replace("env:TEST_SECRET", "file:secret.txt").replace("\n", "\r\n")
    (tmp_path / "ackbot.toml").write_bytes(codecs.BOM_UTF8 + text.encode())
    assert kinds.load(tmp_path).web.secret.get_secret_value() == "k" * 40


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD.encode("utf-16"), "is not UTF-8, but UTF-16; in your editor choose to save it as UTF-8"),
        (b'[organisation]\nname = "Caf\xe9"\n', "is not UTF-8; in your editor choose to save it as UTF-8"),
        (b'[web]\nlisten = "1"\nlisten = "2"\n', "line 3"),
        (b"[web\n", "line 1"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, words: str) -> None:
    """In one line, with what to do or where to look."""
    (tmp_path / "ackbot.toml").write_bytes(content)
    with pytest.raises(Exception, match=re.escape(words)):
        kinds.load(tmp_path)


def test_a_file_in_the_place_of_the_directory_is_named(tmp_path: Path) -> None:
    """Whoever gives the file itself is told what is wanted."""
    path = tmp_path / "ackbot.toml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(Exception, match="what should be the directory is a file"):
        kinds.load(path)


def test_a_value_that_is_missing_elsewhere_is_a_mistake_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not also for being empty."""
    monkeypatch.delenv("IMAP_PASSWORD", raising=False)
    table = 'kind = "email_imap"\nhost = "127.0.0.1"\nusername = "us"\npassword = "env:IMAP_PASSWORD"\n'
    (line,) = mistakes(tmp_path, GOOD.replace('kind = "email_lmtp"\nlisten = "127.0.0.1:0"\n', table))
    assert line.endswith("the environment variable IMAP_PASSWORD is not set")
