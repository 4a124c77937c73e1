"""Other ways of asking: translated to chat completions, and the reply back.

The gateway's core speaks one format, that of chat completions. A dialect turns a request of another
API into such a body, and the completion, or its chunks one by one, into what that API would say.

messages     Anthropic's: messages_request, messages_reply, messages_stream
responses    OpenAI's: responses_request, responses_reply, responses_stream
parts        a request read part by part; conversation chat messages made of turns
turn         what a model says, block after block; replies completions read tolerantly
"""

from __future__ import annotations

from collegium.gateway.dialects.base import Dialect, Translator
from collegium.gateway.dialects.messages import MessagesDialect
from collegium.gateway.dialects.responses import ResponsesDialect

__all__ = ["Dialect", "MessagesDialect", "ResponsesDialect", "Translator"]
