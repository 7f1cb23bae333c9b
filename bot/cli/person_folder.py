"""A folder with all that is kept of one person: a page to read, the same as data, and every file in its own bytes.

What people wrote is hostile: nothing of it is markup on the page, and no name of theirs is a path, hidden, or one that
a program would run at a click.
"""

import base64
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.cli import progress

if TYPE_CHECKING:
    from bot.settings.organisation import Organisation

Values = dict[str, Any]
_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_STEM_BYTES, _LONGEST_ENDING = 100, 10
# What a browser or a desktop takes for a page or a program, and not for a document.
_RUN_AT_A_CLICK = re.compile(
    r"\.(?:x?html?|xht|mht(?:ml)?|svgz?|xml|xslt?|m?js|jse|vb[es]?|ws[cfh]?|hta|exe|com|scr|pif|cpl|bat|cmd|ps1|sh|py|"
    r"jar|msi|app|desktop|lnk|url|website|reg|scf|iso|img|vhdx?|chm|library-ms|settingcontent-ms)$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Folder:
    """A new folder that only its owner can read, and the names in it so far."""

    path: Path
    count: int = 0
    names: list[str] = field(default_factory=list)

    def put(self, name: str, content: bytes) -> str:
        """Write a new file and return its name as an address on the page."""
        path = self.path / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(content)
        self.names.append(name)
        return name

    def put_numbered(self, folder: str, name: str, content: bytes) -> str:
        """Write a file under the name that somebody gave it, made safe, after a number of its own."""
        self.count += 1
        return self.put(f"{folder}/{self.count:03d}-{safe_name(name)}", content)


def safe_name(name: str) -> str:
    """Return a name of letters, digits, dots, hyphens and underscores; of what runs at a click it ends with .txt."""
    plain = _UNSAFE.sub("_", name).strip("._-")
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > _LONGEST_ENDING:
        stem, dot, ending = plain, "", ""
    beginning = stem.encode()[:_LONGEST_STEM_BYTES].decode(errors="ignore").rstrip("._-")
    safe = f"{beginning or 'file'}{dot}{ending}"
    return f"{safe}.txt" if _RUN_AT_A_CLICK.search(safe) else safe


def write(
    path: Path, record: Values, organisation: "Organisation", now: datetime, templates: Sequence[Path]
) -> list[str]:
    """Make the folder with its page, its data and its files; return their names. Raises OSError where it cannot."""
    path.mkdir(mode=0o700)
    folder, zone = Folder(path), organisation.zone
    with progress.line("Writing contacts", len(record["contacts"])) as move:
        view = record | {
            "contacts": [_contact(folder, contact, zone) for contact in progress.each(record["contacts"], move)],
            "not_logged": [m | {"original": _original(folder, m, "not-logged")} for m in record["not_logged"]],
        }
        folder.put("record.json", as_json(record, zone).encode())
        folder.put("index.html", _page(view, organisation, now, templates).encode())
    return folder.names


def as_json(record: Values, zone: ZoneInfo) -> str:
    """Return the same as data for programs."""
    return json.dumps(record, ensure_ascii=False, indent=2, default=lambda value: _plain(value, zone)) + "\n"


def _plain(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    raise TypeError(type(value))


def _page(view: Values, organisation: "Organisation", now: datetime, templates: Sequence[Path]) -> str:
    import jinja2

    from bot.render.words import instant_in_words

    loader = jinja2.FileSystemLoader([directory / "exports" for directory in templates], encoding="utf-8-sig")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    zone = organisation.zone
    environment.filters["instant"] = lambda instant: instant_in_words(instant, zone)
    style, *_ = loader.get_source(environment, "style.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page: str = environment.get_template("person.html").render(
        record=view,
        organisation=organisation,
        written_at=instant_in_words(now, zone),
        style=style,
        style_hash=f"sha256-{digest}",
    )
    return page


def _contact(folder: Folder, contact: Values, zone: ZoneInfo) -> Values:
    elsewhere = ("messages", "events", "deliveries", "drafts", "feedback", "reference", "subject", "sender_key")
    facts = {name: value for name, value in contact.items() if name not in elsewhere}
    return {
        "reference": contact["reference"],
        "subject": contact.get("subject", ""),
        "forgotten": contact.get("forgotten", False),
        "facts": _lines(facts, zone),
        "messages": [_message(folder, message, contact["reference"], zone) for message in contact["messages"]],
        "sent": [_sent(folder, delivery, contact["reference"]) for delivery in contact.get("deliveries", ())],
        "drafts": [draft | {"files": _draft_files(folder, draft)} for draft in contact.get("drafts", ())],
        "feedback": _lines(contact.get("feedback") or {}, zone),
        "events": [_event(event, zone) for event in contact.get("events", ())],
    }


def _event(event: Values, zone: ZoneInfo) -> Values:
    from bot.flows.desk import event_titles

    return event | {"title": event_titles.event(event["kind"]), "lines": _lines(event["details"], zone)}


def _lines(facts: Values, zone: ZoneInfo) -> list[tuple[str, str]]:
    from bot.flows.desk import event_words

    plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in facts.items()}
    return event_words.lines(plain, zone)


def _message(folder: Folder, message: Values, reference: str, zone: ZoneInfo) -> Values:
    raw = base64.b64decode(message["raw"])
    return message | {
        "fields": _lines(json.loads(message["fields"]), zone),
        "files": _files(folder, raw),
        "original": _original(folder, message, reference),
    }


def _files(folder: Folder, raw: bytes) -> list[Values]:
    from bot.wire.mail import mime

    files = []
    for file in mime.files(raw):
        address = folder.put_numbered("attachments", file.name, file.content)
        is_renamed = address.endswith(".txt") and not file.name.lower().endswith(".txt")
        facts = {"name": file.name or "a file without a name", "kind": file.kind, "size": len(file.content)}
        files.append(facts | {"address": address, "is_renamed": is_renamed})
    return files


def _draft_files(folder: Folder, draft: Values) -> list[Values]:
    return [
        {
            "name": file["name"],
            "address": folder.put_numbered("drafts", file["name"], base64.b64decode(file["content"])),
        }
        for file in draft["files"]
    ]


def _original(folder: Folder, message: Values, name: str) -> str:
    """Write a message as it came over the wire; return its address, "" where that is not kept any more."""
    raw = base64.b64decode(message["raw"])
    ending = "json" if raw[:1] in (b"{", b"[") else "eml"
    return folder.put_numbered("messages", f"{name}.{ending}", raw) if raw else ""


def _sent(folder: Folder, delivery: Values, reference: str) -> Values:
    from bot.flows.outgoing.deliver import TO_SENDERS

    title = TO_SENDERS[delivery["purpose"]].capitalize()
    name = f"{reference}-from-us"
    messages = [message | {"original": _original(folder, message, name)} for message in delivery["messages"]]
    return delivery | {"title": title, "messages": messages}
