"""`ackbot staff` and `ackbot token`: who may come in, from the first day on."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from tests.components.service import FORM, SMTP, Service, ask

PASSWORD = "a long enough password"


@pytest.fixture
def config(tmp_path: Path) -> Service:
    """A configuration whose service never ran."""
    (tmp_path / "pw").write_text(PASSWORD + "\nnot this line\n", encoding="utf-8")
    return Service(tmp_path, [FORM, SMTP.format(port=25)])


def _run(config: Service, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*arguments, "--config", str(config.config)], env=config.environment)
    return done.exit_code, done.output


def _add(config: Service, address: str, role: str, *more: str) -> tuple[int, str]:
    password = str(config.directory / "pw")
    return _run(config, "staff", "add", address, "--role", role, "--password-file", password, *more)


def test_the_first_account_comes_before_the_first_run(config: Service) -> None:
    """The store is made; the password is kept as a hash; the same address twice is refused."""
    status, output = _add(config, "Ann@Example.gov.uk", "administrator")
    assert status == 0, output
    listed = json.loads(_run(config, "staff", "list", "--json")[1])
    assert (listed["address"], listed["role"], listed["password"]) == ("ann@example.gov.uk", "administrator", True)
    assert str(ask(config.store_url, "SELECT password FROM staff")[0][0]).startswith("$argon2id$")
    status, output = _add(config, "ann@example.gov.uk", "reader")
    assert (status, "has an account already" in output) == (1, True)


def test_somebody_must_stay_who_may_rule(config: Service) -> None:
    """The last administrator cannot be disabled; with another one they can, and be let in again."""
    _add(config, "ann@example.gov.uk", "administrator")
    assert _run(config, "staff", "disable", "ann@example.gov.uk")[0] == 1
    _add(config, "bo@example.gov.uk", "administrator")
    assert _run(config, "staff", "disable", "ann@example.gov.uk")[0] == 0
    assert "(disabled)" in _run(config, "staff", "list")[1]
    assert _run(config, "staff", "enable", "ann@example.gov.uk")[0] == 0


def test_an_account_is_changed(config: Service) -> None:
    """Role, teams and password, each alone or together; what is not said stays; each is an event."""
    _add(config, "ann@example.gov.uk", "administrator")
    _add(config, "bo@example.gov.uk", "reader", "--team", "front-office")
    pw = str(config.directory / "pw")
    before = ask(config.store_url, "SELECT password FROM staff ORDER BY address")
    assert _run(config, "staff", "change", "Bo@example.gov.uk", "--role", "officer")[0] == 0
    assert "bo@example.gov.uk  officer  front-office" in _run(config, "staff", "list")[1]
    assert _run(config, "staff", "change", "bo@example.gov.uk", "--all-teams", "--password-file", pw)[0] == 0
    assert _run(config, "staff", "password", "bo@example.gov.uk", "--password-file", pw)[0] == 0
    assert "bo@example.gov.uk  officer  every team" in _run(config, "staff", "list")[1]
    after = ask(config.store_url, "SELECT password FROM staff ORDER BY address")
    assert (before[0] == after[0], before[1] == after[1]) == (True, False)
    kinds = [row[0] for row in ask(config.store_url, "SELECT kind FROM events ORDER BY id")]
    assert kinds[2:] == ["role changed", "teams changed", "password changed", "password changed"]
    status, output = _run(config, "staff", "change", "ann@example.gov.uk", "--role", "reader", "--password-file", pw)
    assert (status, "the last administrator" in output) == (1, True)
    assert len(ask(config.store_url, "SELECT kind FROM events")) == len(kinds)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("staff", "add", "nobody", "--role", "reader"), 2, "is no email address"),
        (
            ("staff", "add", "olu@example.gov.u\u212a", "--role", "reader"),
            2,
            r"'olu@example.gov.u\u212a' has a character",
        ),
        (("staff", "add", "rene\u0301@example.gov.uk", "--role", "reader"), 2, "has a character"),
        (("staff", "add", "ann\u200b@example.gov.uk", "--role", "reader"), 2, "has a character"),
        (("staff", "add", "ann\u202e@example.gov.uk", "--role", "reader"), 2, "has a character"),
        (("staff", "add", "<b>@x", "--role", "reader"), 2, "is no email address"),
        (("staff", "add", "a@b.example,c@d.example", "--role", "reader"), 2, "is no email address"),
        (("staff", "add", "", "--role", "reader"), 2, "is no email address"),
        (("staff", "add", "a@b.example", "--role", "king"), 2, "king"),
        (("staff", "add", "a@b.example", "--role", "reader", "--team", "none"), 2, "there is no team none"),
        (("staff", "add", "a@b.example", "--role", "reader", "--password-file", "missing"), 2, "cannot be read"),
        (("staff", "disable", "a@b.example"), 1, "has no account"),
        (("staff", "change", "a@b.example", "--role", "lead"), 1, "has no account"),
        (("staff", "change", "a@b.example"), 2, "Say what is to change"),
        (("staff", "change", "a@b.example", "--team", "x", "--all-teams"), 2, "not both"),
        (("token", "create", "--name", "x", "--scope", "everything"), 2, "is no scope"),
        (("token", "create", "--name", "x", "--scope", "contact:read"), 2, "(did you mean contacts:read?)"),
        (("token", "create", "--name", "", "--scope", "contacts:read"), 2, "give it a name"),
        (("token", "revoke", "--name", "x"), 1, "there is no token x"),
    ],
)
def test_mistakes_say_what_to_do(config: Service, arguments: tuple[str, ...], status: int, words: str) -> None:
    """A plain sentence, and nothing is changed."""
    exit_code, output = _run(config, *arguments)
    assert (exit_code, words in output) == (status, True), output


def test_a_team_that_there_is_not_is_misuse(config: Service) -> None:
    """Of an account that there is, too; the one that was meant is named."""
    assert _add(config, "ann@example.gov.uk", "reader")[0] == 0
    status, output = _run(config, "staff", "change", "ann@example.gov.uk", "--team", "front-ofice")
    assert (status, "(did you mean front-office?)" in output) == (2, True)


def test_a_short_password_is_refused(config: Service) -> None:
    """Fewer than eight characters are too easy to guess."""
    (config.directory / "pw").write_text("1234567", encoding="utf-8")
    status, output = _add(config, "ann@example.gov.uk", "reader")
    assert (status, "8 characters or more" in output) == (2, True)


def test_a_token_is_shown_once(config: Service) -> None:
    """Printed when it is made; afterwards only what it is for, and whether it is revoked."""
    status, output = _run(config, "token", "create", "--name", "phones", "--scope", "contacts:write")
    secret = output.splitlines()[0]
    assert (status, secret.startswith("ackbot_")) == (0, True)
    assert secret not in str(ask(config.store_url, "SELECT * FROM tokens"))
    assert secret not in _run(config, "token", "list", "--json")[1]
    assert _run(config, "token", "create", "--name", "phones", "--scope", "contacts:read")[0] == 1
    assert _run(config, "token", "revoke", "--name", "phones")[0] == 0
    assert "revoked" in _run(config, "token", "list")[1]


def test_a_token_says_when_it_ends(config: Service) -> None:
    """After a year, after so many days, or never where that was asked for; anything else is refused."""
    for name, more in (("year", ()), ("month", ("--expires", "30")), ("ever", ("--expires", "never"))):
        assert _run(config, "token", "create", "--name", name, "--scope", "contacts:read", *more)[0] == 0
    lines = _run(config, "token", "list", "--json")[1].splitlines()
    spans = {}
    for facts in map(json.loads, lines):
        made_at, end = facts["created_at"], facts["ends_at"]
        spans[facts["name"]] = (datetime.fromisoformat(end) - datetime.fromisoformat(made_at)).days if end else None
    assert spans == {"year": 365, "month": 30, "ever": None}
    assert "never ends" in _run(config, "token", "list")[1]
    status, output = _run(config, "token", "create", "--name", "x", "--scope", "contacts:read", "--expires", "soon")
    assert (status, "give a number of days from 1 to 3650, or never" in output) == (2, True)


def test_a_person_without_a_password_is_given_a_link(config: Service) -> None:
    """Printed once, with an address that is complete; the next one ends it, and nobody else is given one."""
    printed = _run(config, "staff", "add", "ann@example.gov.uk", "--role", "administrator")[1]
    again = _run(config, "staff", "link", "Ann@example.gov.uk")[1]
    links = [line for text in (printed, again) for line in text.splitlines() if "/console/link#" in line]
    assert len(set(links)) == 2
    assert all(link.startswith("http") for link in links)
    assert len(ask(config.store_url, "SELECT digest FROM sign_in_links")) == 1
    assert _run(config, "staff", "link", "nobody@example.gov.uk")[0] == 1


def test_what_was_not_locked_is_not_unlocked(config: Service) -> None:
    """Nor is a second factor removed that is not there; either ends with status 1."""
    _add(config, "ann@example.gov.uk", "administrator")
    for command in ("unlock", "reset-second-factor"):
        status, output = _run(config, "staff", command, "ann@example.gov.uk")
        assert (status, "Nothing was changed" in output) == (1, True)


def test_a_password_that_is_easy_to_guess_is_refused(config: Service) -> None:
    """With what is known of the organisation and the person."""
    (config.directory / "pw").write_text("ann.smith2026\n", encoding="utf-8")
    status, output = _add(config, "ann.smith@example.gov.uk", "reader")
    assert (status, "easy to guess" in output) == (2, True)
