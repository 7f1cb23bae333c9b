"""The language of what people write: each one of the receipts, and none where it would be a guess."""

import pytest

from bot.core.messages import Inbound
from bot.flows.intake.topics import look_into
from bot.flows.rulebook import Rulebook
from bot.wire.mail import mime
from bot.wire.text_language import language_of

SENTENCES = {
    "en": "My bin was not emptied again, and nobody tells me why.",
    "cy": "Ni chafodd fy min ei wagio eto, a does neb yn dweud wrthyf pam.",
    "pl": "Mój kosz znowu nie został opróżniony i nikt nie mówi mi dlaczego.",
    "ro": "Pubela mea nu a fost golită nici de data aceasta și nimeni nu îmi spune de ce.",
    "pt": "O meu caixote do lixo não foi esvaziado outra vez e ninguém me diz porquê.",
    "uk": "Мій сміттєвий бак знову не спорожнили, і ніхто не каже мені чому.",
    "ar": "لم يتم إفراغ سلة المهملات الخاصة بي مرة أخرى ولا أحد يخبرني بالسبب.",
    "ur": "میرا کوڑے دان پھر خالی نہیں کیا گیا اور کوئی مجھے وجہ نہیں بتاتا۔",
    "pa": "ਮੇਰਾ ਕੂੜੇਦਾਨ ਫਿਰ ਖਾਲੀ ਨਹੀਂ ਕੀਤਾ ਗਿਆ ਅਤੇ ਕੋਈ ਮੈਨੂੰ ਨਹੀਂ ਦੱਸਦਾ ਕਿ ਕਿਉਂ।",
    "bn": "আমার ময়লার পাত্র আবার খালি করা হয়নি এবং কেউ আমাকে বলছে না কেন।",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_each_language_of_a_receipt_is_recognised(code: str) -> None:
    """In small letters and in capitals."""
    assert language_of(SENTENCES[code]) == code
    assert language_of(SENTENCES[code].upper()) == code


@pytest.mark.parametrize("code", SENTENCES)
def test_links_addresses_and_numbers_are_of_no_language(code: str) -> None:
    """Whatever stands before the words: a link is often longer than they are."""
    path = "example.org/informacao/para-todos-os-cidadaos-da-cidade-e-dos-arredores?pagina=12"
    for link in (f"https://www.{path}", f"www.{path}", path, f"<https://{path}{'&pagina=12' * 40}>"):
        assert language_of(f"{link}\nana.silva-informacao@residents.example 01632 960123\n{SENTENCES[code]}") == code
        assert language_of(f"{link} {SENTENCES[code]}") == code


NAMES = {
    "Polish names": "Łukasz Brzęczyszczykiewicz\nKrzysztof Wójcik",
    "Portuguese names": "Ana Maria Gonçalves da Silva e Sousa",
    "an English signature": "Kind regards\nSam Green\nHead of Housing\n14 Mill Lane\n\nSent from my iPhone",
    "a German closing": "Mit freundlichen Grüßen\nHans-Jürgen Müller",
    "a telephone's line": "Sent from my Samsung Galaxy smartphone",
    "a greeting": "Hello,",
}


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("names", NAMES)
def test_names_and_signatures_are_of_no_language(code: str, names: str) -> None:
    """Above the words and below them; and by themselves they say nothing."""
    short = SENTENCES[code].split(",")[0].split("،")[0]
    for text in (short, SENTENCES[code]):
        assert language_of(f"{text}\n\n{NAMES[names]}") == language_of(text)
        assert language_of(f"{NAMES[names]}\n\n{text}") == language_of(text)
    assert language_of(NAMES[names]) == ""


def _mail(text: str, subject: str = "Re: We have your message") -> Inbound:
    header = f"From: Ann <ann@residents.example>\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n"
    return mime.read(f"{header}{text}".encode(), channel="inbox", received_at=None)


QUOTED = "Thank you for writing to us. We will look at your bin within the next ten working days."
PLACES = {
    "Outlook, below": f"{{}}\n\nFrom: Council <us@example.gov.uk>\nSent: 7 May 2026 10:00\nTo: Ann\n\n{QUOTED}",
    "Gmail, below": f"{{}}\n\nOn 7 May 2026 at 10:00, Council <us@example.gov.uk> wrote:\n\n{QUOTED}",
    "above": f"On 7 May 2026 at 10:00, Council <us@example.gov.uk> wrote:\n> {QUOTED}\n> {QUOTED}\n\n{{}}",
    "between": f"> {QUOTED}\n{{}}\n> {QUOTED}",
}


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("place", PLACES)
def test_the_language_is_that_of_the_new_words(book: Rulebook, code: str, place: str) -> None:
    """Not of our own mail that somebody quotes, nor of its subject."""
    assert look_into(_mail(PLACES[place].format(SENTENCES[code])), book).language == code
    assert look_into(_mail(PLACES[place].format("OK.")), book).language == ""


def test_the_subject_says_it_where_there_are_no_words(book: Rulebook) -> None:
    """Some people write in the subject alone; beside words it is often our own."""
    subject = "My bin was not emptied again this week"
    assert look_into(_mail("", subject), book).language == "en"
    assert look_into(_mail("Ana", subject), book).language == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Ann Lee",
        "01632 960123",
        "https://example.org/reports/potholes/in/the/road",
        "ok",
        "Thank you",
        "Please help",
        "Missed bin",
        "Łukasz Wójcik",
        "Dziękuję bardzo",
        "See attached.",
        "Sent from my iPhone",
        "14 Mill Lane, Taunton TA1 3DU",
        "URL: http://www.newspaper.example/click/-4,8269406,1717/\nDate: 2026-09-26T09:23:44+01:00\n\n(Some Resident)",
        "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂",
    ],
)
def test_a_text_with_too_few_words_is_of_no_known_language(text: str) -> None:
    """A name, a number or a link says nothing of it."""
    assert language_of(text) == ""


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x85", "\ud800", "\ufffe", "\U0010ffff", "\u202e"])
def test_no_sign_stops_it(sign: str) -> None:
    """Signs that the detector does not take cost at most the answer."""
    assert language_of(f"{sign}{SENTENCES['pl']}{sign}") in {"pl", ""}


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    """What follows is often a quotation in another language."""
    assert language_of(SENTENCES["cy"] * 40 + SENTENCES["pl"] * 400) == "cy"
