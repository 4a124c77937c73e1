"""Questions about a codebase, and their answers.

What the graph knows: `intent` reads a question by its `phrases` (of `sentences` made shorter),
`names` what it names; `targets` and `places` are what that means in the tree; `questions` gives the
exact sets (`ends` of edges, by `steps`; `overriding` what may come through a base; `paths` are
chains of calls, `members` what is defined in something, `covering` its tests, `namesakes` calls of
which only the name is known, `standing` where a name is no definition's), `findings` are their
nouns, `answers` says them, with `doing` for what one may do with another.
Everything else: `units` are what is searched for, in `terms`; `manner` tells how a text asks;
`holdings` is the index as a search sees it, by `lexical` (words), `meanings` (what words of code
mean, a table) and `semantic` (vectors of an encoder);
`evidence` is what speaks for each unit, `ranking` weighs it by the numbers in `fitted`, `purpose`
tells tests and examples apart, `reasons` says why, `spelling` knows words that have two spellings;
`retrieval` is all of that. `vocabulary` tells
how much a text is about this code.
"""
