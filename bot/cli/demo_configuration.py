"""The configuration of the demo, written anew at every start."""

import json
import secrets
from pathlib import Path

from bot.cli.configuration import refuse, why_unwritten
from bot.cli.demo_words import AREAS, MATTERS

HOST = "127.0.0.1"
ADDRESS = "hello@demo.example"
OFFICER = "officer@demo.example"
DIRECTORY = Path("var/demo")
NAME = "Exampleshire Council"
# It stands wherever the name does: on every page, report and message.
INVENTED_NAME = f"{NAME} (invented figures)"
SERVICES = "services.toml"
CONFIGURATION = """\
# Made by `ackbot demo`, anew at every start. Everything listens on this machine only, and no mail leaves it.
[organisation]
name = "{organisation}"
reference_prefix = "EX"
phone = "0300 123 2224"
website = "https://www.example.gov.uk"
privacy_url = "https://www.example.gov.uk/privacy"
complaints_url = "https://www.example.gov.uk/complaints"
bsl_url = "https://www.example.gov.uk/british-sign-language"
opening_hours = {{ en = "Monday to Friday, 9am to 5pm", cy = "Dydd Llun i ddydd Gwener, 9am i 5pm" }}
languages = ["en", "cy", "pl", "ro", "pt", "lt", "uk", "ar", "ur", "bn", "zh"]

[store]
url = "sqlite:///{directory}/ackbot.db"

[web]
listen = "{host}:{web}"
public_url = "http://{host}:{web}"
secret = "file:secret"

[[channel]]
name = "inbox"
kind = "email_lmtp"
listen = "{host}:{lmtp}"
address = "{address}"
replies_by = "post"

[[channel]]
name = "website"
kind = "web_form"
replies_by = "post"

[[channel]]
name = "post"
kind = "loopback"
directory = "{directory}/sent"
sender = "Exampleshire Council <{address}>"

[[team]]
name = "front-office"
alert = ["mailto:front.office@demo.example"]
replies_by = "post"
"""
# Of the demo with a quarter: the teams that deal with it, and people who are asked whether the answer helped.
_MORE = """
[feedback]
ask = true
"""
_TEAM = """
[[team]]
name = "{name}"
alert = ["mailto:{name}@demo.example"]
replies_by = "post"
"""


def write(directory: Path, web: int, lmtp: int, *, with_services: bool = False) -> Path:
    """Write the configuration of the demo in this directory; return its folder.

    `with_services`: of the demo with an invented quarter. Once it is one, it stays one. Ends the command where it
    cannot be written.
    """
    try:
        return _write(directory, web, lmtp, with_services=with_services)
    except OSError as error:
        reason = why_unwritten(Path(error.filename or directory), error)
        refuse(f"The demo cannot start: {directory} cannot be written: {reason}.")


def _write(directory: Path, web: int, lmtp: int, *, with_services: bool) -> Path:
    config = directory / "config"
    config.mkdir(parents=True, exist_ok=True)
    if not (config / "secret").exists():
        (config / "secret").write_text(secrets.token_hex())
        (config / "secret").chmod(0o600)
    if with_services:
        (config / SERVICES).write_text(_services(), encoding="utf-8")
    is_invented = (config / SERVICES).exists()
    name = INVENTED_NAME if is_invented else NAME
    text = CONFIGURATION.format(directory=directory, host=HOST, web=web, lmtp=lmtp, address=ADDRESS, organisation=name)
    teams = "".join(_TEAM.format(name=matter.team) for matter in MATTERS if matter.team)
    (config / "ackbot.toml").write_text(text + (_MORE + teams if is_invented else ""), encoding="utf-8")
    return config


def _services() -> str:
    """What services.toml says: the services, by which words they are known, and which postcode is in which area."""
    services = [matter for matter in MATTERS if matter.service]
    parts = ["# Made by `ackbot demo --quarter`: the services and areas of the invented figures."]
    parts += [
        f"[[service]]\nname = {json.dumps(m.service)}\ntitle = {json.dumps(m.title)}\nteam = {json.dumps(m.team)}\n"
        f'page = "https://www.example.gov.uk/{m.service}"'
        for m in services
    ]
    parts += [f"[[route]]\nwords = {json.dumps(m.words)}\nservice = {json.dumps(m.service)}" for m in services]
    parts += [f'[[route]]\npostcodes = ["{prefix}"]\narea = "{name}"' for name, prefix in AREAS.items()]
    return "\n\n".join(parts) + "\n"
