"""What people tell of themselves beside a question, where it changes nothing about it.

An aside is made of idle words alone ("I'm helping my daughter with her homework."). A story says
anything about oneself ("We're redoing the bathroom."), but no number, and none of the words that
may give a question another meaning or ask for something else.
"""

from __future__ import annotations

import re
from functools import cache

MAX_STORY_CHARS = 200

# The words of "I'm helping my daughter with her homework": none of them can give a question that
# follows another meaning. No negation, no language, no notation and no game is among them.
IDLE = frozenset(
    """
    you you're i i'm im i've i'd am was were we we're we've are is be been my our your her his
    their me us
    you a an the this that these those it it's its some few couple bit lot of in on at for from
    with to and but so as about by up through over into out just really still quite very little
    quick short small simple easy basic tiny here's heres there's another next more again then
    here there doing do did studying study revising preparing practicing practising practice
    learning working work helping help checking check double-checking trying try figuring
    understand reviewing review reading going go got get getting stuck came come across found
    have having has had need died wondering curious confused unsure blanking struggling asked
    asks asking thinking writing making planning grading marking refreshing brushing sorting
    wrapping finishing hope bother sorry hi hello hey thanks test exam exams quiz homework
    crossword assignment class course lesson lecture school college university
    interview job math maths algebra arithmetic chemistry physics science history textbook book
    chapter worksheet problem
    problems exercise exercises question questions thing things kid kids son daughter son's
    daughter's kid's child children student students teacher tutor friend friends colleague
    colleagues coworker boss brother sister mom mum dad wife husband partner calculator brain
    head phone report project essay presentation recipe baking cooking dinner cake kitchen trip
    travel party garden house calculation calculations conversion conversions numbers number
    today tonight right now moment morning afternoon evening day well says say said like follows
    """.split()
)
CODING = IDLE | frozenset(
    """
    python python3 code coding programming program script snippet function functions loop loops
    list lists dictionary dictionaries string strings sql query queries database databases table
    tables data bootcamp tutorial beginner new notebook debugging bug rows select statement
    column § ¤
    """.split()
)
_UNSURE = re.compile(
    r"\bnot (?:so |too |quite |entirely |really )?sure\b"
    r"|\b(?:can't|cannot|don't|couldn't|didn't) (?:quite |really )?"
    r"(?:remember|recall|know|figure|understand|follow|get|work|agree|decide)\b"
)
_THIS_ONE = re.compile(
    r"\b(?:this|that|quick|easy|simple|another|next|last) one\b"
    r"|\b(?:about|get|know|check) (?:the|my) answer\b"
)
_MYSELF = r"(?:i|we|my|our|i'm|i've|i'd|we're|we've|it's for|this is for)"
_ASKING = (
    r"(?:i'd|i\s+would|i'm|i\s+was|i\s+(?:need|want)\s+to\s+know"
    r"|what|how|which|can|could|would|is|please|tell)"
)


def without_aside(text: str, idle: frozenset[str]) -> str:
    """Return `text` without the aside or the story that it begins with, if it begins with one."""
    if (aside := _aside().match(text)) and all(word in idle for word in _words(aside[1])):
        return text[aside.end() :]
    plain = text[:MAX_STORY_CHARS].replace("\u2019", "'")
    if (story := _story().match(plain)) and not _sets_terms(story[1], idle):
        return text[story.end() :]
    return text


def without_last_story(text: str) -> str:
    """Return `text` without a sentence about oneself at its end."""
    start = max(0, len(text) - MAX_STORY_CHARS)
    story = _last_story().search(text[start:].replace("\u2019", "'"))
    if story is None or _sets_terms(story[1], IDLE):
        return text
    return text[: start + story.start()]


def _words(sentence: str) -> list[str]:
    return re.findall(r"[^\s,()-]+", _plain(sentence))


def _sets_terms(sentence: str, idle: frozenset[str]) -> bool:
    return any(term[0] not in idle for term in _terms().finditer(_plain(sentence)))


