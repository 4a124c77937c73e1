"""Variants tried against each other while traffic flows, by statistics one may watch."""
