# `just` lists these; `pip install rust-just` brings it, and so does requirements/dev.txt.
python := ".venv/bin/python"

# Labelled prompts for `bench`.
data := "routing_dev.jsonl"

default:
    @just --list

# The default tier: every feature, once, with real parts.
test *args:
    {{python}} -m pytest {{args}}

# Both tiers; the second kills, disconnects, soaks and fuzzes. Records its result by commit.
test-all:
    {{python}} benchmarks/test_all.py

# What needs the heavy extras, in an environment that has them: pip install -e '.[hf,train]' pytest.
test-extras:
    python -m pytest -m extras

# Format and fix what can be fixed.
lint:
    {{python}} -m ruff format .
    {{python}} -m ruff check --fix .

# Types and floors.
types:
    {{python}} -m mypy
    {{python}} -m basedpyright
    .venv/bin/lint-imports

# The generated page: the schema of the configuration.
docs:
    {{python}} -m collegium config schema > config.schema.json

# Figures, as the result files have them.
bench:
    {{python}} benchmarks/startup/run.py
    {{python}} benchmarks/routing/run.py --data {{data}}

# Pin what pyproject.toml allows: exact versions, SHA-256 of every file, no address.
pin:
    uv pip compile pyproject.toml --extra local --extra knowledge --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements/run.txt
    uv pip compile pyproject.toml --extra local --extra knowledge --extra mcp --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements/dev.txt
