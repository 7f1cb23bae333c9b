"""Older mail is known by its shape: in every language, from every program, above, below and between the answers."""

from collections.abc import Callable, Iterator

import pytest

from bot.wire.mail.quoting import new_words

# Of each language: from, sent, to, subject; a day and a time; the verb of an attribution; "original message".
LANGUAGES = {
    "English": ("From", "Sent", "To", "Subject", "7 September 2026 10:00", "wrote", "Original Message"),
    "Welsh": ("Oddi wrth", "Anfonwyd", "At", "Pwnc", "07 Medi 2026 10:00", "ysgrifennodd", "Neges Wreiddiol"),
    "Polish": ("Od", "Wysłano", "Do", "Temat", "7 września 2026 10:00", "napisał(a)", "Wiadomość oryginalna"),
    "Romanian": ("De la", "Trimis", "Către", "Subiect", "7 septembrie 2026, 10:00", "a scris", "Mesaj original"),
    "Portuguese": ("De", "Enviado", "Para", "Assunto", "7 de setembro de 2026 10:00", "escreveu", "Mensagem original"),
    "Ukrainian": ("Від", "Надіслано", "Кому", "Тема", "7 вересня 2026 р. 10:00", "пише", "Вихідне повідомлення"),
    "Russian": ("От", "Отправлено", "Кому", "Тема", "07.09.2026 10:00", "написал", "Исходное сообщение"),
    "Arabic": ("من", "تاريخ الإرسال", "إلى", "الموضوع", "٧ سبتمبر ٢٠٢٦ ١٠:٠٠ ص", "كتب", "الرسالة الأصلية"),
    "Urdu": ("از", "بھیجا گیا", "بنام", "موضوع", "۷ ستمبر ۲۰۲۶ ۱۰:۰۰", "نے لکھا", "اصل پیغام"),
    "Persian": ("از", "فرستاده شده", "به", "موضوع", "۱۶ شهریور ۱۴۰۵ ۱۰:۰۰", "نوشت", "پیام اصلی"),
    "Hebrew": ("מאת", "נשלח", "אל", "נושא", "7 בספטמבר 2026 10:00", "כתב", "הודעה מקורית"),
    "Bengali": ("প্রেরক", "পাঠানো হয়েছে", "প্রাপক", "বিষয়", "৭ সেপ্টেম্বর, ২০২৬ ১০:০০", "লিখেছেন", "মূল বার্তা"),
    "Hindi": ("प्रेषक", "भेजा गया", "प्रति", "विषय", "७ सितंबर २०२६ १०:००", "ने लिखा", "मूल संदेश"),
    "Punjabi": ("ਵੱਲੋਂ", "ਭੇਜਿਆ", "ਨੂੰ", "ਵਿਸ਼ਾ", "7 ਸਤੰਬਰ 2026 10:00", "ਨੇ ਲਿਖਿਆ", "ਅਸਲ ਸੁਨੇਹਾ"),
    "Chinese": ("发件人", "发送时间", "收件人", "主题", "2026年9月7日 10:00", "写道", "原始邮件"),
    "Japanese": ("差出人", "送信日時", "宛先", "件名", "2026年9月7日 10時00分", "のメール", "元のメッセージ"),
    "Korean": ("보낸 사람", "보낸 날짜", "받는 사람", "제목", "2026년 9월 7일 10:00", "님이 작성", "원본 메시지"),
    "Vietnamese": ("Từ", "Đã gửi", "Tới", "Chủ đề", "07 Tháng Chín 2026 10:00", "đã viết", "Thư gốc"),
    "Turkish": ("Kimden", "Gönderildi", "Kime", "Konu", "7 Eylül 2026 10:00", "yazdı", "Özgün İleti"),
    "Hungarian": ("Feladó", "Elküldve", "Címzett", "Tárgy", "2026. szeptember 7. 10:00", "ezt írta", "Eredeti üzenet"),
    "Slovak": ("Odosielateľ", "Odoslané", "Komu", "Predmet", "7. 9. 2026 10:00", "napísal(a)", "Pôvodná správa"),
    "Lithuanian": ("Nuo", "Išsiųsta", "Kam", "Tema", "2026-09-07 10:00", "rašė", "Pradinis laiškas"),
    "Greek": ("Από", "Στάλθηκε", "Προς", "Θέμα", "7 Σεπτεμβρίου 2026 10:00", "έγραψε", "Αρχικό μήνυμα"),
    "Albanian": ("Nga", "Dërguar", "Për", "Tema", "7 shtator 2026 10:00", "shkroi", "Mesazhi origjinal"),
    "Somali": ("Ka", "La diray", "Ku", "Mawduuc", "7 Sebteembar 2026 10:00", "ayaa qoray", "Fariinta asalka ah"),
    "Esperanto": ("De", "Sendita", "Al", "Temo", "2026/09/07 10:00", "skribis", "Origina mesaĝo"),
}
ADDRESS = "customer.services@example.gov.uk"
COUNCIL = f"Exampleshire Council <{ADDRESS}>"
NEW = "The lamp is number 14.\n\nIt has been dark since Monday."
OLDER = ["If you smell gas, go outside.", "", "You will have an answer by Monday 21 September 2026."]


