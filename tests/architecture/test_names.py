"""Names say what a thing is, in the words that the whole house uses."""

import ast
from collections.abc import Iterator

from bot.store.tables import metadata
from tests.architecture.house import MIGRATIONS, Source, sources

HOMELESS = {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc"}

# The word that we use instead is in the comment.
NEVER = {
    "ticket",  # contact
    "case",  # contact
    "user",  # sender
    "platform",  # channel
    "sla",  # standard, promise
    "timer",  # clock
    "expiry",  # due
    "expires",  # due
    "snooze",  # pause
    "snoozed",  # paused
    "autoreply",  # acknowledgement, receipt
    "resolution",  # full response
    "resolved",  # responded
    "notification",  # escalation step
    "job",  # delivery
    "task",  # delivery
    "failed",  # shunted; for a delivery, its states
}

# Until when a provider such as WhatsApp takes an answer: its own term, and no channel of ours.
TERMS = {"platform_reply_by"}

# A participle or a pronoun names nothing: the noun of the thing does (a match, a row, an answer).
UNNAMED = {"found", "told", "said", "one", "asked", "wanted"}
VAGUE_WORDS = """
accepted acknowledged added all allowed another answered any anybody anything asked began begun both bound broken
brought built called came carried caught chained changed chosen claimed closed come coming corrected counted decided
declared delivered discovered divided done drawn dropped each edited ended entered every everybody everything
excluded expected failed fetched filed filled filtered fitted fitting folded following forgotten found given going
gone got grouped guessed handed happened heard held her hidden him ignored included indexed inferred installed
issued it joined judged kept known learned leaving left limited linked listed loaded locked logged looked lost made
mailed mapped marked matched meant measured mentioned merged met mine missed moved named needed nested nobody none
noted nothing numbered offered one ones opened ordered other others ours owed owned paired parsed passed paused
permitted picked placed planned posted pressed printed produced promised proved published queued quoted raised
ranked reached received recorded redacted refused rejected released remaining remembered removed renamed rendered
replaced reported requested required resolved restored retained returned rounded routed running said saved scored
searched seen selected sent separated served settled shortened shown signed skipped some somebody something spoken
squeezed started stated stood stopped stored stripped submitted supplied suppressed sworn tagged taken tested that
theirs them these they this those thought told translated tried trusted turned typed understood unread unsent
untouched updated us used validated verified visited wanted wanting warned watched we what whatever which who
whoever whole whom withheld worked worn wrapped written wrote yours
"""
VAGUE = UNNAMED | set(VAGUE_WORDS.split())
MOST_VAGUE = 0.005
# Keys of the API, which programs read.
API_KEYS = {("bot/web/api/models.py", "said")}

LOG_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def test_no_file_is_a_drawer() -> None:
    """No file is called utils, helpers, manager or base: what is in it has a name, or no home."""
    drawers = [
        source.name for source in sources("bot", "channels", "tests", "bench") if _words(source.path.stem) & HOMELESS
    ]
    assert not drawers


def test_the_store_speaks_our_language() -> None:
    """No table and no column uses a word for which the house has another."""
    names = {name for table in metadata.tables.values() for name in (table.name, *table.columns.keys())}
    assert not {name for name in names - TERMS if _words(name) & NEVER}


def test_the_log_speaks_our_language() -> None:
    """No key of a log line uses a word for which the house has another."""
    keys = {
        (source.name, key) for source in sources("bot", "channels") for key in _log_keys(source) if _words(key) & NEVER
    }
    assert not keys


def test_a_name_is_a_noun() -> None:
    """Nothing is called found, told, said, one, asked or wanted; of what we ship one name in 200 may be as vague."""
    service, tests = _names_in("bot", "channels"), _names_in("tests", "bench")
    assert not [binding for binding in service + tests if binding[1] in UNNAMED and binding not in API_KEYS]
    vague = [binding for binding in service if binding[1] in VAGUE]
    assert len(vague) <= MOST_VAGUE * len(service), vague


def _names_in(*folders: str) -> list[tuple[str, str]]:
    """Each file and name, without underscores around it, to which code in these folders gives a meaning."""
    files = (source for source in sources(*folders) if MIGRATIONS not in source.path.parents)
    return [(source.name, name.strip("_")) for source in files for name in _bindings(source.tree)]


def _bindings(tree: ast.AST) -> Iterator[str]:
    """Every name that the code gives to a variable, field, parameter, function, class or caught error."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name


def _log_keys(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logger"), attr=level)) if level in LOG_LEVELS:
                yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def _words(name: str) -> set[str]:
    return set(name.lower().strip("_").split("_"))
