"""`ackbot check` compares the limits on receipts with what really came."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.channel import Batch
from bot.cli import check_limits
from bot.cli.configuration import rulebook_of
from bot.flows.intake.batches import Capacity, Reading
from bot.flows.intake.receive import receive
from bot.flows.outgoing import deliver
from bot.flows.outgoing.deliver import ClaimTerms
from bot.kinds import load
from bot.store.engine import Store
from tests.components import service as configured
from tests.components.service import Service
from tests.components.stores import make_store
from tests.flows.conftest import NOW, Make, mail

__all__ = ["mail"]


def advice(folder: Path, mail: Make, limits: str, count: int) -> list[str]:
    """What is said under these limits, after so many people wrote within a minute."""
    service = Service(folder, [configured.LMTP.format(port=1), configured.SMTP.format(port=2), limits])
    settings = load(service.config)
    if count:
        make_store(settings.store.url)
        store, book = Store(settings.store.url), rulebook_of(settings)
        batch = Batch(tuple(mail(n, From=f"p{n}@homes{n}.example") for n in range(count)))
        store.write_now(lambda c: receive(c, batch, Reading("inbox"), NOW, book, Capacity()))
        claims = store.write_now(lambda c: deliver.claim(c, "post", NOW, ClaimTerms(timedelta(hours=1)), 1000, book))
        store.write_now(lambda c: deliver.record(c, [deliver.Attempt(claim.delivery, NOW) for claim in claims], book))
        store.let_go()
    return [finding.message for finding in check_limits.findings(settings, NOW + timedelta(days=1))]


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (0, "limits.receipts_a_minute is 0, so nothing stops a flood"),
        (
            60,
            "receipts_a_minute = 60 is too low, as 40 came at the busiest time; better: receipts_a_minute = 160.",
        ),
        (120, ""),
        (5000, "limits.receipts_a_minute = 5000 would hardly stop a flood: 40 was the most ever"),
    ],
)
def test_a_limit_is_compared_with_the_busiest_minute(
    tmp_path: Path, mail: Make, monkeypatch: pytest.MonkeyPatch, limit: int, words: str
) -> None:
    """With a figure that would do, where it is off, in the way of people, or far above what ever came."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    comparison, *remarks = advice(tmp_path, mail, f"[limits]\nreceipts_a_minute = {limit}\n", 40)
    assert "the busiest minute had 40." in comparison
    assert [words in remark for remark in remarks] == ([True] if words else [])


def test_without_a_store_there_is_nothing_to_compare(
    tmp_path: Path, mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and makes none."""
    monkeypatch.setenv("ACKBOT_SECRET", "s" * 40)
    (only,) = advice(tmp_path, mail, "", 0)
    assert "no store of this version yet" in only
    assert not list(tmp_path.glob("**/*.db"))
