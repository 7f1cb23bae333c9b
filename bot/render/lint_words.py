"""The rules of the lint about the content and style of messages: L2, L3 and L9 to L18."""

import re
from collections.abc import Iterator

from bot.core.languages import is_right_to_left
from bot.render.compose import Rendered
from bot.render.drafts import Draft, Remark, error, warning
from bot.render.readability import Reading, reading, sentences
from bot.render.samples import Sort

_BARE_DATE = re.compile(r"\b(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2})\b")
_DAYS = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|fifteen|twenty)\s+"
    r"(?:(?:working|calendar|business)\s+)?(?:day|hour|week|month)s?\b(?! a (?:day|week|year))",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b")
# What the configuration lacks, and no template can mend.
NO_TELEPHONE = warning("There is no telephone number to call: write phone into [organisation].")
NO_WEBSITE = warning("There is no website to read more on: write website into [organisation].")
GOOD_GRADE, MOST_GRADE = 7, 9
_MEAN_WORDS, _MOST_WORDS, _MOST_PASSIVE = 15, 25, 0.1
# Words that the style guide of GOV.UK asks writers to avoid, with better ones.
_BANNED = {
    "please be advised": "say it at once",
    "please note": "say it at once",
    "pursuant": "under",
    "utilise": "use",
    "liaise": "talk to",
    "in due course": "the date",
    "at your earliest convenience": "the date",
    "commence": "begin",
    "terminate": "end",
    "endeavour": "try",
    "facilitate": "help",
    "hereby": "nothing",
    "henceforth": "from now on",
    "aforementioned": "its name",
    "with regard to": "about",
    "in respect of": "about",
    "in relation to": "about",
    "prior to": "before",
    "in the event": "if",
    "should you wish": "if you want",
    "do not hesitate": "call us",
    "in accordance with": "by",
    "going forward": "from now on",
    "additional": "more",
    "assistance": "help",
    "enquire": "ask",
    "require": "need",
    "purchase": "buy",
    "customer": "you",
}
_AT_SOME_TIME = re.compile(r"\bas soon as (?:possible|we can)\b", re.IGNORECASE)
# Public texts show nothing that somebody wrote, who they are, or what leads to either.
_PUBLIC = frozenset({"organisation", "phone", "website"})
# 999 by itself, not the end of 0800 111 999.
_EMERGENCY = re.compile(r"(?<!\d )\b(?:999|112)\b")
_FORMATS = re.compile(r"\b(?:large print|easy read|braille|audio|British Sign Language|BSL)\b", re.IGNORECASE)
_LANGUAGES = re.compile(r"\blanguages?\b", re.IGNORECASE)
_UNREAD = re.compile(
    r"\b(?:do not|don['\u2019]t) reply|\bno[- ]?reply|unmonitored"
    r"|\b(?:is|are) not (?:monitored|read)\b|please re-?send",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"\backbot [a-z-]+")
_MOST_SUBJECT = 60
_CAPITALS = re.compile(r"\b(?:[A-Z]{5,}|[A-Z]{2,}\s+[A-Z]{2,})\b")
# Complaint Handling Codes: the time to answer a complaint runs from its acknowledgement by staff.
_STARTS_A_CLOCK = re.compile(
    r"complaint (?:\w+ ){0,2}?(?:acknowledged|accepted)|acknowledg\w+ (?:of )?(?:your|the|a) complaint"
    r"|\bstage (?:\d|one|two)\b|(?:\bFOI\b|freedom of information|\brequest) (?:\w+ ){0,2}?(?:accepted|valid)",
    re.IGNORECASE,
)


def the_reference_is_there(draft: Draft) -> Iterator[Remark]:
    """L2: the reference is in the text, and in the subject if there is one."""
    for sample in draft.samples.values():
        reference = str(sample.values.get("reference", ""))
        if draft.sort is not Sort.TEXT and reference not in sample.subject:
            yield error("The subject has no reference: write {{ reference }} into it.")
        if reference not in sample.text:
            yield error("The message has no reference: write {{ reference }} into it.")


