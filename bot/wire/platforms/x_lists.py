"""The lists of X that are read: the path and the query of each (docs.x.com/x-api)."""

from collections.abc import Mapping
from typing import Any

PAGE = 100
_EXPANDED_FIELDS = {"media.fields": "type", "user.fields": "name,username"}
_POSTS = {
    "max_results": PAGE,
    "post.fields": "attachments,conversation_id,created_at,display_text_range,entities,id,note_post,text",
    "expansions": "attachments.media_keys,author_id,in_reply_to_user_id,referenced_posts",
    **_EXPANDED_FIELDS,
}
MESSAGES = {
    # Reading a message, which happens once a day, costs as much as ten mentions.
    "max_results": 25,
    "event_types": "MessageCreate",
    "dm_event.fields": "attachments,created_at,dm_conversation_id,event_type,id,text",
    "expansions": "attachments.media_keys,sender_id",
    **_EXPANDED_FIELDS,
}
QUERIES: Mapping[str, Mapping[str, Any]] = {
    "messages": MESSAGES,
    "mentions": _POSTS,
    "posts": {**_POSTS, "exclude": "retweets"},
}
PATHS = {"messages": "/2/dm_events", "mentions": "/2/users/{me}/mentions", "posts": "/2/users/{me}/tweets"}
