"""Places that turn messages into text."""
