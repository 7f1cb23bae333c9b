"""Reads notifications and statuses of a Mastodon server, and says which notifications tell us nothing.

docs.joinmastodon.org: entities/Notification, entities/Status, entities/MediaAttachment. Only what is public or unlisted
is public: posts to followers, of a limited circle or of one server alone are private, and so is what we do not know.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.messages import Inbound, Party, Post, RemoteFile
from bot.wire.markup import to_text
from bot.wire.platforms.reading import NotUnderstood, read_each, with_raw

Values = Mapping[str, Any]
# What is said to nobody: it brings no words of a person to us. The server is asked to leave these out.
IGNORED: Mapping[str, str] = {
    **dict.fromkeys(("favourite", "reblog"), "who likes or repeats a post says nothing"),
    **dict.fromkeys(("follow", "follow_request"), "who follows the account says nothing"),
    "poll": "a poll has ended",
    "status": "somebody whom the account follows has posted, and not to it",
    "update": "a post was edited, which the comparing shows with its words",
    "quoted_update": "a post that ours quotes was edited",
    **dict.fromkeys(("admin.sign_up", "admin.report"), "for whoever keeps the server"),
    **dict.fromkeys(
        ("severed_relationships", "moderation_warning", "annual_report"), "from the server, about the account itself"
    ),
    **dict.fromkeys(("added_to_collection", "collection_update"), "the account is in a list of somebody's"),
}
_ADDRESSED = ("mention", "quote")
_PUBLIC = ("public", "unlisted")


@dataclass(frozen=True, slots=True)
class Statuses:
    """Reads for one channel; `host` is the server's, which its own people's addresses lack."""

    channel: str
    host: str

    def mentions(self, notifications: Iterable[Any], me: str) -> Iterator[Inbound]:
        """Read notifications of the account whose id is `me`."""
        return self._read_each({"notification": notification, "me": me} for notification in notifications)

    def private(self, statuses: Iterable[Any]) -> Iterator[Inbound]:
        """Read newest statuses of conversations."""
        return self._read_each({"status": status} for status in statuses)

    def edits(self, statuses: Iterable[Any]) -> Iterator[Inbound]:
        """Read statuses that were edited."""
        return self._read_each({"edit": status} for status in statuses)

    def own(self, statuses: Iterable[Any]) -> Iterator[Inbound]:
        """Read the account's own statuses: what is said to somebody is an answer, staff's or an automatic one."""
        return self._read_each({"own": status} for status in statuses)

    def deletion(self, status_id: str) -> Inbound:
        """Return that a status was deleted."""
        return Inbound(self.channel, f"{status_id} taken back", "", None, post=Post("deletion", about=status_id))

    def piece(self, piece: Values) -> list[Inbound]:
        """Read one thing that the server showed. Raises NotUnderstood, and the errors of a wrong shape."""
        return list(with_raw(self._read(piece), piece))

    def _read_each(self, pieces: Iterable[Values]) -> Iterator[Inbound]:
        return read_each(self.channel, pieces, self.piece)

    def _read(self, piece: Values) -> list[Inbound]:
        if "notification" in piece:
            return self._notification(piece["notification"], str(piece["me"]))
        if "edit" in piece:
            return [self._edit(piece["edit"])]
        if "status" in piece:
            return [self._inbound(piece["status"], "mention")]
        return self._outgoing(piece["own"])

    def _notification(self, notification: Values, me: str) -> list[Inbound]:
        kind = notification["type"]
        if kind in IGNORED:
            return []
        if kind not in _ADDRESSED:
            raise NotUnderstood(f"a notification of the kind {kind}")
        status = notification["status"]
        names_us = any(str(mention["id"]) == me for mention in status["mentions"])
        return [self._inbound(status, "mention" if names_us or kind == "mention" else "comment")]

    def _inbound(self, status: Values, kind_in_public: str) -> Inbound:
        account, private = status["account"], is_private(status)
        address = self._address(account["acct"])
        post = Post(
            kind="message" if private else "comment" if kind_in_public == "comment" else "mention",
            conversation=address if private else "",
            answers=_parents(status),
            by_program=bool(account.get("bot")),
            holds=_holds(status),
            files=_files(status),
            link=status.get("url") or status.get("uri") or "",
        )
        return self._message(status, post, Party(address, account.get("display_name") or ""))

    def _outgoing(self, status: Values) -> list[Inbound]:
        if not (status["mentions"] or status.get("in_reply_to_id")):
            return []  # an announcement, which is said to nobody
        addresses = [self._address(mention["acct"]) for mention in status["mentions"]]
        post = Post(conversation=addresses[0] if is_private(status) and addresses else "", answers=_parents(status))
        return [self._message(status, post, None)]

    def _edit(self, status: Values) -> Inbound:
        post = Post("edit", about=str(status["id"]), link=status.get("url") or "")
        sender = Party(self._address(status["account"]["acct"]))
        return self._message(status, post, sender, suffix=f" edited {status['edited_at']}")

    def _message(self, status: Values, post: Post, sender: Party | None, suffix: str = "") -> Inbound:
        words, warning = to_text(status["content"]), status.get("spoiler_text") or ""
        text = f"{warning}\n\n{words}" if warning else words
        return Inbound(
            channel=self.channel,
            external_id=f"{status['id']}{suffix}",
            digest=hashlib.sha256(text.encode()).hexdigest(),
            sender=sender,
            text=text,
            received_at=datetime.fromisoformat(status["created_at"]),
            outgoing=sender is None,
            visibility="private" if is_private(status) else "public",
            post=post,
        )

    def _address(self, acct: str) -> str:
        if not acct or not isinstance(acct, str):
            raise NotUnderstood("an account without an address")
        return f"@{acct}" if "@" in acct else f"@{acct}@{self.host}"


def is_private(status: Values) -> bool:
    """Tell whether not everybody can read a status: servers of other makes keep some to themselves."""
    is_local = bool(status.get("local_only")) or status.get("federated") is False
    return status["visibility"] not in _PUBLIC or is_local


def _parents(status: Values) -> tuple[str, ...]:
    parent = status.get("in_reply_to_id")
    return (str(parent),) if parent else ()


def _holds(status: Values) -> tuple[str, ...]:
    """Return what a status holds besides its words; a post that it quotes is read with it, behind its link."""
    media = tuple(str(medium["type"]) for medium in status.get("media_attachments") or ())
    return (*media, *(("post",) if status.get("quote") else ()), *(("poll",) if status.get("poll") else ()))


def _files(status: Values) -> tuple[RemoteFile, ...]:
    media = status.get("media_attachments") or ()
    return tuple(RemoteFile(str(medium["type"]), medium["url"]) for medium in media if medium.get("url"))
