"""Questions in other languages than English, of which only the courtesies are known.

Everything else in them counts, in the order in which it stands.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# By these a language is told: small words that English has not.
_SMALL_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        language: frozenset(words.split())
        for language, words in {
            "de": """
                der das ein eine einen ist sind wie und ich für nicht zu im dem auf von wer wo
                warum welche welcher kann schreibe bitte
            """,
            "es": """
                el los las un una es cómo qué cuál de en con para por quién dónde puedo del al
                cuándo cuánto
            """,
            "fr": """
                le les un une des est sont comment quel quelle de en avec pas qui où puis du au
                que quand combien
            """,
            "it": """
                il lo gli un una è sono che qual di con non chi posso del della quando quanto
            """,
            "pt": """
                os um uma é são que qual de em com para não quem onde posso da quando quanto
            """,
            "nl": "de het een zijn hoe wat ik voor niet wie waar waarom welke",
            "pl": "jest są jak dla nie kto gdzie dlaczego czy mogę się",
            "tr": "bir ve nas\u0131l için ile m\u0131 nerede neden değil",
        }.items()
    }
)
_ENGLISH = frozenset(
    """
    the what how is are does of to write explain and for with my should why who
    when where which give make list tell find between if were did from this that it you
    plan create solve define convert show please compare
    """.split()
)
_COURTESIES = re.compile(
    r"^ (?:bitte|hallo|guten tag|hi|hey|hola|buenos días|por favor|bonjour|salut|ciao|salve"
    r"|per favore|oi|olá|привет|здравствуйте|подскажите пожалуйста|подскажите"
    r"|скажите пожалуйста|скажите|пожалуйста|cześć|dzień dobry|proszę|merhaba|lütfen"
    r"|alsjeblieft|hoi"
    r"|(?:kannst du|können sie|könntest du|könnten sie)(?: mir)?(?: bitte)? (?:sagen|erklären)"
    r"|(?:me )?(?:puedes|podrías|puede|podría)(?: decir| explicar)(?:me)?"
    r"|(?:peux tu|pouvez vous|pourrais tu|pourriez vous)(?: me)? (?:dire|expliquer)"
    r"|(?:mi )?(?:puoi|potresti) (?:dire|dirmi|spiegare|spiegarmi)|[.,])(?= )"
)
_FAREWELLS = re.compile(
    r" (?:bitte|danke|por favor|gracias|s'il te plaît|s'il vous plaît|merci|per favore|grazie"
    r"|obrigado|obrigada|пожалуйста|спасибо|proszę|dzięki|lütfen|[.,])(?= $)"
)
# 请问, 请, 麻烦你; すみません; what a sentence begins with where words are not spaced.
_UNSPACED = re.compile(
    "^ (?:\u8bf7\u95ee|\u8bf7|\u9ebb\u70e6\u4f60|\u4f60\u597d|\u3059\u307f\u307e\u305b\u3093)[, ]*"
)


def without_courtesies(line: str) -> list[str] | None:
    """The words of a line that is not English, without its courtesies; None where it is English."""
    if not _is_foreign(line):
        return None
    before = ""
    while line != before:
        before = line
        line = _UNSPACED.sub(" ", _FAREWELLS.sub("", _COURTESIES.sub("", line)))
    return line.split()


def _is_foreign(line: str) -> bool:
    words = set(line.split())
    if any(
        char.isalpha() and ord(char) > 0xFF for char in line if not "\ue000" <= char <= "\uf8ff"
    ):
        return True
    english = len(words & _ENGLISH)
    return any(len(words & small) > english for small in _SMALL_WORDS.values())
