"""The subjects that mail programs give to the automatic answers of absent people.

A subject proves nothing by itself, because a person can write about an automatic reply: it counts where the mail
answers one of ours; otherwise staff decide. A plain "Auto:" is not listed, as RFC 3834 section 3.1.5 asks to infer
nothing from it.
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
# The whole subject, or the part before a colon or a dash: "Out of office hours?" is a question.
_AT_THE_START = re.compile(f"(?:{'|'.join(map(re.escape, _SUBJECTS))})\\s*(?:[:\uff1a\u2013-]|$)", re.IGNORECASE)


def looks_absent(subject: str) -> bool:
    """Tell whether the subject begins like that of an absence message."""
    return _AT_THE_START.match(subject.strip()) is not None
