"""What Python code returns or prints, known by running it."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from collegium.errors import SandboxUnavailable
from collegium.experts.computing.base import Computed, asked
from collegium.experts.computing.code_questions import CodePlan, read

if TYPE_CHECKING:
    from collegium.types import Query
    from collegium.verification.sandbox import Sandbox

MAX_CHARS, MAX_VALUE = 20_000, 2_000
PAIRS_OF_RUNS = 4

# What shows an address in memory, and what depends on this machine or this interpreter.
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")
_LOCAL_ERRORS = re.compile(
    r"(?:MemoryError|RecursionError|SystemExit|KeyboardInterrupt|Flood|NameError|OSError|EOFError"
    r"|\w*ImportError|ModuleNotFoundError|PermissionError|BlockingIOError|SystemError)\b"
    r"|.*integer string conversion"
)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a run: see the harness's `perform`."""

    printed: str
    said: str
    value: str | None
    raised: str | None
    late: bool
    doubts: int


class CodeComputer:
    """Runs the Python in a question in the sandbox, and says what came out.

    It bids only where the code is whole and its outcome the same every time.
    """

    name = "code"

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def reads(self, query: Query) -> CodePlan | None:
        """Return what to run where the whole question is what given Python does, else None."""
        heard = asked(query, limit=MAX_CHARS, ending=False)
        return read(heard.text) if heard else None

    async def compute(self, plan: object) -> Computed | None:
        """Run a plan; None where it fails, takes over 1.5 s, or differs from run to run."""
        if not isinstance(plan, CodePlan):
            raise TypeError(f"a plan is what `reads` returned, not {plan!r}")
        try:
            outcome = await self._outcome(plan)
        except SandboxUnavailable:
            return None
        return _answer(plan, outcome) if outcome else None

    async def _outcome(self, plan: CodePlan) -> _Outcome | None:
        """The outcome of one run; of a fickle plan, of many runs that must agree."""
        if not plan.fickle:
            run = await self._run(plan)
            return run[1] if run else None
        hashes, first = set[int](), None
        for _ in range(PAIRS_OF_RUNS):
            for run in await asyncio.gather(self._run(plan), self._run(plan)):
                if run is None or (first is not None and run[1] != first):
                    return None
                hashes.add(run[0])
                first = run[1]
        return first if len(hashes) > PAIRS_OF_RUNS else None

    async def _run(self, plan: CodePlan) -> tuple[int, _Outcome] | None:
        """One run: by which hash it can be told from others, and its outcome."""
        from collegium.verification.sandbox import Limits  # noqa: PLC0415 -- starts no process here

        nonce = secrets.token_hex(16)
        job = {"nonce": nonce, "program": plan.program, "expression": plan.expression}
        ran = await self._sandbox.run(
            _harness(),
            stdin=json.dumps(job) + "\n",
            limits=Limits(wall_s=1.5, cpu_s=1, memory_mb=256),
        )
        before, *replies = ran.stdout.split(nonce)
        if not ran.ok or before or len(replies) != 2 or replies[1]:
            return None
        reply = json.loads(replies[0])
        return reply.pop("hash"), _Outcome(**reply)


@cache
def _harness() -> str:
    file = resources.files("collegium.experts.computing").joinpath("code_harness.py")
    return file.read_text(encoding="utf-8") + "\n\nmain()\n"


def _answer(plan: CodePlan, outcome: _Outcome) -> Computed | None:
    """The answer in an outcome; None where it holds none, or more than one."""
    said = _raised(plan, outcome) if outcome.raised else _SAYINGS[plan.aim](plan, outcome)
    if said is None or outcome.doubts:
        return None
    sentence, value = said
    if not value.strip() or len(value) > MAX_VALUE or _ADDRESS.search(value):
        return None
    version = ".".join(map(str, sys.version_info[:2]))
    ran = _short(plan.expression) if plan.expression else "the program"
    text = value if plan.bare else f"{sentence}\nAnswer: {value}"
    return Computed(value, text, f"ran {ran} in the sandbox, Python {version}")


def _raised(plan: CodePlan, outcome: _Outcome) -> tuple[str, str] | None:
    """An exception is the answer where nothing was printed before, and asking meets it."""
    error = outcome.raised or ""
    before_asked = plan.expression and not outcome.late
    if before_asked or plan.aim == "assertion" or _LOCAL_ERRORS.match(error):
        return None
    if (outcome.printed or outcome.said) and plan.aim not in {"error", "value"}:
        return None
    return f"{_subject(plan)} raises an exception.", error


def _value(plan: CodePlan, outcome: _Outcome) -> tuple[str, str] | None:
    if outcome.value is None:
        return None
    value = outcome.value
    verb = "returns" if plan.expression.endswith(")") else "is"
    return f"{_subject(plan)} {verb} {_quoted(value)}.", value


def _shown(plan: CodePlan, outcome: _Outcome) -> tuple[str, str] | None:
    """What a call prints if it returns None, and its value if it prints nothing."""
    if outcome.said:
        return _printing(plan, outcome.said) if outcome.value in {None, "None"} else None
    return _value(plan, outcome)


def _output(plan: CodePlan, outcome: _Outcome) -> tuple[str, str] | None:
    """What the program prints; of one that prints nothing, the value of its last line."""
    printed = outcome.printed + outcome.said
    if not printed:
        return _value(plan, outcome)
    return _printing(plan, printed) if outcome.value is None else None


def _assertion(plan: CodePlan, outcome: _Outcome) -> tuple[str, str] | None:
    if outcome.value is None:
        return None
    line = f"assert {plan.expression} == {outcome.value}"
    return f"The assertion is completed as\n\n```python\n{line}\n```\n", outcome.value


def _error(_plan: CodePlan, _outcome: _Outcome) -> tuple[str, str] | None:
    return None  # none was raised: what was asked supposes one


_SAYINGS = {
    "value": _value,
    "shown": _shown,
    "output": _output,
    "result": _output,
    "assertion": _assertion,
    "error": _error,
}


def _printing(plan: CodePlan, printed: str) -> tuple[str, str]:
    value = printed.removesuffix("\n")
    if "\n" not in value:
        return f"{_subject(plan)} prints {_quoted(value)}.", value
    return f"{_subject(plan)} prints:\n\n```text\n{value}\n```\n", value


def _subject(plan: CodePlan) -> str:
    return _quoted(_short(plan.expression)) if plan.expression else "The code"


def _short(expression: str) -> str:
    flat = " ".join(expression.split()) if "\n" in expression else expression
    return flat if len(flat) <= 60 else "the expression"


def _quoted(text: str) -> str:
    return f"`{text}`" if "`" not in text and text != "the expression" else text