def _outlook(language: str, pattern: str = "{}: {}", council: str = COUNCIL) -> str:
    sender, sent, to, subject, date, *_ = LANGUAGES[language]
    values = {sender: council, sent: date, to: "Ann Lee", subject: "We have your message: BC-7K3M-9QPH"}
    return "\n".join(pattern.format(name, value) for name, value in values.items())


HEADERS: dict[str, Callable[[str], str]] = {
    "Outlook": _outlook,
    "Outlook in bold": lambda language: _outlook(language, "*{}:* {}"),
    "Outlook in Markdown": lambda language: _outlook(language, "**{}**: {}"),
    "Outlook with spaces": lambda language: _outlook(language, "   {} :   {}"),
    "Outlook in wide letters": lambda language: _outlook(language, "{}：{}"),
    "Outlook with a rule": lambda language: f"{'_' * 32}\n{_outlook(language)}",
    "Outlook, address in brackets": lambda language: _outlook(language, council=f"Council [mailto:{ADDRESS}]"),
    "Outlook, address alone": lambda language: _outlook(language, council=ADDRESS),
    "Outlook, address twice": lambda language: _outlook(language, council=f"{ADDRESS}<mailto:{ADDRESS}>"),
    "Outlook with many recipients": lambda language: _outlook(language).replace(
        "Ann Lee", f"Ann <ann@residents.example>;\nBob <bob@residents.example>;\nCarol <{'c' * 40}@residents.example>"
    ),
    "a phone": lambda language: (
        f"-------- {LANGUAGES[language][6]} --------\n" + "\n".join(_outlook(language).split("\n")[:2])
    ),
    "Outlook 2003": lambda language: f"-----{LANGUAGES[language][6]}-----\n{_outlook(language)}",
}


def _attributions(language: str) -> Iterator[str]:
    date, verb = LANGUAGES[language][4:6]
    yield f"{date}, {COUNCIL} {verb}:"
    yield f"{date}, {COUNCIL} {verb}："
    yield f"{date} {COUNCIL}:"
    yield f"{COUNCIL} {verb} ({date}):"
    yield f"{date}, Exampleshire Council <\n{ADDRESS}> {verb}:"
    yield f"{date},\nExampleshire Council\n<{ADDRESS}> {verb} :"
    yield f"{date}, Exampleshire Council (<{ADDRESS}>) {verb}:"
    yield f"{date}, Council [mailto:{ADDRESS}] {verb}:"
    yield f"{date}, {ADDRESS} {verb}:"
    yield f"*{date}, {COUNCIL} {verb}:*"
    yield f"\u202b{date}, \u202aExampleshire Council\u202c <\u202a{ADDRESS}\u202c> {verb}:\u202c\u200e"


