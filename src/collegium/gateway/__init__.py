"""The HTTP door: one OpenAI-compatible endpoint in front of the college."""
