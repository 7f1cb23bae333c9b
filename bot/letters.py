"""What is written to people: the templates of this organisation, and who fills them in."""

from bot.flows.outgoing.compose import MessageWriter
from bot.flows.rulebook import Rulebook
from bot.render.compose import Composer
from bot.render.drafts import host_of
from bot.settings.reading import Settings


def writer(configured: Settings, book: Rulebook) -> MessageWriter:
    """Return who writes what leaves."""
    return MessageWriter(composer(configured), book, book.secret)


def composer(configured: Settings) -> Composer:
    """The templates of this organisation."""
    organisation = configured.organisation
    constants = {
        "organisation": organisation.name,
        "phone": organisation.phone,
        "website": organisation.website,
        "site": configured.web.public_url.rstrip("/"),
        "bsl_url": organisation.bsl_url,
    }
    pages = (host_of(service.page) for service in configured.services.service)
    hosts = {*organisation.link_hosts, *pages, host_of(organisation.bsl_url)}
    return Composer(
        configured.template_directories,
        constants,
        hosts - {""},
        only_checked=organisation.only_checked_translations,
        with_pages=organisation.languages[1:],
    )
