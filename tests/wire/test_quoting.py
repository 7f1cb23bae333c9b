"""New words are told from older mail, signatures and disclaimers; in doubt too much is kept, and never nothing."""

from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.wire.mail.quoting import new_words
from tests.thoroughness import cases

ANSWER = "The lamp is number 14.\n\nIt has been dark since Monday."
GERMAN = "Die Laterne hat die Nummer 14.\nSie ist seit Montag dunkel."
OLD = "> Thank you for writing to us.\n> Which lamp do you mean?\n>\n> Exampleshire Council"
UNMARKED = "Thank you for writing to us.\nWhich lamp do you mean?\n\nExampleshire Council"
COUNCIL = "Exampleshire Council <enquiries@example.gov.uk>"
LAWYERS = (
    "This message and its attachments are confidential and intended only for the person to whom they are addressed. "
    "If it reached you in error, tell the sender and delete it."
)

BELOW = {
    "Outlook": f"From: {COUNCIL}\nSent: Monday, 23 November 2026 10:15\nTo: Ann Lee\nSubject: RE: Lamp\n\n{UNMARKED}",
    "Outlook with a rule": f"{'_' * 40}\nFrom: {COUNCIL}\nSent: 23 November 2026 10:15\nTo: Ann\nSubject: X\n\nHello",
    "Outlook in German": f"Von: {COUNCIL}\nGesendet: Montag, 23. November 2026 10:15\nAn: Ann\nBetreff: AW: X\n\nHallo",
    "Outlook without an address": f"From: Bob\nSent: Monday, 23 November 2026 10:15\nTo: Ann\nSubject: X\n\n{UNMARKED}",
    "Outlook without a time": f"Von: us@example.gov.uk\nGesendet: 23.11.2026\nAn: Ann\n\n{UNMARKED}",
    "Outlook in bold": f"*From:* {COUNCIL}\n*Sent:* 23 November 2026 10:15\n*To:* Ann\n*Subject:* Lamp\n\n{UNMARKED}",
    "Outlook 2003": f"-----Original Message-----\nFrom: {COUNCIL}\nSent: 23 November 2026 10:15\n\n{UNMARKED}",
    "Yahoo": f"----- Original Message -----\nFrom: {COUNCIL}\nTo: Ann\nSent: Monday\n\n{UNMARKED}",
    "a Samsung phone": f"-------- Oryginalna wiadomość --------\nOd: {COUNCIL}\nData: 23.11.2026 10:15\n\n{UNMARKED}",
    "Gmail": f"On Mon, 23 Nov 2026 at 10:15, {COUNCIL} wrote:\n\n{OLD}",
    "Gmail on two lines": f"On Mon, 23 Nov 2026 at 10:15, Council <\nenquiries@example.gov.uk> wrote:\n\n{OLD}",
    "Gmail as HTML": f"On Mon, 23 Nov 2026 at 10:15, {COUNCIL} wrote:\n\n{UNMARKED}",
    "Gmail in Polish": f"pon., 23 lis 2026 o 10:15 {COUNCIL} napisał(a):\n\n{OLD}",
    "Gmail in Polish as HTML": f"pon., 23 lis 2026 o 10:15 {COUNCIL} napisał(a):\n\n{UNMARKED}",
    "Gmail in Welsh": f"Ar Llun, 23 Tach 2026 am 10:15, {COUNCIL} ysgrifennodd:\n\n{OLD}",
    "Gmail in Welsh as HTML": f"Ar Llun, 23 Tach 2026 am 10:15, {COUNCIL}\nysgrifennodd:\n\n{UNMARKED}",
    "Gmail in Romanian": f"În lun., 23 nov. 2026 la 10:15, {COUNCIL} a scris:\n\n{UNMARKED}",
    "Gmail in Ukrainian": f"пн, 23 лист. 2026 р. о 10:15 {COUNCIL} пише:\n\n{UNMARKED}",
    "Gmail in Russian": f'23.11.2026 10:15 пользователь "Exampleshire" <\nenquiries@example.gov.uk> написал:\n\n{OLD}',
    "Gmail in Portuguese": f"{COUNCIL} escreveu (segunda, 23/11/2026 à(s) 10:15):\n\n{UNMARKED}",
    "Gmail in French": f"Le lun. 23 nov. 2026 à 10:15, {COUNCIL} a écrit :\n\n{OLD}",
    "Gmail in Spanish": f"El lun, 23 nov 2026 a las 10:15, {COUNCIL} escribió:\n\n{OLD}",
    "Gmail in Italian": f"Il giorno lun 23 nov 2026 alle ore 10:15 {COUNCIL} ha scritto:\n\n{OLD}",
    "a language that nobody knows": f"23.11.2026 10:15, {COUNCIL} skribis:\n{OLD}",
    "Apple Mail": f"> On 23 Nov 2026, at 10:15, {COUNCIL} wrote:\n>\n{OLD}",
    "Apple Mail, German": f"> Am 23.11.2026 um 10:15 schrieb {COUNCIL}:\n>\n{OLD}",
    "Thunderbird": f"On 23/11/2026 10:15, Exampleshire Council wrote:\n{OLD}",
    "Thunderbird in German": f"Am 23.11.26 um 10:15 schrieb Exampleshire Council:\n{OLD}",
    "Thunderbird in Polish": f"W dniu 23.11.2026 o 10:15, Exampleshire Council pisze:\n{OLD}",
    "quoted lines alone": OLD,
}


