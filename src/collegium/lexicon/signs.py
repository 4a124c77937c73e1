"""Signs: the shapes of a text, which tell what is wanted before a word of it is understood."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from collegium.lexicon import cues
from collegium.lexicon.glances import Glance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence, Set

HEAD_CHARS, TAIL_CHARS = 1800, 600
MAX_LINES, MAX_LINE_CHARS = 120, 200

# Found by one search. Every repeat is bounded, so that no text takes long.
_SHAPES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "<code_fence>": re.compile(r"```|~~~"),
        "<stack_trace>": re.compile(
            r"Traceback \(most|(?:Error|Exception)\b|\bsegfault\b|\berrno\b|\bERR!|\bfatal: "
            r"|\berror(?: TS\d| CS\d|\[E\d| code)|\bexit code \d|\bexited with|\bcore dumped\b"
            r"|\bundefined reference|^ {0,8}\tat |^ {2,8}at [\w.$<>]{3,60}\(",
            re.MULTILINE,
        ),
        "<sql>": re.compile(
            r"\bselect\b[^;]{1,200}\bfrom\b|\bcreate table\b|\binsert into\b|\bgroup by\b"
            r"|\border by\b|\b(?:left|inner|outer|cross|self)[ -]join\b|\bprimary key\b",
            re.IGNORECASE,
        ),
        "<schema>": re.compile(
            r"\b(?!def\b|function\b)\w{1,40} ?\( ?\w{1,40}(?:, ?\w[\w ]{1,30}){2,60}\)"
            r"|\bCREATE TABLE\b|\btables?:? \w{2,40}(?:, \w{2,40}){2}"
        ),
        "<json>": re.compile(r'\{\s{0,9}"[\w ]{1,40}"\s{0,9}:|\[\s{0,9}\{'),
        "<formula>": re.compile(
            r"\\(?:frac|sqrt|sum|int|begin|cdot|times|left|pi|leq|geq|angle|text|mathbb)\b"
            r"|\$[^$\n]{0,60}[\\^_=][^$\n]{0,60}\$|[∫∑∏√≤≥π∞≡∈θλ²³⁴ⁿ]|\b[a-z]\^\d|\d\^[\dn({]"
            r"|\b\d{0,4}[xyzn] ?[-+*/=<>] ?\d|\b(?:f|g|P|E|sin|cos|tan|log|ln)\([\w+]{1,6}\)"
            r"|\d ?[+×÷*] ?\d|\d [-/=] \d"
        ),
        "<choices>": re.compile(
            r"^[ \t]{0,8}\(?A[).:] [^\n]{1,400}\n\s{0,9}\(?B[).:] |\(A\)[^(]{1,200}\(B\)"
            r"|\bA\) [^)]{1,200}\bB\) |\ba\) [^)]{1,200}\bb\) ",
            re.MULTILINE,
        ),
        "<file_path>": re.compile(
            r"(?<![\w:/.])(?:[\w.\-]{1,40}/){1,8}[\w.\-]{1,40}(?<!\d)\b(?!/)"
            r"|\b[\w\-]{1,40}\.(?:py|jsx?|tsx?|go|rs|java|c|h|cpp|cs|rb|php|css|html|sh|ya?ml|toml"
            r"|json|kt|swift|lua|sql|lock|ini|conf|env|xml|gradle|ipynb|md)\b"
        ),
        "<identifier>": re.compile(
            r"`[^`\n]{2,60}`|\b[a-z]{1,30}_[a-z0-9_]{1,60}\b|\b[a-z]{1,30}[A-Z]\w{1,60}\b"
            r"|\b[A-Z][a-z0-9]{1,30}[A-Z][a-z0-9]\w{0,60}\b|\w\.\w{1,40}\(|\w\(\)|\b[A-Z]{2,20}_[A-Z_]"
            r"|\w::\w|\b__\w{1,30}__\b"
        ),
        "<literal>": re.compile(
            r"^[ \t]{0,8}\w{1,30} ?= ?[\"'\[{(\d-]|\[-?\d{1,9}(?:, ?-?\d{1,9}){1,50}\]|\[[\"']"
            r"|\{\w{1,30}: |\b\w{1,30} ?= ?\[",
            re.MULTILINE,
        ),
        "<url>": re.compile(r"https?://|\bwww\."),
        "<money>": re.compile(
            r"[$€£¥₹] ?\d|\d ?(?:dollars?|euros?|usd|eur|quid|[$€£¥₹])", re.IGNORECASE
        ),
        "<clock>": re.compile(r"\b\d{1,2}(?::\d\d| ?[ap]\.?m\b| ?uhr\b|h\d\d\b)", re.IGNORECASE),
        "<duration>": re.compile(
            r"(?<!\d)\d{1,4}[- ]?(?:min(?:ute)?s?|hours?|hrs?|days?|weeks?|wks?|months?|tage?"
            r"|wochen?|monate?n?|jours?|semaines?|mois|d[ií]as?|semanas?|meses|settimane|giorni|дн\w{1,3}"
            r"|недел\w{1,3}|месяц\w{0,3}|gün|hafta|ay|ngày|tuần|tháng|hari|minggu|bulan|dni"
            r"|tygodni)\b|\d ?(?:天|周|週|个月|か月|ヶ月|日間|週間|주|개월|일)",
            re.IGNORECASE,
        ),
        "<word_limit>": re.compile(
            r"(?<!\d)\d{1,5}[- ]?(?:words?|lines?|sentences?|characters?|paragraphs?|pages?"
            r"|wörter\w?|mots|lignes|palabras|líneas|palavras|linhas|parole|righe|слов|kata|từ|kelime)\b"
            r"|\d ?(?:字|자|行|文字)",
            re.IGNORECASE,
        ),
        "<blank>": re.compile(r"___|\[blank\]"),
        "<list>": re.compile(
            r"^[ \t]{0,8}(?:[-*•]|\d{1,2}[.)]) [^\n]{1,300}\n\s{0,9}(?:[-*•]|\d{1,2}[.)]) ",
            re.MULTILINE,
        ),
        "<dialogue>": re.compile(
            r"^[A-Z]\w{1,15}: [^\n]{1,400}\n\s{0,3}[A-Z]\w{1,15}: ", re.MULTILINE
        ),
        "<heading>": re.compile(r"^#{1,4} \w|^\[[A-Z]\w{1,20}\]", re.MULTILINE),
        "<you_are>": re.compile(
            r"\b(?:you are|you're|act as|pretend|imagine you|be my|as if you were"
            r"|in the role of)\b",
            re.IGNORECASE,
        ),
        "<greeting>": re.compile(
            r"^\W{0,5}(?:hi|hello|hey|yo|good (?:morning|evening|night)|hallo|hola|bonjour|salut"
            r"|ciao|oi|olá|привет|здравствуй\w{0,3}|merhaba|cześć|你好|您好|こんにちは|안녕|مرحبا|नमस्ते)\b",
            re.IGNORECASE,
        ),
        "<sequence>": re.compile(r"(?<!\d)\d{1,9}, ?\d{1,9}, ?\d{1,9}, ?\d"),
        "<versus>": re.compile(r"\bvs\b|\bversus\b|\bor\b[^?\n]{1,40}\?", re.IGNORECASE),
        "<colon>": re.compile(r"\w:\s+\S"),
        "<quote>": re.compile(
            r'"[^"\n]{3,60} [^"]{6,}"|“[^”]{3,60}[ ，、][^”]{3,}”|[«„][^»“]{3,60} [^»“]{6,}[»“]'
            r"|「[^」]{8,}」|(?<!\w)'[^'\n]{3,60} [^'\n]{6,400}'(?!\w)"
        ),
    }
)
# Each needs one of these, in small letters, to be there at all; those of `_OF_DIGITS` need a digit.
_NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "<code_fence>": ("```", "~~~"),
        "<stack_trace>": (
            *("traceback (most", "error", "exception", "segfault", "errno", "err!", "fatal: "),
            *("exit code", "exited with", "core dumped", "undefined reference", "\tat ", "  at "),
        ),
        "<sql>": (
            *("select", "create table", "insert into", "group by", "order by", "join"),
            "primary key",
        ),
        "<schema>": ("(", "create table", "table"),
        "<json>": ("{",),
        "<choices>": ("b)", "b.", "b:"),
        "<literal>": ("=", "[", "{"),
        "<url>": ("://", "www."),
        "<blank>": ("___", "[blank]"),
        "<list>": ("\n",),
        "<dialogue>": ("\n",),
        "<heading>": ("#", "["),
        "<you_are>": (
            *("you are", "you're", "act as", "pretend", "imagine you", "be my"),
            *("as if you were", "in the role of"),
        ),
        "<versus>": ("vs", "versus", "or"),
        "<colon>": (":",),
        "<quote>": ('"', "'", "“", "«", "„", "「"),
        "<file_path>": ("/", "."),
    }
)
_OF_DIGITS = frozenset("<money> <clock> <duration> <word_limit> <sequence>".split())
_SIGNS_OF_FORMULAS = tuple("\\$(∫∑∏√≤≥π∞≡∈θλ²³⁴ⁿ")
_SIGNS_OF_CODE = ("`", "_", "(", "::")
_INNER_CAPITAL = re.compile("[a-z0-9][A-Z]")
_CODE_LINE = re.compile(
    r"[ \t]{0,40}(?:def \w|class \w{1,60}[:({]|import \w|from \w[\w.]{0,60} import|#include"
    r"|public |private |protected |static |func \w|fn \w|(?:let|const|var) \w{1,60} ?="
    r"|return\b.{0,150}[;)\]\w]$|package [\w.]{1,60};|(?:if|for|while) ?\(|else ?[:{]|elif "
    r"|try ?[:{]|\}[ \t]*$|@\w{1,40}$|\$ \w|#!/|<\?php|</?\w{1,20}[^>]{0,100}>|using \w|print\("
    r"|System\.out)"
    r"|.{0,199}(?:[;{]\s{0,3}$|=> ?[({]?|\w\(.{0,100}\);)"
)
_ROW = re.compile(
    r"[ \t]{0,8}\|.{1,150}\||[^\t\n]{0,80}\t[^\t\n]{0,80}\t"
    r"|[^,;\n]{1,60}(?:[,;][^,;\n]{0,60}){3,30}$"
)
_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][a-z]")

_CODED = frozenset(("<code>", "<code_fence>", "<identifier>", "<file_path>", "<stack_trace>"))
_MADE = frozenset(
    """
    <code> <table> <numbers> <many_numbers> <passage> <short> <long> <question> <wh_question>
    <yes_no> <fact_question> <plain_question> <technical_question> <first_person> <to_you>
    <word_problem> <fragment> <statement> <technical> <long_choice> <short_choice> <aggregate>
    <capitals>
    """.split()
)
SIGNS: frozenset[str] = _MADE | frozenset(_SHAPES)


def signs(
    text: str, request: Sequence[str], grams: Set[str], *, words: int, supplied: int
) -> frozenset[str]:
    """The signs in a text.

    Args:
        text: the text.
        request: the words of the part that asks.
        grams: those, their phrases and stems.
        words: how many words the text has.
        supplied: how many of them are not of the part that asks.
    """
    if len(text) > HEAD_CHARS + TAIL_CHARS:
        text = f"{text[:HEAD_CHARS]}\n{text[-TAIL_CHARS:]}"
    glance = Glance.at(text)
    found = {
        sign
        for sign, shape in _SHAPES.items()
        if could_be(sign, text, glance) and shape.search(text)
    }
    found |= _of_lines([line[:MAX_LINE_CHARS] for line in text.split("\n")[:MAX_LINES]])
    numbers = sum(word[0].isdigit() for word in request)
    found |= {
        sign
        for sign, holds in (
            ("<numbers>", numbers > 0),
            ("<many_numbers>", numbers >= 3),
            ("<short>", words <= 6),
            ("<long>", words > 50),
            ("<passage>", supplied >= 12),
            ("<first_person>", not cues.FIRST_PERSON.isdisjoint(grams)),
            # In German every noun has a capital.
            ("<capitals>", cues.GERMAN.isdisjoint(grams) and _CAPITAL.search(text) is not None),
        )
        if holds
    }
    return frozenset(
        found | _of_request(text, request, grams, shapes=found, words=words, numbers=numbers)
    )


def could_be(sign: str, text: str, glance: Glance) -> bool:
    """Whether the shape of a sign may be in a text; never False where it is."""
    needs = _NEEDS.get(sign)
    if needs is not None:
        return glance.shows(needs)
    if sign in _OF_DIGITS:
        return glance.digits
    if sign == "<formula>":
        return glance.digits or glance.shows(_SIGNS_OF_FORMULAS)
    if sign == "<identifier>":
        return glance.shows(_SIGNS_OF_CODE) or _INNER_CAPITAL.search(text) is not None
    return True


def _of_lines(lines: Sequence[str]) -> set[str]:
    found: set[str] = set()
    code = sum(_CODE_LINE.match(line) is not None for line in lines)
    if code >= 2 or (code and len(lines) <= 3):
        found.add("<code>")
    if sum(_ROW.match(line) is not None for line in lines) >= 3:
        found.add("<table>")
    return found


def _of_request(
    text: str,
    request: Sequence[str],
    grams: Set[str],
    *,
    shapes: Set[str],
    words: int,
    numbers: int,
) -> set[str]:
    """The signs of how the request is put: as which kind of question, about what."""
    first = next((word for word in request[:3] if word not in ("so", "and", "but", "ok")), "")
    asking = first in cues.WH or cues.ASKING.search(text) is not None
    closed = first in cues.YES_NO
    asks = asking or any(mark in text for mark in "?？؟")
    coded = not _CODED.isdisjoint(shapes)
    technical = coded or not cues.TECHNICAL.isdisjoint(grams)
    personal = "<first_person>" in shapes
    to_you = words <= 10 and (
        cues.TO_YOU.match(text) is not None
        or (not cues.SECOND_PERSON.isdisjoint(grams) and cues.GENERIC_YOU.match(text) is None)
    )
    fact = (asking or closed) and words <= 25 and not (coded or personal or to_you)
    fact = fact and "<colon>" not in shapes
    choice = "<choices>" in shapes or "which of the following" in grams or "which one of" in grams
    listing = not (cues.AMOUNTS.isdisjoint(grams) or cues.GROUPS.isdisjoint(grams))
    stated = not (asks or closed)
    return {
        sign
        for sign, holds in (
            ("<question>", asks),
            ("<wh_question>", asking),
            ("<yes_no>", closed),
            ("<to_you>", to_you),
            ("<fact_question>", fact),
            ("<plain_question>", fact and not (technical or numbers or "<capitals>" in shapes)),
            ("<technical>", technical),
            ("<technical_question>", technical and not stated),
            ("<long_choice>", choice and words > 45),
            ("<short_choice>", choice and words <= 45),
            ("<aggregate>", listing and words <= 40 and numbers <= 1 and not personal),
            ("<word_problem>", numbers >= 2 and not coded and not cues.COUNTED.isdisjoint(grams)),
            ("<fragment>", stated and words <= 6),
            ("<statement>", stated and words > 6),
        )
        if holds
    }
