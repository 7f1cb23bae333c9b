"""What invented people write to the invented council: its services, their questions, in the languages of the demo."""

from dataclasses import dataclass

NOTE = "Everything here is invented."
# In the name that each message has on its channel.
MARK = "invented."
# A fictional range of telephone numbers (Ofcom's for drama), and postcodes of an area that no post knows.
PHONE = "01632 960{:03d}"
AREAS = {"north": "XX1", "south": "XX2", "coast": "XX3"}


@dataclass(frozen=True, slots=True)
class Matter:
    """What people write about to one service.

    `weight` is its share of contacts, `promptness` how likely it answers in time, as one service
    struggles. `texts` are subject and words.
    """

    service: str
    title: str
    team: str
    weight: int
    promptness: float
    words: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]


MATTERS = (
    Matter(
        "bins",
        "Bins and recycling",
        "waste",
        30,
        0.97,
        ("bin", "bins", "recycl*"),
        (
            ("Missed bin", "Our brown bin was not emptied on Thursday, although it stood outside in time."),
            ("A new recycling box", "The lid of our recycling box is broken. How do I get another one?"),
            ("Bins left across the pavement", "The bins stand so that nobody with a pram can pass on the pavement."),
        ),
    ),
    Matter(
        "roads",
        "Roads and street lights",
        "highways",
        20,
        0.90,
        ("street light", "pothole*", "road", "pavement"),
        (
            ("Street light out", "The street light outside the school has been out since Sunday."),
            ("Pothole", "There is a deep pothole in front of the shop, and bicycles have to go round it."),
            ("Road works", "When will the road works by the bridge be over? The bus cannot get through."),
        ),
    ),
    Matter(
        "council-tax",
        "Council tax",
        "revenues",
        20,
        0.93,
        ("council tax", "tax bill"),
        (
            ("Council tax after moving", "I moved house last month. Please tell me what I still have to pay."),
            ("My council tax bill", "I do not understand my council tax bill. It is higher than the year before."),
            ("Single person discount", "I live alone now. Can I pay less council tax?"),
        ),
    ),
    Matter(
        "housing",
        "Council homes",
        "housing",
        16,
        0.78,
        ("repair*", "damp", "tenan*", "council home"),
        (
            ("A repair in our flat", "The repair of the kitchen window was promised in spring, and nobody came."),
            ("Damp", "There is damp in the bedroom of my council home, and it comes back after each cleaning."),
            ("Swapping tenancies", "How do two families swap their tenancies?"),
        ),
    ),
    Matter(
        "planning",
        "Planning",
        "planning",
        8,
        0.88,
        ("planning", "conservatory"),
        (
            ("Do I need planning permission?", "We want to build a conservatory. Do we need planning permission?"),
            ("Plans of our neighbours", "Where can I read the planning application for the field behind us?"),
        ),
    ),
    Matter(
        "",
        "",
        "",
        6,
        0.95,
        (),
        (
            ("Opening hours", "When is the library open in the holidays?"),
            ("Thank you", "The staff at the desk were very kind to my mother. How can I tell them so?"),
        ),
    ),
)
# What they write about stands in the form's choice of the service, where the words are in another language.
IN_OTHER_LANGUAGES = {
    "cy": (
        "Cwestiwn i'r cyngor",
        "Rwy'n byw yn y dref ac mae gen i gwestiwn am y gwasanaeth. Allwch chi fy helpu os gwelwch yn dda?",
    ),
    "pl": ("Pytanie do rady", "Mieszkam tutaj od roku i mam pytanie w sprawie tej usługi. Czy mogą mi Państwo pomóc?"),
    "ro": ("O întrebare", "Locuiesc aici de un an și am o întrebare despre acest serviciu. Mă puteți ajuta, vă rog?"),
    "ar": ("سؤال إلى المجلس", "أسكن هنا منذ سنة ولدي سؤال عن هذه الخدمة. هل يمكنكم مساعدتي من فضلكم؟"),
    "ur": (
        "کونسل سے سوال",
        "میں ایک سال سے یہاں رہتا ہوں اور اس سروس کے بارے میں پوچھنا چاہتا ہوں، کیا آپ میری مدد کر سکتے ہیں؟",
    ),
}
# What nobody answers: programs, of which the figures say so apart.
OF_PROGRAMS = (
    ("news@shop.example", "Ten per cent off", "This week only.", "List-Id: <news.shop.example>\nPrecedence: bulk\n"),
    (
        "away@residents.example",
        "Automatic reply: out of office",
        "I am back on Monday.",
        "Auto-Submitted: auto-replied\n",
    ),
)
ASKED_AGAIN = "I wrote to you some days ago. How far are you with it?"
NOT_FINISHED = "Thank you, but that did not answer what I had asked. Please look at it once more."
ANSWER_TO_OUR_QUESTION = "Here is what you had asked me for: it is the house at the corner."
# What people said and what was done about it: the month of the quarter, the service, both texts.
IMPROVEMENTS = (
    (
        1,
        "bins",
        "You could not find out on which day the bins are emptied.",
        "The day stands on the page of each street now.",
    ),
    (
        2,
        "housing",
        "Nobody told you when the repair would be done.",
        "You are sent the day and the half of the day by text.",
    ),
    (
        3,
        "council-tax",
        "The letter about the bill was hard to understand.",
        "We wrote it again in short words, with people who pay.",
    ),
)
