"""Where a team is told: by mail, by an outlet of ours, or by anything that Apprise knows."""

from pathlib import Path

import pytest

from bot import kinds
from bot.cli.configuration import rulebook_of
from bot.flows.outgoing import alert
from bot.settings.main_file import BadSettings
from bot.settings.teams import Team
from tests.cli.test_settings import GOOD
from tests.flows.conftest import NOW

MATRIX = "matrix://bot:hidden@127.0.0.1:8008/%23alerts?e2ee=no"
HOOK = """
[[channel]]
name = "crm"
kind = "webhook"
url = "https://crm.example.gov.uk/hook"
secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
"""


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET", "a secret of the tests, 32 and more")
    monkeypatch.setenv("MATRIX_URL", MATRIX)


def test_each_target_goes_out_by_its_own_outlet(tmp_path: Path) -> None:
    """Mail by `replies_by`, the others by themselves; the name of an outlet does not show what its address hides."""
    text = GOOD.replace(
        'alert = ["mailto:front.office@example.gov.uk"]',
        'alert = ["mailto:front.office@example.gov.uk", "channel:crm", "env:MATRIX_URL"]\nlead = ["env:MATRIX_URL"]',
    )
    (tmp_path / "ackbot.toml").write_text(text + HOOK, encoding="utf-8")
    configured = kinds.load(tmp_path)
    (matrix,) = (channel.name for channel in configured.channels if channel.kind == "apprise")
    assert matrix.startswith("matrix-")
    notices = alert.notices(None, "x", NOW, rulebook_of(configured), subject="x")
    assert [(notice.channel, notice.recipient) for notice in notices] == [
        ("post", "front.office@example.gov.uk"),
        ("crm", "channel:crm"),
        (matrix, f"channel:{matrix}"),
    ]
    assert "hidden" not in str(notices) + repr(configured.channels)


@pytest.mark.parametrize(
    ("target", "fault"),
    [
        ("pager:1", "number 1 is not of a form that leads anywhere"),
        ("mailto:nobody", "number 1 is not of a form that leads anywhere"),
        ("channel:nosuch", "channel:nosuch is no way out; allowed: post"),
        ("channel:inbox", "channel:inbox is no way out; allowed: post"),
        ("nosuch://hidden", "Apprise does not know such an address"),
    ],
)
def test_a_target_that_leads_nowhere_is_named(tmp_path: Path, target: str, fault: str) -> None:
    """Without what it hides."""
    (tmp_path / "ackbot.toml").write_text(GOOD.replace("mailto:front.office@example.gov.uk", target), encoding="utf-8")
    with pytest.raises(BadSettings) as caught:
        kinds.load(tmp_path)
    assert any(fault in line for line in str(caught.value).splitlines())
    assert not any("hidden" in line for line in str(caught.value).splitlines())


def test_the_same_address_is_one_outlet() -> None:
    """However many roles it has; another address is another one."""
    team = Team(name="x", alert=(MATRIX,), lead=(MATRIX, MATRIX + "&x=1"), replies_by="post")
    assert len(team.elsewhere()) == 2
    assert team.addresses[0] == team.roles["lead"][0]
