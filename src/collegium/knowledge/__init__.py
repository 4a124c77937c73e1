"""A codebase as a graph: what it defines, who calls whom, and a search over all of it.

Rooms: `facts` (what one file says), `graph` (nodes and edges).
"""
