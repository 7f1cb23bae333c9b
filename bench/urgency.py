"""How often the rules of urgent.toml call somebody, over a folder of ordinary mails: so many a thousand, by rule.

python -m bench.urgency FOLDER ... [--show]
"""

import mailbox
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bot.core import speech
from bot.core.phrases import words_of
from bot.core.urgencies import Rules, Urgency, urgency_in
from bot.settings.urgent import Urgent
from bot.wire.mail import mime

FILE = Path(__file__).parents[1] / "config" / "urgent.toml"


def main(folders: list[str], *, show: bool = False) -> None:
    """Print what fires; with `show` each mail that does, and where."""
    rules = Urgent.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8"))).rules()
    counts, by_rule, began = Counter[str](), Counter[str](), time.process_time()
    for name, content in _mails(folders):
        counts["mails"] += 1
        urgency = _urgency(content, rules)
        if urgency is not None:
            by_rule[urgency.rule.name] += 1
            if show:
                print(f"{name}: {urgency.rule.name}: {urgency.phrase}")
    spent = time.process_time() - began
    total = max(counts["mails"], 1)
    print(
        f"{total} mails, {sum(by_rule.values())} call somebody: {1000 * sum(by_rule.values()) / total:.2f} a thousand"
    )
    print(f"{1e6 * spent / total:.0f} microseconds a mail, with reading it")
    for rule, count in by_rule.most_common():
        print(f"{1000 * count / total:8.2f}  {rule}")


def _urgency(content: bytes, rules: Rules) -> Urgency | None:
    message = mime.read(content, channel="bench", received_at=None)
    if urgency_in(words_of(f"{message.subject}\n{message.text}"), rules) is None:
        return None
    return speech.urgency_of(speech.Message(message.subject, message.text), rules)


def _mails(folders: list[str]) -> Iterator[tuple[str, bytes]]:
    """Every mail of these folders: mailboxes of the form mbox, and files of one mail each."""
    for path in (path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.is_file()):
        if path.suffix == ".mbox":
            box = mailbox.mbox(path, create=False)
            yield from ((f"{path}:{key}", box.get_bytes(key)) for key in box.iterkeys())
        else:
            yield str(path), path.read_bytes()


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if argument != "--show"], show="--show" in sys.argv)
