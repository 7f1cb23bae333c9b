"""What the checks share: the image, one volume, and the mail server that its mail goes to."""

import shutil
import smtplib
import urllib.request
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.components import service
from tests.components.ports import PATIENCE_SECONDS, wait_until
from tests.image.container import Container
from tests.image.image import Image

WEB_PORT, LMTP_PORT, SMTP_PORT = 8080, 8024, 2525


class Postbox:
    """A mail server's: who was sent mail, in the order in which it came."""

    def __init__(self) -> None:
        self.recipients: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        """Take every mail."""
        self.recipients += envelope.rcpt_tos
        return "250 taken"


class Scene:
    """The containers of one test, each on the volume and the configuration of the one before."""

    def __init__(self, image: Image, directory: Path) -> None:
        self.image, self.directory = image, directory
        self.postbox = Postbox()
        self.web_port = WEB_PORT
        self.containers: list[Container] = []
        self._server: Controller | None = None

    def __enter__(self) -> Self:
        owner, group = map(int, self.image.user.split(":"))
        for name in ("config", "volume"):
            (self.directory / name).mkdir()
            shutil.chown(self.directory / name, owner, group)
        shutil.copytree(self.image.root / self.image.volume.lstrip("/"), self.directory / "volume", dirs_exist_ok=True)
        self.open_postbox()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for container in self.containers:
            container.remove()
        self.close_postbox()

    @property
    def environment(self) -> dict[str, str]:
        """As the form needs it: the secret that the configuration has."""
        return {"ACKBOT_SECRET": (self.directory / "config/secrets/web-secret").read_text(encoding="utf-8").strip()}

    @property
    def container(self) -> Container:
        """The newest."""
        return self.containers[-1]

    def open_postbox(self) -> None:
        """The mail server takes mail."""
        self._server = Controller(self.postbox, hostname="127.0.0.1", port=SMTP_PORT)
        self._server.start()

    def close_postbox(self) -> None:
        """The mail server is away."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def start(self, *command: str, environment: dict[str, str] | None = None, is_configured: bool = True) -> Container:
        """A new container, on the same volume; until it `is_configured` it may write its configuration."""
        container = Container(self.image, self.directory, f"ackbot-{len(self.containers)}")
        self.containers.append(container)
        container.start(list(command), environment or {}, is_configured=is_configured)
        return container

    def run(self, *command: str, is_configured: bool = True) -> str:
        """What a command prints in a container of its own. Raises RuntimeError where its status is not 0."""
        container = self.start(*command, is_configured=is_configured)
        status, words = container.wait(), container.log.read_text(encoding="utf-8").strip()
        if status:
            raise RuntimeError(f"{' '.join(command)} ended with status {status}: {words}")
        return words

    def start_well(self, *, environment: dict[str, str] | None = None) -> Container:
        """The service in a new container; return when the image's health check is content with it."""
        container = self.start(environment=environment)
        wait_until(container.healthy, what="the health check")
        return container

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{WEB_PORT}{path}", timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read().decode()

    def ask(self, query: str) -> list[Any]:
        """The rows of a query to the store in the volume."""
        return service.ask(f"sqlite:///{self.directory}/volume/ackbot.db", query)

    def hand_in(self, sender: str, subject: str) -> None:
        """A mail, by LMTP, as the council's mail server does it; return when the service has said that it has it."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "customer.services@example.gov.uk", subject
        mail["Message-ID"] = f"<{subject.replace(' ', '.')}@residents.example>"
        mail.set_content(f"Good morning.\n{subject}: please have a look.\n")
        with smtplib.LMTP("127.0.0.1", LMTP_PORT) as server:
            server.send_message(mail)