@pytest.mark.parametrize("program", HEADERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_block_of_header_fields_begins_older_mail(program: str, language: str) -> None:
    """Also where no empty line stands around it, and where the older mail quotes a still older one."""
    header = HEADERS[program](language)
    for gap in ("\n\n", "\n"):
        assert new_words(f"{NEW}\n\n{header}{gap}" + "\n".join(OLDER)) == NEW
        assert new_words(f"{NEW}\n{header}{gap}Thanks for writing.\n\n> The lamp is dark.") == NEW
    assert new_words(f"{NEW}\n\n{header}\n\n" + "\n".join(f"> {line}" for line in OLDER)) == NEW


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_attribution_begins_older_mail(language: str) -> None:
    """On one line or more, with quotation marks or without, at the end of a paragraph or by itself."""
    for attribution in _attributions(language):
        for gap in ("\n", "\n\n"):
            assert new_words(f"{NEW}\n\n{attribution}{gap}" + "\n".join(OLDER)) == NEW, attribution
            assert new_words(f"{NEW}\n{attribution}{gap}" + "\n".join(f"> {line}" for line in OLDER)) == NEW, (
                attribution
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_below_and_between_quoted_lines_are_new(language: str) -> None:
    """Exactly those: not the quoted lines, not what introduces them, not the signature."""
    for introduction in [*_attributions(language), _outlook(language), f"> {_outlook(language)}"]:
        quoted = introduction.replace("\n", "\n> ") if introduction.startswith(">") else introduction
        between = (
            f"{quoted}\n\n> Where do you live?\n\nIn my car.\n\n> How many are you?\n>\n> > Hello\nThree.\n\n-- \nAnn"
        )
        assert new_words(between) == "In my car.\n\nThree.", introduction
        assert new_words(f"See below.\n\n{between}") == "See below.\n\nIn my car.\n\nThree.", introduction


def test_answers_without_an_introduction_are_new_as_well() -> None:
    """Quoted lines are enough, how long the quotation may be."""
    quoted = "> Where do you live?\n" * 5_000
    assert new_words(f"Hello,\n{quoted}In my car.\n  > How many?\n\nThree.") == "Hello,\n\nIn my car.\n\nThree."


FORM = "Hello,\n\nName: Ann Lee\n"
NOT_QUOTED = {
    "a form": "Hello,\n\nData: 23.11.2026\nLampa nie świeci.",
    "a form of a person's own": f"{FORM}Email: ann@residents.example\nBorn: 3.4.1980\nProblem: no heating\n\nBye",
    "a form with a time": f"{FORM}Mail: ann@residents.example\nDate: 3.4.2026 10:15\nProblem: no light\n\nBye",
    "fields without an address": "Hello,\n\nDate: 3 March 2026\nTime: 10:15\nPlace: Mill Lane\nProblem: gas\n\nCome.",
    "fields without a date": "Hello,\n\nName: Ann\nMail: Ann <ann@residents.example>\nPlace: Mill Lane\n\nPlease come.",
    "two fields": "Hello,\n\nMail: Ann <ann@residents.example>\nDate: 3 March 2026 10:15\n\nPlease come.",
    "a list of addresses": "Ask:\n\nAnn: ann@residents.example\nBob: bob@residents.example\nCarol: c@x.example\n\nBye",
    "a timetable": "The bus was late:\n\nMonday: 10:15\nTuesday: 10:20\nWednesday: 11:05, on 3 March 2026\n\nWhy?",
    "a day and a colon": "I rang on 3 March 2026 at 10:15, and you told me:\nsomebody will come.\nNobody came.",
    "a year and a colon": "Since 2019 we asked three times, by mail to enquiries@example.gov.uk as well:\nnobody came.",
    "a mail and its day": "On 3 March 2026 I wrote to enquiries@example.gov.uk and asked:\nwhen will it be mended?",
    "an address and a colon": "My address is Ann <ann@residents.example>. Please tell me:\nwhen will it be mended?",
    "sentences above a colon": "My son rang on 3 May 2026 at 10:15. My mail is <ann@x.example>. I ask:\nwhen?",
    "a paragraph that ends in a colon": f"{'I have waited and ' * 20}on 3 May 2026, 10:15, <a@x.example> wrote:\nno.",
    "a server's answer": "It came back:\n\nhost mx.x.example[192.0.2.15] said: 550 <bob@x.example>:\nno such person",
    "links": "See these:\n\nhttps://a.example/2026/03/03\nhttps://b.example/@ann/10:15\nhttps://c.example/x\n\nBye",
    "the end of a letter": "The lamp is dark.\n\nFrom: Ann <ann@residents.example>\nDate: 3 March 2026\nPlace: Home",
    "thanks, and what is wanted": "Gracias\nNo tengo casa",
    "details in dashes": "Hello,\n\n---- My details ----\nName: Ann\nPhone: 01632 960123\nProblem: gas\n\nPlease come.",
}


@pytest.mark.parametrize("name", NOT_QUOTED)
def test_what_only_resembles_older_mail_is_new(name: str) -> None:
    """People fill in forms of their own, tell of dates and addresses, and make lists."""
    assert new_words(NOT_QUOTED[name]) == NOT_QUOTED[name]
