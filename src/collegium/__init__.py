"""A mixture of experts at system level."""

from __future__ import annotations
