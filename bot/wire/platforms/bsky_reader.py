"""Reads notifications, own posts and private messages of a Bluesky account, and says which tell us nothing.

Lexicons: app.bsky.notification.listNotifications, chat.bsky.convo.defs (github.com/bluesky-social/atproto).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.core.messages import Inbound, Party, Post, RemoteFile
from bot.wire.platforms import bsky_posts as posts
from bot.wire.platforms.reading import NotUnderstood, read_each, with_raw

Values = Mapping[str, Any]
REASONS = ("mention", "reply", "quote")
_CREATED, _REACTED = "logCreateMessage", "logAddReaction"
_LOCKS = ("logLockConvo", "logUnlockConvo", "logLockConvoPermanently")
_LINKS = ("logCreateJoinLink", "logEditJoinLink", "logEnableJoinLink", "logDisableJoinLink")
_REQUESTS = ("Incoming", "Approve", "Reject", "Outgoing", "Withdraw")
# What is said to nobody: it brings no words of a person to us, and is neither logged nor shunted.
IGNORED: Mapping[str, str] = {
    **dict.fromkeys(("like", "repost", "like-via-repost", "repost-via-repost"), "who likes or repeats says nothing"),
    **dict.fromkeys(("follow", "starterpack-joined", "contact-match"), "who follows the account says nothing"),
    **dict.fromkeys(("verified", "unverified"), "somebody vouches for the account"),
    "subscribed-post": "somebody whom the account follows has posted, and not to it",
    **dict.fromkeys(("logBeginConvo", "logAcceptConvo", "logLeaveConvo"), "a conversation has no words yet, or ends"),
    **dict.fromkeys(("logMuteConvo", "logUnmuteConvo"), "the account itself has muted somebody"),
    **dict.fromkeys(("logReadMessage", "logReadConvo"), "somebody has opened a conversation"),
    "logDeleteMessage": "to delete a message hides it from oneself only: its writer has not taken it back",
    "logRemoveReaction": "a reaction was taken back",
    **dict.fromkeys(("logAddMember", "logRemoveMember", "logMemberJoin", "logMemberLeave"), "who is in a group"),
    **dict.fromkeys((*_LOCKS, "logEditGroup", *_LINKS), "how a group is set"),
    **dict.fromkeys((f"log{request}JoinRequest" for request in _REQUESTS), "who wants to be in a group"),
    "systemMessageView": "a line of the platform's own in a group",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads for one channel. `me` is the account's DID, in every piece, so that it can be read again."""

    channel: str

    def notifications(self, notifications: Iterable[Any], me: str) -> Iterator[Inbound]:
        """Read what names, answers or quotes the account."""
        return self.pieces({"notification": notification, "me": me} for notification in notifications)

    def own(self, records: Iterable[Any], now: datetime) -> Iterator[Inbound]:
        """Read posts of the account's own; a clock that is ahead counts as `now`."""
        return self.pieces({"record": record, "now": now.isoformat()} for record in records)

    def pieces(self, pieces: Iterable[Values]) -> Iterator[Inbound]:
        """Read pieces of each kind."""
        return read_each(self.channel, pieces, self.piece)

    def deletion(self, uri: str) -> Inbound:
        """Return that a post was deleted."""
        about = Post("deletion", about=uri)
        return Inbound(self.channel, f"{uri} deleted", "", None, visibility="public", post=about)

    def piece(self, piece: Values) -> list[Inbound]:
        """Read one thing that the network showed. Raises NotUnderstood, and the errors of a wrong shape."""
        return list(with_raw(self._read(piece), piece))

    def _read(self, piece: Values) -> list[Inbound]:
        if "notification" in piece:
            return self._public(piece["notification"], piece["me"])
        if "record" in piece:
            return self._outgoing(piece["record"], piece["now"])
        if "entry" in piece:
            return self._of_log(piece["entry"], piece)
        return self._private(piece["message"], piece)

    def _public(self, notification: Values, me: str) -> list[Inbound]:
        reason = notification["reason"]
        if reason in IGNORED:
            return []
        if reason not in REASONS:
            raise NotUnderstood(f"a notification because of {reason}")
        record, author = notification["record"], notification["author"]
        post = Post(
            kind="mention" if posts.is_addressed_to(me, notification) else "comment",
            answers=posts.ancestors(record),
            by_program=posts.is_program(author),
            holds=posts.attachments(record.get("embed")),
            files=_files(author["did"], record.get("embed")),
            link=posts.link(notification["uri"]),
        )
        at = datetime.fromisoformat(notification["indexedAt"])
        return [self._message(notification["uri"], record["text"], at, posts.party(author), post)]

    def _outgoing(self, record: Values, now: str) -> list[Inbound]:
        value, latest = record["value"], datetime.fromisoformat(now)
        text = value["text"]
        if not value.get("reply"):
            return []  # an announcement, which is said to nobody
        own = posts.is_ours(record["uri"])
        post = Post(answers=posts.ancestors(value), automatic=own, link=posts.link(record["uri"]))
        at = min(instant(value.get("createdAt", "")) or latest, latest)
        return [self._message(record["uri"], text, at, None, post)]

    def _of_log(self, entry: Values, piece: Values) -> list[Inbound]:
        kind = entry["$type"].partition("#")[2]
        if kind in IGNORED:
            return []
        if kind == _CREATED:
            return self._private(entry["message"], {"conversation": entry["convoId"], **piece})
        if kind != _REACTED:
            raise NotUnderstood(f"an entry {kind} in the log of private messages")
        did = entry["reaction"]["sender"]["did"]
        return [] if did == piece["me"] else [self._reaction(entry, did)]

    def _private(self, message: Values, piece: Values) -> list[Inbound]:
        """Read a private message. A group counts as public, so it gets no automatic answer."""
        kind = str(message.get("$type", "#messageView")).partition("#")[2]
        if kind in IGNORED:
            return []
        if kind not in ("messageView", "deletedMessageView"):
            raise NotUnderstood(f"a private message of the kind {kind}")
        did, author = message["sender"]["did"], piece["author"]
        if not did or (kind == "messageView" and "text" not in message):
            raise NotUnderstood("a private message without its writer or its words")
        is_hidden = kind == "deletedMessageView"
        post = Post(
            kind="comment" if piece["group"] else "message",
            conversation=piece["conversation"],
            by_program=posts.is_program(author),
            holds=("hidden",) if is_hidden else posts.attachments(message.get("embed")),
        )
        at, party = datetime.fromisoformat(message["sentAt"]), None if did == piece["me"] else posts.party(author)
        return [self._message(f"{piece['conversation']}/{message['id']}", message.get("text", ""), at, party, post)]

    def _reaction(self, entry: Values, did: str) -> Inbound:
        reaction, name = entry["reaction"], f"{entry['convoId']}/{entry['message']['id']}"
        author = next((profile for profile in entry.get("relatedProfiles", ()) if profile["did"] == did), {"did": did})
        post, at = Post("reaction", conversation=entry["convoId"], about=name), reaction["createdAt"]
        reaction_name = f"{name} {reaction['value']} {did}"
        party = posts.party(author)
        return self._message(reaction_name, reaction["value"], datetime.fromisoformat(at), party, post)

    def _message(self, name: str, text: str, at: datetime, sender: Party | None, post: Post) -> Inbound:
        return Inbound(
            channel=self.channel,
            external_id=name,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            sender=sender,
            text=text,
            received_at=at,
            outgoing=sender is None,
            visibility="private" if post.conversation else "public",
            post=post,
        )


def instant(value: Any) -> datetime | None:
    """Return the instant that a clock of somebody's has written, None where it is none."""
    try:
        at = datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def writer_of(message: Any) -> str:
    """Return who wrote a private message, "" where it is not said."""
    sender = message.get("sender") if isinstance(message, dict) else None
    return str(sender.get("did") or "") if isinstance(sender, dict) else ""


def _files(did: str, embed: Values | None) -> tuple[RemoteFile, ...]:
    """Return the pictures of a post, each by its writer and its content; a film is shown in pieces only."""
    if not embed:
        return ()
    if "media" in embed:
        return _files(did, embed["media"])
    blobs = [picture["image"] for picture in embed.get("images") or ()]
    types = (str(blob.get("mimeType") or "") for blob in blobs)
    return tuple(
        RemoteFile("image", f"{did}/{blob['ref']['$link']}", "", kind) for blob, kind in zip(blobs, types, strict=True)
    )
