"""services.toml: mistakes are named, and `ackbot triage` and `check` say whose a mail or a form would be."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import kinds
from bot.cli.commands import app
from bot.settings.main_file import BadSettings
from tests.cli.test_settings import GOOD

COUNCIL = (
    GOOD
    + """
[[team]]
name = "waste"
alert = ["mailto:waste@example.gov.uk"]
replies_by = "post"

[[channel]]
name = "website"
kind = "web_form"
replies_by = "post"
"""
)
SERVICES = """
[[service]]
name = "bins"
title = "Bins and recycling"
page = "https://www.example.gov.uk/bins"
other_route = "Call us on 0300 123 2224."
team = "waste"

[[service]]
name = "parks"
title = "Parks"

[[route]]
words = ["missed bin", "recycl*"]
service = "bins"

[[route]]
postcodes = ["ta1"]
area = "taunton"

[[route]]
words = ["freedom of information"]
kind = "foi"
"""


@pytest.fixture(autouse=True)
def _council(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEST_SECRET", "a secret of the tests, 32 and more")
    (tmp_path / "ackbot.toml").write_text(COUNCIL, encoding="utf-8")
    (tmp_path / "services.toml").write_text(SERVICES, encoding="utf-8")


def run(*arguments: str) -> tuple[int, str]:
    """Status, and what is said."""
    done = CliRunner().invoke(app, [*arguments])
    return done.exit_code, done.stdout


def mail(directory: Path, text: str) -> str:
    """A file with a mail of these words."""
    path = directory / "one.eml"
    path.write_text(
        f"From: ann@residents.example\nTo: us@example.gov.uk\nMessage-ID: <1@r.example>\n\n{text}\n", "utf-8"
    )
    return str(path)


def test_a_mail_names_service_area_team_standard_and_language(tmp_path: Path) -> None:
    """With the reasons."""
    file = mail(tmp_path, "You missed my recycling again. I have told you about that before. It is at TA1 3DU.")
    status, output = run("triage", "--json", "--config", str(tmp_path), file)
    row = json.loads(output)
    assert status == 0
    assert [row[key] for key in ("channel", "service", "area", "team", "standard", "language", "kind")] == [
        *("inbox", "bins", "taunton", "waste", "general", "en", None)
    ]
    assert 'service bins: rule 1, the words "recycl*"' in row["because"]
    assert "team waste" in run("triage", "--config", str(tmp_path), file)[1]


def test_a_kind_chooses_the_standard_of_the_law(tmp_path: Path) -> None:
    """And the language of a person who writes in another one is found."""
    file = mail(tmp_path, "This is a Freedom of Information request.")
    assert json.loads(run("triage", "--json", "--config", str(tmp_path), file)[1])["standard"] == "foi"
    file = mail(tmp_path, "Nid oes neb wedi dod i nôl y biniau yr wythnos hon.")
    row = json.loads(run("triage", "--json", "--config", str(tmp_path), file)[1])
    assert (row["language"], row["team"], row["service"]) == ("cy", "front-office", None)


def test_a_form_is_routed_by_what_was_chosen(tmp_path: Path) -> None:
    """The fields are those of the page; one that cannot be taken says why."""
    form = tmp_path / "form.json"
    form.write_text(json.dumps({"email": "a@b.example", "message": "Hello there", "service": "bins"}))
    status, output = run("triage", "--json", "--config", str(tmp_path), str(form))
    row = json.loads(output)
    assert (status, row["service"], row["team"], row["channel"]) == (0, "bins", "waste", "website")
    form.write_text(json.dumps({"message": "Hello there"}))
    assert run("triage", "--config", str(tmp_path), str(form))[0] == 2
    assert run("triage", str(form))[0] == 2


def test_check_lists_the_services(tmp_path: Path) -> None:
    """Each with its team, its standard, and what is missing."""
    status, output = run("check", "--verbose", "--config", str(tmp_path))
    assert status == 0
    assert "Service bins (Bins and recycling): waste, standard general." in output
    assert "Service parks (Parks): its channel's team, standard general. It has no page and no other_route" in output
    assert "Rules of routing: 3." in output


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[[route]]\nservice = "bins"\n', "it asks nothing"),
        ('[[route]]\nwords = ["bin"]\n', "it names nothing"),
        (
            '[[route]]\nwords = ["bin"]\nservice = "bins"\n',
            "route[1].service = 'bins' is no service; allowed: none yet",
        ),
        (
            '[[route]]\nwords = ["bin"]\nteam = "wast"\n',
            "route[1].team = 'wast' is no team; did you mean \"waste\"? allowed: front-office, waste",
        ),
        ('[[route]]\nwords = ["bin"]\nkind = "fio"\n', "route[1].kind = 'fio' is no kind"),
        ('[[route]]\nchannels = ["in"]\nteam = "waste"\n', "route[1].channels = 'in' is no channel"),
        (
            '[[route]]\nmedia = ["fax"]\nteam = "waste"\n',
            "route[1].media = 'fax' is no way to write; allowed: bluesky, email, ",
        ),
        ('[[route]]\npostcodes = ["TA1 3DU"]\nteam = "waste"\n', "'TA1 3DU' does not begin a postcode"),
        ('[[route]]\nwords = ["..."]\nteam = "waste"\n', "has no word in it"),
        ('[[service]]\nname = "a"\ntitle = "A"\npage = "http://a"\n', "service[1].page"),
        (
            '[[service]]\nname = "a"\ntitle = "A"\n[[service]]\nname = "a"\ntitle = "B"\n',
            "service[2].name = 'a' is used twice",
        ),
        ("[[servce]]\n", "servce"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, fault: str) -> None:
    """And with what is allowed."""
    (tmp_path / "services.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        kinds.load(tmp_path)
    (mistake,) = str(caught.value).splitlines()
    assert "services.toml:" in mistake
    assert fault in mistake
