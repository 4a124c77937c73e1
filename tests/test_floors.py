"""The house stands: imports go down, types hold, the style is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ("lint-imports",),
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("basedpyright",),
    ],
    ids=["floors", "lint", "format", "mypy --strict", "pyright strict"],
)
def test_the_machine_that_checks_it_is_content_with(command: tuple[str, ...]) -> None:
    tool = TOOLS / command[0]
    result = run(str(tool), *command[1:])
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_room_is_too_large() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "src").rglob("*.py")
        if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


@pytest.mark.parametrize(
    ("gate", "imported"), [("heuristic", []), ("neural", ["numpy", "onnxruntime"])]
)
def test_deciding_imports_nothing_heavy_but_what_its_gate_needs(
    gate: str, imported: list[str], tmp_path: Path
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(f"moe: {{router: {{type: {gate}}}}}")
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from collegium.cli.college import college\n"
        "import collegium.cli.app\n"
        "asyncio.run(college(Path(sys.argv[1])).decide('hello'))\n"
        "heavy = {'aiohttp', 'numpy', 'onnxruntime', 'torch', 'xllamacpp', 'multidict'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = run(sys.executable, "-c", program, str(config))
    assert result.stdout.strip() == str(imported), result.stdout + result.stderr


def test_importing_the_package_imports_none_of_its_parts() -> None:
    program = "import sys, collegium; print([m for m in sys.modules if m.startswith('collegium.')])"
    assert run(sys.executable, "-c", program).stdout.strip() == "[]"
