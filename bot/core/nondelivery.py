"""The class of a report about our own mail, where it has no part for programs: by its fields or codes in plain text."""

import re
from collections.abc import Iterator

from bot.core.messages import Inbound, Report

_MOST = 20_000
# Where the mail that came back begins: its own words say nothing about what became of it.
_ORIGINAL = re.compile(
    r"^(?:Received|Return-Path|DKIM-Signature|MIME-Version|X-Ackbot-[\w-]+):"
    r"|^[-=_* ]{2,20}.{0,40}\b(?:original|copy of|returned message)\b",
    re.MULTILINE | re.IGNORECASE,
)
_FIELD = re.compile(r"^[ \t>]*(Action|Status|Diagnostic-Code)[ \t]*:[ \t]*(.{1,300})", re.MULTILINE | re.IGNORECASE)
# RFC 3463; an address of four numbers or the version of a program is no code.
_ENHANCED = re.compile(
    r"(?<![\d.])(?<!\bv)(?<!version )(?<!exim )(?<!postfix )([45]\.[0-7]\.\d{1,3})(?!\.?\d)", re.IGNORECASE
)
# RFC 5321 section 4.2: a reply code stands where a server's answer begins.
_BARE = re.compile(
    r"(?:^[ \t>*]*|[\"'\u2018\u201c(<\[#:;=]\s{0,3}"
    r"|\b(?:said|error|code|reply|returned|reason|response|smtp|status|with|got)\W{1,4})"
    r"([45][0-7]\d)(?=[ \t\-:;,.)\]'\"\u2019\u201d]|$)(?![.,:-]\d)",
    re.MULTILINE | re.IGNORECASE,
)
_GIVES_UP = re.compile(
    r"giv(?:en|ing|e) up|permanent|fatal|expired|undeliver|could not be delivered|too (?:long|old|many)|retry time"
    r"|not (?:be )?(?:going to )?(?:try|tri(?:ed|ing)|retr(?:y|ied)) (?:again|any ?more|further)|time[- ]?out exceeded"
    r"|no (?:further|more) (?:attempts|deliver)|will not be (?:retried|delivered)|nicht zugestellt|n'a pas pu être",
    re.IGNORECASE,
)
_STILL_TRIES = re.compile(
    r"will (?:be (?:retried|tried again)|keep|continue|retry|try again)|still (?:trying|being)|warning|delay|need not"
    r"|do not (?:need to )?re-?send",
    re.IGNORECASE,
)
_PERMANENT = re.compile(r"\bpermanent(?:ly)? (?:fatal )?(?:error|fail)", re.IGNORECASE)
_EXPIRED = ".4.7"  # RFC 3463 section 3.5: too old, whatever class it is given


def reports_of(message: Inbound) -> tuple[Report, ...]:
    """Return the reports of a mail about our own mail; none where its class is unknown."""
    reports = message.mail.reports if message.mail else ()
    if any(report.status or report.action == "complained" for report in reports):
        return reports
    by_words = _by_words(message.text[:_MOST])
    if by_words is None:
        return reports
    failure = next((report for report in reports if report.action == "failed"), None)
    if failure is not None and by_words.action == "delayed":
        return (Report("failed", by_words.status, failure.recipient),)
    return (by_words,)


def action_of(word: str, status: str) -> str:
    """Return the action of RFC 3464 section 2.3.3 for the word in a report, and for the class of its status."""
    if word in ("failed", "delayed"):
        return word
    if status.startswith("5.") or (status.startswith("4.") and status.endswith(_EXPIRED)):
        return "failed"
    if status.startswith("4."):
        return "delayed"
    if word in ("delivered", "relayed", "expanded"):
        return word
    return "relayed" if status.startswith("2.") else ""


def status_in(words: str) -> str:
    """Return the enhanced code in words such as those of Diagnostic-Code; a bare one by its class alone, or ""."""
    match = _ENHANCED.search(words)
    if match:
        return match[1]
    bare = _BARE.search(words)
    return f"{bare[1][0]}.0.0" if bare else ""


def _by_words(text: str) -> Report | None:
    original = _ORIGINAL.search(text)
    text = text[: original.start()] if original and original.start() > 0 else text
    fields = {name.lower(): value.strip() for name, value in reversed(_FIELD.findall(text))}
    status = status_in(fields.get("status", "")) or status_in(fields.get("diagnostic-code", ""))
    action = action_of(fields.get("action", "").split(" ")[0].lower(), status)
    return Report(action, status) if action else _by_codes(text)


def _by_codes(text: str) -> Report | None:
    codes = list(_codes(text))
    permanent = next((code for code in codes if code.startswith("5")), "")
    if permanent:
        return Report("failed", permanent if "." in permanent else "")
    if not codes:
        return Report("failed") if _PERMANENT.search(text) else None
    status = codes[0] if "." in codes[0] else "4.0.0"
    gives_up = _GIVES_UP.search(text) is not None and _STILL_TRIES.search(text) is None
    return Report("failed" if gives_up else "delayed", status)


def _codes(text: str) -> Iterator[str]:
    yield from (match[1] for match in _ENHANCED.finditer(text))
    yield from (match[1] for match in _BARE.finditer(text))