def _plain(sentence: str) -> str:
    """A sentence in lower case, "this one" and "not sure" without a number or a negation."""
    words = _THIS_ONE.sub("thing", sentence.lower().replace("\u2019", "'"))
    return _UNSURE.sub("unsure", words)


@cache
def _aside() -> re.Pattern[str]:
    return re.compile(
        r"\s*([A-Za-z§¤][A-Za-z§¤'\u2019,() -]{1,150}?)"
        r"(?:[.!:;]+(?=\s)|,(?=\s)|\s[-\u2013\u2014](?=\s)|\s*\n"
        r"|,?\s(?:and|but)(?=\si\s(?:can|could|do)))\s*"
    )


@cache
def _story() -> re.Pattern[str]:
    return re.compile(
        rf"\s*((?:{_MYSELF}|for)\s[a-z,'() -]{{3,160}}?)(?:[.!:;]+(?=\s)"
        rf"|,?\s+(?:so|and)(?:\s+(?:i\s+)?(?:need|want)\s+to\s+know)?(?=\s+{_ASKING}\b)"
        r"|,(?=\s+(?:what|how|can|could)\b)|\s[-\u2013\u2014](?=\s)|\s*\n)\s*",
        re.IGNORECASE,
    )


@cache
def _last_story() -> re.Pattern[str]:
    return re.compile(rf"[.?!]\s+({_MYSELF}\s[a-z,' -]{{3,80}})[.!]*\Z", re.IGNORECASE)


@cache
def _terms() -> re.Pattern[str]:
    # What may set the terms of a question, change what it is about, or ask for something else.
    return re.compile(
        r"""\b(?:
      what|how|which|who|whose|when|where|why|if|whether|unless|because|except|instead|then|else
    | explain|writes?|translate|compare|describe|list|draw|make\ (?:me|it)|tell|give|show|teach
    | wants?\ (?!to\b)\w+|like|need\ (?!to\b|it\b|this\b|that\b|help\b)\w+|should|must
    | wants?\ to\ (?!know|be\b|check|see|understand|learn|verify|make\b|cook|bake|buy|build)\w+
    | never|not?|none
    | always\ (?!get|mix|forget|confuse|struggle)\w+
    | nothing|without|only|\w+n't|(?:ignor|exclud|includ|assum|suppos|defin|treat|consider)\w+
    | inclusive|counts?|pretend\w*|imagin\w+|means?|meaning|stands?|rules?|games?|scrabble|riddle
    | trick|joke|cipher|encod\w+|encrypt\w*|secret|bases?|binary|octal|hex\w*|roman|modul\w+|clock
    | mirror\w*|revers\w+|backwards?|opposite|round\w*|truncat\w+|floor|ceil\w*|approximat\w+
    | estimat\w+|rough\w*|exact\w*|float\w*|integers?|(?:un)?signed|bits?|bytes?|overflow\w*
    | negative|polish|notation|precedence|left|right|half|halves|twice|double\w*|triple\w*
    | quarter\w*|thirds?|dozen|percent\w*|extra|another|each|per|one|two|three|four|five|six|seven
    | eight|nine|ten|eleven|twelve|hundred|thousand|million|zero|tax\w*|discount\w*|fees?|interest
    | inflation|commission|plus|minus|times|over|off|business|working\ days?|work\ ?days?
    | weekdays?|weekends?|holidays?|julian|lunar|fiscal|islamic|hebrew|calendar|time\ ?zones?|zone
    | utc|gmt|fl(?:y|ies|ight)|excel|sheets?|spreadsheets?|java\w*|typescript|ruby|rust|perl|php
    | kotlin|swift|lua|julia|scala|haskell|matlab|go|golang|bash|shell|clojure|lisp|fortran|cobol
    | pascal|pseudo\w*|c|r|python\w*|sql\w*|mysql|postgres\w*|oracle|code|coding|program\w*
    | script\w*|languages?|french|german|spanish|italian|welsh|dutch|english|act|speak|respond
    | reply|answer|format|json|xml
    )\b""",
        re.VERBOSE,
    )
