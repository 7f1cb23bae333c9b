"""Every mistake in the files is said in plain words, with its file, its line and its key; no secret is shown."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from bot import kinds
from bot.core.mistakes import Mistake
from bot.render import language_words
from bot.render.catalogues import entries
from bot.render.compose import Composer
from bot.settings.documents import Document, read
from bot.settings.explaining import explain
from bot.settings.main_file import BadSettings, NoConfiguration
from tests.cli.test_settings import GOOD, SECRET
from tests.reference.keys import FILES, Key, Table, channel_tables, tables

HUSH = "hush-hush"
# Values of every sort that a file can hold, among them some that break each bound there is.
WRONG: tuple[Any, ...] = (
    *("", "\n", "! ?", "wrong", "x" * 3000, -1, 0, 0.5, 10**12, float("nan"), True),
    *(
        [],
        ["", "! ?"],
        [5],
        [["a"]],
        [{"a": 1}],
        ["1 day"] * 11,
        {},
        {"! ?": "\n"},
        {"en": 5},
        {"en": ["..."], "name": []},
    ),
    *(date(2026, 12, 24), datetime(2026, 12, 24, 12, tzinfo=UTC)),
)
# Regular expressions, and what the library and the language call things.
JARGON = re.compile(
    r"\\[dswSx]|\[\^|\)\?|\.\*|\$'|a-z|(Input|String|Value) should|[Vv]alid (str|int|bool|float|tup|dict|list)|ydantic"
    r"|\bNone|datetime\.|\btuple|\bdict|\bTrue|\bFalse|constrained|\b(str|int|bool)\b|unable to|_type\b|\[key\]"
)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", SECRET)


def tables_with(values: Iterable[Any]) -> Iterator[tuple[type[BaseModel], Key, Mapping[str, Any]]]:
    """Each key of each file and of each kind of channel, with each value: its class, and the table to read.

    A key that several kinds have stands there once.
    """
    keys = {(key.section, key.name): (*place, key) for place in _every_table() for key in place[1].keys}
    for model, table, is_inner, key in keys.values():
        for value in values:
            row = {key.name: value}
            yield model, key, {table.name: [row] if table.is_repeated else row} if is_inner else row


def _every_table() -> Iterator[tuple[type[BaseModel], Table, bool]]:
    yield from ((model, table, bool(table.name)) for model in FILES.values() for table in tables(model))
    for kind in kinds.kinds():
        yield from ((kinds.kind_of(kind), table, table.name != kind) for table in channel_tables(kind))


def mistakes_in(model: type[BaseModel], table: Mapping[str, Any]) -> list[Mistake]:
    """What is wrong with a table of this class."""
    try:
        model.model_validate(table)
    except ValidationError as error:
        return explain(error, model, table, lambda _keys: False)
    return []


def test_no_mistake_is_in_the_words_of_a_programmer() -> None:
    """Whatever stands at a key, what is said of it has no pattern and no type, and says what is wrong."""
    keys, refused = set[tuple[str, str]](), set[tuple[str, str]]()
    for model, key, table in tables_with(WRONG):
        keys.add((key.section, key.name))
        for mistake in mistakes_in(model, table):
            assert not JARGON.search(f"{mistake.key} {mistake.message} {mistake.advice}"), mistake
            assert mistake.message or mistake.advice, mistake
            refused |= {(key.section, key.name)} if key.name in mistake.key else set()
    assert refused == keys


def test_no_secret_is_shown() -> None:
    """Not in its own place, and not where a key is misspelt."""
    for model, key, row in tables_with([HUSH, [HUSH], {"en": HUSH}]):
        if SecretStr in _types(key.field.annotation) or key.name in ("url", "alert", "lead"):
            assert HUSH not in str(mistakes_in(model, row)), (model, key.name)
    assert HUSH not in str(mistakes_in(FILES["ackbot.toml"], {"web": {"secrte": HUSH}}))


def _types(annotation: Any) -> set[Any]:
    parts = getattr(annotation, "__args__", ())
    return {annotation, *(kind for part in parts for kind in _types(part))}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "Example', 'nmae = "Example', 'organisation.nmae is not a known key; did you mean "name"?'),
        ("[organisation]", "[organization]", 'organization is not a known key; did you mean "organisation"?'),
        ("[[team]]", "[[teams]]", 'teams is not a known key; did you mean "team"?'),
        ("[web]", '[web]\nphone = "0300"', "web.phone is not a known key; it belongs in [organisation]"),
        ('"email_smtp"', '"email_smpt"', 'is not a kind of channel; did you mean "email_smtp"?'),
        ('kind = "email_smtp"\n', "", "channel[2].kind is missing; allowed: apprise, "),
        ('replies_by = "post"', 'replies_by = "pots"', 'is not a way out; did you mean "post"?'),
        ('replies_by = "post"', 'team = "frontoffice"', 'is not a team; did you mean "front-office"?'),
        ('tls = "none"', 'tls = "implict"', 'did you mean "implicit"? allowed: "implicit", "starttls", "none"'),
        ('kind = "email_smtp"', 'kind = "pigeon"', "is not a kind of channel; allowed: apprise, "),
    ],
)
def test_what_was_meant_is_asked(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Of keys, tables, kinds, names and values; where nothing is near, what is allowed is enough."""
    (tmp_path / "ackbot.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        kinds.load(tmp_path)
    assert any(words in str(mistake) for mistake in caught.value.mistakes), str(caught.value)


@pytest.mark.parametrize("name", ["standards/general.toml", "escalation.toml"])
def test_what_was_meant_is_asked_in_every_file(tmp_path: Path, name: str) -> None:
    """Also in the files of standards, which have a reader of their own."""
    packaged = Path(__file__).parents[2] / "config" / name
    text = packaged.read_text(encoding="utf-8").replace("acknowledge", "acknowlege", 1)
    wrong = text if name.startswith("standards") else f'{text}[[step]]\nstandrads = ["foi"]\n'
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(wrong, encoding="utf-8")
    (tmp_path / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(BadSettings, match="did you mean"):
        kinds.load(tmp_path)


def test_each_mistake_has_the_line_of_its_key(tmp_path: Path) -> None:
    """Of keys, of tables that lack one, of items of lists, past texts of several lines that look like keys."""
    text = '[organisation]\nname = """\n[web]\nsecret = 5\n"""\n' + GOOD.partition('name = "Exampleshire Council"\n')[2]
    wrong = text.replace("port = 25", 'folders = ["a"]\nca_file = [5]').replace('"EX"', '"ex"')
    (tmp_path / "ackbot.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        kinds.load(tmp_path)
    lines = wrong.split("\n")
    for mistake in caught.value.mistakes:
        assert mistake.key.rpartition(".")[2].partition("[")[0] in lines[mistake.line - 1], mistake
    assert {mistake.key for mistake in caught.value.mistakes} >= {"organisation.reference_prefix", "channel[2].folders"}


def test_a_line_is_that_of_the_table_where_the_key_is_missing() -> None:
    """Or of whatever holds it, as far as it is there."""
    text = "[a]\nb = 1\n[[c]]\nd = [\n  1,\n]\n[[c]]\n[c.e]\nf = { g = 1 }\n"
    document = Document(Path("x.toml"), text)
    keys = ("a", "a.b", "a.z", "c[1]", "c[1].d[1]", "c[2].e.f.g", "c[2].z", "z")
    assert [document.line_of(key) for key in keys] == [1, 2, 1, 3, 4, 9, 7, 0]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_an_editor_of_windows_saves_is_read(tmp_path: Path, mark: str, end: str) -> None:
    """With or without a byte order mark, with either end of a line, and tabs before a key."""
    text = mark + GOOD.replace("\nname", "\n\tname").replace("env:TEST_SECRET", "file:secret").replace("\n", end)
    (tmp_path / "ackbot.toml").write_bytes(text.encode())
    (tmp_path / "secret").write_bytes(f"{mark}{SECRET}{end}".encode())
    assert kinds.load(tmp_path).web.secret.get_secret_value() == SECRET


def test_what_else_an_editor_of_windows_saves_is_read(tmp_path: Path) -> None:
    """Templates, the words of a language, and translations of pages, each with the mark."""
    templates, folder = Path(__file__).parents[2] / "templates", tmp_path / "templates"
    names = ("messages/en/acknowledgement.md", "messages/en/words.toml", "pages/locale/cy.po")
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\ufeff" + (templates / name).read_text(encoding="utf-8"), encoding="utf-8")
    own, packaged = Composer([folder, templates], {}), Composer([templates], {})
    assert own.source("acknowledgement", "en") == packaged.source("acknowledgement", "en")
    assert language_words.read([folder], "en").code == "en"
    assert entries(folder / names[2]) == entries(templates / names[2])


@pytest.mark.parametrize(
    ("content", "sentence", "line"),
    [
        ("[web]\n".encode("utf-16"), "is saved as UTF-16; save it as UTF-8 (in Notepad: Save as", 0),
        ("# ok\n# Ynys Môn\n".encode("latin-1"), "this line has a letter that is not in UTF-8; save it as UTF-8", 2),
        (b'[web]\nsecret = "a"\nsecret = "hush-hush"\n', "this key stands there twice: take one of them out (col", 3),
        (b"[web]\n[web]\n", "the table [web] stands there twice: put its keys together (column 5)", 2),
        (b"[web.a]\n[web.a]\n", "the table [web.a] stands there twice", 2),
        (b'[web]\nsecret = "hush-hush\n', "a text is not closed on its line: a quotation mark is missing (column", 2),
        (b"[web]\nlisten = 127.0.0.1:8080\n", "or put the text in quotes (column 15)", 2),
        (b"[web]\nlisten = local\n", 'text stands in quotes, as in name = "Exampleshire" (column 10)', 2),
        (b"[web\n", "the name of a table is not closed: ] is missing (column 5)", 1),
        (b'[web]\nsecret "hush-hush"\n', "after a key there must be = and its value (column 8)", 2),
        (b"[web]\nlisten =", "the file ends in the middle of a value", 0),
        (b'alert = ["hush-hush",\n', "the file ends in the middle of a value: a bracket", 0),
        (b"[web]\n\x00", "(column 1)", 2),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, content: bytes, sentence: str, line: int) -> None:
    """In plain words with line and column, and without what stands there."""
    path = tmp_path / "ackbot.toml"
    path.write_bytes(content)
    (mistake,) = read(path).mistakes
    assert sentence in mistake.sentence
    assert (mistake.file, mistake.line) == (str(path), line)
    assert HUSH not in str(mistake)
    assert not JARGON.search(mistake.sentence)


def test_what_is_no_configuration_is_one_sentence(tmp_path: Path) -> None:
    """No folder, a file in its place, a folder without the file, one with a name that is nearly right."""
    (tmp_path / "a.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "ackbott.toml").write_text(GOOD, encoding="utf-8")
    for name, words in (
        ("nowhere", f"ackbot init {tmp_path / 'nowhere'} makes one"),
        ("a.toml", f"a.toml is a file; --config names the folder that holds it: {tmp_path}"),
        ("empty", f"There is no ackbot.toml in the folder {tmp_path / 'empty'}; --config DIR"),
        ("near", "is it ackbott.toml? Rename it."),
    ):
        with pytest.raises(NoConfiguration) as caught:
            kinds.load(tmp_path / name)
        assert words in str(caught.value)
        assert len(caught.value.mistakes) == 1


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    """Of a file of the configuration, and of one that holds a secret."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "ackbot.toml").write_text(GOOD.replace("env:TEST_SECRET", "file:secret"), encoding="utf-8")
    with pytest.raises(BadSettings, match=r"ackbot.toml:7: web.secret = 'file:secret': .*is a folder where a file is"):
        kinds.load(tmp_path)
    assert read(tmp_path).mistakes[0].message == "is a folder where a file is expected"


def test_a_secret_that_is_missing_hides_no_other_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are said at once, and it is said of the secret once."""
    monkeypatch.delenv("TEST_SECRET")
    (tmp_path / "ackbot.toml").write_text(GOOD.replace('"EX"', '"ex"'), encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        kinds.load(tmp_path)
    assert {mistake.key for mistake in caught.value.mistakes} == {"organisation.reference_prefix", "web.secret"}
    assert len(caught.value.mistakes) == 2


def test_what_is_misspelt_is_not_missing_as_well(tmp_path: Path) -> None:
    """One slip is one mistake."""
    wrong = GOOD.replace("[web]", "[wbe]").replace("sender =", "sendr =")
    (tmp_path / "ackbot.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        kinds.load(tmp_path)
    assert [mistake.key for mistake in caught.value.mistakes] == ["wbe", "channel[2].sendr"]
    (tmp_path / "ackbot.toml").write_text(GOOD.replace("[web]\n", "").replace("secret =", "# "), encoding="utf-8")
    with pytest.raises(BadSettings, match=r"web is missing; write a table \[web\]"):
        kinds.load(tmp_path)
