"""The addresses behind which nobody reads mail, by whole words of the local part (RFC 3834 section 2, RFC 5230 4.6).

A word stands between separators, so that `noreplyson@` and `casino-reply@` are people's. In doubt it is a person: a
robot that is answered costs a mail, a person who is not heard costs more.
"""

import re

_SEPARATOR = r"[-._+=]"
# fmt: off
_WORDS = (
    r"(?:please[-._]?)?(?:do[-._]?not|dont|no)[-._]?(?:reply|respond|response|answer)\d*",
    r"auto[-._]?(?:reply|replies|responder|respond|response|answer|mailer)\d*",
    r"bounces\d*", r"mailer[-._]?daemon", r"www[-._]?data", r"dim[-._]?ateb",
    r"ne[-._]?pas[-._]?repondre", r"no[-._]?(?:responder|contestar|responda)", r"n[aã]o[-._]?respond(?:a|er)",
    r"non[-._]?rispondere", r"(?:nicht|bitte[-._]?nicht)[-._]?antworten", r"keine[-._]?antwort",
    r"niet[-._]?(?:be)?antwoorden", r"nie[-._]?odpowiadaj", r"svara?[-._]?(?:inte|ikke|ej)",
    r"(?:inte|ikke|ej)[-._]?svara?",
    r"neodpov[ií]dat", r"ei[-._]?vastausta", r"yanitlamayin(?:iz)?",
)
# Only whole: postmaster-general@ and request-1-ab@ may be people's own addresses.
_WHOLE = (
    r"postmaster(?:\+.*)?", r"nobody", r"apache", r"httpd", r"nginx", r"wwwrun", r"cron(?:[-._]?daemon)?",
    r"listserv", r"majordomo", r"owner-.*", r".*-owner", r".*-request", r".*-bounces?",
    r"bounce(?:[+=].*|[-_.](?=.*\d).*)?",
)
# Services that send for others: the envelope sender is theirs, and takes bounces only.
_SERVICES = (
    r"amazonses\.com", r"sendgrid\.net", r"mandrillapp\.com", r"mcsv\.net", r"mcdlv\.net", r"rsgsv\.net",
    r"mailgun\.(?:org|net)",
    r"sparkpostmail\.com", r"mtasv\.net", r"mailjet\.com", r"sender-sib\.com", r"brevo\.com", r"exacttarget\.com",
    r"mktomail\.com", r"mktdns\.com", r"hubspotemail\.net", r"hubspotstarter\.net", r"cmail\d{1,3}\.com",
    r"createsend\d{0,3}\.com",
    r"constantcontact\.com", r"klaviyomail\.com", r"elasticemail\.com", r"smtp2go\.com", r"salesforce\.com",
)
# fmt: on

SYSTEM = re.compile(
    rf"(?:{'|'.join(_WHOLE)})\Z|(?:.*?{_SEPARATOR})??(?:{'|'.join(_WORDS)})(?=\Z|{_SEPARATOR})",
    re.IGNORECASE | re.DOTALL,
)
# Of the envelope alone, no more than this says that a system wrote: much mail of people leaves through a service.
SYSTEM_ENVELOPE = re.compile(r"mailer-daemon|postmaster|listserv|majordomo|owner-.*|.*-owner|.*-request", re.IGNORECASE)
_ESP = rf"@(?:[^@]*\.)?(?:{'|'.join(_SERVICES)})\Z|@(?:[^@]*\.)?(?:bnc\d*|bounces?|em\d+|returns?)\.[^@]*\Z"
# VERP, which holds the recipient's address; a name that a program counts with; a service's own domain.
BOUNCES_ONLY = re.compile(
    rf"{_ESP}|\A(?!srs[01]|prvs=|btv1=)[^@=]*[-+._][^@=+]+=[^@=+]+@|\Amsprvs\d|\Apm_bounces@|\A[0-9a-f]{{16,}}[-.]|[0-9a-f]{{24}}",
    re.IGNORECASE,
)
