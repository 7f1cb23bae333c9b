"""`ackbot check` says what is missing although the configuration is good, and for how long each kind is kept."""

import json
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import kinds
from bot.cli import check_limits, check_live, check_unwise
from bot.cli.check_report import Level
from bot.cli.commands import app
from bot.core.duties import Shift
from bot.present import Present
from bot.store import duties, keys, schema, wordings
from bot.store.engine import Store
from bot.store.wordings import Sort, Wording
from tests.cli.test_settings import GOOD, SECRET
from tests.components.ports import free_port
from tests.peers.x import REFRESH, XPeer

WARNING = "channel inbox has neither sent_folder nor authserv_id"
IMAP = 'kind = "email_imap"\nhost = "127.0.0.1"\nusername = "us"\npassword = "env:TEST_SECRET"'


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", "a secret of the tests, 32 and more")


@pytest.mark.parametrize(
    ("channel", "may_prove"),
    [
        ("", False),
        ('authserv_id = "mx.example.gov.uk"', True),
        (IMAP, False),
        (f'{IMAP}\nsent_folder = "Sent"', True),
        (f'{IMAP}\nauthserv_id = "mx.example.gov.uk"', True),
    ],
)
def test_a_mailbox_where_no_answer_can_be_proven_is_named(tmp_path: Path, channel: str, *, may_prove: bool) -> None:
    """Without the folder of sent mail and without the word of the mail server, staff are asked about each."""
    text = GOOD.replace('kind = "email_lmtp"\nlisten = "127.0.0.1:0"', channel) if IMAP in channel else GOOD
    text = text if IMAP in channel else text.replace("listen =", f"{channel}\nlisten =")
    (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--config", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert (WARNING in result.output) is not may_prove


def test_a_missing_privacy_notice_is_asked_for(tmp_path: Path) -> None:
    """It is no mistake in the files: somebody who writes must be able to read what becomes of it."""
    for line, is_missing in (("", True), ('privacy_url = "https://www.example.gov.uk/privacy"\n', False)):
        text = GOOD.replace("[organisation]\n", f"[organisation]\n{line}", 1)
        (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
        result = CliRunner().invoke(app, ["check", "--config", str(tmp_path)])
        assert result.exit_code == 0, result.output
        assert ("organisation.privacy_url is not set" in result.output) is is_missing


def test_what_the_public_pages_cannot_say_is_named(tmp_path: Path) -> None:
    """Each key that is not set, by its table; nothing where all are."""
    complete = """[accessibility]
email = "access@example.gov.uk"
tested_on = 2026-11-03
[privacy]
email = "dpo@example.gov.uk"
"""
    urls = 'opening_hours = "9am to 5pm"\ncomplaints_url = "https://www.example.gov.uk/c"\n'
    urls += 'bsl_url = "https://www.example.gov.uk/bsl"\n'
    for more, tables, is_missing in (("", "", True), (urls, complete, False)):
        text = GOOD.replace("[organisation]\n", f"[organisation]\n{more}", 1) + tables
        (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
        output = CliRunner().invoke(app, ["check", "--config", str(tmp_path)]).output
        keys = "organisation.opening_hours, organisation.complaints_url, organisation.bsl_url, accessibility.email"
        assert (keys in output) is is_missing
        assert ("the public pages have nothing to say" in output) is is_missing


def test_languages_whose_pages_nobody_checked_are_named(tmp_path: Path) -> None:
    """With translations that cannot be used, and how many sentences stay English."""
    folder = tmp_path / "templates" / "pages" / "locale"
    folder.mkdir(parents=True)
    entry = 'msgid "{}"\nmsgstr "{}"\n\n'
    limit = "Use %(limit)s characters or fewer for the name"
    words = entry.format("Send message", "Anfon") + entry.format(limit, "Llai")
    checked = '# checked_by = "Ann"\n# checked_on = "2026-11-02"\n' + entry.format("", "Language: cy\\n")
    (folder / "cy.po").write_text(checked + words, encoding="utf-8")
    pages = tmp_path / "templates" / "pages"
    (pages / "own.html").write_text("{{ _('Only here') }}", encoding="utf-8")
    text = GOOD.replace("[organisation]\n", '[organisation]\nlanguages = ["en", "cy", "pl"]\n', 1)
    (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
    output = CliRunner().invoke(app, ["check", "--config", str(tmp_path)]).output
    assert "nobody has checked the words of the public pages in Polish, which are used all the same" in output
    assert "it has the gaps none where English has limit" in output
    assert "Welsh: " in output
    assert "stay English" in output


def test_for_how_long_each_kind_is_kept_is_shown(tmp_path: Path) -> None:
    """The packaged times and those of the configuration; nothing is shorter than it may open again."""
    times_of_kinds = "[retention]\nkinds = { member = 100, foi = 1 }\ndirect_message_days = 7\n"
    (tmp_path / "ackbot.toml").write_text(GOOD + times_of_kinds, encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--verbose", "--config", str(tmp_path)])
    output_lines = [" ".join(line.split()) for line in result.output.splitlines()]
    times = {
        "183 days what is named nowhere below",
        "28 days direct messages on platforms",
        "2192 days kind complaint (packaged)",
        "100 days kind member",
        "28 days kind foi",
        "400 days lines of the audit trail that are about no contact",
    }
    assert times - set(output_lines) == set()


def test_what_was_set_in_the_console_is_looked_at(tmp_path: Path) -> None:
    """A rota of which tonight is missing is named; words of the console are judged, and shown in a preview."""
    (tmp_path / "ackbot.toml").write_text(f'{GOOD}[store]\nurl = "sqlite:///{tmp_path}/ackbot.db"\n', encoding="utf-8")
    assert "for tonight" not in CliRunner().invoke(app, ["check", "--config", str(tmp_path)]).output
    url, now = kinds.load(tmp_path).store.url, Present().now()
    schema.prepare(url, may_upgrade=False)
    keys.begin(url, (), now)
    store = Store(url)
    week = now.date() + timedelta(days=7)
    store.write_now(lambda c: duties.add_duty(c, Shift("front-office", week, week, "jo@example.gov.uk"), "x", now))
    store.write_now(lambda c: wordings.add(c, Wording(Sort.TEMPLATE, "added", "x", now, "{{ reference }}", "{{ no }}")))
    store.write_now(lambda c: wordings.add(c, Wording(Sort.TEMPLATE, "mention", "x", now, "Hello", "Hello from us.")))
    store.let_go()
    result = CliRunner().invoke(app, ["check", "--config", str(tmp_path)])
    assert "team front-office has nobody for tonight" in result.output, result.output
    assert "words of the console for added (en) cannot be used, so the file's hold" in result.output
    assert "messages/en/mention.md: warning L15" in result.output
    preview = CliRunner().invoke(app, ["preview", "mention", "--config", str(tmp_path)])
    assert "Hello from us." in preview.output


def test_a_check_uses_up_no_token_that_is_good_once(tmp_path: Path) -> None:
    """What it renews is kept where the service has it, so that it can be asked again and again."""
    with XPeer() as peer:
        account = f"""
[[channel]]
name = "x"
kind = "x"
url = "{peer.base}"
token = "council-token"
refresh_token = "{REFRESH}"
client_id = "app"
consumer_secret = "consumer-secret"
[store]
url = "sqlite:///{tmp_path}/ackbot.db"
"""
        (tmp_path / "ackbot.toml").write_text(GOOD + account, encoding="utf-8")
        url = kinds.load(tmp_path).store.url
        schema.prepare(url, may_upgrade=False)
        keys.begin(url, (), Present().now())
        for _ in range(2):
            peer.expire()
            output = CliRunner().invoke(app, ["check", "--live", "--config", str(tmp_path)]).output
            assert "x: signed in" in output, output


_OF_ORGANISATION = """[organisation]
privacy_url = "https://www.example.gov.uk/privacy"
phone = "0300 123 2224"
website = "https://www.example.gov.uk"
"""
COMPLETE = GOOD.replace("[organisation]\n", _OF_ORGANISATION, 1)
COMPLETE = COMPLETE.replace("listen =", 'authserv_id = "mx.example.gov.uk"\nlisten =', 1).replace(
    "[web]\n", '[web]\npublic_url = "https://contact.example.gov.uk"\n', 1
)
COMPLETE += '[operators]\nteam = "front-office"\nheartbeat = "https://monitor.example.org/x"\n'
_ACCOUNT = '[[channel]]\nname = "m"\nkind = "mastodon"\nbegin = "all"\nurl = "https://m.example"\ntoken = "t"\n'
UNWISE = {
    "nor authserv_id": ('authserv_id = "mx.example.gov.uk"\n', ""),
    "whoever reaches this machine can hand in mail": ('listen = "127.0.0.1:0"', 'listen = "0.0.0.0:8024"'),
    "limits.receipts_a_minute is 0": ("[operators]", "[limits]\nreceipts_a_minute = 0\n[operators]"),
    "operators.team is not set": ('team = "front-office"\n', ""),
    "operators.heartbeat is not set": ('heartbeat = "https://monitor.example.org/x"\n', ""),
    "organisation.privacy_url is not set": ('privacy_url = "https://www.example.gov.uk/privacy"\n', ""),
    "web.public_url is not set": ('public_url = "https://contact.example.gov.uk"\n', ""),
    "web.trusted_proxies": ("[web]\n", '[web]\nlisten = "0.0.0.0:8080"\n'),
    "web.public_url has no encryption": ('"https://contact', '"http://contact'),
    "10 different characters at most": ('"env:TEST_SECRET"', f'"{"weak" * 10}"'),
    'has begin = "all"': ("[operators]", f"{_ACCOUNT}[operators]"),
}


def _checked(folder: Path, text: str, *options: str) -> tuple[int, list[str]]:
    (folder / "ackbot.toml").write_text(text, encoding="utf-8")
    (folder / "ackbot.toml").chmod(0o600)
    result = CliRunner().invoke(app, ["check", "--config", str(folder), *options])
    return result.exit_code, result.output.splitlines()


def test_a_complete_configuration_has_no_warning(tmp_path: Path) -> None:
    """The verdict is the first line, and all of it fits on a screen."""
    status, lines = _checked(tmp_path, COMPLETE)
    assert status == 0, lines
    assert lines[0] == f"Configuration {tmp_path}: good. 3 channels, 2 notes. Templates: good."
    assert len(lines) < 15


@pytest.mark.parametrize("words", UNWISE)
def test_what_is_allowed_and_unwise_is_a_warning(tmp_path: Path, words: str) -> None:
    """It says what can come of it."""
    before, after = UNWISE[words]
    assert before in COMPLETE
    assert [line for line in _warnings(tmp_path, COMPLETE.replace(before, after, 1)) if words in line]


def _warnings(folder: Path, text: str) -> list[str]:
    path = folder / "ackbot.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    configured = kinds.load(folder)
    of_limits = check_limits.findings(configured, Present().now())
    return [*map(str, check_unwise.warnings(configured)), *(str(f) for f in of_limits if f.level is Level.WARNING)]


def test_a_secret_that_everybody_can_read_is_a_warning(tmp_path: Path) -> None:
    """In a file of its own, or written out in ackbot.toml; not where only its owner can."""
    key = tmp_path / "key"
    key.write_text(SECRET, encoding="utf-8")
    key.chmod(0o644)
    text = COMPLETE.replace("env:TEST_SECRET", "file:key")
    words = f"{key}: this file holds a secret, and every user of this machine can read it. Run: chmod 600 {key}"
    assert _warnings(tmp_path, text) == [words]
    key.chmod(0o600)
    assert _warnings(tmp_path, text) == []
    text = COMPLETE.replace("env:TEST_SECRET", SECRET)
    assert _warnings(tmp_path, text) == []
    (tmp_path / "ackbot.toml").chmod(0o644)
    (finding,) = check_unwise.warnings(kinds.load(tmp_path))
    assert finding.message.endswith("secrets are written in it: operators.heartbeat, web.secret.")
    assert SECRET not in str(finding)


def test_a_file_that_is_not_read_is_a_warning(tmp_path: Path) -> None:
    """With the name that it may have been meant to have."""
    (tmp_path / "escalations.toml").write_text("", encoding="utf-8")
    (line,) = _warnings(tmp_path, COMPLETE)
    assert line == f'{tmp_path}/escalations.toml: nothing reads this. Did you mean "escalation.toml"?'


def test_mistakes_stand_right_below_the_verdict(tmp_path: Path) -> None:
    """On standard error, one line each; the verdict is on standard output, and the status is 2."""
    (tmp_path / "ackbot.toml").write_text(COMPLETE.replace('"EX"', '"ex"'), encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--config", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stdout == f"Configuration {tmp_path}: not good. 1 thing to put right.\n"
    key = f"{tmp_path}/ackbot.toml:7: organisation.reference_prefix = 'ex'"
    allowed = "allowed: two to four capital letters, as in EX"
    assert result.stderr == f"\nTo put right:\n  - {key} cannot be used; {allowed}\n"


def test_dates_are_shown_when_they_are_asked_for(tmp_path: Path) -> None:
    """Standards with their dates, and every channel, by --verbose alone."""
    assert "Christmas Eve" not in "\n".join(_checked(tmp_path, COMPLETE)[1])
    words = "\n".join(_checked(tmp_path, COMPLETE, "--verbose")[1])
    assert "Christmas Eve" in words
    assert "Channel inbox: kind email_lmtp." in words


@pytest.mark.parametrize(("before", "after", "status"), [("", "", 0), ('"EX"', '"ex"', 2)])
def test_a_program_reads_the_same_as_json(tmp_path: Path, before: str, after: str, status: int) -> None:
    """One object a line, the verdict first; the same status."""
    result, lines = _checked(tmp_path, COMPLETE.replace(before, after, 1), "--json")
    verdict, *findings = map(json.loads, lines)
    assert result == status
    expected = {"good": status == 0, "configuration": str(tmp_path), "errors": status // 2}
    assert {key: verdict[key] for key in expected} == expected
    assert {tuple(finding) for finding in findings} == {("level", "file", "line", "key", "message", "advice")}
    mistakes = [(finding["line"], finding["key"]) for finding in findings if finding["level"] == "error"]
    assert mistakes == ([(7, "organisation.reference_prefix")] if status else [])


def test_an_account_that_never_answers_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time it is an error, by its name; what the others say is there, too."""
    monkeypatch.setattr(check_live, "_PATIENCE_SECONDS", 2.0)
    account = '[[channel]]\nname = "out"\nkind = "loopback"\ndirectory = "{0}/sent"\nsender = "us@example.gov.uk"\n'
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = COMPLETE.replace("port = 25", f"port = {silent.getsockname()[1]}") + account.format(tmp_path)
        status, lines = _checked(tmp_path, text, "--live")
    assert status == 1
    assert "  - post: there was no answer within 2 seconds" in lines
    assert [line for line in lines if line.startswith("  - out: ")]


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    """In one line among the warnings; the files are judged all the same."""
    store = f'[store]\nurl = "postgresql://ackbot@127.0.0.1:{free_port()}/ackbot"\n'
    status, lines = _checked(tmp_path, COMPLETE + store)
    assert status == 0, lines
    assert [line for line in lines if "the store cannot be read" in line]
