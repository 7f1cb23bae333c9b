"""A tenant of Microsoft 365 with Microsoft Graph, as learn.microsoft.com/en-us/graph describes it.

Rules: application permissions, narrowed by an application access policy ("auth-limit-mailbox-access"); four calls to a
mailbox at once ("throttling-limits"); ids that change with the folder unless `Prefer: IdType="ImmutableId"` is there
("outlook-immutable-id"); a delta function with tokens that are opaque, hold the first call's options, and are lost
some day (410), whose $filter and $orderby know one expression each ("message-delta"); MIME by /$value, which marks
nothing ("outlook-get-mime-message"); 20 calls to a batch ("json-batching"); sendMail as base64 MIME or JSON, up to
4 MB, from the mailbox alone, and with Auto-Submitted taken out of MIME ("user-sendmail"; microsoftgraph/
msgraph-sdk-dotnet issue 2209); subscriptions whose address proves itself within ten seconds, for less than seven days,
with a clientState ("change-notifications-delivery-webhooks").
"""

import base64
import email.policy
import http.client
import json
import random
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from tests.components.ports import PATIENCE_SECONDS
from tests.peers.entra import CLIENT, SECRET, TENANT, Entra
from tests.peers.peer import Handler, Peer, now, posted

MAILBOX, OTHER = "enquiries@example.gov.uk", "chief.executive@example.gov.uk"
AT_ONCE, BATCH, MOST_BYTES, PAGE = 4, 20, 4 * 2**20, 10
LONGEST = timedelta(minutes=10_080)
Values = dict[str, Any]
_PROPERTIES = frozenset(
    {"id", "receivedDateTime", "sentDateTime", "hasAttachments", "isDraft", "isRead", "internetMessageId", "subject"}
    | {"from", "sender", "toRecipients", "parentFolderId", "changeKey", "body", "conversationId"}
)
_EMPTY: Values = {
    "toRecipients": [],
    "body": {"contentType": "text", "content": ""},
    "changeKey": "CQAAAB",
    "conversationId": "AAQkAD",
}
_WELL_KNOWN = {"inbox": "Inbox", "junkemail": "Junk Email", "sentitems": "Sent Items", "deleteditems": "Deleted Items"}
_DELTA = {"$select", "$top", "$expand", "$filter", "$orderby", "changeType", "$deltatoken", "$skiptoken"}
_FILTER = re.compile(r"receivedDateTime (ge|gt) \S+")


