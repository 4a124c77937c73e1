"""Whether the Python of an answer compiles, and does what the question's examples say."""

from __future__ import annotations

import ast
import json
import secrets
import textwrap
import warnings
from typing import TYPE_CHECKING, Any

from collegium.errors import SandboxUnavailable
from collegium.jsonvalues import is_array, is_object
from collegium.types import Verdict
from collegium.verification import harness
from collegium.verification.blocks import code_blocks
from collegium.verification.examples import Example, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from collegium.types import Query
    from collegium.verification.sandbox import Ran, Sandbox

# Longer code is not compiled.
LONGEST = 50_000
TOLD = 5

PYTHON = frozenset({"python", "py", "python3", "py3"})
# Sessions and shell commands are put into Python blocks as well, and are no programs.
NO_PROGRAM = (">>>", "$ ", "pip ", "%", "!")
UNCOMPILABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


class PythonCheck:
    """Compiles the answer's Python, and runs the question's examples on it in the sandbox."""

    name = "python"

    def __init__(self, sandbox: Sandbox | None) -> None:
        self._sandbox = sandbox

    def fits(self, query: Query, text: str) -> bool:
        """Where the answer holds a block of Python, or is Python."""
        del query
        return "```" in text or "~~~" in text or "def " in text

    async def check(self, query: Query, text: str) -> Verdict:
        """Failed where it does not compile or an example goes wrong, passed where all go right."""
        sources = _sources(text)
        if not sources:
            return Verdict("unknown", "no Python to check", self.name)
        for source in sources:
            if problem := _syntax_error(source):
                return Verdict("failed", problem, self.name)
        code = _program(sources)
        wanted = examples(query.text, _functions(code))
        if not wanted or self._sandbox is None:
            reason = "" if wanted else ", there are no examples of it"
            return Verdict("unknown", f"it compiles{reason}", self.name)
        return await self._tried(self._sandbox, code, wanted)

    async def _tried(self, sandbox: Sandbox, code: str, wanted: Sequence[Example]) -> Verdict:
        nonce = secrets.token_hex(16)
        calls = [(example.call, example.expected) for example in wanted]
        task = json.dumps({"nonce": nonce, "code": code, "examples": calls})
        try:
            ran = await sandbox.run(harness.SOURCE, stdin=task)
        except SandboxUnavailable as error:
            return Verdict("unknown", f"it compiles; it was not run: {error}", self.name)
        outcome, evidence = _judged(ran, nonce, wanted)
        return Verdict(outcome, evidence, self.name)


def _sources(text: str) -> list[str]:
    """The programs in the blocks of Python, or in an answer that is nothing but Python."""
    blocks = code_blocks(text)
    marked = [block.source for block in blocks if block.language in PYTHON]
    if not marked:
        bare = [block.source for block in blocks if not block.language] if blocks else [text]
        marked = [source for source in bare if _looks_like_python(source)]
    sources = (textwrap.dedent(source).strip("\n") for source in marked if len(source) <= LONGEST)
    return [source for source in sources if source and not source.startswith(NO_PROGRAM)]


def _looks_like_python(source: str) -> bool:
    return (
        len(source) <= LONGEST
        and ("def " in source or "class " in source)
        and not _syntax_error(textwrap.dedent(source))
    )


def _syntax_error(source: str) -> str:
    """What Python says is wrong with the code, or ''."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "answer", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return f"it does not compile: line {error.lineno}: {error.msg}"
    except UNCOMPILABLE as error:
        return f"it does not compile: {str(error) or type(error).__name__}"
    return ""


def _program(sources: Sequence[str]) -> str:
    """All that defines something; what only uses it is not run."""
    defining = [source for source in sources if _functions(source)]
    return "\n\n".join(defining or sources)


def _functions(code: str) -> dict[str, int]:
    """The functions that the code defines at its top, each with how many arguments it needs."""
    try:
        tree = ast.parse(code)
    except UNCOMPILABLE:
        return {}
    return {
        node.name: len(node.args.args) - len(node.args.defaults)
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _judged(ran: Ran, nonce: str, wanted: Sequence[Example]) -> tuple[str, str]:
    if ran.timed_out:
        return "failed", "it takes too long on the examples"
    found = _found(ran.stdout, nonce)
    if found is None:
        return "failed", "it ends the program before the examples are done"
    failure = str(found.get("failure") or "")
    if failure:
        outcome = "unknown" if failure.startswith(("EOFError", "ModuleNotFound")) else "failed"
        return outcome, f"it stops when it is loaded: {failure}"
    return _counted(found.get("results"), wanted)


def _found(stdout: str, nonce: str) -> dict[str, Any] | None:
    """What the harness reported, which is on the line that begins with the nonce."""
    for line in reversed(stdout.splitlines()):
        if line.startswith(nonce):
            found: object = json.loads(line.removeprefix(nonce))
            return found if is_object(found) else None
    return None


def _counted(results: object, wanted: Sequence[Example]) -> tuple[str, str]:
    if not is_array(results) or len(results) != len(wanted):
        return "failed", "the examples were not all run"
    wrong = [
        _difference(example, str(got))
        for example, (right, got) in zip(wanted, results, strict=True)
        if not right
    ]
    said = f"{len(wanted) - len(wrong)} of {len(wanted)} examples go right"
    if wrong:
        return "failed", f"{said}; {'; '.join(wrong[:TOLD])}"
    return "passed", f"{said}: {', '.join(example.call for example in wanted[:TOLD])}"


def _difference(example: Example, got: str) -> str:
    if example.expected is None:
        return f"{example.call}: {got}"
    return f"{example.call} gave {got}, not {example.expected}"
