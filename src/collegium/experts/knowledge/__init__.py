"""The expert of a codebase.

Rooms: `expert` (who answers), `keeper` (has the index made, and keeps it with the files),
`briefing` (what a model is given to read), `halves` (whether half of a question is exact),
`citing` (whether what an answer cites is there),
`bidding` (how sure it is that a query is about its code).
"""
