"""The subjects that programs write for people who are away, in the languages of the EU and of many residents.

A subject alone proves nothing (RFC 3834 section 3.1.5), so no person's may be taken for one: what follows the phrase
must be what programs write there. "Out of office hours?" and "Automatic reply lost my form" are people's.
"""

import re
import unicodedata
from functools import cache

# fmt: off
_REPLIES: tuple[str, ...] = (
    "automatic reply", "automatic response", "automatic answer", "automated reply", "automated response",
    "automatic email reply", "auto reply", "auto response", "auto respond", "auto responder", "auto answer",
    "vacation reply", "vacation auto reply", "vacation response",
    "ateb awtomatig", "ymateb awtomatig",                                                                  # cy
    "freagra uathoibríoch", "freagra uathoibrithe",                                                        # ga
    "réponse automatique", "respuesta automática", "contestación automática", "contestador automático",    # fr, es
    "resposta automática", "risposta automatica", "risposta non al computer",                              # pt, it
    "răspuns automat", "raspuns automat", "tweġiba awtomatika", "risposta awtomatika",                     # ro, mt
    "automatische antwort", "automatisch antwoord", "automatische reactie", "automatische beantwoording",  # de, nl
    "autosvar", "automatisk svar", "automatiskt svar", "automaattinen vastaus", "automaatvastaus",         # da, sv, fi
    "automaatne vastus", "autovastus",                                                                     # et
    "automatyczna odpowiedź", "odpowiedź automatyczna", "autoodpowiedź",                                   # pl
    "automatická odpověď", "automatická odpoveď", "automatikus válasz", "automatikus válaszüzenet",        # cs, sk, hu
    "automatski odgovor", "samodejni odgovor", "avtomatski odgovor", "samodejno sporočilo",                # hr, sl
    "automatinis atsakymas", "automātiskā atbilde", "automātiska atbilde",                                 # lt, lv
    "αυτόματη απάντηση", "автоматичен отговор", "автоматический ответ", "автоответ",                       # el, bg, ru
    "автоматична відповідь", "автоматический автоответ",                                                   # uk
    "otomatik yan\u0131t", "otomatik cevap",
    "رد تلقائي", "الرد التلقائي", "رد آلي", "خودکار جواب",  # tr, ar, ur
    "自动回复", "自动答复", "自動回覆", "自動回復", "自動返信", "自動応答", "자동 회신", "자동 응답", "자동 답장",
)
_ABSENCES: tuple[str, ...] = (
    "out of office", "out of the office", "out of office auto reply", "out of office reply",
    "away from office", "away from the office", "away from my desk",
    "allan o'r swyddfa", "as oifig", "lasmuigh den oifig",                            # cy, ga
    "absence du bureau", "absent du bureau", "message d'absence",                     # fr
    "notification d'absence", "avis d'absence",
    "fuera de la oficina", "fuera de oficina", "mensaje de ausencia",                                      # es
    "fora do escritório", "fora da empresa", "ausência do escritório", "ausência temporária",              # pt
    "fuori sede", "fuori ufficio", "assenza dall'ufficio", "assente dall'ufficio",                         # it
    "absent din birou", "în afara biroului", "mesaj de absență", "barra mill-uffiċċju",                    # ro, mt
    "abwesenheitsnotiz", "abwesenheitsmeldung", "abwesenheitsnachricht", "abwesenheitsassistent",          # de
    "abwesenheitsbenachrichtigung", "abwesenheit", "abwesend",
    "nicht im büro", "außer haus", "afwezigheidsbericht", "niet aanwezig", # de, nl
    "afwezig", "niet op kantoor", "frånvaro", "frånvaromeddelande", "ej på kontoret",                      # nl, sv
    "fraværsbesked", "fraværsmelding", "ikke på kontoret", "ikke til stede", "fravær",                     # da, no
    "poissa toimistosta", "poissaoloilmoitus", "poissa", "kontorist väljas", "kontorist eemal",            # fi, et
    "poza biurem", "nieobecność w biurze", "nieobecność", "wiadomość o nieobecności",                      # pl
    "mimo kancelář", "mimo kancelár", "nepřítomnost v kanceláři", "neprítomnosť v kancelárii",             # cs, sk
    "házon kívül", "irodán kívül", "távolléti üzenet", "nem vagyok az irodában",                           # hu
    "izvan ureda", "odsutan iz ureda", "zunaj pisarne", "odsotnost", "odsoten iz pisarne",                 # hr, sl
    "ne biure", "nesu biure", "prombūtnē", "ārpus biroja",                                                 # lt, lv
    "εκτός γραφείου", "απουσία από το γραφείο", "извън офиса", "отсъствие от офиса",                       # el, bg
    "вне офиса", "нет на месте", "відсутність на робочому місці", "не в офісі",                            # ru, uk
    "ofis d\u0131ş\u0131nda", "ofis d\u0131ş\u0131nday\u0131m", "خارج المكتب", "دفتر سے باہر",  # tr, ar, ur
    "不在办公室", "外出通知", "休假通知", "不在辦公室", "不在通知", "不在のお知らせ", "부재중", "부재 중",
)
# What programs, and people who set them, write after the phrase: a noun of it, then until when.
_NOUNS = (
    "message", "notification", "notice", "reply", "auto reply", "autoreply", "response", "assistant", "alert",
    "nachricht", "notiz", "antwort", "bericht", "besked", "meddelande", "melding", "messaggio", "mensaje", "mensagem",
)
_UNTIL = (
    "until", "till", "til", "up to", "returning", "back on", "back in", "back from", "tan",
    "go dtí", "jusqu'au", "jusqu'à", "du", "de retour", "hasta", "del",
    "até", "fino al", "dal", "până", "bis", "bis zum", "vom", "ab", "zurück", "tot", "tot en met", "t/m", "van",
    "terug",
    "till och med", "t.o.m.", "til og med", "frem til", "tilbage", "tillbaka", "saakka", "asti", "kuni", "do", "od",
    "iki", "līdz", "έως", "μέχρι", "до", "\u0441", "від", "kadar", "حتى", "تک", "至", "まで", "까지",
)
_PREFIXES = (
    "re", "r", "aw", "antw", "antwort", "sv", "vs", "vl", "odp", "ynt", "yan", "rif", "ref", "res", "rés", "ri", "bls",
    "atb", "ate", "fw", "fwd", "wg", "tr", "rv", "enc", "doorst", "vá", "továbbítás", "ods", "πρθ", "απ", "σχετ",
    "отг", "нa", "на", "від", "回复", "回覆", "答复", "转发", "返信", "رد",
)
# fmt: on


