"""The ways in which people ask what a piece of Python does when it runs."""

from __future__ import annotations

import re
from functools import cache

from collegium.experts.computing.phrases import either, phrases

# Before a question is compared with the phrases, what names the code and what says that it is run
# are replaced by one sign each: no expression that is asked about can hold such a sign.
CODE, RUN = "§", "¶"

_THING_WORDS = {
    "py": "python[ 3| 3.10| 3.11| 3.12| 3.13]|python3",
    "the": "this|that|the|these|those|my|following|given|above|below|provided|a|an|some|next",
    "kind": "short|simple|small|little|complete|whole|entire|tiny",
    "noun": "code snippet|code block|code fragment|code sample|code|program|script|snippet"
    "|function definition|function call|function|[piece|bit|lines|line|block] of [{py} ]code"
    "|lines|line|block|example|expression|statements|statement|one-liner|call|loop|class"
    "|[list |dict |set ]comprehension",
    "where": "above|below|here|given|shown|provided|shown above|shown below|given above"
    "|given below|that follows",
}
_THING = (
    "{the} [{the} ][{the} ][{kind} ][{py} ]{noun}[ {where}]",
    "{py} {noun}[ {where}]",
    "(this|that|the following) {py}",
    "code[ {where}]",
    "(the|this) (following|above)",
)
_WORDS = {
    **_THING_WORDS,
    "it": "§|it|this|that|here",
    "is": " is| are|'s|s| will be| would be| was| should be",
    "does": "does|do|will|would|did|should",
    "i": "i|you|we",
    "run": "runs|run|is run|is executed|gets executed|has run|has been run|executes|executed"
    "|finishes|completes|is finished|ends|is evaluated",
    "running": "running|executing|evaluating|calling",
    "print": "print|output|display|produce|write|log|show|print out",
    "printed": "printed|output|displayed|shown|printed out|outputted",
    "there": " out| here| to the (console|screen|terminal|standard output)| to stdout"
    "| on the (screen|console|terminal)| on stdout",
    "return": "return|evaluate to|give|yield|give back|output|produce|result in|equal|returns",
    "got": "output|printout|stdout",
    "adj": "exact|final|printed|expected|console|resulting|correct",
    "what": "return value|returned value|value returned|output|result",
    "inputs": "for|on|with|given|when passed|if passed|applied to|[when |if ](called|invoked|run"
    "|executed|given|called) (with|on)|when given|if given|(when|if) the input is"
    "|(when|if) {i} (pass|call it with|pass in)|(when|if) (it is|it's) called with"
    "|(with|for|on) [the ](input|inputs|argument|arguments)",
    "find": "predict|determine|find|give|state|show|compute|work out|figure out|write down|write"
    "|provide|calculate|trace|know",
    "held": "of|in|stored in|held by|assigned to",
    "var": "variable |list |dictionary |string |",
    "end": " ¶| at the end[ of {it}]| in the end",
    "blank": "??|blank|question marks|missing value|gap|placeholder|___",
    "masked": "assert|assertion|assert statement|assertion statement",
}
_RUN = (
    "[,] (when|if|after|once|upon|as) {it} {run}",
    "[,] (when|if|after|once) {i} (run|execute|ran|have run) {it}",
    "[,] after[ {running}] {it}",
    "[,] (when|upon|by|on) {running} (§|it)",
    "[,] (when|if|once) (run|executed)",
)
_OPENERS = (
    "(i|we|my <_>|someone|a <_>)[ just| recently] (have|found|saw|wrote|came across|got|was given"
    "|sent me|showed me|came up with) (§|this|the following)"
    "[ (in|from|on|for) (a |my |our |the |)<_>][ and]",
    "(you are|you're) § and an assertion containing an input to §",
    "(here is|here's|here are|consider|look at|take a look at|take|given|with|for|using|see|read|in"
    "|i have|we have|suppose we have|let's say we have|say i have|suppose i have|assume|assuming"
    "|you are|you're|we are|based on|the following is|this is|below is"
    "|study|examine|following|i ran|we run|suppose i run) §[ (called|named) <_>]",
    "(in|using|assume|assuming) {py}",
    "{py}[ code]",
    "§",
    "¶",
    "(after|when|once|if|without) {running} {it}",
    "(after|when|once|if) {it} {run}",
    "(if|when) {i} run {it}",
    "(walk|go|step|trace|think) through {it}[ in your head| mentally| step by step]"
    " and (tell|show|give) me",
    "without running (it|§|anything)",
    "(run|execute|trace) §[ in your head| mentally][ and| and tell me| and give me]",
    "(given|consider|with|for|here is|here's|look at|take)",
    "let <_> be (§|defined (by|as) §)",
)
_CLOSERS = (
    "(in|using|assume|assuming) {py}",
    "(i'm |i am |we're |)using {py}",
    "{py}",
    "(here is|here's|here are|given|using|for|in) §",
    "§",
    "(given|where|for)",
    "[if |where |when ]<_> is (§|defined as|defined by|defined as §|defined by §)",
    "as a {py} literal",
    "even if § is incorrect or incomplete",
)
_OUTPUT = (
    "what {does} {it} {print}[{there}][ as output][ ¶]",
    "what {does} {running} {it} {print}[{there}]",
    "what{is} [the ][{adj} ]{got}[ of| from| for| produced by| printed by][ {running}][ {it}][ ¶]",
    "what({is}| {does}) (its|the) [{adj} ]output[ going to be| be][ ¶]",
    "(what|which) (value|number|string|text|values|numbers|list) {does} {it} {print}[{there}][ ¶]",
    "[{it} ](prints|outputs) what",
    "what{is} [the ]{printed}[{there}][ by {it}][{there}][ ¶]",
    "what gets {printed}[{there}][ by {it}][{there}][ ¶]",
    "what (do|will|would|did) {i} (get|see)[ printed| as output][{there}] ¶",
    "{find} [the ][{adj} ]{got}[ of| from| for][ {running}][ {it}][ ¶]",
    "[{find} ]what {it} (prints|outputs|displays|[{does} ]{print})[{there}][ ¶]",
    "what (do|will|would) {i} see[ printed][{there}][ ¶]",
    "(prints|stdout)[ of {it}]",
    "[{find} ][just |only ][the ][{adj} ]output[ of {it}] only",
    "{find} what (will be|is|gets|would be) {printed}[{there}][ by {it}][ ¶]",
    "[the ][{adj} ]output[ of {it}]",
)
_RESULT = (
    "what {does} {it} {return}[ ¶]",
    "what {does} <name> return (here|in this case|in §|in this example)",
    "what{is} [the ][{adj} ](result|return value|returned value|value returned|value)"
    "[ of| from| for][ {running}] {it}[ ¶]",
    "what{is} [the ](result|return value)[ ¶]",
    "what{is} returned[ by {it}][ ¶]",
    "{find} [the ](result|return value|value) of[ {running}] {it}",
    "evaluate {it}",
    "what {it} (returns|evaluates to|will return)",
)
_INPUTS = (
    "what {does} {it} {return} {inputs} <args>",
    "what {does} [the |§ ]<name> {return} {inputs} <args>",
    "what{is} [the ]{what}[ of| by| from][ {running}] {it} {inputs} <args>",
    "what{is} [the ]{what}[ of| by| from][ {running}] [the |§ ]<name> {inputs} <args>",
    "what{is} [the ]{what} {inputs} <args>",
    "what{is} returned[ by {it}] {inputs} <args>",
    "{inputs} <args>, what {does} {it} {return}",
    "[{find} ]what {it} (returns|gives|gives back|outputs|evaluates to|would return|will return)"
    " {inputs} <args>",
    "{find} [the ]{what} of {it} {inputs} <args>",
)
_CALL = (
    "what {does} [§ |{running} ]<expr> (return|evaluate to|give|yield|give back|equal|result in|be)"
    "[ ¶]",
    "what {does} {it} (evaluate to|return|give)[?|:] <expr>",
    "[{find} ]what [value ]"
    "[{running} ]<expr> (returns|evaluates to|gives|will return|would return|equals)",
    "what{is} [the ](value|return value|returned value|value returned)( of| by| from| for)"
    "[ {running}][ §] <expr>[ (return|be)][ ¶]",
    "what{is} returned (by|from|for)[ {running}] <expr>",
    "(what|which) (value|string|number|list) {does} <expr> (return|have|evaluate to|give)",
    "[the ](return value|returned value) (of|from|for) <expr>",
    "{find} [the ](return value|returned value) of[ {running}][ §[:]] <expr>",
    "evaluate [§][:] <expr>",
    "what (do|will|would) {i} get[ back] (from|for|by calling|when calling|with"
    "|if {i} call|when {i} call) <expr>",
    "[{find} ]the value[ that] <expr> (returns|evaluates to|gives|will return)",
    "if {i} (call|run|evaluate) <expr>, what (do|will|would) {i} get",
    "if {i} (call|run|evaluate) <expr>, what {does} it return",
    "(compute|calculate|evaluate|work out|determine) <expr>",
)
_SHOWN = (
    "what {does} [§ |{running} ]<expr> {print}[{there}][ ¶]",
    "what{is} [the ][{adj} ](output|result)( of| from| for)[ {running}][ §[:]] <expr>[ ¶]",
    "{find} [the ](output|result|value) of[ {running}][ §] <expr>",
    "[the ](value|result|output) of <expr>",
    "what{is} printed by <expr>",
    "what{is} <expr>",
)
_BARE = ("<expr>[ ->| =>| =]",)
_VARIABLE = (
    "what{is} [the ][{adj} |end |current ](value|values|content|contents) {held} [the ]{var}<expr>"
    "[{end}]",
    "what{is} [the ]{var}<expr>{end}",
    "what {does} [the ]{var}<expr> (equal|contain|hold|look like|be){end}",
    "what value{is} (stored in|held by|held in|in) [the ]{var}<expr>[{end}]",
    "what value {does} [the ]{var}<expr> (have|hold|contain|end up with|end up being)[{end}]",
    "{find} the [final ]value of [the ]{var}<expr>[{end}]",
    "[the ][final |end |last ][value of ]{var}<expr> (after {it}|afterwards|at the end)",
    "[the ][final |end |last ]value of [the ]{var}<expr>{end}",
    "what [the ]{var}<expr> (is|equals|holds|contains|will be|ends up as|ends up being){end}",
)
_ERROR = (
    "what (happens|will happen|would happen) ¶",
    "(what|which) [kind of |type of ](error|exception) ({does}|is) {it} (raise|throw|give|produce"
    "|cause|raised by|thrown by)[ ¶]",
    "(what|which) [kind of |type of ](error|exception)( is| will be| gets| would be)"
    " (raised|thrown)[ by {it}][ ¶]",
)
_ASSERTION = (
    "(complete|finish|fill in) ([the |this ][following |{py} |given ]{masked}|§)[ with a literal]"
    "[ «no unsimplified expressions, no function calls»]"
    "[ containing the output (¶|when executing §) on the given input]"
    "[, even if § is incorrect or incomplete][ so that it (passes|holds|is true)]",
    "what (value |literal |)(should|must|does|goes|would|will) (replace|fill|complete|in place of"
    "|go in place of|be in place of) [the ]({blank}|{masked})[ in ({it}|the {masked})]",
    "what (value|literal) (makes|would make|will make) the {masked} (pass|true|hold)",
    "fill in the (blank|missing value)[ in ({it}|the {masked})]",
    "{find} the missing value[ in ({it}|the {masked})]",
)
# In the order in which they are tried: what catches less comes first.
AIMS = {
    "assertion": _ASSERTION,
    "output": _OUTPUT,
    "result": _RESULT,
    "inputs": _INPUTS,
    "variable": _VARIABLE,
    "error": _ERROR,
    "value": _CALL,
    "shown": _SHOWN,
    "bare": _BARE,
}


def signed(prose: str) -> str | None:
    """Write the signs for the code and for its running into `prose`; None if it has them itself."""
    if CODE in prose or RUN in prose:
        return None
    return _running().sub(f" {RUN}", _thing().sub(CODE, prose))


@cache
def opener() -> re.Pattern[str]:
    """What may stand before the question proper."""
    return either(_OPENERS, _WORDS)


@cache
def closer() -> re.Pattern[str]:
    """What may stand after the question proper."""
    return either(_CLOSERS, _WORDS)


@cache
def asks(aim: str) -> tuple[re.Pattern[str], ...]:
    """The questions of one of the `AIMS`."""
    return phrases(AIMS[aim], _WORDS)


@cache
def _thing() -> re.Pattern[str]:
    words = either(_THING, _THING_WORDS, end="").pattern
    return re.compile(rf"(?<![\w'])(?:{words})(?![\w'(])", re.IGNORECASE)


@cache
def _running() -> re.Pattern[str]:
    words = either(_RUN, _WORDS, end="").pattern
    return re.compile(rf"(?:{words})(?![\w'])", re.IGNORECASE)
