"""The command line: one file per verb."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line; the process ends with the documented exit code."""
    # Importing makes many objects that stay and no garbage: looking for some costs a tenth of it.
    # The verb that is wanted is imported last: `app` looks for garbage again from then on.
    gc.disable()
    from collegium.cli.app import build  # noqa: PLC0415 -- that is what is being waited for

    build()()
