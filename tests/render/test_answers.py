"""Saved answers: files of words with placeholders, and what is said about those that are not good."""

from pathlib import Path

from bot.render import answers, lint_answers
from bot.render.answers import PLACEHOLDERS, SavedAnswer, fill
from tests.render.letters import COMPOSER, TEMPLATES


def test_every_packaged_answer_is_good() -> None:
    """No rule objects to a saved answer that comes with the program."""
    packaged, problems = answers.read_all([TEMPLATES])
    assert problems == []
    assert packaged
    assert [str(finding) for answer in packaged for finding in lint_answers.examine(COMPOSER, answer)] == []


def test_placeholders_are_filled_and_what_has_no_value_is_seen() -> None:
    """Both forms of placeholders take the value; where there is none the name stands in brackets."""
    values = {"reference": "EX-1", "respond_by": "Monday 7 December 2026", "phone": ""}
    words = fill("{{ reference }}, ((Respond by)), {{phone}}", values)
    assert words == "EX-1, Monday 7 December 2026, [phone]"


def test_a_value_cannot_become_a_placeholder() -> None:
    """What a value says is not read again."""
    assert fill("{{ team }}", {"team": "{{ phone }}", "phone": "1"}) == "{{ phone }}"


def test_the_organisations_own_file_comes_first(tmp_path: Path) -> None:
    """A file of the same name stands in for the packaged one, and says whose it is and what it is about."""
    words = "+++\ntitle = 'Bins'\nteams = ['waste']\nservice = 'bins'\n+++\nPut it out again.\n"
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "bin-missed.md").write_text(words, encoding="utf-8")
    own = {answer.name: answer for answer in answers.read_all([tmp_path, TEMPLATES])[0]}["bin-missed"]
    assert own == SavedAnswer("bin-missed", "Bins", "Put it out again.", ("waste",), "bins")
    assert [own.is_for(team) for team in ("waste", "roads", None)] == [True, False, False]


def test_a_file_that_cannot_be_used_is_named_and_left_out(tmp_path: Path) -> None:
    """Each fault of a file is said with its path; the other answers are offered all the same."""
    folder = tmp_path / "answers"
    folder.mkdir()
    front = "+++\ntitle = 'A title'\n+++\n"
    sources = {
        "good": f"{front}Words.",
        "no-front": "Words.",
        "no-toml": "+++\ntitle = \n+++\nWords.",
        "no-title": "+++\nteams = []\n+++\nWords.",
        "strange-key": "+++\ntitle = 'A'\nsubject = 'B'\n+++\nWords.",
        "no-list": "+++\ntitle = 'A'\nteams = 'front'\n+++\nWords.",
        "empty": front,
        "long": f"{front}{'word ' * 1000}",
        "unknown": f"{front}{{{{ nobody }}}}",
        "condition": f"{front}{{% if phone %}}Call.{{% endif %}}",
        "Bad_name": f"{front}Words.",
    }
    for name, source in sources.items():
        (folder / f"{name}.md").write_text(source, encoding="utf-8")
    (folder / "bin-missed.md").write_bytes(b"+++\ntitle = 'caf\xe9'\n+++\nWords.")
    usable, problems = answers.read_all([tmp_path])
    assert [answer.name for answer in usable] == ["good"]
    assert len(problems) == len(sources)
    assert all(str(folder) in problem for problem in problems)


def test_the_rules_for_what_a_person_sends() -> None:
    """Links, hard words, office words and "do not reply" are found; a promise in days is the officer's to make."""
    words = (
        "Please be advised that individual representations necessitate considerable organisational deliberation. "
        "Do not reply. [Click here](http://bit.ly/x). We come within 10 days."
    )
    findings = lint_answers.examine(COMPOSER, SavedAnswer("x", "X", words))
    assert {finding.rule for finding in findings} == {"L5", "L9", "L10", "L14"}
    assert [finding.rule for finding in lint_answers.examine(COMPOSER, SavedAnswer("x", "", "{{ who }}"))] == ["L4"] * 2
    assert lint_answers.examine(COMPOSER, SavedAnswer("x", "X", "Cysylltwch â ni.", language="cy")) == []


def test_every_placeholder_has_a_value_on_the_invented_contact() -> None:
    """The preview shows a value for each placeholder that is known."""
    every = " ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)
    assert "[" not in lint_answers.sample_words(COMPOSER, SavedAnswer("x", "X", every))