def _without_accents(words: str) -> str:
    """Return words as they are typed on a keyboard without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))


def _any(phrases: tuple[str, ...]) -> str:
    """Return an expression for any of the phrases, with a hyphen, several spaces or nothing for a space."""
    # The longest first: "out of office auto reply" begins with another phrase.
    longest = sorted({_without_accents(phrase) for phrase in phrases}, key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", r"[\s_\u2010\u2011-]{0,3}") for phrase in longest)


_COLON = r"[:\uff1a]"
_DASH = r"[\u2010-\u2015-]"
_WEEKDAYS = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri)"
_MONTHS = r"(?:january|february|march|april|june|july|august|september|october|november|december)"
_DAY = rf"(?:the\s+)?(?:\d|(?:{_WEEKDAYS}|{_MONTHS}|today|tomorrow|(?:this|next)\s+week)(?![^\W\d_]))"
_NEXT = rf"(?:{_COLON}|\s*{_DASH}|\s*[(\[|]|\s*$|[.!\u3002]\s*$)"
_QUOTED = rf"[\s,(\[]*(?:{_any(_PREFIXES)})(?:\[\d+\])?\s*{_COLON}"
_DATED = rf"[\s,;(\[]*(?:(?:{_any(_UNTIL)})(?![^\W\d_])|(?:(?:from|on|for|since)\s+)?{_DAY})"
_NOUN = rf"(?:[\s_-]*(?:{_any(_NOUNS)})(?![^\W\d_]))?"
_NO_QUESTION = r"(?!.*[?\uff1f\u061f]\s*$)"


@cache
def _prefix() -> re.Pattern[str]:
    return re.compile(
        rf"(?:\s*(?:\[[^\]]{{1,30}}\]\s*:?|(?:{_any(_PREFIXES)})(?:\[\d{{1,3}}\])?\s*{_COLON})\s*){{1,5}}",
        re.IGNORECASE,
    )


@cache
def _phrase() -> re.Pattern[str]:
    return re.compile(
        rf"(?:auto(?:matic)?\s*{_COLON}\s*)?"
        rf"(?:(?:{_any(_REPLIES)}){_NOUN}(?:\s*{_NEXT}|{_NO_QUESTION}{_QUOTED})"
        rf"|(?:{_any(_ABSENCES)}){_NOUN}(?:\s*{_NEXT}|{_NO_QUESTION}(?:{_QUOTED}|{_DATED})))",
        re.IGNORECASE,
    )


# As Notes writes it, and as people write it who set a subject of their own: the name stands before the phrase.
_LEAVE = r"on\s+(?:annual\s+|maternity\s+|sick\s+|parental\s+)?leave"
_AWAY = rf"out\s+of\s+(?:the\s+)?office|{_LEAVE}|away\s+from\s+(?:the|my)\s+desk"


@cache
def _named() -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?P<auto>auto\s*{_COLON}\s*)[^:?]{{1,80}}?|i|[^\W\d_][\w.'-]*(?:\s+[\w.'-]+){{1,3}}?)"
        rf"\s*(?:\s(?:is|am|are|will\s+be)|'m)\s+(?:currently\s+|now\s+)?(?:{_AWAY})"
        rf"(?:\s*(?:{_NEXT})|{_NO_QUESTION}{_DATED})",
        re.IGNORECASE,
    )


_POSSESSIVE = re.compile(r"(?:my|our|your|the|a|an|this|that|every|no|why|when|how|what|who)\b", re.IGNORECASE)

_LONGEST = 200
# A word of every such subject that is ASCII: the longest of a phrase, and the phrase written as one word.
_ASCII = [phrase for phrase in map(_without_accents, (*_REPLIES, *_ABSENCES)) if phrase.isascii()]
WORDS = frozenset(
    {max(re.split(r"[ ']", phrase), key=len) for phrase in _ASCII}
    | {phrase.replace(" ", "") for phrase in _ASCII}
    | {"office", "leave", "desk"}
)


def looks_absent(subject: str) -> bool:
    """Tell whether the subject is one that a program writes for somebody who is away, or by itself."""
    subject = " ".join(_without_accents(subject[:_LONGEST].replace("\u2019", "'")).split())
    prefix = _prefix().match(subject)
    subject = subject[prefix.end() :] if prefix else subject
    if _phrase().match(subject):
        return True
    name = _named().match(subject)
    return name is not None and (name["auto"] is not None or _POSSESSIVE.match(subject) is None)


def is_answer(subject: str) -> bool:
    """Tell whether somebody answers or forwards, by what stands before the subject."""
    return _prefix().match(_without_accents(subject[:_LONGEST])) is not None
