"""What `ackbot check` says of the saved answers, and of what receipts say of a service."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.render.answers import SavedAnswer
    from bot.render.compose import Composer
    from bot.render.lint import Finding
    from bot.settings.reading import Settings


def examine(configured: "Settings", composer: "Composer") -> "list[Finding]":
    """Return what is wrong with the files of saved answers, and with the words of services."""
    from bot.render import answers, lint_answers, lint_services
    from bot.render.drafts import error
    from bot.render.lint import Finding

    usable, problems = answers.read_all(configured.template_directories)
    findings = [Finding(answers.FOLDER, "L4", *error(f"It cannot be used: {problem}")) for problem in problems]
    for answer in usable:
        findings += lint_answers.examine(composer, answer)
        where = f"{answers.FOLDER}/{answer.name}.md"
        findings += [Finding(where, "L4", *error(fault)) for fault in _unknown(configured, answer)]
    for service in configured.services.service:
        findings += lint_services.examine(service.name, service.receipt_words, service.receipt_text)
    return findings


def _unknown(configured: "Settings", answer: "SavedAnswer") -> Iterator[str]:
    teams = [team.name for team in configured.teams]
    for team in sorted(set(answer.teams) - set(teams)):
        yield f"There is no team {team}; there are {', '.join(teams) or 'none'}."
    services = [service.name for service in configured.services.service]
    if answer.service and answer.service not in services:
        yield f"There is no service {answer.service}; there are {', '.join(services) or 'none'}."
