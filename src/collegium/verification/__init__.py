"""Checking an answer instead of believing it.

What a text holds: `extract` (with `blocks`, `jsontext`, `plain_numbers`, `literals`, `latex`), and
when two answers are the same: `equivalence`. Formulas of numbers, never given to an evaluator that
reads text: `formula` reads them, `evaluation` works them out, `sides` and `sameness` compare the
two sides of an equation, `steps` finds all of them in a text. One check a file: `python_check` (by
`examples` and `harness`), `sql_check`, `arithmetic_check`, `units_check`, `equation_check`,
`json_check`, `citation_check`; `checks` runs those that fit. `sandbox` runs what nobody trusts,
behind the walls of `isolation`.
"""
