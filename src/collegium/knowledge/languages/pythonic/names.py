"""How names are told from other text."""

from __future__ import annotations

import re
from typing import Final

CHAIN: Final = re.compile(r"[^\W\d]\w*(?:\.\w+)*\Z")  # names with dots between them
QUOTES: Final = "'\""
