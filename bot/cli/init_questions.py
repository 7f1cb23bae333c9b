"""The questions of `ackbot init`, in their order: each has an option, most have a usual answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from bot.cli import init_values as values
from bot.cli.configuration import refuse

if TYPE_CHECKING:
    Answers = Mapping[str, str]


class MailKind(StrEnum):
    """How mail comes in."""

    NONE = "none"
    IMAP = "imap"
    GRAPH = "graph"
    LMTP = "lmtp"


# Nobody's domain (RFC 2606), for as long as no mail leaves.
TRIAL_DOMAIN = "council.example"
_WAYS = """
How does mail come in?
  none   not yet: try everything on this machine first
  imap   we look in a mailbox (IMAP), and answer by a mail server (SMTP)
  graph  a mailbox of Microsoft 365
  lmtp   your mail server hands mail over (LMTP)
Your answer"""


@dataclass(frozen=True, slots=True)
class Question:
    """One question: `key` is its option with underscores, `parse` raises ValueError, `usual` is None without an answer.

    `applies` says whether it is asked, by the answers before it; what `is_secret` is not shown.
    """

    key: str
    words: str
    parse: Callable[[str], str]
    usual: "Callable[[Answers], str | None]" = lambda _: None
    applies: "Callable[[Answers], bool]" = lambda _: True
    is_secret: bool = False

    @property
    def option(self) -> str:
        """The option that answers it."""
        return "--password-file" if self.is_secret else f"--{self.key.replace('_', '-')}"


def _is(*kinds: MailKind) -> "Callable[[Answers], bool]":
    return lambda answers: answers["mail"] in kinds


def _usual_address(answers: "Answers") -> str | None:
    return f"customer.services@{TRIAL_DOMAIN}" if answers["mail"] == MailKind.NONE else None


def _usual_alert(answers: "Answers") -> str | None:
    return f"front.office@{TRIAL_DOMAIN}" if answers["mail"] == MailKind.NONE else None


def _usual_smtp(answers: "Answers") -> str:
    host = values.imap_server(answers["server"]).host if answers["mail"] == MailKind.IMAP else "127.0.0.1"
    return f"smtp.{host.removeprefix('imap.')}" if host.startswith("imap.") else host


def _is_here(server: str) -> bool:
    """Tell whether a mail server is on this machine: it is asked without a password."""
    return values.smtp_server(server).tls == "none"


def _has_password(answers: "Answers") -> bool:
    return answers["mail"] in (MailKind.GRAPH, MailKind.IMAP) or bool(answers.get("user"))


def _way(text: str) -> str:
    try:
        return MailKind(text.strip().lower()).value
    except ValueError:
        raise ValueError(f"must be one of {', '.join(MailKind)}") from None


QUESTIONS = (
    Question("name", "Name of the council", values.name),
    Question(
        "prefix",
        "Letters that begin every reference, as in EX-7K3M-9QPH",
        values.prefix,
        usual=lambda answers: values.prefix_of(answers["name"]),
    ),
    Question("timezone", "Time zone", values.timezone, usual=lambda _: "Europe/London"),
    Question("phone", "Telephone number for residents (Enter: none)", values.phone, usual=lambda _: ""),
    Question("website", "Your website (Enter: none)", values.web_address, usual=lambda _: ""),
    Question(
        "public_url",
        "Address at which people will open the form and the console",
        values.web_address,
        usual=lambda answers: f"http://{answers['listen']}",
    ),
    Question("mail", _WAYS, _way, usual=lambda _: MailKind.NONE.value),
    Question("address", "Address that residents write to", values.address, usual=_usual_address),
    Question("server", "IMAP server of its mailbox", values.server, applies=_is(MailKind.IMAP)),
    Question(
        "smtp",
        "SMTP server that takes our mail",
        values.server,
        usual=_usual_smtp,
        applies=_is(MailKind.IMAP, MailKind.LMTP),
    ),
    Question(
        "user",
        "User name of the mailbox",
        values.user,
        usual=lambda answers: answers["address"],
        applies=_is(MailKind.IMAP),
    ),
    Question(
        "user",
        "User name at the SMTP server (Enter: it asks for none)",
        values.user,
        usual=lambda _: "",
        applies=lambda answers: answers["mail"] == MailKind.LMTP and not _is_here(answers["smtp"]),
    ),
    Question("tenant", "Directory (tenant) ID of the registration", values.identifier, applies=_is(MailKind.GRAPH)),
    Question("client_id", "Application (client) ID", values.identifier, applies=_is(MailKind.GRAPH)),
    Question(
        "password",
        "Password, or client secret (not shown; it goes into a file for you alone)",
        values.password,
        applies=_has_password,
        is_secret=True,
    ),
    Question("alert", "Address of staff who are told before a promise is broken", values.address, usual=_usual_alert),
)


def ask(options: "Mapping[str, str | None]", listen: str, *, at_terminal: bool) -> dict[str, str]:
    """Return an answer to each question that applies, by its key.

    It is the option's, else what is typed, else, where there is no terminal, the usual one. Ends the command with
    status 2 at an option that is wrong or does not apply, and where answers are missing that have no usual one.
    """
    answers, missing = {"listen": listen}, list[str]()
    for question in QUESTIONS:
        if not question.applies(answers):
            continue
        value = options.get(question.key)
        # As long as no mail comes in, what is usual of mail does.
        if value is None and at_terminal and answers.get("mail") != MailKind.NONE:
            answers[question.key] = _typed(question, answers)
        elif value is None:
            usual = question.usual(answers)
            missing += [question.option] if usual is None else []
            answers[question.key] = usual or ""
        else:
            answers[question.key] = _parsed(question, value)
    _refuse_what_does_not_apply(options, answers)
    if missing:
        refuse(f"Still needed: {', '.join(missing)}. Nothing was written; `ackbot init --help` explains the options.")
    return answers


def _refuse_what_does_not_apply(options: "Mapping[str, str | None]", answers: "Answers") -> None:
    for question in QUESTIONS:
        if options.get(question.key) is not None and question.key not in answers:
            server = f" and --smtp {answers['smtp']}" if question.key == "user" and "smtp" in answers else ""
            refuse(f"{question.option} does not go with --mail {answers['mail']}{server}. Nothing was written.")


def _parsed(question: Question, value: str) -> str:
    try:
        return question.parse(value)
    except ValueError as error:
        value_words = "" if question.is_secret else f" {value!r}"
        refuse(f"{question.option}{value_words}: {_sentence(error)} Nothing was written.")


def _sentence(error: ValueError) -> str:
    return f"{error}" if f"{error}".endswith("?") else f"{error}."


def _typed(question: Question, answers: "Answers") -> str:
    """Ask until the answer can be used; what is wrong is said at once."""

    def parse(text: str) -> str:
        try:
            return question.parse(text)
        except ValueError as error:
            raise typer.BadParameter(f"This {_sentence(error)}") from None

    usual = question.usual(answers)
    answer: str = typer.prompt(
        question.words, default=usual, show_default=bool(usual), hide_input=question.is_secret, value_proc=parse
    )
    return answer
