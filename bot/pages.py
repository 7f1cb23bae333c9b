"""The pages of the running service, put together from its parts."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from aiohttp import web

from bot.channel import Batch, Channel, Coverage, Desk, Form, Hook, Temporary
from bot.core.contacts import Contact
from bot.core.messages import Inbound
from bot.flows import promise
from bot.flows.desk import linked
from bot.flows.intake.plan import Filed
from bot.flows.intake.receive import Reading
from bot.flows.rulebook import Rulebook
from bot.loops.listening import BatchLogger
from bot.present import Present
from bot.render.compose import Composer
from bot.settings.reading import Settings
from bot.store import contacts
from bot.store.engine import Store, StoreUnavailable
from bot.web import server
from bot.web.public.alert_link import Alerts
from bot.web.site import Site


class CannotStart(Exception):
    """The service cannot start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Pages:
    """`ear` logs what comes in, `wake` is called when something may be in the outbox."""

    settings: Settings
    book: Rulebook
    store: Store
    present: Present
    ear: BatchLogger
    channels: Mapping[str, Channel]
    composer: Composer
    wake: Callable[[], None]
    problems: Callable[[], Awaitable[list[str]]]
    coverage: Callable[[], Mapping[str, Coverage]]
    metrics: Callable[[], Awaitable[bytes]]
    sent_mail: Path | None

    async def serve(self, listen: str) -> web.AppRunner:
        """Listen there; raises CannotStart."""
        organisation = self.settings.organisation
        forms = [c for c in self.channels.values() if isinstance(c, Form) and isinstance(c, Hook) and c.path == "/"]
        parts = server.Parts(
            organisation_name=organisation.name,
            phone=organisation.phone,
            website=organisation.website,
            form=forms[0] if forms else None,
            questions=_questions(self.book),
            submit=self._submit,
            hooks=[c for c in self.channels.values() if isinstance(c, Hook) and c.path.startswith("/hooks/")],
            log=self._log,
            problems=self.problems,
            coverage=self.coverage,
            metrics=self.metrics,
            notice=self._notice(),
            standards=lambda: promise.published(self.book.promises, self.book.today(self.present.now())),
            alerts=Alerts(self._look, self._act),
            sent_mail=self.sent_mail,
            site=self._site(),
            templates=self.settings.template_directories,
        )
        runner = server.runner(server.application(parts))
        await runner.setup()
        host, _, port = listen.rpartition(":")
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except OSError as error:
            raise CannotStart(f"web.listen = {listen}: cannot listen there: {error.strerror}") from error
        return runner

    def _notice(self) -> str | None:
        if not self.present.rehearsal:
            return None
        began = f"{self.present.now():%d %B %Y}"
        return f"This is a rehearsal. It began on {began} and runs {self.present.speed:g} times as fast."

    async def _submit(self, message: Inbound) -> server.Filed:
        filed = await self._log_one(message)
        try:
            contact = await self.store.read(partial(contacts.find, reference=filed.reference or ""))
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error
        if contact is None:
            # Shunted: it is kept and staff are told; the error page asks the person to ring.
            raise LookupError(f"a message on {message.channel} was shunted")
        return _shown(contact, self.book)

    async def _look(self, token: str) -> linked.Shown | None:
        try:
            return await self.store.read(lambda c: linked.show(c, token, self.present.now(), self.book))
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error

    async def _act(self, token: str, choice: linked.Choice) -> bool:
        try:
            is_ours = await self.store.write(lambda c: linked.act(c, token, choice, self.present.now(), self.book))
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error
        self.wake()
        return is_ours

    async def _log(self, name: str, batch: Batch) -> None:
        try:
            await self.ear.log(batch, Reading(name))
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error

    def _site(self) -> Site:
        desks = {name: c for name, c in self.channels.items() if isinstance(c, Desk)}
        return Site(
            store=self.store,
            book=self.book,
            now=self.present.now,
            wall=lambda: self.present.to_wall(self.present.now()),
            wake=self.wake,
            log=self._log_taken_down,
            desks=desks,
            forms={name: c for name, c in self.channels.items() if isinstance(c, Form)},
            composer=self.composer,
            coverage=self.coverage,
            problems=self.problems,
            public_url=self.settings.web.public_url.rstrip("/"),
            sign_in=self.settings.sign_in,
        )

    async def _log_taken_down(self, message: Inbound) -> Filed:
        # Staff say when it came in our time, not in the wall clock's as providers do.
        at = message.received_at
        return await self._log_one(replace(message, received_at=self.present.to_wall(at)) if at else message)

    async def _log_one(self, message: Inbound) -> Filed:
        try:
            (filed,) = await self.ear.log(Batch((message,)), Reading(message.channel))
        except StoreUnavailable as error:
            raise Temporary(str(error)) from error
        return filed


def _questions(book: Rulebook) -> server.Questions:
    router = book.router
    services = sorted(router.services.values(), key=lambda one: one.title.casefold())
    return server.Questions(tuple((one.name, one.title) for one in services), router.asks_postcodes)


def _shown(contact: Contact, book: Rulebook) -> server.Filed:
    """What the page tells the person; without an address to answer to nothing was promised."""
    return server.Filed(
        reference=contact.reference,
        respond_by=book.respond_by(contact),
        promise=book.plain_promise(contact),
        urgent=urgency.advice if (urgency := book.urgency(contact)) else "",
        acknowledged_by_email=contact.outcome == "acknowledge" and contact.sender_address is not None,
    )
