"""The forms of questions about dates and times, written much as they sound."""

from __future__ import annotations

import re
from types import MappingProxyType

_KINDS = MappingProxyType(
    {
        "date": "[a-z0-9,./ -]{8,30}?",
        "sure date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{4}"
        r"|<month> [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}"
        r"|[0-9]{1,2}(?:st|nd|rd|th)?(?: of)? <month>,? [0-9]{4}",
        "month": r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?",
        "n": "[0-9]{1,7}",
        "unit": "day|week|month|year",
        "year": "[0-9]{4}",
        "time": r"[0-9]{1,2}(?:[:.][0-9]{2})? ?[ap]\.?m\.?|[0-9]{1,2}:[0-9]{2}|noon|midnight",
        "length": r"<hours:n> ?(?:hours?|hrs?|h)"
        r"(?:,? ?(?:and )?<minutes:n> ?(?:minutes?|mins?|m))?",
        "minutes only": r"<minutes:n> ?(?:minutes?|mins?)",
        # What is told before a date, of one thing on one day: nothing in it moves the day.
        "told": r"(?!.*\b(?:after|before|later|earlier|eve|following|previous|next|last|weeks?"
        r"|months?|years?|days|hours|moved|postponed|every(?! day)|each|except|without|not|or"
        r"|delayed|until|flight|fly|flies|flying|plane|half|twice)\b.*[.,;:?])"
        r"[a-z'][a-z', -]{2,120}?",
        "on": " (?:on|for|of|is|was|dated|in|starting|started|starts|since|by)(?: the)? ",
        "meantime": r"(?:,? and i(?:'m curious|'m wondering|'d like to know| need to know))?"
        r"[.,;:?!]* (?:(?:and|so|but) )?(?:i'm (?:curious|wondering),? )?",
        "date or day": "(?:what(?:'s| is| will be)? the date(?: will be| is| would be)?"
        "|(?:what|which) (?:date|day)(?: (?:is|will|would) (?:it|that)(?: be)?"
        "|(?: it)? (?:is|will be|would be|falls|comes))?)",
        "way on": "later|earlier|(?:after|before) (?:that|it)(?: date| day)?",
        "that": "(?:that|it|this|that date|this date|that day)",
        "counted": r"(?:,? \(?(?:excluding|not (?:counting|including)|without(?: counting)?"
        r"|but not) (?:the )?(?:first|last|start(?:ing)?|end(?:ing)?|final)(?: day| date)?\)?)?",
        "both": r"inclusive(?:ly)?"
        r"|(?:including|counting) both(?: the)? (?:days|dates|ends|endpoints)"
        r"|both (?:days|dates|ends|endpoints|end dates) (?:included|inclusive|counted)"
        r"|(?:counting|including) (?:both )?(?:the )?(?:first|start)(?: day| date)? and (?:the )?"
        r"(?:last|end)(?: days?| dates?)?(?: inclusive)?"
        r"|(?:with )?both the (?:first|start)(?: day| date)? and (?:the )?(?:last|end)"
        r"(?: day| date)? (?:included|counted)",
        "be": "is|was|will be|does|did|will",
        "weekday": "(?:day of the week|weekday|day of week)(?: is it| was it)?",
        "day asked": "(?:on )?(?:what|which) (?:day(?: of the week)?|weekday)",
        "date asked": "(?:what(?:'s| is| was| will be| would be)? |find |calculate |give )?"
        "(?:the )?(?:date |day )?"
        "(?:is |was |will be |of |that is |it is )?(?:it )?",
        "weekday asked": "(?:what|which) (?:day of the week|weekday) (?:is|was|will be)(?: it)? ",
        "how many": "(?:how many|(?:what is |what's )?(?:the )?number of) ",
        "passed": " (?:passed|elapsed|are there|pass|lie|is it|was it|apart are|separate)",
        "are there": "(?: are| were| is)?(?: there| it)?(?: are| were)?",
        "converted": "(?:what is|what's|convert|write|express|how do you write) ",
        "clock": "(?: time| format| clock| notation)*(?: \\(?(?:with |using )?am/pm\\)?)?",
        "event": "(?:if )?(?:an?|the|my|our) (?:[a-z]+ )?(?:meeting|movie|film|class|lesson"
        "|lecture|show|concert|game|match|shift|exam|test|play|party|call|appointment|session)",
        "starts": "(?:starts|begins|started|began|kicks off)",
        "lasts": "(?:lasts|runs|lasted|ran|takes|goes on|runs for|lasts for|goes on for)",
        "ends asked": "(?:when|(?:at )?what time) (?:does|did|will|would) "
        "(?:it|that|the [a-z]+) (?:end|finish|be over)",
        "time asked": "(?:what(?: time)?(?: is| will| would)(?: it)?(?: be)? |what's )?"
        "(?:the time )?",
    }
)


def pattern_of(form: str) -> re.Pattern[str]:
    """Return the pattern that a form stands for."""

    def written_out(match: re.Match[str]) -> str:
        name, kind = match[1], match[2]
        pattern = re.sub(r"<([a-z]+:)?([^<>]+)>", written_out, _KINDS.get(kind, kind))
        return f"(?P<{name[:-1]}>{pattern})" if name else f"(?:{pattern})"

    return re.compile(re.sub(r"<([a-z]+:)?([^<>]+)>", written_out, form))
