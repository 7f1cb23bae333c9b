"""Configuration: every mistake is named at once, with file, key and what is allowed; secrets are never shown."""

import os
import re
from datetime import date, time
from pathlib import Path

import pytest

from bot import kinds
from bot.settings import reading, rulebook
from bot.settings.main_file import BadSettings
from bot.settings.reading import PACKAGED

SECRET = "a secret of the tests, 32 and more"
GOOD = """
[organisation]
name = "Exampleshire Council"
reference_prefix = "EX"

[web]
secret = "env:TEST_SECRET"

[[channel]]
name = "inbox"
kind = "email_lmtp"
listen = "127.0.0.1:0"
address = "us@example.gov.uk"
replies_by = "post"

[[channel]]
name = "post"
kind = "email_smtp"
host = "127.0.0.1"
port = 25
tls = "none"
sender = "Exampleshire Council <us@example.gov.uk>"

[[team]]
name = "front-office"
alert = ["mailto:front.office@example.gov.uk"]
replies_by = "post"
"""


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", SECRET)


def mistakes(directory: Path, text: str) -> list[str]:
    """What the loader says of this ackbot.toml."""
    (directory / "ackbot.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        kinds.load(directory)
    return str(caught.value).splitlines()


def test_a_good_file_is_read_with_sensible_defaults(tmp_path: Path) -> None:
    """What is not said has a default; the packaged standard is in force."""
    (tmp_path / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    read = kinds.load(tmp_path)
    assert read.organisation.timezone == "Europe/London"
    assert [channel.name for channel in read.channels] == ["inbox", "post", "desk"]
    general = next(s for s in read.standards if s.id == "general")
    assert (str(general.acknowledge), str(general.respond)) == ("1 working day", "10 working days")
    assert read.web.secret.get_secret_value() == SECRET


def test_the_example_that_comes_with_it_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration that people copy loads without a change."""
    monkeypatch.setenv("ACKBOT_SECRET", "x" * 32)
    monkeypatch.setenv("IMAP_PASSWORD", "x")
    read = kinds.load(Path(__file__).parents[2] / "config")
    assert {channel.kind for channel in read.channels} == {"email_lmtp", "email_imap", "web_form", "email_smtp", "desk"}


def test_every_mistake_is_listed_at_once(tmp_path: Path) -> None:
    """Unknown keys, wrong values, unknown kinds and missing values: all in one go, each with its key."""
    lines = mistakes(
        tmp_path,
        GOOD.replace('reference_prefix = "EX"', 'reference_prefix = "ex1"\ncolour = "blue"')
        .replace('kind = "email_lmtp"', 'kind = "pigeon"')
        .replace("port = 25", "port = 99999")
        .replace('alert = ["mailto:front.office@example.gov.uk"]', 'alert = ["pager:1"]'),
    )
    for words in ("organisation.reference_prefix", "organisation.colour", "channel[1].kind", "'pigeon'", "email_imap"):
        assert any(words in line for line in lines), (words, lines)
    assert any("channel[2].port = 99999" in line for line in lines)
    assert any("team[1].alert" in line and "mailto:" in line for line in lines)
    assert all(str(tmp_path / "ackbot.toml") in line for line in lines)


def test_a_medium_of_a_standard_is_one_that_a_kind_of_channel_has(tmp_path: Path) -> None:
    """Whether or not such a channel is configured; a misspelt one would be a promise to nobody."""
    standards = tmp_path / "standards"
    standards.mkdir()
    packaged = Path(__file__).parents[2] / "config" / "standards" / "channels.toml"
    (standards / "channels.toml").write_text(packaged.read_text().replace('["letter"]', '["letter", "lettre"]'))
    lines = mistakes(tmp_path, GOOD)
    (line,) = (line for line in lines if "lettre" in line)
    assert "channels.toml:17: standard[2].channels" in line
    assert "allowed: bluesky, email, face_to_face, facebook, instagram, letter, mastodon, phone, " in line


def test_names_that_lead_nowhere_are_mistakes(tmp_path: Path) -> None:
    """replies_by must name a way out, and a name is used once."""
    lines = mistakes(
        tmp_path, GOOD.replace('replies_by = "post"', 'replies_by = "pots"', 1).replace('"post"', '"inbox"', 1)
    )
    assert any("'pots' is not a way out" in line for line in lines)


def test_a_kind_that_is_kept_for_longer_must_be_one(tmp_path: Path) -> None:
    """A misspelt kind would be forgotten too early."""
    (line,) = mistakes(tmp_path, GOOD + "[retention]\nkinds = { complaint = 2192, complaints = 2192 }\n")
    assert "retention.kinds.complaints: no standard is for this kind" in line
    assert "foi" in line


def test_plain_text_over_the_network_is_refused(tmp_path: Path) -> None:
    """tls = none is for this machine only."""
    lines = mistakes(tmp_path, GOOD.replace('host = "127.0.0.1"', 'host = "mail.example.gov.uk"'))
    assert any("tls" in line and "none" in line for line in lines)


def test_a_table_whose_keys_do_not_go_together_is_not_shown(tmp_path: Path) -> None:
    """What is wrong with it as a whole is said, and none of its secrets."""
    table = """
[[channel]]
token_secret = "hidden-one"
token = "hidden-two"
consumer_secret = "hidden-three"
kind = "x"
name = "x"
"""
    (line,) = mistakes(tmp_path, GOOD + table)
    assert line.endswith("channel[3]: token_secret needs consumer_key beside it")


def test_a_secret_that_is_missing_is_named_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable's name helps; a value must not appear, even when it is wrong."""
    monkeypatch.delenv("TEST_SECRET")
    assert any("TEST_SECRET is not set" in line for line in mistakes(tmp_path, GOOD))
    lines = mistakes(tmp_path, GOOD.replace('"env:TEST_SECRET"', '["hush-hush"]'))
    assert any("web.secret" in line for line in lines)
    assert not any("hush-hush" in line for line in lines)


def test_a_short_secret_is_refused_with_the_command_that_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What signs addresses and forms cannot be guessed: 32 characters at least, and they are never shown."""
    (tmp_path / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    monkeypatch.setenv("TEST_SECRET", "k" * 31)
    (line,) = mistakes(tmp_path, GOOD)
    assert "web.secret" in line
    assert 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"' in line
    assert "kkk" not in line
    monkeypatch.setenv("TEST_SECRET", "k" * 32)
    assert kinds.load(tmp_path).web.secret.get_secret_value() == "k" * 32


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('issuer = "https://login.example.gov.uk"', "issuer and client_id belong together"),
        ('client_id = "ackbot"', "issuer and client_id belong together"),
        ("only = true", "so issuer and client_id must be given"),
        (
            'issuer = "https://x.example"\nclient_id = "a"\nonly = true\nsecond_factor = "required"',
            "leave it to the issuer",
        ),
        ('second_factor = "always"', 'allowed: "optional", "required"'),
        ('issuer = "http://login.example.gov.uk"\nclient_id = "a"', "must begin with https://"),
    ],
)
def test_a_sign_in_that_would_let_nobody_in_is_refused(tmp_path: Path, lines: str, words: str) -> None:
    """Passwords are closed only where there is another way, and a second factor is for passwords alone."""
    assert any(words in mistake for mistake in mistakes(tmp_path, f"{GOOD}\n[sign_in]\n{lines}\n"))


def test_a_second_factor_needs_no_provider(tmp_path: Path) -> None:
    """Without the table passwords alone are taken."""
    (tmp_path / "ackbot.toml").write_text(f'{GOOD}\n[sign_in]\nsecond_factor = "required"\n', encoding="utf-8")
    sign_in = kinds.load(tmp_path).sign_in
    assert (sign_in.second_factor, sign_in.has_provider, sign_in.only) == ("required", False, False)


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    """A mounted secret is read relative to the configuration, without its line end."""
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    (tmp_path / "ackbot.toml").write_text(GOOD.replace("env:TEST_SECRET", "file:secret"), encoding="utf-8")
    assert kinds.load(tmp_path).web.secret.get_secret_value() == SECRET


@pytest.mark.parametrize("text", ["", "not toml [", "\x00", "[organisation]\nname = 1\n"])
def test_anything_is_answered_with_words(tmp_path: Path, text: str) -> None:
    """Whatever the file holds, the loader says what is wrong with it."""
    assert mistakes(tmp_path, text)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """The message says how to name another directory."""
    with pytest.raises(BadSettings, match="--config"):
        kinds.load(tmp_path / "nowhere")
    assert os.environ["TEST_SECRET"]


def test_days_that_count_are_read_from_their_files(tmp_path: Path) -> None:
    """A holiday of two nations, one that was moved, closures, hours; statutes do not know the closures."""
    (tmp_path / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "holidays.toml").write_text(
        """
checked = 2026-11-23
[[holiday]]
day = 2028-05-05
title = "The jubilee"
nations = ["england", "wales"]
instead_of = 2028-05-01
""",
        encoding="utf-8",
    )
    (tmp_path / "calendars" / "organisation.toml").write_text(
        """
[[closure]]
first = 2026-12-29
last = 2026-12-31
[office]
monday = "09:00-12:00"
""",
        encoding="utf-8",
    )
    calendars = kinds.load(tmp_path).calendars
    england, law, scotland = (calendars[name] for name in ("england", "england without closures", "scotland"))
    assert england.why_not_working(date(2028, 5, 5)) == "The jubilee"
    assert england.is_working_day(date(2028, 5, 1))
    assert scotland.is_working_day(date(2028, 5, 5))
    assert england.why_not_working(date(2026, 12, 30)) == "closure"
    assert law.is_working_day(date(2026, 12, 30))
    assert england.office == ((time(9), time(12)), None, None, None, None, None, None)


def test_mistakes_about_days_are_listed_with_their_file(tmp_path: Path) -> None:
    """Each with its key and what is allowed."""
    (tmp_path / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "calendars").mkdir()
    (tmp_path / "calendars" / "holidays.toml").write_text(
        'checked = "lately"\n[[holiday]]\nday = 2028-05-05\ntitle = ""\nnations = ["france"]\n'
        '[[holiday]]\nday = 2028-05-05\ntitle = "A jubilee"\ninstead_of = 2028-05-02\n',
        encoding="utf-8",
    )
    (tmp_path / "calendars" / "organisation.toml").write_text(
        '[[closure]]\nfirst = 2026-12-29\nlast = 2026-12-01\n[office]\nmonday = "9-5"\nsunday = "09:00-12:00"\n',
        encoding="utf-8",
    )
    with pytest.raises(BadSettings) as caught:
        kinds.load(tmp_path)
    text = str(caught.value)
    for words in (
        "holidays.toml:1: checked",
        "holiday[1].title",
        "holiday[1].nations[1] = 'france'",
        "instead_of = 2028-05-02 is no bank holiday there",
        "organisation.toml:3: closure[1].last",
        "ends before it begins",
        "office.monday = '9-5': write it as 08:30-17:00",
        "office.sunday",
    ):
        assert words in text, words


def test_nobody_is_asked_for_an_opinion_where_there_are_no_pages(tmp_path: Path) -> None:
    """The question leads to a page, so that it could not even be written."""
    with_pages = GOOD.replace("[web]", '[web]\npublic_url = "https://contact.example.gov.uk"')
    for text, asks in ((GOOD, False), (with_pages, True)):
        (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
        assert rulebook.build(kinds.load(tmp_path), {}).outgoing.feedback.ask is asks


def test_people_are_written_to_as_the_organisation_says(tmp_path: Path) -> None:
    """In its languages, its own first, with its hours by language, and with the subject where it wants that."""
    spoken = 'languages = ["cy", "en"]\nopening_hours = { en = "9 to 5", cy = "9 tan 5" }\nreference_prefix'
    text = GOOD.replace("reference_prefix", spoken) + "\n[mail]\nreceipts_name_subject = true\n"
    (tmp_path / "ackbot.toml").write_text(text, encoding="utf-8")
    addressing = rulebook.build(kinds.load(tmp_path), {}).outgoing.addressing
    assert (addressing.languages, addressing.hours("cy"), addressing.names_subject) == (("cy", "en"), "9 tan 5", True)


@pytest.mark.parametrize("zone", ["right/Europe/London", "posix/Europe/London", "posixrules", "Europe/Londn", "../x"])
def test_what_is_no_time_zone_is_refused(zone: str, tmp_path: Path) -> None:
    """Also the files beside them that a library takes for some."""
    text = GOOD.replace("[organisation]", f'[organisation]\ntimezone = "{zone}"', 1)
    assert any("timezone" in line and "is not a time zone" in line for line in mistakes(tmp_path, text))


def test_mistakes_in_two_files_are_said_at_once(tmp_path: Path) -> None:
    """Also where the one cannot be understood without the other."""
    (tmp_path / "urgent.toml").write_text('[groups]\na = ["<nobody> fire"]\n', encoding="utf-8")
    text = GOOD.replace("[organisation]", '[organisation]\ntimezone = "Europe/Londn"', 1)
    lines = mistakes(tmp_path, text)
    assert any("ackbot.toml" in line for line in lines)
    assert any("urgent.toml" in line and "nobody" in line for line in lines)


@pytest.mark.parametrize("text", ["[[rule]\n", "[[rule]]\nnam = 1\n"])
def test_packaged_words_of_danger_that_somebody_has_broken_are_not_taken_for_none(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks for the rules is told."""
    (tmp_path / "packaged/config").mkdir(parents=True)
    for path in (PACKAGED[0] / "config").iterdir():
        (tmp_path / "packaged/config" / path.name).symlink_to(path)
    broken = tmp_path / "packaged/config/urgent.toml"
    broken.unlink()
    broken.write_text(text, encoding="utf-8")
    monkeypatch.setattr(reading, "PACKAGED", (tmp_path / "packaged",))
    (tmp_path / "ackbot.toml").write_text(GOOD, encoding="utf-8")
    configured = kinds.load(tmp_path)
    with pytest.raises(BadSettings, match=re.escape(str(broken))):
        len(configured.urgent)
