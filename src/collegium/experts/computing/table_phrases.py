"""The ways in which people ask what a query returns, or what a table comes to."""

from __future__ import annotations

import re
from functools import cache

from collegium.experts.computing.phrases import either, phrases

# One sign for the query and one for the tables, written into a question before it is compared.
QUERY, TABLE = "§", "¤"

_WORDS = {
    "the": "this|that|the|last|final|these|those|my|following|given|above|below|provided|a|an|some"
    "|next|its",
    "query": "[simple ][sqlite |postgresql |postgres |mysql |standard ][sql ](query|statement"
    "|select statement|select query|select)|sql[ code| snippet]",
    "table": "[small |simple |sample |example |markdown |csv |sql |database ](tables|table|dataset"
    "|data set|data|schema|rows|csv|database|records|table definitions|inserts|setup)",
    "where": "above|below|here|given|shown|provided|shown above|shown below|given below",
    "it": "§|it|this|that|the following",
    "is": " is| are|'s|s| will be| would be",
    "does": "does|do|will|would",
    "return": "return|output|produce|give|yield|print|show|evaluate to|give back|display|retrieve"
    "|select",
    "on": " (on|for|over|from|against|with|given|using|in) ¤| when (run|executed|it runs|it is run)"
    "[ (on|against) ¤]",
    "running": "running|executing",
    "find": "predict|determine|find|give|state|show|compute|calculate|work out|write down",
    "agg": "sum|total|average|mean|max|maximum|highest|largest|greatest|biggest|min|minimum|lowest"
    "|smallest|median|least",
    "most": "highest|largest|greatest|biggest|most|maximum",
    "least": "lowest|smallest|least|minimum",
}
_THING = (
    "{the} [{the} ][{the} ]{query}[ {where}]",
    "sql query[ {where}]",
)
_DATA = (
    "{the} [{the} ][{the} ]{table}[ {where}]",
    "(a|the) (table|tables)",
)
_OPENERS = (
    "(i|we|my <_>|our <_>|a <_>|someone)[ just] (have|has|exported|got|found|sent me|gave me|shared"
    "|created|made|wrote|was given) (¤|§|this|the following)[ (called|named) <_>]"
    "[ (in|from|for) (our |my |the )<_>[ <_>]][ and]",
    "(here is|here are|here's|given|consider|with|using|for|assume|suppose|look at|take|i have"
    "|we have|i've got|we've got|i got|suppose i have|suppose we have|let's say i have|this is"
    "|these are|based on|from|in|you have|you are|and|run|for reference|according to) "
    "(¤|§)[ (called |named |)<_>][ and §]",
    "¤[ (called |named |)<_>]",
    "(§|and)",
    "in (sql|sqlite)",
    "(run|execute) §( in your head| mentally)[ and| and tell me| and give me]",
    "(sql|query|tables|table|data|setup|schema)",
    "(given|consider|here)",
)
_CLOSERS = (
    "(¤|§|and|query|sql|table|tables|data)",
    "in (sql|sqlite|¤)",
    "(here is|here are|here's|given|for|using|with|on) (¤|§)",
)
_RETURNS = (
    "what {does} {it} {return}[{on}]",
    "what{is} [the ][exact |expected |final ](result|output|result set|results|answer|return value)"
    "( of| from| for)[ {running}] {it}[{on}]",
    "what{is} [the ](result|output|result set|results)[{on}]",
    "what{is} returned[ by {it}][{on}]",
    "(what|which) (rows|row|records|values|value|names|number) {does} {it} {return}[{on}]",
    "(what|which) (rows|row|records) (are|will be|is) returned[ by {it}][{on}]",
    "{find} the (result|output|results|result set)[ of[ {running}] {it}][{on}]",
    "{find} what {it} (returns|outputs|will return)[{on}]",
    "[{find} ]what {it} (returns|outputs|will return|would return|would output|gives)[{on}]",
    "(what|which) (rows|row|records|values) (i'd|i'll|we'd|we'll|you'd|do i|would i|will i|i) get"
    "[ back][ (from|by running|with|for) {it}][{on}]",
    "what{is} [the ](result|output|result set|results) (of|from)",
    "[the ](result|output|result set|results)[ of {it}]",
    "(what|which) (rows|records|values) (come|comes|would come|will come) back[ from {it}]",
    "(rows|result rows)",
    "[{it} ](->|=>|=)",
    "what (do i|i|i'd|i'll|would i|will i|you) get[ back]"
    "[ (from|by running|when running|with) {it}][{on}]",
    "what (do i|i|i'd|i'll|would i|will i|you) get[ back] from",
    "(evaluate|run|execute) {it}[{on}]",
    "(give|show)[ me][ just| only] the (result|results|output|rows|result rows)[ of {it}]",
    "[if (i|you|we) run {it}[{on}],] what (do|will|would) (i|you|we) get[ back]",
    "what (do|will|would) (i|you|we) get[ if (i|you|we) run {it}][{on}]",
)
_COUNTS = (
    "how many (rows|records|results) {does} {it} {return}[{on}]",
    "how many (rows|records) (are|will be|would be) returned[ by {it}][{on}]",
)
_INLINE = (
    "what {does} [§ ]<sql> {return}[{on}]",
    "what{is} [the ](result|output)( of| from| for)[ {running}][ §[:]] <sql>[{on}]",
    "{find} the (result|output) of[ {running}][ §] <sql>",
)
_INLINE_COUNTS = (
    "how many (rows|records) [§ ]<sql> (returns|gives|produces|will return|would return)",
    "how many (rows|records) {does} [§ ]<sql> {return}",
)
_AGGREGATE = (
    "what{is} [the ]<agg> [value ](of|in|for|from) [all ][the ]<column> (column|values)[ in ¤]",
    "<agg> [up ][all ]the <column> (column|values)[ in ¤]",
    "what{is} [the ]<agg> [value ](of|in|for|from) [the ]column <column>[ in ¤]",
    "what{is} [the ]<agg> (of|in) [all ][the ]<column>[ (in|of) ¤]",
    "what{is} [the ]<agg> <column>[ value| values][ (in|of) ¤]",
    "how much (is|are) [the ]<agg> [of ]<column>[ (in|of) ¤]",
    "{find} [the ]<agg> (of|in|for|from) [all ][the ][column ]<column>[ column| values][ in ¤]",
    "{find} [the ]<agg> <column>[ (in|of) ¤]",
    "[the ]<agg> of [all ][the ]<column> (column|values)[ in ¤]",
    "[the ]<agg> of [all ][the ]<column>[ (in|of) ¤]",
    "[the ]<agg> <column>[ (in|of) ¤]",
)
_ROWS = (
    "how many rows (are there|are|does ¤ have|does ¤ contain|do ¤ have|does it have)[ in ¤]",
    "how many (rows|data rows) (are|are there) in ¤",
    "{find} the (rows|number of rows)[ in ¤]",
    "what{is} the number of rows[ in ¤]",
)
_MATCHING = (
    "how many rows[ in ¤][ are there][ in ¤] (where|with|have|whose) [the |a |an ]<condition>",
)
_PERSON = (
    "(who|which person) (has|earns|gets|got|had|scored) the <agg> <column>[ in ¤]",
    "who's got the <agg> <column>[ in ¤]",
)
_EXTREME = ("(which|what) <wanted> has the <agg> <column>[ in ¤]",)
ASKS = {
    "returns": _RETURNS,
    "counts": _COUNTS,
    "inline counts": _INLINE_COUNTS,
    "inline": _INLINE,
    "rows": _ROWS,
    "matching": _MATCHING,
    "extreme": _EXTREME,
    "person": _PERSON,
    "aggregate": _AGGREGATE,
}


def signed(prose: str) -> str | None:
    """Write the signs for query and tables into `prose`; None if it has them itself."""
    if QUERY in prose or TABLE in prose:
        return None
    return _pattern(_DATA).sub(TABLE, _pattern(_THING).sub(QUERY, prose))


@cache
def opener() -> re.Pattern[str]:
    """What may stand before the question proper."""
    return either(_OPENERS, _WORDS)


@cache
def closer() -> re.Pattern[str]:
    """What may stand after the question proper."""
    return either(_CLOSERS, _WORDS)


@cache
def asks(kind: str) -> tuple[re.Pattern[str], ...]:
    """The questions of one kind of the `ASKS`."""
    return phrases(ASKS[kind], _WORDS)


@cache
def _pattern(templates: tuple[str, ...]) -> re.Pattern[str]:
    words = either(templates, _WORDS, end="").pattern
    return re.compile(rf"(?<![\w'.])(?:{words})(?![\w'(])", re.IGNORECASE)
