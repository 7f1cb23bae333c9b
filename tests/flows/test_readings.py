"""What a person says of our answer is read once, by somebody who sees the contact."""

import pytest

from bot.core.roles import Scope
from bot.flows.changes.refusals import Kind, Refused
from bot.flows.desk import readings
from bot.flows.rulebook import Rulebook
from bot.flows.staffing import Visitor
from bot.store.engine import Store
from tests.flows.conftest import NOW, Make, mail, writing
from tests.flows.desk import logged

__all__ = ["mail"]
LEE = Visitor("staff:lee@example.gov.uk", Scope())
HAL = Visitor("staff:hal@example.gov.uk", Scope(frozenset({"housing"})))


def test_nothing_that_was_not_said_is_read(store: Store, book: Rulebook, mail: Make) -> None:
    """A contact of another team is one that there is not."""
    with writing(store) as connection:
        own = logged(connection, book, mail(1)).reference
        with pytest.raises(Refused, match="nothing was said") as refused:
            readings.read(connection, own, LEE, NOW)
        assert refused.value.kind is not Kind.UNKNOWN
        for visitor, reference in ((HAL, own), (LEE, "EX-2222-2222")):
            with pytest.raises(Refused, match="there is no contact") as refused:
                readings.read(connection, reference, visitor, NOW)
            assert refused.value.kind is Kind.UNKNOWN
