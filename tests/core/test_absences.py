"""Absence messages are told by what programs write, in every language; no subject of a person's is taken for one."""

import itertools
import unicodedata
from time import thread_time

import pytest

from bot.core import absences
from bot.core.autoreplies import looks_absent
from bot.core.intakes import triage
from bot.core.messages import Inbound, Mail, Party
from bot.core.rules import Facts

REPLIES = {
    "en": "Automatic reply",
    "en with a hyphen": "Auto-Reply",
    "en as one word": "AutoReply",
    "cy": "Ateb awtomatig",
    "ga": "Freagra uathoibríoch",
    "fr": "Réponse automatique",
    "es": "Respuesta automática",
    "pt": "Resposta automática",
    "it": "Risposta automatica",
    "ro": "Răspuns automat",
    "mt": "Tweġiba awtomatika",
    "de": "Automatische Antwort",
    "nl": "Automatisch antwoord",
    "da": "Autosvar",
    "sv": "Automatiskt svar",
    "fi": "Automaattinen vastaus",
    "et": "Automaatne vastus",
    "pl": "Automatyczna odpowiedź",
    "cs": "Automatická odpověď",
    "sk": "Automatická odpoveď",
    "hu": "Automatikus válasz",
    "hr": "Automatski odgovor",
    "sl": "Samodejni odgovor",
    "lt": "Automatinis atsakymas",
    "lv": "Automātiskā atbilde",
    "el": "Αυτόματη απάντηση",
    "bg": "Автоматичен отговор",
    "ru": "Автоматический ответ",
    "uk": "Автоматична відповідь",
    "tr": "Otomatik yan\u0131t",
    "ar": "رد تلقائي",
    "ur": "خودکار جواب",
    "zh": "自动回复",
    "zh in Taiwan": "自動回覆",
    "ja": "自動返信",
    "ko": "자동 회신",
}
ABSENCES = {
    "en": ("Out of office", "until Monday"),
    "en with hyphens": ("Out-of-Office", "returning 12/09/2026"),
    "en with a noun": ("Out of Office notification", "from 3 May"),
    "cy": ("Allan o'r swyddfa", "tan 3 Mai"),
    "fr": ("Absence du bureau", "jusqu'au 3 mai"),
    "es": ("Fuera de la oficina", "hasta el lunes"),
    "pt": ("Fora do escritório", "até 3 de maio"),
    "it": ("Fuori sede", "fino al 3 maggio"),
    "ro": ("În afara biroului", "până luni"),
    "de": ("Abwesenheitsnotiz", "bis 3. Mai"),
    "nl": ("Afwezigheidsbericht", "tot 3 mei"),
    "sv": ("Frånvaro", "till och med fredag"),
    "da": ("Fraværsbesked", "til og med fredag"),
    "fi": ("Poissa toimistosta", "3.5. saakka"),
    "et": ("Kontorist väljas", "kuni 3. mai"),
    "pl": ("Poza biurem", "do poniedziałku"),
    "cs": ("Mimo kancelář", "do 3. května"),
    "hu": ("Házon kívül", "5.3-ig"),
    "hr": ("Izvan ureda", "do ponedjeljka"),
    "lv": ("Prombūtnē", "līdz 3. maijam"),
    "el": ("Εκτός γραφείου", "έως 3/5"),
    "bg": ("Извън офиса", "до понеделник"),
    "tr": ("Ofis d\u0131ş\u0131nda", "3 May\u0131s'a kadar"),
    "ar": ("خارج المكتب", "حتى الاثنين"),
}
PREFIXES = (
    "",
    "RE: ",
    "Re: ",
    "AW: ",
    "SV: ",
    "Antw: ",
    "Odp: ",
    "VS: ",
    "YNT: ",
    "Re[2]: ",
    "RE: AW: ",
    "[EXT] RE: ",
    "回复：",
)
TAILS = (
    "",
    ": We have your message",
    " Re: bins",
    " - bins",
    "\uff1aWe have your message",
    " (Re: bins)",
    " AW: bins",
    "!",
)
PEOPLES = """
Out of office hours?
Out of office hours
Out of office until when?
Out of office number does not work
Out of office message on your phone line is wrong
Out of office monitor broken
Out of office back door broken
The council is out of the office again
My housing officer is out of the office until Monday
Why is nobody in the office?
Automatic reply lost my form
Automatic Reply Lost My Form
Automatic reply from the council is rude
Automatic reply returns nothing
Automatic response system is broken
Auto response times of the fire service
No automatic reply came
Your automatic reply
automatic replying machine
Auto: my car was towed
AUTO: Ann Smith
RE: We have your message: BC-7K3M-9QPH
Re: out of office space in Mill Lane
Poissa kaivo
Afwezig kind
Absence of my child from school
Annual leave for my carer
Sick leave and council tax
I am out of the office a lot, can you call?
Autosvarer virker ikke
自动回复有问题
Bins
""".strip().splitlines()


