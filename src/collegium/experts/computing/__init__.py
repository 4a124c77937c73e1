"""Answers that are computed, exactly and without a model.

`base` says what a computer is: it reads a whole question into a plan, or leaves it alone. Around
every question lie `courtesies`, `asides` and `wishes` of how the answer be said; `phrases` are
questions written much as they sound. Subjects with packages of their own are `arithmetic`, `dates`,
`texts` and `units`. What Python does is `code` (`code_questions`, `code_phrases`, `code_inputs`,
`code_apart`, `code_source`, `code_harness`); what a table comes to is `tables`
(`table_questions`, `table_phrases`, `table_plans`, `table_sums`, `relations`, `sql_tokens`,
`sql_dialect`, `sql_worlds`); `blocks` tells prose from what it asks about.
"""
