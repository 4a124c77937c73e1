"""What people say around a question: greetings, thanks, how short the answer should be."""

from __future__ import annotations

import re

from collegium.experts.computing.asides import IDLE, without_aside, without_last_story

MAX_COURTESIES, MAX_CLOSING_CHARS = 8, 100

_OPENING = re.compile(
    r"""\s*(?:
      (?:hi|hello|hey|hiya|greetings|good\ (?:morning|afternoon|evening))
      (?:\ (?:there|again|all|everyone|guys))?[\s,.!:;-]+
    | (?:ok|okay|so|well|um|alright|right|anyway|basically)[\s,.:]+
    | (?:(?:a|one|another|just\ a)\ )?(?:quick|simple|easy|short|dumb|silly|random|math|maths)
      \ (?:math\ |maths\ )?(?:question|one|check|calculation|sum)\s*[:,.!?-]+\s*
    | (?:question|q|problem|calculation)\s*:\s*
    | (?:please|pls|plz|kindly|quickly|just|simply)[\s,:]+
    | (?:any\ chance\ )?(?:can|could|would|will)\ (?:you|u)\s+
    | you\ (?:can|could)\s+
    | (?:are\ you\ |be\ )able\ to\s+
    | i(?:['\u2019]d|\ would)\ like\ (?=the\b|a\b)
    | (?:(?:do|would)\ you\ )?mind\ (?:telling|giving|showing)\ me\s+
    | do\ me\ a\ favou?r(?:\ and|,|:)\s+
    | (?:help\ me(?:\ to)?|i\ need\ help(?:\ to)?|help\ me\ with)\s+(?=\w)
    | i(?:(?:\ just|\ really)?\ (?:need|want)|(?:['\u2019]d|\ would)\ (?:like|love))
      (?:\ you)?\ to\ (?:know\ )?
    | i(?:\ just)?\ need\ (?=the\b|an?\b|[$\u20ac\u00a3\d])
    | i(?:['\u2019]m|\ am|\ was)\ (?:curious|(?:just\ )?wondering)[\s,:]+
    | (?:i(?:['\u2019]m|\ am|\ was)\ )?trying\ to\ (?=(?:figure|work|find|calculate|compute|see)\b)
    | (?:but|and|also)[\s,]+(?=(?:what|how|is|which|can|could|would|do|does)\b)
    | wondering\ (?=what|how|if|whether|which|who|when)
    | (?:figure|work|find)\ out\ (?=what|how|if|whether|which|who|when)
    | i(?:['\u2019]m|\ am)\ not\ sure\s+(?=what|how|if|whether|which|who|when)
    | i\ (?:forgot|forget|(?:can|don|couldn)['\u2019]?t\ (?:quite\ |really\ )?
      (?:remember|know|tell|see|figure\ out|work\ out|understand))
      \s+(?=what|how|if|whether|which|who|when)
    | (?:tell|give|show|remind)\ me\b[\s,:]+
    | (?:do\ you\ (?:happen\ to\ )?know|any\ idea|let\ me\ know|see)
      \s+(?=what|how|if|whether|which|who|when)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_CLOSING = re.compile(
    r"""(?:
      \?!
    | [\s,.;!?-]{1,9}(?:thanks|thank\ you|thx|cheers|ta)
      (?:\ (?:so|very)\ much|\ a\ (?:lot|bunch|million)|\ in\ advance|\ again)?[\s!.]{0,9}
    | [\s,.?!]{1,9}(?:please|pls|plz)[\s!.]{0,9}
    | [\s,]{1,9}(?:for\ me|quickly|real\ quick|exactly|(?:will|would|can|could)\ you)
    | [\s,.?:(-]{1,9}(?:(?:answer|number|result|value)\ only|yes\ or\ no|yes/no)\)?
    | [\s,.?(-]{1,9}if\ you\ (?:can|could|don['\u2019]?t\ mind)
    | [\s,.?(-]{1,9}(?:(?:i\ )?(?:just|only)(?:\ (?:need|want|give(?:\ me)?))?
      |give(?:\ me)?\ (?:just|only)
      |(?:answer|reply|respond)(?:\ with)?(?:\ (?:just|only))?)
      \s{1,2}(?:the|a|one)\ (?:final\ |single\ |exact\ )?(?:number|answer|result|value|word)
      (?:\ only|\ is\ (?:fine|enough)|\ and\ nothing\ else|\ will\ do)?\)?
    | [\s,.?(;-]{1,9}(?:no|without(?:\ any)?)\ (?:explanation|explanations|working|steps|words)
      (?:\ (?:needed|required|necessary))?\)?
    | [.?!:;]\ {1,3}what(?:['\u2019]s|\ is|\ would\ be)\ the\ (?:answer|result|value)
    )\Z""",
    re.IGNORECASE | re.VERBOSE,
)


def without_courtesies(text: str, *, ending: bool = True, idle: frozenset[str] = IDLE) -> str:
    """Return `text` without greetings, asides, "please", "can you tell me" and thanks.

    An aside is a sentence before the question that is made of `idle` words alone. With `ending`
    False the end is left as it was written, question marks too.
    """
    for _ in range(MAX_COURTESIES):
        before = text
        if opening := _OPENING.match(text):
            text = text[opening.end() :]
        else:
            text = without_aside(text, idle)
        if ending:
            text = _without_closing(text)
        if text == before:
            break
    return text.strip()


def _without_closing(text: str) -> str:
    text = text.rstrip(" \t\n?.")
    tail = text[-MAX_CLOSING_CHARS:]
    closing = _CLOSING.search(tail)
    if closing is None:
        return without_last_story(text)
    return text[: len(text) - len(tail) + closing.start()]
