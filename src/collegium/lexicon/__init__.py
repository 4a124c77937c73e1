"""The wording of a text and what it is evidence of: words, phrases and shapes with weights.

A vocabulary's terms are

- `word` and `two words`, up to four: whole words, never parts of others;
- `begi*`: any word that begins so (four letters or more);
- `^write`, `^how many`: the words that open the text or its last sentence, after "please",
  "can you" and the like;
- `<sql>`, `<code_fence>`, ...: shapes, of which `SIGNS` has the list.
"""

from collegium.lexicon.concordance import Concordance
from collegium.lexicon.signs import SIGNS
from collegium.lexicon.vocabulary import Vocabulary, assess, compiled_term
from collegium.lexicon.wording import Wording, read, reading_text

__all__ = [
    "SIGNS",
    "Concordance",
    "Vocabulary",
    "Wording",
    "assess",
    "compiled_term",
    "read",
    "reading_text",
]
