"""What the reader of a configuration says of every example, and of every wrong value, in docs/reference/keys.toml."""

import base64
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bot.core import standards
from bot.kinds import kinds, load
from bot.settings.main_file import BadSettings
from tests.reference.keys import FILES, Key, Table, channel_tables, tables, words

# What the examples name as env:NAME; every other name is that of a secret without a form.
_SECRETS = {
    "ACKBOT_STORE_KEY": base64.urlsafe_b64encode(bytes(32)).decode(),
    "HEARTBEAT_URL": "https://alive.example.org/1",
    "TEAMS_URL": "ntfys://ntfy.example.org/alerts",
    "WEBHOOK_SECRET": "whsec_" + base64.b64encode(bytes(range(32))).decode(),
    "NOTIFY_KEY": "example-11111111-1111-1111-1111-111111111111-22222222-2222-2222-2222-222222222222",
    "TELEGRAM_TOKEN": "123456:abcdefghijklmnopqrstuvwxyz",
}
# Keys without which an example is not complete, and those in whose place another one stands.
_BESIDE = {
    "email_imap": {"password"},
    "email_graph": {"client_secret"},
    "inbound_webhook": {"secret"},
    "notify": {"email_template"},
    "x": {"consumer_key", "client_id"},
}
_TOGETHER = {("email_smtp", name): {"username", "password"} for name in ("username", "password")}
_TOGETHER |= {("email_smtp", name): {"username"} for name in ("oauth", "service_account")}
_TOGETHER |= {("telegram", "webhook_url"): {"webhook_secret"}}
_INSTEAD = {"oauth": "password", "service_account": "password", "certificate": "client_secret", "bearer": "secret"}
# What the examples refer to.
_PEERS = """
[[team]]
name = "front-office"
alert = ["mailto:front.office@example.gov.uk"]
replies_by = "post"
[[channel]]
name = "post"
kind = "loopback"
directory = "var/sent"
sender = "Exampleshire Council <customer.services@example.gov.uk>"
[[channel]]
name = "notify"
kind = "notify"
sender = "Exampleshire Council <exampleshire@notifications.service.gov.uk>"
api_key = "env:NOTIFY_KEY"
sms_template = "f33517ff-2a88-4f6e-b855-c550268ce08a"
[[channel]]
name = "enquiries"
kind = "web_form"
replies_by = "post"
"""
# As long as a certificate can be valid: what is tried does not depend on the day.
_FIRST_DAY, _LAST_DAY = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
_LADDER = '[[step]]\nat = "due"\n'


@cache
def mistakes() -> Mapping[tuple[str, str, str], str]:
    """Return what the reader says of each wrong value, by kind of channel or file, table and key."""
    files = {name: "\n".join(_wrong(table) for table in tables(model)) for name, model in FILES.items()}
    files["ackbot.toml"] += "\n".join(_wrong(table, kind) for kind in kinds() for table in channel_tables(kind))
    lines = _read(files)
    answers = {}
    for name, model in FILES.items():
        for table in tables(model):
            for key in table.keys:
                answers[name, table.name, key.name] = _line(lines, f"{name}: ", _at(table, 1, key))
    for number, kind in enumerate(kinds(), 1):
        for table in channel_tables(kind):
            for key in table.keys:
                at = f"channel[{number}]" + ("" if table.is_repeated else f".{table.name}") + f".{key.name}"
                answers[kind, table.name, key.name] = _line(lines, "ackbot.toml: ", at)
    # The kind of a channel decides which keys it may have.
    unknown = _read({"ackbot.toml": f'{_PEERS}[[channel]]\nname = "mail"\nkind = {words()["channel"]["kind"][2]}\n'})
    kind_words = _line(unknown, "ackbot.toml: ", "channel[4].kind")
    return answers | {(kind, kind, "kind"): kind_words for kind in kinds()}


@cache
def mistakes_of_standards() -> Mapping[str, str]:
    """Return what the reader of standards says of each wrong value, by key."""
    text = "\n".join(f"{name} = {entry[2]}" for name, entry in words()["standard"].items())
    try:
        standards.read(tomllib.loads(text), "standards/general.toml")
    except standards.BadStandard as error:
        lines = [str(mistake) for mistake in error.mistakes]
        return {name: _line(lines, "standards/general.toml: ", name) for name in words()["standard"]}
    return {}


def faults_of_examples() -> list[str]:
    """Return what the reader says of the examples: nothing, where all are good."""
    files = {name: "\n".join(_examples(table) for table in tables(model)) for name, model in FILES.items()}
    channels = (_channel_examples(kind) for kind in kinds())
    files["ackbot.toml"] += _PEERS + "".join(text for texts in channels for text in texts)
    files["escalation.toml"] += f"\n{_LADDER}"
    return _read(files) + [fault for name in words()["standard"] for fault in _faults_of_a_standard(name)]


