"""Whole colleges tried, outside serving."""
