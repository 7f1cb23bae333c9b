"""The language of what people write: each one of the receipts, and none where it would be a guess."""

import pytest

from bot.flows.intake.topics import language_of

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
    link = "https://www.example.org/informacao/para-todos-os-cidadaos-da-cidade-e-dos-arredores?pagina=12"
    assert language_of(f"{link}\nana.silva-informacao@residents.example 01632 960123\n{SENTENCES[code]}") == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "Ann Lee",
        "01632 960123",
        "https://example.org/reports/potholes/in/the/road",
        "ok",
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
