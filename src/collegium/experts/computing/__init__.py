"""Answers that are computed, exactly and without a model."""
