"""Checking an answer instead of believing it."""
