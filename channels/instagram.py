"""An Instagram professional account: messages, comments and mentions in, answers out.

The calls bring everything at once; the list of conversations shows what a lost call would have brought, but not those
that wait in "Requests" and have not been looked at for 30 days.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, SecretStr

from bot.channel import Account, Batch, Coverage, Limits, RawRequest, Receipt
from bot.core.messages import Inbound, Outbound, Party, Post
from bot.wire import meta
from bot.wire.messenger import PERSONS_WINDOW, RECEIPT_WINDOW, Conversations, Inboxes
from bot.wire.platform import Api, PlatformUrl

PREFIX = "instagram:"
_NEEDED = frozenset({"instagram_manage_messages", "instagram_manage_comments"})
_BLIND = ("comments and mentions are brought by calls only: one that never arrives is not seen",)


class Settings(Account):
    """`account_id` and a long-lived `token`; `app_secret` signs the calls, `verify_token` is your own word."""

    account_id: str = Field(pattern=r"^\d{1,30}$")
    token: SecretStr
    app_secret: SecretStr
    verify_token: SecretStr
    url: PlatformUrl = meta.GRAPH
    poll_seconds: float = Field(default=300, ge=0.1, le=3600)
