"""A message of the form with files, at which the code broke: it is read again with all of them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.files import File
from bot.core.messages import Inbound
from bot.store.shunt import ShuntedMessage
from bot.web.console.shunted import read_again
from bot.web.site import Site
from bot.wire.bundles import files_of

FILES = (File("hole.txt", b"words"),)


@pytest.mark.parametrize("clamav", ["", "unix:/run/clamav/clamd.ctl"])
def test_it_is_read_with_its_files_which_wait_where_there_is_a_scanner(site: Site, clamav: str) -> None:
    """Under its old name; nobody knows whether the scanner was asked before."""
    form = site.settings.form.model_copy(update={"clamav": clamav})
    site = replace(site, settings=replace(site.settings, form=form))
    message = site.forms["website"].read({"email": "sam@residents.example", "message": "Look."}, FILES)
    assert isinstance(message, Inbound)
    row = ShuntedMessage(1, "website", datetime(2026, 11, 23, tzinfo=UTC), "broken", "old", message.raw)
    messages = read_again(site, row)
    assert messages is not None
    (again,) = messages
    assert (again.text, again.external_id, again.is_scanned) == ("Look.", "old", not clamav)
    assert files_of(again.raw) == list(FILES)
