"""`python -m collegium` is `collegium`."""

from __future__ import annotations

from collegium.cli import main

if __name__ == "__main__":
    main()
