"""The program that runs an answer's code in the sandbox, and then the examples of the question.

It reads all of its input before the code runs, and what it found out stands on a line that begins
with a word only the input told: code that prints "passed", or leaves, proves nothing.
"""

from __future__ import annotations

SOURCE = """
import ast, json, math, sys, types


class Silence:
    encoding = "utf-8"

    def write(self, text):
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def plain(value):
    try:
        return ast.literal_eval(repr(value))
    except Exception:
        return value


def alike(got, wanted):
    if isinstance(wanted, float) and isinstance(got, (int, float)) and not isinstance(got, bool):
        return math.isclose(got, wanted, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(wanted, (list, tuple)):
        same_kind = type(got) is type(wanted) and len(got) == len(wanted)
        return same_kind and all(map(alike, got, wanted))
    return type(got) is type(wanted) and got == wanted


def tried(example, names):
    call, wanted = example
    try:
        if wanted is None:
            exec(compile(call, "example", "exec"), names)
            return True, ""
        got = eval(compile(call, "example", "eval"), names)
        if hasattr(got, "__await__"):
            import asyncio
            got = asyncio.run(got)
        return bool(alike(plain(got), ast.literal_eval(wanted))), repr(got)[:200]
    except AssertionError:
        return False, "the assertion does not hold"
    except BaseException as error:
        return False, f"{type(error).__name__}: {error}"[:200]


def main():
    task = json.loads(sys.stdin.read())
    out, dumps, nonce = sys.stdout, json.dumps, task.pop("nonce")
    sys.stdout = Silence()
    module = types.ModuleType("answer")
    sys.modules["answer"] = module
    failure = ""
    try:
        exec(compile(task["code"], "answer", "exec"), module.__dict__)
    except BaseException as error:
        failure = f"{type(error).__name__}: {error}"[:200]
    results = [] if failure else [tried(example, module.__dict__) for example in task["examples"]]
    out.write("\\n" + nonce + dumps({"failure": failure, "results": results}) + "\\n")
    out.flush()


main()
"""
