"""Counting and rearranging the letters and words of a text that a question gives.

The text is in quotation marks, or one word where the form leaves no doubt, or, for words, all that
follows a colon. Words are what stands between spaces; a text with hyphens, dashes or lone signs,
whose words are counted in several ways, is refused.
"""

from collegium.experts.computing.texts.computer import Texts

__all__ = ["Texts"]
