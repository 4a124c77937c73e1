"""What a table cannot say of Python: `types`, `conditions`, `patterns`, `calls`, `docstrings`."""
