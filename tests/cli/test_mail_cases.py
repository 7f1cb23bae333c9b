"""Mails of kinds that went wrong in other systems or here once: `ackbot triage --json` says what is right for each."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from tests.cli.test_settings import GOOD

FOLDER = Path(__file__).parents[1] / "payloads" / "cases"
CASES: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text(encoding="utf-8"))
OURS = "customer.services@barsetshire.example"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the command says of every mail of the folder."""
    config = tmp_path_factory.mktemp("config")
    text = GOOD.replace("us@example.gov.uk", OURS)
    (config / "ackbot.toml").write_text(text, encoding="utf-8")
    files = sorted(map(str, FOLDER.glob("*.eml")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TEST_SECRET", "a secret of the tests, 32 and more")
        outcome = CliRunner().invoke(app, ["triage", "--json", "--config", str(config), *files])
    assert outcome.exit_code == 0, outcome.output
    return {Path(row["file"]).name: row for row in map(json.loads, outcome.stdout.splitlines())}


def test_every_mail_of_the_folder_has_its_right_outcome(rows: dict[str, dict[str, Any]]) -> None:
    """No mail lies there for nothing, and none is expected that is not there."""
    assert rows.keys() == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_each_is_read_and_judged_as_it_should_be(name: str, rows: dict[str, dict[str, Any]]) -> None:
    """Outcome and rule, recipient, words, new words, names of files, language, and whether it is urgent."""
    row, case = rows[name], CASES[name]
    same = {key: case[key] for key in ("outcome", "rule", "recipient", "subject", "attachments") if key in case}
    assert {key: row[key] for key in same} == same
    for key in ("words", "new_words"):
        assert [piece for piece in case.get(key, ()) if piece not in row[key]] == []
    assert [piece for piece in case.get("without", ()) if piece in row["new_words"]] == []
    assert row["urgent"] == case.get("urgent")
    languages = case.get("languages") or [case.get("language", row["language"] or "")]
    assert (row["language"] or "") in languages
