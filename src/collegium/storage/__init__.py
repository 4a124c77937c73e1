"""The record of what happened, append-only, and the questions asked of it."""