def dates_are_honest(draft: Draft) -> Iterator[Remark]:
    """L3: the date of the answer is the contact's own, in words; no number of days and no fixed date."""
    for sample in draft.samples.values():
        respond_by = str(sample.values.get("respond_by", ""))
        if respond_by not in sample.text:
            yield error("It does not say by when: write {{ respond_by }}, which is the contact's own date in words.")
        own_words = f"{sample.own_subject}\n{sample.own_text}"
        for match in _DAYS.finditer(own_words):
            yield error(
                f'"{match[0]}" is fixed, and wrong for some: write {{{{ respond_by }}}} or another placeholder.'
            )
        for match in _BARE_DATE.finditer(own_words):
            yield error(f"{match[0]} can be misread: write dates in words, as in Tuesday 29 December 2026.")


def it_is_easy_to_read(draft: Draft) -> Iterator[Remark]:
    """L9: the Flesch-Kincaid grade, the length of sentences, the passive; each for the worst sample."""
    measures = [reading(sample.text) for sample in draft.samples.values()]
    if not measures:
        return
    grade = max(measure.grade for measure in measures)
    if grade > GOOD_GRADE:
        remark = error if grade > MOST_GRADE else warning
        yield remark(
            f"It needs {grade:.1f} years of school (Flesch-Kincaid), {GOOD_GRADE} is the aim: use shorter words and "
            "sentences."
        )
    if (mean := max(measure.mean_words for measure in measures)) > _MEAN_WORDS:
        yield warning(f"A sentence has {mean:.0f} words on average, {_MEAN_WORDS} is the aim: make two of one.")
    longest = max(measures, key=lambda measure: measure.longest_words)
    if longest.longest_words > _MOST_WORDS:
        yield warning(f'A sentence has {longest.longest_words} words: make two of "{_start(longest.longest)}".')
    yield from _passive(max(measures, key=lambda measure: measure.passive))


def _passive(measure: Reading) -> Iterator[Remark]:
    if measure.passive > _MOST_PASSIVE:
        yield warning(
            f'{measure.passive:.0%} of the sentences are passive: say who does it in "{_start(measure.first_passive)}".'
        )


def _start(sentence: str) -> str:
    words = sentence.split()
    return " ".join(words[:6]) + (" ..." if len(words) > 6 else "")


def words_are_plain(draft: Draft) -> Iterator[Remark]:
    """L10: no officialese; "as soon as possible" only with a date."""
    for sample in draft.samples.values():
        own_words = f"{sample.own_subject}\n{sample.own_text}"
        for banned, better in _BANNED.items():
            if re.search(rf"\b{banned}(?:s|d|ed|ing)?\b", own_words, re.IGNORECASE):
                yield warning(f'"{banned}" is not what people say: instead, {better}.')
        for sentence in sentences(sample.text):
            if _AT_SOME_TIME.search(sentence) and not _WEEKDAY.search(sentence):
                yield warning('"as soon as possible" says nothing: write by when, as a date.')


def nothing_personal_is_public(draft: Draft) -> Iterator[Remark]:
    """L11: a public text shows nothing of the person or of their message, and no reference."""
    for name in sorted(draft.placeholders - _PUBLIC):
        yield error(
            f"Everybody can read it: take {{{{ {name} }}}} out; only {', '.join(sorted(_PUBLIC))} may be shown."
        )


def urgent_help_is_named(draft: Draft) -> Iterator[Remark]:
    """L12: what to do at once, 999 for danger, and a telephone number. A short text has room for the first alone."""
    for sample in draft.samples.values():
        urgent = str(sample.values.get("urgent", ""))
        if urgent not in sample.text:
            yield error("What to do at once is missing where somebody may be in danger: write {{ urgent }}.")
        if draft.sort is not Sort.TEXT:
            yield from _help(sample, draft.constants.get("phone", ""))


