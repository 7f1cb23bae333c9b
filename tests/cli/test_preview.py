"""`ackbot preview` and what `ackbot check` says of the words that go out."""

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from typer.testing import CliRunner, Result

from bot.cli.commands import app
from tests.cli.test_settings import GOOD
from tests.conftest import Needs
from tests.render.letters import TEMPLATES

CONFIGURED = GOOD.replace(
    'reference_prefix = "EX"',
    'reference_prefix = "EX"\nphone = "0300 123 2224"\nwebsite = "https://www.example.gov.uk"',
)
BAD = """# COMPLAINT ACKNOWLEDGED STAGE 1

We will reply within 10 days, by 24/12/26 at the latest. [Click here](http://bit.ly/bins) to read more.

This mailbox is unmonitored, so do not reply.
"""
# What must be named, by its rule.
NAMED = {
    "L2": ("The subject has no reference", "The message has no reference"),
    "L3": ("It does not say by when", '"10 days" is fixed', "24/12/26 can be misread"),
    "L5": ("The link http://bit.ly/bins is not safe", "hides where it leads", '"Click here" does not say where'),
    "L14": ('"unmonitored" sends people away', '"do not reply" sends people away'),
    "L16": ("The subject has 120 characters", "shouts", "has an exclamation mark"),
    "L17": ('"COMPLAINT ACKNOWLEDGED" starts the time of another stage', '"STAGE 1" starts the time'),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with the packaged templates."""
    (tmp_path / "ackbot.toml").write_text(CONFIGURED, encoding="utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    """What a command says."""
    return CliRunner().invoke(
        app, [*arguments, "--config", str(folder)], env={"TEST_SECRET": "a secret of the tests, 32 and more"}
    )


def own(folder: Path, subject: str, words: str) -> None:
    """Let the organisation have a receipt of its own."""
    into = folder / "templates" / "messages" / "en"
    into.mkdir(parents=True)
    front = f'+++\nsubject = "{subject}"\npurpose = "To try it."\n+++\n'
    (into / "acknowledgement.md").write_text(front + words, encoding="utf-8")


def test_the_packaged_templates_are_good(folder: Path) -> None:
    """`check` ends with status 0 and finds nothing in them."""
    done = run(folder, "check")
    assert done.exit_code == 0, done.output
    assert "Templates: good." in done.stdout


def test_check_names_everything_that_is_wrong_with_our_own_words(folder: Path) -> None:
    """A subject that shouts, no reference, no date, a clock that is not ours to start, and a link to nowhere."""
    subject = "COMPLAINT ACKNOWLEDGED " * 6
    own(folder, f"{subject[:117]}!!!", BAD)
    done = run(folder, "check")
    assert done.exit_code == 1
    for rule, phrases in NAMED.items():
        lines = [line for line in done.stderr.splitlines() if f"acknowledgement.md: error {rule}: " in line]
        assert all(any(words in line for line in lines) for words in phrases), (rule, done.stderr)
    assert "Templates: " in done.stdout
    assert "errors, " in done.stdout


def test_a_warning_alone_leaves_the_status_at_0(folder: Path) -> None:
    """It is listed, and a person decides."""
    (folder / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    done = run(folder, "check")
    assert done.exit_code == 0
    assert "acknowledgement.md: warning L12: There is no telephone number to call" in done.stdout
    assert "Templates: 2 warnings." in done.stdout


def test_sites_of_others_are_allowed_by_their_name(folder: Path) -> None:
    """`link_hosts` takes hosts, and nothing that only looks like one."""
    packaged = Path(__file__).parents[2] / "templates" / "messages" / "en" / "acknowledgement.md"
    _, front, words = packaged.read_text(encoding="utf-8").split("+++\n")
    own(folder, "We have it: {{ reference }}", words + "\n[Relay UK](https://www.relayuk.example/app)\n")
    assert front
    assert run(folder, "check").exit_code == 1
    for value, status in (('["relayuk.example"]', 0), ('["https://relayuk.example"]', 2)):
        text = CONFIGURED.replace('website = "', f'link_hosts = {value}\nwebsite = "')
        (folder / "ackbot.toml").write_text(text, encoding="utf-8")
        assert run(folder, "check").exit_code == status


def test_preview_shows_each_sample_as_text(folder: Path) -> None:
    """With its subject, where one is sent; what is filled in differs from contact to contact."""
    done = run(folder, "preview", "acknowledgement")
    assert done.exit_code == 0
    for words in ("contact: urgent", "Subject: We have your message: EX-", "Monday 22 June 2026", "If you smell gas"):
        assert words in done.stdout
    assert "Subject" not in run(folder, "preview", "message").stdout


def test_preview_shows_one_page_as_html(folder: Path) -> None:
    """A whole document, to be opened in a browser."""
    page = LexborHTMLParser(run(folder, "preview", "acknowledgement", "--format", "html").stdout)
    assert len(page.css("html")) == len(page.css("h1")) == 1
    assert "Monday 22 June 2026" in page.text()


def test_preview_lints_one_template(folder: Path) -> None:
    """Status 0 when it is good, 1 when it has errors, which are listed."""
    good = run(folder, "preview", "acknowledgement", "--lint")
    assert (good.exit_code, good.stdout) == (0, "acknowledgement: good.\n")
    own(folder, "We have it", BAD)
    bad = run(folder, "preview", "acknowledgement", "--lint")
    assert bad.exit_code == 1
    assert "messages/en/acknowledgement.md: error L2: The subject has no reference" in bad.stdout


def test_preview_says_what_it_cannot_show(folder: Path) -> None:
    """A template that nobody knows is misuse; one that cannot be written says why."""
    unknown = run(folder, "preview", "aknowledgement")
    assert unknown.exit_code == 2
    assert (
        "There is no message aknowledgement (did you mean acknowledgement?); there are: acknowledgement"
        in unknown.stderr
    )
    elsewhere = run(folder, "preview", "acknowledgement", "--language", "gd")
    assert (elsewhere.exit_code, "it is there in ar, bn" in elsewhere.stderr) == (2, True)
    own(folder, "We have it", "{{ nobody }}\n")
    broken = run(folder, "preview", "acknowledgement")
    assert broken.exit_code == 1
    assert "nobody is not known here" in broken.stderr


def test_preview_shows_a_polish_person_large_print_with_english_beneath(folder: Path) -> None:
    """The page as it leaves: both languages, dates in the words of each, no letter smaller than 18 point."""
    page = run(folder, "preview", "acknowledgement", "--language", "pl", "--format", "large-print").stdout
    assert [node.attributes["lang"] for node in LexborHTMLParser(page).css("div > div[lang]")] == ["pl", "en"]
    assert "poniedziałek, 22 czerwca 2026" in page
    assert "Monday 22 June 2026" in page
    assert min(int(size) for size in re.findall(r"font-size: (\d+)px", page)) == 24


def test_preview_shows_a_language_of_the_organisations_own_first(folder: Path) -> None:
    """Without `--language`, and before English; what staff get is English."""
    text = CONFIGURED.replace("[organisation]\n", '[organisation]\nlanguages = ["cy", "en"]\n', 1)
    (folder / "ackbot.toml").write_text(text, encoding="utf-8")
    words = run(folder, "preview", "acknowledgement").stdout
    assert words.index("Rydym wedi cael eich neges") < words.index("Thank you for writing")
    assert "What to do" in run(folder, "preview", "alert").stdout


def test_preview_writes_every_format_into_a_folder(folder: Path, needs: Needs) -> None:
    """Text, page, large print, Easy Read and a PDF, each by its name."""
    needs("pango")
    result = run(folder, "preview", "acknowledgement", "--format", "all", "--output", str(folder / "out"))
    assert result.exit_code == 0, result.output
    endings = ("easy.txt", "html", "large-print.html", "pdf", "text.txt")
    assert sorted(path.name for path in (folder / "out").iterdir()) == [f"acknowledgement.en.{end}" for end in endings]
    assert (folder / "out" / "acknowledgement.en.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert "Call 999 now." in (folder / "out" / "acknowledgement.en.easy.txt").read_text(encoding="utf-8")


def test_preview_of_what_is_no_text_asks_where_to_write_it(folder: Path) -> None:
    """A PDF, several pages, a format that the message has not, a format that nobody knows, a folder that cannot be."""
    for arguments, words in (
        (("acknowledgement", "--format", "html", "--language", "all"), "name a file or a folder with --output"),
        (("message", "--format", "pdf"), "No message of this name has the format pdf"),
        (("message", "--format", "braille"), "There is no format braille; there are: text, html"),
        (("message", "--output", str(folder / "ackbot.toml" / "x")), "ackbot.toml is no folder: name another"),
    ):
        result = run(folder, "preview", *arguments)
        assert (result.exit_code, words in result.stderr) == (2, True), result.stderr


def test_check_says_what_there_is_of_each_language(folder: Path) -> None:
    """How many messages, what nobody has checked, and which English words of one's own have no translation."""
    text = CONFIGURED.replace("[organisation]\n", '[organisation]\nlanguages = ["en", "pl"]\n', 1)
    (folder / "ackbot.toml").write_text(text, encoding="utf-8")
    assert "Polish: 12 messages, none checked by anybody; set checked_by and checked_on" in run(folder, "check").stdout
    packaged = TEMPLATES / "messages" / "pl" / "progress.md"
    (folder / "templates" / "messages" / "pl").mkdir(parents=True)
    checked = packaged.read_text(encoding="utf-8").replace('checked_by = ""', 'checked_by = "Ewa"')
    checked = checked.replace('checked_on = ""', 'checked_on = "2026-12-01"')
    (folder / "templates" / "messages" / "pl" / "progress.md").write_text(checked, encoding="utf-8")
    english = (TEMPLATES / "messages" / "en" / "acknowledgement.md").read_text(encoding="utf-8")
    own(folder, "We have it: {{ reference }}", english.split("+++\n")[2])
    (line,) = [line for line in run(folder, "check").stdout.splitlines() if "Polish: " in line]
    assert "not checked by anybody: " in line
    assert "progress," not in line.replace("message-progress,", "")
    assert "words.toml; set" in line
    assert line.endswith("The English is your own, the translation is not: acknowledgement.")
