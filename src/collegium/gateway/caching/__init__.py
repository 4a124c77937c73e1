"""Answers kept for those who ask again: the very same request, or the same question."""

from __future__ import annotations

from collegium.gateway.caching.answers import AnswerCache
from collegium.gateway.caching.entries import Cached, CacheSettings, Standing
from collegium.gateway.caching.keeping import CacheWish

__all__ = ["AnswerCache", "CacheSettings", "CacheWish", "Cached", "Standing"]
