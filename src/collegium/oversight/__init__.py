"""Watching a college while it answers, and changing what it goes by.

`overseer` is all of it; `wishes` what administrators want otherwise than the file has it, `watched`
when the file has changed, `following` the records of other processes, `trials` experiments with
whole lineups, `shadowing` answers that nobody sees, `teaching` what outcomes teach, `duties` what
is done again and again, `standing` how it all stands.
"""

from collegium.oversight.overseer import Oversight

__all__ = ["Oversight"]
