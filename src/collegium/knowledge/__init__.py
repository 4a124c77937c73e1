"""A codebase as a graph: what it defines, who calls whom, and a search over all of it.

From a file to an answer: `parse` makes `facts` of it by the table of its language (`parsing`,
`languages`, `documents`, `manifests`), its letters written in one way (`letters`), with expressions
written as `expressions` reads them;
`resolving` makes edges of facts, the nouns of which are in `graph`; `index` keeps both for the
files that `tree` finds, until a stamp (`stamps`) says that they would be made otherwise now;
`search` answers. `codebase` is what anybody else asks, `following` keeps it with its folder, and
`serving` offers it to coding agents.
"""