def _faults_of_a_standard(name: str) -> list[str]:
    keys = ("id", "title", "version", "valid_from", "calendar", "acknowledge", "respond", name)
    text = "\n".join(f"{key} = {words()['standard'][key][1]}" for key in dict.fromkeys(keys))
    try:
        standards.read(tomllib.loads(text), name)
    except standards.BadStandard as error:
        return [str(mistake) for mistake in error.mistakes]
    return []


def _wrong(table: Table, kind: str = "") -> str:
    lines = [
        f"{key.name} = {key.words.wrong}"
        for key in table.keys
        if key.words.wrong and (key.at, key.name) != ("channel", "kind")
    ]
    return "\n".join([_header(table, kind), *([f'kind = "{kind}"'] if table.name == kind else []), *lines])


def _examples(table: Table) -> str:
    """A table with every example; where there may be several, one for each key beside those that must be there."""
    if not table.is_repeated:
        return "\n".join([_header(table), *(f"{key.name} = {key.words.example}" for key in table.keys)])
    return "\n".join(_example(table, key, number) for number, key in enumerate(table.keys))


def _example(table: Table, key: Key, number: int) -> str:
    values = {other.name: other.words.example for other in table.keys if other.field.is_required() or other is key}
    if table.name == "route":
        values |= {"words": '["bin"]', "service": '"bins"'} | values
    if table.name == "step" and key.name == "clock":
        return f'[[step]]\nclock = {key.words.example}\nat = "due"'
    if table.name == "step" and key.name != "at":
        values["at"] = f'"{10 + number}%"'
    if "name" in values and not (table.name == "service" and key.name == "name"):
        values["name"] = f'"{table.name}-{number}"'
    return "\n".join([_header(table), *(f"{name} = {value}" for name, value in values.items())])


def _channel_examples(kind: str) -> Iterator[str]:
    table, *inner = channel_tables(kind)
    for number, key in enumerate(table.keys):
        names = {other.name for other in table.keys if other.field.is_required()} | _BESIDE.get(kind, set())
        names = (names | {key.name} | _TOGETHER.get((kind, key.name), set())) - {_INSTEAD.get(key.name)}
        values = {other.name: other.words.example for other in table.keys if other.name in names}
        values |= {"name": f'"{kind.replace("_", "-")}-{number}"', "kind": f'"{kind}"'}
        yield "\n[[channel]]\n" + "".join(f"{name} = {value}\n" for name, value in values.items() if value)
        for part in (part for part in inner if part.name in names):
            yield f"[channel.{part.name}]\n" + "".join(f"{k.name} = {k.words.example}\n" for k in part.keys)


def _header(table: Table, kind: str = "") -> str:
    if kind:
        return "\n[[channel]]" if table.is_repeated else f"[channel.{table.name}]"
    name = f"[{table.name}]" if table.name else ""
    return f"[{name}]" if table.is_repeated else name


def _at(table: Table, number: int, key: Key) -> str:
    at = f"{table.name}[{number}]" if table.is_repeated else table.name
    return f"{at}.{key.name}".lstrip(".")


def _line(lines: Iterable[str], file: str, at: str) -> str:
    """Return the first line about the key, without the name of the file, as of the first channel."""
    about = re.compile(re.escape(file + at) + r"(?![\w-])")
    matches = (line.removeprefix(file) for line in lines if about.match(line))
    return re.sub(r"^channel\[\d+\]", "channel[1]", next(matches, ""))


def _read(files: Mapping[str, str]) -> list[str]:
    """Read a configuration of these files; return what is wrong with it, each path as the directory sees it."""
    with TemporaryDirectory() as name, _environment(set(re.findall(r"env:(\w+)", "".join(files.values())))):
        directory = Path(name)
        (directory / "calendars").mkdir()
        for file, text in files.items():
            (directory / file).write_text(text, encoding="utf-8")
        _write_keys(directory)
        try:
            load(directory)
        except BadSettings as error:
            return [f"{m.file}: {m.sentence}".replace(f"{name}/", "") for m in error.mistakes]
    return []


@contextmanager
def _environment(names: set[str]) -> Iterator[None]:
    values = {name: _SECRETS.get(name, "x" * 40) for name in names} | {"ACKBOT_SECRET": "s" * 40}
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _write_keys(directory: Path) -> None:
    """Write the two files that examples name: a key of Google's, and a certificate with its key."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    address = "ackbot@example.iam.gserviceaccount.com"
    account = {"type": "service_account", "client_email": address, "private_key": pem, "private_key_id": "1"}
    account |= {"client_id": "1", "token_uri": "https://oauth2.googleapis.com/token"}
    (directory / "google.json").write_text(json.dumps(account), encoding="utf-8")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ackbot")])
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), _FIRST_DAY, _LAST_DAY)
    certificate = unsigned.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
    (directory / "graph.pem").write_text(certificate + pem, encoding="utf-8")
