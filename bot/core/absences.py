"""The subjects that programs put on the answers of people who are away.

They prove nothing by themselves, for a person can write about an automatic reply: they count where the mail answers
one of ours, and else staff decide. Not among them is a plain "Auto:", from which RFC 3834 section 3.1.5 asks to infer
nothing.
"""

import re

_SUBJECTS = (
    *("automatic reply", "automatic response", "auto reply", "auto response", "autoreply", "out of office"),
    *("out of the office", "ateb awtomatig"),
    *("réponse automatique", "absence du bureau", "respuesta automática", "resposta automática"),
    *("risposta automatica", "risposta non al computer", "fuori sede", "răspuns automat"),
    *("abwesenheitsnotiz", "automatische antwort", "automatisch antwoord", "autosvar", "automatisk svar", "frånvaro"),
    *("automatyczna odpowiedź", "poza biurem", "automatická odpověď", "automatická odpoveď", "automatikus válasz"),
    *("automatinis atsakymas", "automātiskā atbilde", "otomatik yan\u0131t", "αυτόματη απάντηση"),
    *("автоматический ответ", "автоматична відповідь", "автоматичен отговор"),
    *("رد تلقائي", "自动回复", "自動回覆", "自動返信"),
)
# The whole subject, or what stands before a colon or a dash: "Out of office hours?" is a question.
_AT_THE_START = re.compile(f"(?:{'|'.join(map(re.escape, _SUBJECTS))})\\s*(?:[:\uff1a\u2013-]|$)", re.IGNORECASE)


def looks_absent(subject: str) -> bool:
    """Whether the subject begins as such an answer does."""
    return _AT_THE_START.match(subject.strip()) is not None