@pytest.mark.parametrize("language", REPLIES)
def test_an_automatic_reply_is_seen_in_every_language(language: str) -> None:
    """With whatever stands before it and whatever programs write after it, in any case."""
    for prefix, tail in itertools.product(PREFIXES, TAILS):
        for phrase in (REPLIES[language], REPLIES[language].lower(), REPLIES[language].replace(" ", "-")):
            assert looks_absent(f"{prefix}{phrase}{tail}"), (prefix, phrase, tail)


@pytest.mark.parametrize("language", REPLIES)
def test_a_phrase_without_its_accents_is_the_same(language: str) -> None:
    """Not every keyboard has them."""
    letters = unicodedata.normalize("NFKD", REPLIES[language])
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    assert looks_absent(f"{plain}: We have your message")


@pytest.mark.parametrize("language", ABSENCES)
def test_an_absence_is_seen_in_every_language(language: str) -> None:
    """Alone, with until when, and with the subject that it answers."""
    phrase, until = ABSENCES[language]
    for prefix, tail in itertools.product(PREFIXES, (*TAILS, f" {until}", f", {until}", f": {until}")):
        assert looks_absent(f"{prefix}{phrase}{tail}"), (prefix, phrase, tail)


@pytest.mark.parametrize(
    "subject",
    [
        "Out of Office AutoReply: We have your message",
        "AUTO: Ann Smith is out of the office (returning 12/09/2026)",
        "AUTO: Smith, Ann is out of the office until 12/09/2026",
        "Ann Smith is out of the office",
        "Ann Smith is on annual leave until Monday",
        "Jean-Luc O'Neill is currently out of the office",
        "I am out of the office",
        "I'm out of the office until 5 May",
        "I\u2019m on leave, back on Monday",
        "Automatic reply: Where is my bin?",
        "AUTOMATIC REPLY - BINS",
        "  Automatic   reply:  x",
    ],
)
def test_the_forms_of_known_programs_are_seen(subject: str) -> None:
    """Exchange, Notes, and what people write themselves when they set one."""
    assert looks_absent(subject)


@pytest.mark.parametrize("subject", PEOPLES)
@pytest.mark.parametrize("prefix", ["", "Re: ", "Fwd: "])
def test_no_persons_subject_is_taken_for_one(subject: str, prefix: str) -> None:
    """Words after the phrase that programs do not write there are a person's."""
    assert not looks_absent(prefix + subject)


@pytest.mark.parametrize(("thread", "expected"), [(None, ("ask", 20)), ("EX-7K3M-9QPH", ("attach", 6))])
def test_a_subject_alone_never_logs_in_silence(thread: str | None, expected: tuple[str, int]) -> None:
    """Alone it is left to staff; in a thread it is added, and nobody is told and nothing resumed."""
    party = Party("ann@residents.example")
    about = Mail((), party.address, from_addresses=(party,))
    for phrase in (*REPLIES.values(), *(phrase for phrase, _ in ABSENCES.values())):
        message = Inbound("inbox", "<1@x>", "d" * 64, party, subject=f"{phrase}: x", text="Away.", mail=about)
        verdict = triage(message, Facts(thread=thread))
        assert (verdict.outcome, verdict.rule.row, verdict.recipient) == (*expected, None), phrase


def test_what_is_asked_no_further_is_no_absence() -> None:
    """The words that are looked for first miss none that the whole rule knows."""
    for phrase in (*absences._REPLIES, *absences._ABSENCES):
        assert looks_absent(phrase), phrase
        assert looks_absent(f"{phrase.upper()}: x") or not phrase.isascii(), phrase


def test_a_hostile_subject_takes_no_long_time() -> None:
    """No two ways to match, however long it is."""
    began = thread_time()
    for piece in ("out of office ", "a b ", "re: ", " - ", "auto: a is ", "i am ", "out of the office (", "é is "):
        for count in (10, 1_000, 20_000):
            looks_absent(piece * count + "office")
    assert thread_time() - began < 1
