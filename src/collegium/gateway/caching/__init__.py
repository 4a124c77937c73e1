"""Answers kept for those who ask again: the very same request, or the same question.

answers      AnswerCache; entries where they lie, keeping which may be kept
exact        what makes two requests the same
semantic     the same question in other words: by its particulars, and the sameness of two of them
cutting      a question cut into words; wording what is said around it, synonyms, foreign languages
"""

from __future__ import annotations

from collegium.gateway.caching.answers import AnswerCache
from collegium.gateway.caching.entries import Cached, CacheSettings, Standing
from collegium.gateway.caching.keeping import CacheWish

__all__ = ["AnswerCache", "CacheSettings", "CacheWish", "Cached", "Standing"]