class GraphPeer(Peer):
    """One mailbox. `folders` are names by id; `messages` what lies in them, by the id that never changes.

    `changes` is what has come or gone, in order. `broken`: messages that Graph cannot convert. `strange`: what the next
    page names besides, and no documentation does. `most_page`: the longest page. `requests` are the calls that were
    made, as method and path. `busy` has refusals to come, `answers_lost` how many mails to come are accepted without
    anybody hearing of it. `walks_ended`: how often the inbox was read to the end.
    """

    kind = "email_graph"
    pushes = True
    has_public = False
    has_posts = False

    def __init__(self) -> None:
        super().__init__()
        self.url = f"{self.base}/v1.0"
        self.entra = Entra(self.base, self.base)
        self.open_mailboxes = {MAILBOX}
        self.folders: dict[str, str] = dict(_WELL_KNOWN)
        self.parents: dict[str, str] = {}
        self.messages: dict[str, Values] = {}
        self.changes: list[tuple[str, str, str]] = []
        self.sent: list[bytes] = []
        self.subscriptions: dict[str, Values] = {}
        self.calls: list[bytes] = []
        self.requests: list[str] = []
        self.broken: set[str] = set()
        self.strange: list[Any] = []
        self.busy: list[tuple[int, str]] = []
        self.answers_lost = 0
        self.walks_ended = 0
        self.most_page = 1000
        self._generation = 0
        self._waiting: list[bytes] = []
        self._under_way = 0
        self._newest: dict[str, str] = {}
        self._count = 0

    @property
    def name(self) -> str:
        """That of the mailbox, which the kind is not fit for."""
        return "enquiries"

    def table(self) -> str:
        """Looked at often, so that a test need not wait."""
        return f"""
[[channel]]
name = "{self.name}"
kind = "{self.kind}"
mailbox = "{MAILBOX}"
tenant = "{TENANT}"
client_id = "{CLIENT}"
client_secret = "env:GRAPH_SECRET"
folders = ["Inbox", "Junk Email"]
poll_seconds = 0.3
url = "{self.url}"
login_url = "{self.base}"
"""

    def environment(self) -> dict[str, str]:
        """The secret of the registration."""
        return {"GRAPH_SECRET": SECRET}

    # What people and staff do

    def write(self, person: str, words: str, *, public: bool = False) -> str:
        """A mail; from the second on an answer to the newest that the person has had."""
        mail = EmailMessage(policy=email.policy.SMTP)
        mail["From"], mail["To"] = f"{person.title()} <{person}@residents.example>", MAILBOX
        mail["Date"], mail["Subject"] = format_datetime(now()), ""
        self._count += 1
        mail["Message-ID"] = f"<{self._count}.{secrets.token_hex(4)}@residents.example>"
        if had := self._mails_to(person):
            mail["In-Reply-To"] = str(had[-1]["Message-ID"])
        mail.set_content(words)
        self._newest[person] = str(mail["Message-ID"])
        return self.put(mail.as_bytes())

    def staff_answer(self, person: str, words: str) -> None:
        """With Outlook: the answer leaves, and lies in Sent Items."""
        mail = EmailMessage(policy=email.policy.SMTP)
        mail["From"], mail["To"] = f"Council <{MAILBOX}>", f"{person}@residents.example"
        mail["Date"], mail["Subject"] = format_datetime(now()), "Re: your message"
        mail["Message-ID"] = f"<{secrets.token_hex(8)}@example.gov.uk>"
        mail["In-Reply-To"] = self._newest[person]
        mail.set_content(words)
        self.put(mail.as_bytes(), folder="sentitems")

    def answers_to(self, person: str) -> list[str]:
        """The words of every mail that left for this person."""
        return [str(mail.get_body(("plain",)).get_content()) for mail in self._mails_to(person)]  # type: ignore[union-attr]

    def _mails_to(self, person: str) -> list[EmailMessage]:
        mails = [message_from_bytes(raw, policy=email.policy.default) for raw in self.sent]
        return [mail for mail in mails if f"{person}@residents.example" in str(mail["To"])]

    def put(self, raw: bytes, *, folder: str = "inbox", at: datetime | None = None, **more: Any) -> str:
        """A mail comes into a folder; whoever has subscribed is called."""
        self._count += 1
        number = f"AAkALg{self._count:08d}="
        mail = message_from_bytes(raw[:100_000], policy=email.policy.compat32)
        people = getaddresses([str(mail.get("From", ""))])
        self.messages[number] = {
            "folder": folder,
            "raw": raw,
            "at": at or now(),
            "isRead": False,
            "isDraft": False,
            "hasAttachments": b"attachment" in raw[:100_000],
            "internetMessageId": str(mail.get("Message-ID", "")),
            "subject": str(mail.get("Subject", "")),
            "from": people[0] if people else ("", ""),
            **more,
        }
        self.changes.append((folder, "created", number))
        self._call(number)
        return number

    def fill(self, count: int, *, days: int) -> None:
        """So many messages that came long before."""
        first, at = self.put(b"", at=now() - timedelta(days=days)), now() - timedelta(days=days)
        for number in range(1, count):
            name = f"AAkALh{number:08d}="
            self.messages[name] = {**self.messages[first], "at": at, "internetMessageId": f"<{name}@example.test>"}
            self.changes.append(("inbox", "created", name))

    def move(self, number: str, folder: str) -> None:
        """Staff, or a rule, move a message."""
        message = self.messages[number]
        self.changes += [(message["folder"], "deleted", number), (folder, "created", number)]
        message["folder"] = folder

    def delete(self, number: str) -> None:
        """It is gone for good."""
        self.changes.append((self.messages.pop(number)["folder"], "deleted", number))

    def forget(self) -> None:
        """Every token is lost."""
        self._generation += 1

    # Calls of ours

    def _call(self, number: str) -> None:
        for key, subscription in self.subscriptions.items():
            value = {
                "id": secrets.token_hex(4),
                "subscriptionId": key,
                "subscriptionExpirationDateTime": subscription["expirationDateTime"],
                "clientState": subscription["clientState"],
                "changeType": "created",
                "resource": f"Users/{secrets.token_hex(4)}/Messages/{number}",
                "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": number},
                "tenantId": TENANT,
            }
            self._push({"value": [value]})

    def lifecycle(self, event: str) -> None:
        """Say something of every subscription; one that was removed is gone."""
        for key, subscription in list(self.subscriptions.items()):
            value = {"lifecycleEvent": event, "subscriptionId": key, "clientState": subscription["clientState"]}
            if event == "subscriptionRemoved":
                del self.subscriptions[key]
            self._push({"value": [value | {"tenantId": TENANT}]})

    def _push(self, content: Values) -> None:
        body = json.dumps(content).encode()
        self.calls.append(body)
        self._waiting.append(body)
        self.flush()

    def flush(self) -> None:
        """Try again to bring what could not be brought."""
        if not self.trouble.down:
            self._waiting = [body for body in self._waiting if not self.post(body)]

    def post(self, body: bytes) -> bool:
        """One call; whether it was taken."""
        return 200 <= posted(self.hook, body, {"Content-Type": "application/json"}) < 300

    def shake(self, chance: random.Random) -> None:
        """Everything three times over, in any order; what is of an earlier subscription is refused."""
        for body in chance.sample(self.calls * 3, len(self.calls) * 3):
            self.post(body)
        self._waiting = []

    def back(self) -> None:
        """Call again for a while; what nobody takes is given up."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.hook and self._waiting and time.monotonic() < deadline:
            self.flush()

    # What it serves

    def routes(self) -> list[web.RouteDef]:
        """What the service asks for."""
        user = "/v1.0/users/{user}"
        return [
            self.entra.route(),
            *self._of_folders(f"{user}/mailFolders"),
            web.get("/v1.0/users('{user}')/mailFolders('{folder}')/messages/delta", self._served(self._delta)),
            web.get(f"{user}/messages/{{id}}", self._served(self._message)),
            web.get(f"{user}/messages/{{id}}/$value", self._served(self._mime)),
            web.post(f"{user}/sendMail", self._served(self._send_mail, "Mail.Send")),
            web.post("/v1.0/$batch", self._batch),
            web.get("/v1.0/subscriptions", self._signed_in(self._listed_subscriptions)),
            web.post("/v1.0/subscriptions", self._signed_in(self._subscribe)),
            web.patch("/v1.0/subscriptions/{id}", self._signed_in(self._renew)),
            web.delete("/v1.0/subscriptions/{id}", self._signed_in(self._unsubscribe)),
        ]

    def _of_folders(self, base: str) -> list[web.RouteDef]:
        return [
            web.get(base, self._served(self._find_folders)),
            web.get(f"{base}/{{folder}}", self._served(self._folder)),
            web.get(f"{base}/{{folder}}/childFolders", self._served(self._find_folders)),
            web.get(f"{base}/{{folder}}/messages", self._served(self._list)),
            web.get(f"{base}/{{folder}}/messages/delta", self._served(self._delta)),
        ]

    def _signed_in(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append(f"{request.method} {request.path}")
            if self._roles(request) is None:
                return refused(401, "InvalidAuthenticationToken", "Access token is empty, or has expired.")
            return await handler(request)

        return handle

    def _served(self, handler: Handler, role: str = "Mail.Read") -> Handler:
        """A call to a mailbox: signed in, with the permission, within the policy, and not too many at once."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if refusal := self._why_not(request, role, request.match_info["user"].lower()):
                return refusal
            self._under_way += 1
            try:
                if self._under_way > AT_ONCE:
                    return refused(429, "ApplicationThrottled", "Over its MailboxConcurrency limit.", wait="1")
                if self.busy:
                    status, wait = self.busy.pop(0)
                    return refused(status, "TooManyRequests" if status == 429 else "ErrorServerBusy", "", wait=wait)
                return await handler(request)
            finally:
                self._under_way -= 1

        return self._signed_in(handle)

    def _roles(self, request: web.Request) -> frozenset[str] | None:
        return self.entra.good.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    def _why_not(self, request: web.Request, role: str, user: str) -> web.Response | None:
        roles = self._roles(request) or frozenset()
        if user not in (MAILBOX, OTHER):
            return refused(404, "ErrorInvalidUser", f"The requested user '{user}' is invalid.")
        if not roles & {role, "Mail.ReadWrite" if role == "Mail.Read" else role}:
            return refused(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        if user not in self.open_mailboxes:
            return refused(403, "ErrorAccessDenied", "Access to OData is disabled: [RAOP].")
        return None

    # Folders

    def _id_of(self, name: str) -> str:
        folder = unquote(name)
        names = {key.casefold(): key for key in self.folders}
        return names.get(folder.casefold(), "")

    async def _folder(self, request: web.Request) -> web.Response:
        folder = self._id_of(request.match_info["folder"])
        if not folder:
            return refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return web.json_response(self._shown_folder(folder))

    def _shown_folder(self, folder: str) -> Values:
        count = sum(message["folder"] == folder for message in self.messages.values())
        unread = sum(message["folder"] == folder and not message["isRead"] for message in self.messages.values())
        values = {"id": folder, "displayName": self.folders[folder], "parentFolderId": self.parents.get(folder, "root")}
        return {**values, "childFolderCount": 0, "totalItemCount": count, "unreadItemCount": unread}

    async def _find_folders(self, request: web.Request) -> web.Response:
        above = self._id_of(request.match_info.get("folder", "")) if "folder" in request.match_info else ""
        folders = [folder for folder in self.folders if self.parents.get(folder, "") == above]
        if expression := request.query.get("$filter"):
            match = re.fullmatch(r"displayName eq '((?:[^']|'')*)'", expression)
            if match is None:
                return refused(400, "ErrorInvalidUrlQueryFilter", "The query filter contains invalid nodes.")
            folders = [folder for folder in folders if self.folders[folder] == match[1].replace("''", "'")]
        return web.json_response({"value": [self._shown_folder(folder) for folder in folders]})

    # Messages

    def _shown(self, number: str, select: str, stable: bool) -> Values:  # noqa: FBT001
        message = self.messages[number]
        keys = [key for key in select.split(",") if key != "id"] if select else sorted(_PROPERTIES - {"id"})
        # The id that never changes only to who asks for it.
        name = number if stable else f"AAMk.{message['folder']}.{number}"
        return {"@odata.etag": 'W/"CQAAAB"', "id": name, **{key: _property(message, key) for key in keys}}

    def _number(self, quoted: str) -> str:
        """The message that is meant, or ""."""
        name = unquote(quoted)
        if name.startswith("AAMk."):
            _, folder, number = name.split(".", 2)
            return number if self.messages.get(number, {}).get("folder") == folder else ""
        return name if name in self.messages else ""

    def _wrong_select(self, request: web.Request) -> web.Response | None:
        select = {name for name in request.query.get("$select", "").split(",") if name}
        if select <= _PROPERTIES:
            return None
        return refused(
            400, "RequestBroker--ParseUri", f"Could not find a property named '{min(select - _PROPERTIES)}'."
        )

    async def _message(self, request: web.Request) -> web.Response:
        number = self._number(request.match_info["id"])
        if not number:
            return refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        select = request.query.get("$select", "")
        values = self._shown(number, "" if self._wrong_select(request) else select, is_stable(request))
        return self._wrong_select(request) or web.json_response(values)

    async def _mime(self, request: web.Request) -> web.Response:
        return self._mime_of(self._number(request.match_info["id"]))

    def _mime_of(self, number: str) -> web.Response:
        if not number:
            return refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if number in self.broken:
            return refused(500, "ErrorMimeContentConversionFailed", "The conversion of the MIME content failed.")
        return web.Response(body=self.messages[number]["raw"], content_type="text/plain")

    async def _list(self, request: web.Request) -> web.Response:
        folder = self._id_of(request.match_info["folder"])
        if wrong := self._wrong_select(request):
            return wrong
        numbers = [n for n, message in self.messages.items() if message["folder"] == folder]
        if match := re.fullmatch(r"internetMessageId eq '(.*)'", request.query.get("$filter", "")):
            numbers = [n for n in numbers if self.messages[n]["internetMessageId"] == match[1].replace("''", "'")]
        top, skip = int(request.query.get("$top", PAGE)), int(request.query.get("$skip", 0))
        items = [
            self._shown(number, request.query.get("$select", ""), is_stable(request)) for number in reversed(numbers)
        ]
        content: Values = {"value": items[skip : skip + top]}
        if skip + top < len(items):
            onward = {**request.query, "$top": str(top), "$skip": str(skip + top)}
            content["@odata.nextLink"] = f"{self.base}{request.rel_url.with_query(onward)}"
        return web.json_response(content)

    # Changes

    async def _delta(self, request: web.Request) -> web.Response:
        folder = self._id_of(request.match_info["folder"])
        if not folder:
            return refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        if wrong := self._wrong_delta(request):
            return wrong
        token = request.query.get("$deltatoken") or request.query.get("$skiptoken")
        state = _unpacked(token) if token else self._begun(request)
        if state is None or state["generation"] != self._generation or state["folder"] != folder:
            return refused(410, "SyncStateNotFound", "The sync state generation is not found; full resync needed.")
        return self._page_of(request, state)

    def _wrong_delta(self, request: web.Request) -> web.Response | None:
        query = request.query
        if unknown := {name for name in query if name not in _DELTA}:
            return refused(400, "BadRequest", f"The query option {min(unknown)} is not supported.")
        if "$filter" in query and not _FILTER.fullmatch(query["$filter"]):
            return refused(400, "ErrorInvalidUrlQueryFilter", "Only receivedDateTime ge or gt is supported.")
        if query.get("$orderby", "receivedDateTime desc") != "receivedDateTime desc":
            return refused(400, "ErrorInvalidUrlQuery", "Only receivedDateTime desc is supported.")
        if query.get("changeType", "created") not in ("created", "updated", "deleted"):
            return refused(400, "BadRequest", "Unknown changeType.")
        return self._wrong_select(request)

    def _begun(self, request: web.Request) -> Values:
        """The state of a first call: what is there now, and what comes from now on."""
        folder = self._id_of(request.match_info["folder"])
        options = {name: request.query[name] for name in ("$select", "changeType") if name in request.query}
        return {"folder": folder, "generation": self._generation, "options": options, "at": 0, "until": 0}

    def _page_of(self, request: web.Request, state: Values) -> web.Response:
        """One page of what has changed; the same message may come more than once, and a page may be empty."""
        size = min(self._page_size(request), self.most_page)
        end, stable = state["at"], is_stable(request)
        values: list[Values] = []
        kinds = {state["options"].get("changeType", "")} - {""} or {"created", "deleted"}
        while end < len(self.changes) and len(values) < size:
            folder, kind, number = self.changes[end]
            end += 1
            if folder != state["folder"] or kind not in kinds:
                continue
            if kind == "deleted":
                values.append({"id": number, "@removed": {"reason": "deleted"}})
            elif self.messages.get(number, {}).get("folder") == folder:
                values.append(self._shown(number, state["options"].get("$select", ""), stable))
        is_last = end >= len(self.changes)
        self.walks_ended += is_last and state["folder"] == "inbox"
        values += [self.strange.pop() for _ in list(self.strange)]
        name, option = ("deltaLink", "$deltatoken") if is_last else ("nextLink", "$skiptoken")
        place = f"{self.url}/users('{quote(MAILBOX)}')/mailFolders('{state['folder']}')/messages/delta"
        link = f"{place}?{option}={quote(_packed({**state, 'at': end}), safe='')}"
        return web.json_response({"@odata.context": "", f"@odata.{name}": link, "value": values})

    def _page_size(self, request: web.Request) -> int:
        match = re.search(r"odata\.maxpagesize=(\d+)", request.headers.get("Prefer", ""))
        return int(match[1]) if match else PAGE

    # A batch

    async def _batch(self, request: web.Request) -> web.Response:
        """Each call as if it had come by itself."""
        self.requests.append("POST $batch")
        if self._roles(request) is None:
            return refused(401, "InvalidAuthenticationToken", "Access token is empty, or has expired.")
        calls = (await request.json()).get("requests", [])
        if not 0 < len(calls) <= BATCH or len({call.get("id") for call in calls}) != len(calls):
            return refused(400, "BadRequest", "Invalid batch payload format.")
        responses = [await self._in_batch(request, call) for call in calls]
        random.Random(len(calls)).shuffle(responses)
        return web.json_response({"responses": responses})

    async def _in_batch(self, request: web.Request, call: Values) -> Values:
        match = re.fullmatch(r"/users/([^/]+)/messages/([^/]+)/\$value", str(call.get("url")))
        if call.get("method") != "GET" or match is None:
            return {"id": call["id"], "status": 400, "headers": {}, "body": {"error": {"code": "BadRequest"}}}
        user, number = unquote(match[1]), self._number(match[2])
        answer = self._why_not(request, "Mail.Read", user) or self._mime_of(number)
        body: Any = base64.b64encode(answer.body).decode()  # type: ignore[arg-type]
        if answer.content_type == "application/json":
            body = json.loads(answer.body)  # type: ignore[arg-type]
        return {
            "id": call["id"],
            "status": answer.status,
            "headers": {"Content-Type": answer.content_type},
            "body": body,
        }

    # Sending

    async def _send_mail(self, request: web.Request) -> web.Response:
        answer = self._accept(request, await request.read())
        if answer.status == 202 and self.answers_lost:
            self.answers_lost -= 1
            return refused(504, "UnknownError", "")
        return answer

    def _accept(self, request: web.Request, body: bytes) -> web.Response:
        if len(body) > MOST_BYTES:
            return refused(413, "ErrorRequestSizeExceeded", "The request is too large.")
        if request.content_type == "text/plain":
            try:
                raw = base64.b64decode(body, validate=True)
            except ValueError:
                return refused(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")
            return self._taken(_without(raw, "Auto-Submitted"), is_saved=True)
        content = json.loads(body)
        if unknown := set(content) - {"message", "saveToSentItems"}:
            return refused(400, "BadRequest", f"The parameter {min(unknown)} does not exist.")
        is_saved = str(content.get("saveToSentItems", True)).lower() != "false"
        return self._taken(_from_json(content["message"]), is_saved=is_saved)

    def _taken(self, raw: bytes, *, is_saved: bool) -> web.Response:
        mail = message_from_bytes(raw, policy=email.policy.default)
        writers = [address for _, address in getaddresses([str(mail.get("From", MAILBOX))])]
        fields = [str(mail[name]) for name in ("To", "Cc") if mail[name]]
        people = [address for _, address in getaddresses(fields)]
        if writers != [MAILBOX]:
            return refused(403, "ErrorSendAsDenied", "The user account does not have the right to send as this one.")
        if not people or not all(re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", person) for person in people):
            return refused(400, "ErrorInvalidRecipients", f"At least one recipient is not valid: {people}")
        self.sent.append(raw)
        if is_saved:
            at = parsedate_to_datetime(str(mail["Date"])) if mail["Date"] else now()
            self.put(raw, folder="sentitems", at=at, isRead=True)
        return web.Response(status=202)

    # Subscriptions

    async def _listed_subscriptions(self, request: web.Request) -> web.Response:
        items = [{**values, "id": key, "clientState": None} for key, values in self.subscriptions.items()]
        return web.json_response({"value": items})

    async def _subscribe(self, request: web.Request) -> web.Response:
        content = await request.json()
        keys = {"changeType", "notificationUrl", "resource", "expirationDateTime", "clientState"}
        if not keys <= set(content) <= keys | {"lifecycleNotificationUrl"}:
            return refused(400, "InvalidRequest", "Property set of the subscription is not valid.")
        urls = {content["notificationUrl"], content.get("lifecycleNotificationUrl", content["notificationUrl"])}
        if any(urlsplit(url).scheme != "https" for url in urls) or len(content["clientState"]) > 128:
            return refused(400, "InvalidRequest", "The notification address must be https.")
        if refusal := self._wrong_time(content):
            return refusal
        if not re.fullmatch(r"/?users/[^/]+/(mailFolders\('?[^/]+'?\)/)?messages", content["resource"]):
            return refused(400, "ExtensionError", "The resource is not supported.")
        for url in urls:
            if not await self._loop.run_in_executor(None, self._is_proven, url):
                return refused(400, "ValidationError", "Subscription validation request failed.")
        key = secrets.token_hex(8)
        self.subscriptions[key] = content
        return web.json_response({**content, "id": key}, status=201)

    def _wrong_time(self, content: Values) -> web.Response | None:
        try:
            ends = datetime.fromisoformat(content["expirationDateTime"])
        except (KeyError, ValueError):
            return refused(400, "InvalidRequest", "The expiration is no instant.")
        if now() < ends < now() + LONGEST:
            return None
        return refused(400, "ExtensionError", "Subscription expiration can only be 10080 minutes in the future.")

    def _is_proven(self, url: str) -> bool:
        """Ask the address for the token, as plain text and within ten seconds; the public name leads to the hook."""
        if not self.hook or urlsplit(url).path != urlsplit(self.hook).path:
            return False
        token = f"Validation: {secrets.token_hex(8)} <&>"
        line = http.client.HTTPConnection("127.0.0.1", urlsplit(self.hook).port, timeout=10)
        try:
            path = f"{urlsplit(self.hook).path}?validationToken={quote(token)}"
            line.request("POST", path, b"", {"Content-Type": "text/plain; charset=utf-8"})
            answer = line.getresponse()
            is_text = answer.headers.get_content_type() == "text/plain"
            return answer.status == 200 and is_text and answer.read().decode() == token
        except OSError:
            return False
        finally:
            line.close()

    async def _renew(self, request: web.Request) -> web.Response:
        key, content = request.match_info["id"], await request.json()
        if key not in self.subscriptions:
            return refused(404, "ResourceNotFound", "The object was not found.")
        if set(content) != {"expirationDateTime"}:
            return refused(400, "InvalidRequest", "Only the expiration can be changed.")
        if refusal := self._wrong_time(content):
            return refusal
        self.subscriptions[key] |= content
        return web.json_response({**self.subscriptions[key], "id": key})

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        subscription = self.subscriptions.pop(request.match_info["id"], None)
        return (
            web.Response(status=204) if subscription else refused(404, "ResourceNotFound", "The object was not found.")
        )


def _property(message: Values, key: str) -> Any:
    """What a message shows of itself under this name."""
    if key in ("receivedDateTime", "sentDateTime"):
        return message["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if key in ("from", "sender"):
        name, address = message["from"]
        return {"emailAddress": {"name": name, "address": address}}
    return message["folder"] if key == "parentFolderId" else message.get(key, _EMPTY.get(key))


def is_stable(request: web.Request) -> bool:
    """Whether ids are asked for that never change."""
    return 'IdType="ImmutableId"' in request.headers.get("Prefer", "")


def refused(status: int, code: str, words: str, *, wait: str = "") -> web.Response:
    """An error as Graph says it ("errors")."""
    inner = {"date": format_datetime(now()), "request-id": secrets.token_hex(8)}
    headers = {"Retry-After": wait} if wait else {}
    return web.json_response(
        {"error": {"code": code, "message": words, "innerError": inner}}, status=status, headers=headers
    )


def _packed(state: Values) -> str:
    return base64.b64encode(json.dumps(state).encode()).decode()


def _unpacked(token: str) -> Values | None:
    try:
        state: Values = json.loads(base64.b64decode(token))
    except ValueError:
        return None
    return state


def _without(raw: bytes, header: str) -> bytes:
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(f"{header.lower()}:".encode())]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _from_json(message: Values) -> bytes:
    """The mail that Exchange makes of a message in JSON, with what properties of MAPI say of its header."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = _parties([message["from"]]) if message.get("from") else MAILBOX
    mail["To"], mail["Cc"] = _parties(message.get("toRecipients", [])), _parties(message.get("ccRecipients", []))
    mail["Subject"], mail["Date"] = message.get("subject", ""), format_datetime(now())
    mail["Message-ID"] = message.get("internetMessageId") or f"<{secrets.token_hex(8)}@prod.outlook.com>"
    named = {"String 0x1042": "In-Reply-To", "String 0x1039": "References"}
    for entry in message.get("singleValueExtendedProperties", []):
        mail[named.get(entry["id"], entry["id"].rpartition(" Name ")[2])] = entry["value"]
    content = message["body"]
    plain = (
        re.sub(r"<[^>]*>", " ", content["content"]) if content["contentType"].lower() == "html" else content["content"]
    )
    mail.set_content(plain)
    if content["contentType"].lower() == "html":
        mail.add_alternative(content["content"], subtype="html")
    for file in message.get("attachments", []):
        mail.add_attachment(
            base64.b64decode(file["contentBytes"]), "application", "octet-stream", filename=file["name"]
        )
    return mail.as_bytes()


def _parties(parties: list[Values]) -> str:
    addresses = [party["emailAddress"] for party in parties]
    return ", ".join(f"{a.get('name', '')} <{a['address']}>".strip() for a in addresses)
