"""Takes a call of X apart into its events, each with what is needed to read it again, and says which tell us nothing.

docs.x.com: x-api/activity/introduction (X Activity API), x-api/account-activity/introduction (Account Activity).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

Values = Mapping[str, Any]
# What stands beside the events of Account Activity and belongs to each of them.
CONTEXT = ("for_user_id", "users", "apps", "user_has_blocked")
# What is said to nobody: it brings no words of a person to us, and is neither logged nor shunted.
IGNORED: Mapping[str, str] = {
    **dict.fromkeys(("favorite_events", "like.create", "like.delete"), "who likes a post says nothing"),
    **dict.fromkeys(
        ("follow_events", "unfollow_events", "follow.follow", "follow.unfollow"), "who follows the account says nothing"
    ),
    **dict.fromkeys(
        ("block_events", "unblock_events", "mute_events", "unmute_events", "block.create", "mute.create"),
        "the account itself has shut somebody out",
    ),
    **dict.fromkeys(
        ("direct_message_indicate_typing_events", "dm.indicate_typing", "chat.indicate_typing"),
        "somebody types, and may send nothing",
    ),
    **dict.fromkeys(
        ("direct_message_mark_read_events", "dm.read", "chat.read", "chat.conversation_join"),
        "somebody has opened a thread",
    ),
    "user_event": "the account took back its consent, which the coverage shows",
    "post.repost.create": "a repost has no words of its own",
    **dict.fromkeys(("spaces.start", "spaces.end", "news.new"), "a broadcast, or news, is said to nobody"),
    # In the list of direct messages, which is asked for messages alone.
    **dict.fromkeys(("ParticipantsJoin", "ParticipantsLeave"), "who is in a group of direct messages says nothing"),
}
_PROFILE = "profile.update."


def is_ignored(kind: str) -> bool:
    """Tell whether events of this kind are rightly left out; of a profile all are."""
    return kind in IGNORED or kind.startswith(_PROFILE)


def pieces(call: Values) -> list[Any]:
    """Return the events of a call, each as a call of its own; a call without any is returned as it is."""
    events = list(_of_activity(call["data"]) if "data" in call else _of_account(call))
    return events or [call]


def beside(item: Any, includes: Any) -> dict[str, list[Any]]:
    """Return of what accompanies a page what an item names; whatever is of another shape is left to the reader."""
    words = json.dumps(item)
    lists = includes.items() if isinstance(includes, dict) else ()
    return {name: [value for value in values if _name(value) in words] for name, values in lists if _is_list(values)}


def _is_list(values: Any) -> bool:
    return isinstance(values, list)


def _name(value: Any) -> str:
    """Return the name of what accompanies a page, as it stands in an item, or what stands in none."""
    name = (value.get("media_key") or value.get("id")) if isinstance(value, dict) else None
    return json.dumps(name) if name else "\0"


def _of_activity(event: Any) -> Iterator[Any]:
    payload = event.get("payload") if isinstance(event, dict) else None
    events = payload.get("direct_message_events") if isinstance(payload, dict) else None
    if payload is None or not isinstance(events, list):
        yield {"data": event}
        return
    for direct_message in events:
        yield {"data": event | {"payload": payload | {"direct_message_events": [direct_message]}}}


def _of_account(call: Values) -> Iterator[Any]:
    context = {name: call[name] for name in CONTEXT if name in call}
    for name, events in call.items():
        if name not in CONTEXT:
            for event in events if isinstance(events, list) else [events]:
                yield {**context, name: [event] if isinstance(events, list) else event}