def _help(sample: Rendered, phone: str) -> Iterator[Remark]:
    if not _EMERGENCY.search(sample.own_text):
        yield error('It does not say what to do in danger: write "If someone is in danger, call 999."')
    if not phone:
        yield NO_TELEPHONE
    elif phone not in sample.text:
        yield error("It names no telephone: write {{ phone }}, for whoever cannot wait or cannot write.")


def everybody_can_read_it(draft: Draft) -> Iterator[Remark]:
    """L13: formats and languages are offered; an English version exists for people without another one."""
    if "en" not in draft.languages:
        yield error(f"There is no English version to fall back on: write messages/en/{draft.name}.md.")
    for sample, page in draft.pages():
        root = page.css_first("html")
        if is_right_to_left(draft.language) and (root is None or root.attributes.get("dir") != "rtl"):
            yield error(
                'This language runs from right to left: write dir="$direction" into <html> of partials/mail.html.'
            )
        if draft.language == "en" and not (_FORMATS.search(sample.own_text) and _LANGUAGES.search(sample.own_text)):
            yield error(
                "It offers no other formats and languages: offer large print, Easy Read, braille and languages."
            )


def people_may_answer(draft: Draft) -> Iterator[Remark]:
    """L14: no text says that answers are not read, or asks people to send everything again."""
    for sample in draft.samples.values():
        for match in _UNREAD.finditer(f"{sample.own_subject}\n{sample.own_text}"):
            yield error(f'"{match[0]}" sends people away: take it out, and say how they can answer.')


def it_says_it_is_automatic(draft: Draft) -> Iterator[Remark]:
    """L15: the text says that it is automatic."""
    if any("automatic" not in sample.own_text.lower() for sample in draft.samples.values()):
        yield warning('It does not say what it is: write "This is an automatic message."')


def the_subject_is_short_and_calm(draft: Draft) -> Iterator[Remark]:
    """L16: the subject has at most 60 characters, no words in capitals, no exclamation mark."""
    for sample in draft.samples.values():
        if (length := len(sample.subject)) > _MOST_SUBJECT:
            yield error(f"The subject has {length} characters: make it {_MOST_SUBJECT} or fewer.")
        if match := _CAPITALS.search(sample.own_subject):
            yield error(f'"{match[0]}" in the subject shouts: write small letters.')
        if "!" in sample.own_subject:
            yield error("The subject has an exclamation mark: take it out.")


def no_other_clock_is_started(draft: Draft) -> Iterator[Remark]:
    """L17: an automatic message confirms receipt only; staff acknowledge a complaint or accept a request."""
    for sample in draft.samples.values():
        for match in _STARTS_A_CLOCK.finditer(f"{sample.own_subject}\n{sample.own_text}"):
            yield error(f'"{match[0]}" starts the time of another stage: say "we have your message" instead.')


def there_is_a_way_on_and_off_line(draft: Draft) -> Iterator[Remark]:
    """L18: a page of the service or the organisation, and a way without the internet."""
    if not draft.constants.get("website"):
        yield NO_WEBSITE
    for sample in draft.samples.values():
        website, service_page = draft.constants.get("website", ""), str(sample.values.get("service_page", ""))
        if website not in sample.text or service_page not in sample.text:
            yield warning("It leads to no page to read more on: write {{ website }} and {{ service_page }}.")
        if str(sample.values.get("other_route", "")) not in sample.text:
            yield warning("It names no way without the internet: write {{ other_route }}.")


def nobody_is_told_to_type_commands(draft: Draft) -> Iterator[Remark]:
    """L19: staff of a team work in the console, and have no command line."""
    for sample in draft.samples.values():
        for match in _COMMAND.finditer(f"{sample.own_subject}\n{sample.own_text}"):
            yield error(f'"{match[0]}" is a command, which staff cannot type: say what to do in the console.')
