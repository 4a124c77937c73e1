"""Who stays."""