@pytest.mark.parametrize("program", BELOW)
def test_older_mail_below_is_left_out(program: str) -> None:
    """However the program introduces it, and whichever language it speaks."""
    assert new_words(f"{ANSWER}\n\n{BELOW[program]}\n") == ANSWER
    assert new_words(f"{GERMAN}\n\n{BELOW[program]}\n".replace("\n", "\r\n")).replace("\r", "") == GERMAN


TAILS = {
    "a signature": "-- \nAnn Lee\n12 High Street\nExampletown EX1 2AB\nTel. 01632 960 123",
    "a signature whose space is lost": "--\nAnn Lee",
    "closing words": "Kind regards\n\nAnn Lee",
    "closing words in Polish": "Pozdrawiam\nAnna Nowak",
    "closing words in German": "Mit freundlichen Grüßen\nAnna Schmidt\nMusterstraße 1\n12345 Musterstadt",
    "a phone": "Sent from my iPhone",
    "a phone in German": "Von meinem iPhone gesendet",
    "a phone in Polish": "Wysłano z iPhone'a",
    "Outlook on a phone": "Get Outlook for Android",
    "a disclaimer": LAWYERS,
    "a disclaimer over lines": LAWYERS.replace(". ", ".\n").replace(" and ", "\nand "),
    "a signature and a disclaimer": f"Kind regards,\nAnn Lee\nShop Manager\n\n{LAWYERS}\n\n{LAWYERS}",
}


@pytest.mark.parametrize("tail", TAILS)
def test_what_programs_and_habits_append_is_left_out(tail: str) -> None:
    """At the end of a mail, and above the older mail."""
    assert new_words(f"{ANSWER}\n\n{TAILS[tail]}\n") == ANSWER
    for program in ("Outlook", "Gmail", "Apple Mail", "Thunderbird in German"):
        assert new_words(f"{ANSWER}\n\n{TAILS[tail]}\n\n{BELOW[program]}") == ANSWER


@pytest.mark.parametrize("tail", ["a signature", "a disclaimer", "a phone"])
def test_a_signature_below_the_older_mail_is_no_answer(tail: str) -> None:
    """Some programs put it at the very end, below the quoted lines."""
    assert new_words(f"{ANSWER}\n\n{BELOW['Thunderbird']}\n\n{TAILS[tail]}") == ANSWER


WHOLE = {
    "no quotation": ANSWER,
    "nothing": "",
    "blank lines": "\n \n",
    "written below what Outlook quotes": f"{BELOW['Outlook']}",
    "a quotation alone": OLD,
    "a signature alone": "-- \nAnn Lee",
    "a phone alone": "Sent from my iPhone",
    "a disclaimer alone": LAWYERS,
    "a list": "These lamps are dark:\n- number 14\n- number 15\n\n- and the one by the school",
    "a letter with headings": "From: Ann Lee\nDate: 23 November 2026\nSubject: Lamps\n\nThe lamp is dark.",
    "words that a signature begins with": "Thank you,\nbut the lamp is still dark. Please send somebody.",
    "thanks at the start of a line": "Hello,\nThanks, I saw the van today but the lamp is still dark.\nAnn",
    "a postscript": "The lamp is dark.\n\nKind regards\nAnn\n\nPS It flickered before.",
    "words below a rule of two hyphens": "The lamp is dark.\n--\nThe pothole is getting deeper as well, by the way.",
    "somebody told in a story": "In 2019 I asked, and your office wrote:\nwe will come soon.\nNobody came.",
    "headings in dashes": "---- The lamp ----\nIt is dark.\n---- The pothole ----\nIt is deep.",
    "a form": "Hello,\nData: 23.11.2026\nLampa nie świeci.",
    "a person's own confidence": "This email is confidential: my landlord must not know.",
    "a signature in the middle of a very long text": "The lamp is dark.\n" * 296 + f"--\nAnn\nLee\nSchool\n{ANSWER}",
    "one long line": "The lamp by the school is dark. " * 40,
}


