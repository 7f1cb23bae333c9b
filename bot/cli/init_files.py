"""The files that `ackbot init` writes: ackbot.toml from its template, and secrets that their owner alone can read."""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bot.cli import init_values as values
from bot.cli.init_questions import MailKind

MAIN_FILE, SECRETS = "ackbot.toml", "secrets"
_TEMPLATE = Path(__file__).with_name("init.toml.jinja")
# The usual place of what a service keeps, where its configuration is in the usual place (FHS 3.0, section 5.8).
_SYSTEM, _SYSTEM_HOME = Path("/etc"), Path("/var/lib/ackbot")


def home(directory: Path) -> Path:
    """Return where the service of a configuration keeps its store and what it would send."""
    return _SYSTEM_HOME if directory.is_relative_to(_SYSTEM) else directory / "var"


def texts(directory: Path, answers: Mapping[str, str], listen_lmtp: str, store: str) -> dict[str, str]:
    """Return the content of each file, by its name in the configuration directory (an absolute path)."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=False,  # noqa: S701 - it is TOML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["toml"] = partial(json.dumps, ensure_ascii=False)  # what is printable is alike in JSON and TOML
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    domain = answers["address"].partition("@")[2].lower()
    main = template.render(
        answers,
        home=home(directory).as_posix(),
        store=store or f"sqlite:///{home(directory)}/ackbot.db",
        listen_lmtp=listen_lmtp,
        sender=values.sender(answers["name"], answers["address"]),
        imap=values.imap_server(answers.get("server", "")),
        outgoing=values.smtp_server(answers.get("smtp", "")),
        signs_in=bool(answers.get("user")) and values.smtp_server(answers.get("smtp", "")).tls != "none",
        domain=domain,
        is_public_body=values.is_public_body(domain),
        is_local=answers["mail"] == MailKind.NONE,
    )
    files = {f"{SECRETS}/web-secret": secrets.token_urlsafe(32) + "\n", MAIN_FILE: main}
    if "password" in answers:
        files[f"{SECRETS}/mailbox-password"] = answers["password"] + "\n"
    return files


def why_not(directory: Path) -> str:
    """Return why a new configuration cannot be written there, "" where it can."""
    if (directory / MAIN_FILE).exists():
        return f"{directory} holds a configuration already: {MAIN_FILE}. Change that file, or name another folder"
    if directory.is_dir() and any(directory.iterdir()):
        return f"{directory} is not empty. Name a folder that is new or empty"
    if set("?#%") & set(str(directory)) or not str(directory).isprintable():
        return f"{directory} cannot be the name of a configuration: no folder in it may have ?, # or % in its name"
    nearest = _nearest(directory)
    if not nearest.is_dir():
        return f"{nearest} is a file, and no folder. Name another folder"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"You may not write in {nearest}. Name a folder in which you may"
    return ""


def write(directory: Path, files: Mapping[str, str], examine: Callable[[Path], None]) -> None:
    """Write the files, whole or not at all, for their owner alone; raises OSError, and what `examine` raises.

    `examine` is called with a folder that holds the files before they come to their place.
    """
    staging = Path(tempfile.mkdtemp(prefix=".ackbot-init-", dir=_nearest(directory)))
    try:
        staging.chmod(0o700)
        for name, text in files.items():
            _write(staging / name, text)
        examine(staging)
        if directory.exists():
            _fill(directory, staging)
        else:
            directory.parent.mkdir(parents=True, exist_ok=True)
            staging.rename(directory)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fill(directory: Path, staging: Path) -> None:
    """Move the files into an empty folder. Of two who do so at once, the second finds the first one's secrets."""
    (staging / SECRETS).rename(directory / SECRETS)
    try:
        (staging / MAIN_FILE).rename(directory / MAIN_FILE)
    except BaseException:
        shutil.rmtree(directory / SECRETS, ignore_errors=True)
        raise


def _write(path: Path, text: str) -> None:
    """Write a new file for its owner alone, whatever the umask."""
    if not path.parent.is_dir():
        path.parent.mkdir()
        path.parent.chmod(0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)


def _nearest(directory: Path) -> Path:
    """Return the directory, or the nearest above it that exists."""
    return next(path for path in (directory, *directory.parents) if path.exists())
