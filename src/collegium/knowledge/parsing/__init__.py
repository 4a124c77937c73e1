"""The engine that reads a file by the table of its language, in one walk over its tree.

Rooms: `reading` (the walk) and `surroundings` and `frames` (where it is), `record` (what has been
found so far), `rules` (the usual rules), `writing` (expressions), `documentation` (comments,
docstrings), `encoding` (bytes to text), `loading` (grammars).
"""