@pytest.mark.parametrize("name", WHOLE)
def test_in_doubt_the_whole_text_is_given_back(name: str) -> None:
    """Who only uses words that look like a quotation loses nothing."""
    assert new_words(WHOLE[name]) == WHOLE[name]


def test_words_stay_as_they_were_written() -> None:
    """Indents, long lines and empty lines of the new words are the author's own."""
    answer = f"Dear all,\n\n\n    14   lamps\n{'very ' * 300}dark"
    assert new_words(f"{answer}\n\n{BELOW['Gmail']}") == answer


def test_a_very_long_quotation_is_left_out_whole() -> None:
    """Longer than what is looked at."""
    assert new_words(f"{ANSWER}\n\n{BELOW['Thunderbird']}\n" + f"{OLD}\n" * 400) == ANSWER


def _spelt(verb: str) -> str:
    """One verb in many spellings of capital and small letters."""
    spellings = ("".join(c.upper() if n >> i & 1 else c for i, c in enumerate(verb)) for n in range(40))
    return " ".join(spellings)


COUNTED = " ".join(map(str, range(60)))
HOSTILE = {
    "On .. wrote": "On .. wrote " * 1_700,
    "20,000 empty lines": "\n" * 20_000,
    "On a a a": "On " + "a " * 10_000,
    "Am schrieb schrieb": ("Am " + "schrieb " * 48 + "\n") * 250,
    "spellings of schrieb": f"Am {_spelt('schrieb')} x\n" * 300,
    "On 0 1 2": f"On {COUNTED} wrote \n" * 500,
    "Dnia 0 1 2": f"Dnia {COUNTED} napisał(a) \n" * 500,
    "every language": f"On Am El Le Il Dnia Dne Op {COUNTED} \n" * 400,
    "fields": "From: a\nTo: b\n" * 7_000,
    "quotation marks": "> " * 50_000,
    "quoted lines": ">\n" * 50_000,
    "quoted attributions": "> > > > On a a\n" * 7_000,
    "signatures": "-- \n" * 25_000,
    "closing words": "Thank you,\n" * 9_000,
    "phones": "Sent from my a b c d e\n" * 4_500,
    "disclaimers": ("Disclaimer: mai " + "a " * 180 + "\n") * 250,
    "paragraphs of lawyers": f"{LAWYERS}\n\n" * 600,
    "rules": "_" * 100_000,
    "spaces": " " * 100_000,
    "fields with addresses": "From: a <a@b>\nDate: 7.9.2026\n" * 4_000,
    "headers": "\nFrom: a <a@b>\nDate: 7.9.2026\nTo: b\n> a\n" * 2_500,
    "attributions": "7.9.2026 10:15 <a@b> wrote:\n> a\n" * 3_000,
    "attributions over lines": "7.9.2026 <a@b>\nwrote\n\n" * 5_000,
    "headings": "----- Original Message -----\nFrom: a\nTo: b\n" * 2_500,
    "brackets": "<" * 50_000 + "@" * 50_000,
    "one line of addresses": "<a@b> 7.9.2026 " * 6_000 + ":",
    "digits": "1 " * 50_000 + "@:",
    "long words with colons": (("a" * 900 + "@:") + "\n") * 110,
    "blank lines between": "7.9.2026 <a@b>:\n\n\n\n\n" * 5_000 + "> a",
    "prose": f"{ANSWER}\n" * 1_800,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_does_not_hang(name: str) -> None:
    """Shapes over which expressions take quadratic time; what others cost `python -m bench hostile` shows."""
    text = HOSTILE[name][:100_000]
    began = thread_time()
    assert bool(new_words(text).strip()) == bool(text.strip())
    assert thread_time() - began < 10


LINES = st.sampled_from(
    [*BELOW.values(), *TAILS.values(), ANSWER, "> a", "--", "", "wrote:", "From: a", "\x00", "é" * 500]
)


@settings(max_examples=cases(50, 1_000), deadline=None)
@given(st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=12).map("\n".join))
def test_no_text_breaks_it_or_comes_to_nothing(text: str) -> None:
    """Whatever was written: lines of it in their order, and nothing only for nothing."""
    words = new_words(text)
    remainder = iter(text.split("\n"))
    assert all(any(line.strip() in original for original in remainder) for line in words.split("\n") if line.strip())
    assert bool(words.strip()) == bool(text.strip())
