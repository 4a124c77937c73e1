"""Other ways of asking: translated to chat completions, and the reply back.

The gateway's core speaks one format, that of chat completions. A dialect turns a request of another
API into such a body, and the completion, or its chunks one by one, into what that API would say.
"""

from __future__ import annotations

from collegium.gateway.dialects.base import Dialect, Translator
from collegium.gateway.dialects.messages import MessagesDialect
from collegium.gateway.dialects.responses import ResponsesDialect

__all__ = ["Dialect", "MessagesDialect", "ResponsesDialect", "Translator"]
