"""What the configuration names with short names has a title for people."""

from dataclasses import replace

from sqlalchemy import Connection

from bot.core.contacts import Contact
from bot.core.topics import Router, Service
from bot.flows.rulebook import Rulebook, Way
from bot.flows.titles import Titles
from bot.store.engine import Store
from tests.flows.conftest import Make, writing
from tests.flows.desk import logged
from tests.rulebooks import altered


def test_a_title_stands_where_one_is_configured_and_plain_words_where_none_is(
    store: Store, book: Rulebook, mail: Make
) -> None:
    """A service, a kind or a team that is configured no more is never shown as a short name either."""
    router = Router((Service("bins", "Bins and recycling"),), (), None)
    titles = Titles(altered(book, router=router))
    assert (titles.service("bins"), titles.service("old_town-roads"), titles.service(None)) == (
        "Bins and recycling",
        "Old town roads",
        "",
    )
    assert (titles.kind("foi"), titles.kind("hate-crime")) == ("Freedom of Information request", "Hate crime")
    assert (titles.team("front-office"), titles.team(None)) == ("Front office", "No team")
    with writing(store) as connection:
        contact = _contact(connection, book, mail)
    about = replace(contact, service="bins", kind="sar", area="north-east")
    assert titles.about(about) == "Bins and recycling, Request for their own data, North east"
    assert titles.about(replace(contact, service=None, kind="", area="")) == ""


def test_a_channel_is_named_by_what_it_is(store: Store, book: Rulebook, mail: Make) -> None:
    """Two mailboxes are told apart by their names; what is configured no more keeps its own."""
    ways = {"inbox": Way(None, None, medium="email"), "web": Way(None, None, medium="web_form")}
    titles = Titles(altered(book, ways=ways))
    assert (titles.channel("inbox"), titles.channel("web")) == ("Email", "The form on our website")
    assert titles.channel("old-page") == "Old page"
    two = Titles(altered(book, ways={**ways, "parking-mail": Way(None, None, medium="email")}))
    assert (two.channel("inbox"), two.channel("parking-mail")) == ("Email (inbox)", "Email (parking mail)")
    with writing(store) as connection:
        contact = _contact(connection, book, mail)
    assert titles.way(contact) == "email"
    assert titles.way(replace(contact, channel="old-page")) == "old page"


def _contact(connection: Connection, book: Rulebook, mail: Make) -> Contact:
    return logged(connection, book, mail(1))
