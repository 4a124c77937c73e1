"""What people say around a question, and the many ways to ask for one and the same.

English; of other languages `foreign` knows the courtesies. What is not known to be mere wording
counts as meaning something.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

QUESTION_WORDS = frozenset("what which who whom whose when where why how".split())
# Verbs that work on a text: where one is, small words are the matter itself.
MENTIONING = frozenset(
    """
    translate spell pronounce conjugate rewrite correct rephrase paraphrase proofread
    grammatical grammatically sentence phrase idiom says called
    """.split()
)
ARTICLES = frozenset("a an the".split())
PRESENT = frozenset("is are am be do does".split())
PAST = frozenset("was were did".split())
VERBS_OF_FORM = PRESENT | PAST
FIRST_PERSON = frozenset("i my we our".split())
SECOND_PERSON = frozenset("you your u".split())
# They say how words belong together; of these the first few may go unsaid: a Python list is a list
# in Python.
LOOSE_LINKS = frozenset("of in with using".split())
LINKS = LOOSE_LINKS | frozenset(
    "to for on about at as by from than not without against and or".split()
)
# They carry nothing by themselves. Never a negation, a quantifier, a modal verb.
DROPPED: frozenset[str] = (
    ARTICLES | PRESENT | PAST | FIRST_PERSON | SECOND_PERSON | LOOSE_LINKS
) | frozenset("to it that there been being actually please".split())
# In capitals they are words of their own: US, IT, WHO, OR.
FUNCTION_WORDS: frozenset[str] = (
    DROPPED | LINKS | frozenset("no so if who when all any me us he may can will".split())
)
AUXILIARIES = frozenset(
    """
    is are am was were do does did can could should will would has have had may might must shall
    """.split()
)
# A clause of its own begins with one of these and ends at a comma.
CLAUSES = frozenset(
    "if given when while before after because unless until since though during".split()
)

_WH = r"(?= (?:what|which|who|whom|whose|when|where|why|how) )"
_ANYONE = r"(?:i|you|we|one|1|u)"
_REQUEST = (
    r"(?= (?:tell|explain|show|give|write|make|create|help|list|describe|summarize|translate|find"
    r"|plan|suggest|recommend|come|provide|draft|compose|solve|compute|calculate|define|convert"
    r"|rewrite|fix|check|proofread|name|generate|design|compare|teach|answer|say|identify|outline"
    r"|analyze|evaluate|simplify|prove|clarify) )"
)
# What is written for somebody, so that it is the same to make it, to write it and to give it.
_TEXTS = (
    r"(?= (?:\S+ ){0,5}(?:plan|itinerary|list|schedule|slogan|poem|haiku|limerick|story|letter"
    r"|email|speech|toast|recipe|titles?|names?|ideas?|outline|summary|script|essay|caption|note"
    r"|description|message|agenda|checklist|budget|overview|examples?|definition|joke|riddle|song"
    r"|query|function|routine|regex|proof|bio|ad|advertisement|article|review|tweet) )"
)
_TOLD = (
    r"(?= (?:a |an |some |the |a few )?(?:quick |short |brief |good |simple )?(?:examples?|tips"
    r"|advice|ideas|definition|formula|overview|reasons?|arguments?|meaning|differences?) )"
)
_NOT_HERE = r"(?! (?:the|this|that|these|those|my|your|his|her|its|our|their|it|me|to|in|like) )"

Rewriting: TypeAlias = tuple[re.Pattern[str], str]


def _rewritings(rules: Sequence[tuple[str, str]], *, start: bool = False) -> list[Rewriting]:
    """Rules for whole words; `start` for those that hold where the line begins."""
    before = "^ " if start else " "
    return [
        (re.compile(rf"{before}(?:{pattern})(?= )"), f" {to}" if to else "")
        for pattern, to in rules
    ]


# What comes before the question; taken off as long as one fits.
OPENERS = _rewritings(
    [
        (r"(?:hi|hello|hey|greetings)(?: there| everyone| all)?(?: [.,])", ""),
        (r"(?:hi|hello|hey)(?: there)?(?= (?:so|can|could|would|please|what|how|why|do|i) )", ""),
        (r"(?:excuse me|sorry|thanks in advance) [.,]", ""),
        (rf"(?:can|could|would) (?:somebody|someone|anybody|anyone)(?: please)?{_REQUEST}", ""),
        (r"good (?:morning|afternoon|evening) [.,]", ""),
        (r"(?:ok |okay |so |um |and ){1,2}[.,]", ""),
        (
            r"(?:ok|okay|so|um)(?: so)?"
            r"(?= (?:what|which|who|when|where|why|how|is|are|can|do|does) )",
            "",
        ),
        (
            r"(?:well|thanks|thank you|question|quick question"
            r"|(?:i have )?(?:a|1)(?: quick)? question) [.,]",
            "",
        ),
        (r"(?:please|pls|plz|kindly)(?: [.,])?", ""),
        (rf"(?:can|could|would|will) (?:you|u)(?: please| kindly| possibly)?{_REQUEST}", ""),
        (r"(?:can|could|would|will) (?:you|u) (?:please|kindly|pls)", ""),
        (r"would you mind", ""),
        (rf"do (?:you|u)(?: happen to)? know{_WH}", ""),
        (rf"i (?:was |am )?(?:just )?wonder(?:ing)?(?: [.,])?{_WH}", ""),
        (r"i (?:was |am )?(?:just )?wonder(?:ing)? [.,]", ""),
        (
            r"i (?:want|need|would like|would love) to (?:know|learn|understand|ask|find out)"
            rf"{_WH}",
            "",
        ),
        (r"i (?:want|need|would like) you to", ""),
        (r"(?:can|could) you help me(?: to| with)?(?: [.,])", ""),
        (rf"(?:help|assist) me(?: to)?{_REQUEST}", ""),
        (r"(?:help|help me|help me out)(?: with this)? [.,]", ""),
        (r"answer(?: me)?(?: this| the following)?(?: question)? [.,]", ""),
        (rf"(?:tell me|let me know|show me|explain|explain to me|any idea)(?: [.,])?{_WH}", ""),
        (r"(?:tell me|let me know|do you know|i wonder|i was wondering) (?:if|whether)", "YESNO"),
        (r"(?:tell me|say) [.,]", ""),
    ],
    start=True,
)
CLOSERS: list[Rewriting] = [
    (
        re.compile(
            r"(?: [.,])+ (?:please|pls|plz|thanks|thank you|thx|cheers|if possible|if you can)"
            r"(?: so much| very much| a lot| in advance)?(?: [.,])* $"
        ),
        " ",
    ),
    (re.compile(r"(?<! say)(?<! saying)(?<! with)(?<! to) (?:please|pls|plz)(?: [.,])* $"), " "),
    (re.compile(r"^ (explain|describe) (.+) to me(?: [.,])* $"), r" \1 \2 "),
    (
        re.compile(
            r"^ (?!what |which |who |when |where |why |how |is |are |do |does |should |can |will )"
            r"(.+) for me(?: [.,])* $"
        ),
        r" \1 ",
    ),
]

# "In Python, how ..." is "how ... in Python".
FRONTED = re.compile(
    r"^ ((?:in|for|as|at|using|with|from|during|on|under|according to) (?:[^\s,.]+ ){1,6}), (.+) $"
)

# The many ways to ask one thing. Capitals are marks: what is wanted.
FRAMES = _rewritings(
    [
        (
            r"(?:find|compute|calculate|evaluate|determine|state|list|name|identify|outline"
            r"|tell me|give me|show me|explain|define)(?: all)? the"
            r"(?= (?:\S+ ){0,3}(?:of|for|between|in|behind|formula|definition|meaning"
            r"|difference) )",
            "WHAT",
        ),
        (r"(?:compute|calculate|evaluate|work out)(?= [\d\ue000-\uf8ff])", "WHAT"),
        (r"(?:find|compute|calculate|evaluate|determine) the value of", "WHAT"),
        (rf"(?:define|explain(?: the (?:concept|idea|notion|term)(?: of)?)?){_NOT_HERE}", "WHAT"),
        (r"(?:tell|teach) me (?:about|the)|(?:name|state) the", "WHAT"),
        (r"(?:(?:tell|give|show) me|list|name)(?= (?:\d+|an?|some) )", "GIVE"),
        (r"(?:the )?(?:best|right|proper|correct) way to", "HOWTO"),
        (rf"(?:give me|list|share|provide|tell me|i need){_TOLD}", "WHAT"),
        (r"(?:recommend|suggest)(?: me)?(?: some| a few)?", "GIVE"),
        (
            r"(?:give me|come up with|i need|i want|provide|generate|make|create|prepare|draw up"
            r"|think of|put together|write|draft|compose|design|making|creating|writing)"
            rf"(?: me)?{_TEXTS}",
            "GIVE",
        ),
    ],
    start=True,
) + _rewritings(
    [
        (r"a few", "afew"),
        (r"a little", "alittle"),
        (r"a lot of|lots of", "many"),
        (r"is it true that", "YESNO"),
        (r"is it possible to", "can i"),
        (r"(?:have|has|need) to(?! do )", "must"),
        (r"in order to", "to"),
        (r"(?:concatenate|join)(?= (?:the |2 |several )?strings )", "concatenate"),
        (r"how (?:am i|are you|is one) supposed to", "HOWTO"),
        (
            rf"how (?:do|does|can|could|should|would|might|must) {_ANYONE}(?: best)?(?: go about)?",
            "HOWTO",
        ),
        (rf"how {_ANYONE} (?:can|could|should|would|might)", "HOWTO"),
        (r"how to", "HOWTO"),
        (
            r"what (?:is|are) (?:the |a |1 |some )?(?:best |right |proper |correct |good "
            r"|recommended |usual |standard )?(?:ways?|methods?|steps) (?:to|of|for)",
            "HOWTO",
        ),
        (r"is there (?:a|any)(?: good| easy| simple)? way (?:to|of)", "HOWTO"),
        (r"how come|for (?:what|which) reasons?", "why"),
        (r"what (is|are|was|were) the reasons? (?:for|that|why|behind)", r"why \1"),
        (r"(?:in )?(?:what|which) year", "WHEN year"),
        (r"(?:on )?(?:what|which) (?:date|day)", "WHEN day"),
        (
            r"what are some(?= (?:good|great|common|popular|effective|tips|ideas|examples"
            r"|strategies|benefits|advantages|reasons|ways) )",
            "what are",
        ),
        (r"what number comes next in", "what is the next number in"),
        # What something is called by, and how much of it there is.
        (r"what does (.{1,40}) mean(?= [.,]| $| in )", r"WHAT mean \1"),
        (r"what (.{1,40}) means(?= [.,]| $| in )", r"WHAT mean \1"),
        (r"what is the meaning of|what is meant by", "WHAT mean"),
        (r"(?:what is )?the definition of", "WHAT"),
        (r"(?:the )?(?:word|term|expression)(?= [\ue000-\uf8ff] )", ""),
        (r"(?:another word|a synonym|synonyms?|other words?) (?:for|of)", "synonym of"),
        (r"(?:the )?(?:opposite|antonym) (?:for|of)", "opposite of"),
        (r"(plural|superlative|comparative|possessive|feminine|masculine) form", r"\1"),
        (r"capital city of", "capital of"),
        (r"the mean of(?= \d)", "the average of"),
        (r"the cost of", "the price of"),
        (r"(should|can|must|may|could|would) 1(?= )", r"\1 i"),
        (r"per(?= (?:day|week|month|year|hour) )", "every"),
        (r"speed up (.{1,30}?)(?= [.,]| $)", r"make \1 faster"),
        (r"distance from (?:the )?(\S+) to (?:the )?(\S+)", r"distance between \1 and \2"),
        (r"language do (?:people|they) speak", "language is spoken"),
        (r"how old (?:is|are)", "what is the age of"),
        (r"how tall (?:is|are)", "what is the height of"),
        (r"how high (?:is|are)", "what is the height of"),
        (r"how deep (?:is|are)", "what is the depth of"),
        (r"how far(?: away)? (?:is|are)", "how far is"),
        (
            r"how many (?:people|inhabitants|residents) (?:live|are there|are) in",
            "what is the population of",
        ),
        (r"(?:how much|what) (?:does|do) (.{1,40}) cost", r"what is the price of \1"),
        (r"how much (?:does|do) (.{1,40}) weigh", r"what is the weight of \1"),
        (r"how heavy (?:is|are)", "what is the weight of"),
        (r"what (?:is|are) (.{1,40}) used for", r"what is the purpose of \1"),
        (r"where (is|are) (.{1,40}) (?:located|situated)", r"where \1 \2"),
        (r"how many (\S+) (?:are there|are|exist) in", r"how many \1 are in"),
        (r"how many (\S+) (?:does|do) (.{1,30}) have", r"how many \1 are in \2"),
        (r"how much money", "how much"),
        (r"how is (.{1,30}) pronounced", r"HOWTO pronounce \1"),
        (r"how is (.{1,30}) spelled", r"HOWTO spell \1"),
        (r"translate ([\ue000-\uf8ff]) (?:into|to|in) (\w+)(?= [.,]| $)", r"HOWTO say \1 in \2"),
        # Who made it.
        (r"who (?:is|was) the (?:author|writer) of", "who wrote"),
        (r"who (?:is|was) the inventor of", "who invented"),
        (r"who (?:is|was) the discoverer of", "who discovered"),
        (r"who (?:is|was) the founder of", "who founded"),
        (r"who (?:is|was) the painter of", "who painted"),
        (r"who (?:is|was) the director of", "who directed"),
        (r"who (?:is|was) the composer of", "who composed"),
        # Names with several spellings.
        (r"world war (?:ii|2)|ww ?2|wwii|second world war", "worldwar2"),
        (r"world war (?:i|1)|ww ?1|wwi|first world war", "worldwar1"),
        (r"united states of america|united states'?|usa|u s a", "usa"),
        (r"united kingdom|uk|u k", "uk"),
        (r"artificial intelligence", "ai"),
        (r"regular expressions?", "regex"),
        (r"object oriented programming", "oop"),
        # Two things beside each other.
        (
            r"how (?:is|are) (\S+(?: \S+)?) different (?:from|than)",
            r"what is the difference of \1 and",
        ),
        (r"how (?:does|do) (\S+(?: \S+)?) differ from", r"what is the difference of \1 and"),
        (
            r"what (?:distinguishes|differentiates) (\S+(?: \S+)?) from",
            r"what is the difference of \1 and",
        ),
        (r"how do (.{1,60}) differ", r"what is the difference of \1"),
        (r"differences? between", "difference of"),
        (r"pros and cons|advantages and disadvantages|benefits and drawbacks", "prosandcons"),
        (r"for and against", "forandagainst"),
        # Sums in words, and verbs in several.
        (r"(?:multiplied by|times)(?= \d)", "*"),
        (r"divided by(?= \d)", "/"),
        (r"plus(?= \d)", "+"),
        (r"minus(?= \d)", "-"),
        (r"(?:quit|give up|stop)(?= \w+ing )", "stop"),
        (r"get rid of", "remove"),
        (r"fall asleep|get to sleep", "fallasleep"),
        (r"more quickly", "faster"),
        (
            r"(?:get|find|calculate|compute|determine)(?= the (?:length|size|sum|average|mean"
            r"|median|maximum|minimum|number) of )",
            "calculate",
        ),
        (r"(?:turn|change|transform)(?= .{1,60} into )", "convert"),
        (r"into", "to"),
        (r"to be", "tobe"),
        (r"about", "on"),
    ]
)
