"""The configuration: what is taken, what is refused, and in which words."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from collegium import config
from collegium.config import Config
from collegium.errors import ConfigError
from collegium.types import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "examples" / "collegium.yaml"
PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")

DESIGN = """
moe:
  enabled: true                 # false: one expert, no gate: a plain proxy
  router:
    type: neural                # or heuristic (the default until a gate is installed)
    model: builtin              # a trained gate's path, or an encoder such as microsoft/codebert-base
    top_k: 1
    min_confidence: 0.7
  aggregation: {strategy: weighted, synthesis_model: ollama/qwq:32b}   # weighted, voting, sequential, ensemble, cascade
  experts:
    - {name: CodingExpert, models: [ollama/qwen2.5-coder:7b, ollama/deepseek-coder:6.7b], max_instances: 3}
    - {name: ReasoningExpert, models: [ollama/qwq:32b, deepseek/deepseek-reasoner], max_instances: 2}
  management: {auto_scale: true, performance_threshold: 0.85, remove_underperforming: false}
backends:
  ollama:   {kind: http, url: "http://127.0.0.1:11434/v1"}
  deepseek: {kind: http, url: "https://api.deepseek.com/v1", api_key_env: DEEPSEEK_API_KEY}
"""  # noqa: E501 -- as its users write it


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config.read(text)
    return caught.value.problems


def refusal(text: str) -> str:
    (only,) = problems(text)
    return only


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that brings a gate, a strategy and an expert, as pip would leave it."""
    info = tmp_path / "site" / "brought-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[collegium.gates]\nneural = brought:Gate\n"
        "[collegium.strategies]\nvoting = brought:Voting\n"
        "[collegium.experts]\nlegal = brought:Legal\n"
    )
    monkeypatch.syspath_prepend(info.parent)


def test_without_a_file_the_defaults_hold() -> None:
    found = config.load(None)
    assert found == Config()
    assert found.moe.router.type == "neural"
    assert found.moe.experts == []
    assert (found.moe.router.top_k, found.moe.router.min_confidence) == (1, 0.7)
    assert (found.backends, found.models) == ({}, {})


@pytest.mark.usefixtures("installed")
def test_the_design_loads_as_it_is_written() -> None:
    found = config.read(DESIGN)
    assert found.moe.router.type == "neural"
    assert [one.name for one in found.moe.experts] == ["CodingExpert", "ReasoningExpert"]
    assert found.moe.experts[0].models == ["ollama/qwen2.5-coder:7b", "ollama/deepseek-coder:6.7b"]
    assert found.moe.experts[0].max_instances == 3
    assert found.moe.management.auto_scale
    deepseek = found.backends["deepseek"]
    assert isinstance(deepseek, config.HttpBackendConfig)
    assert deepseek.api_key_env == "DEEPSEEK_API_KEY"
    assert (deepseek.connect_timeout_s, deepseek.idle_timeout_s, deepseek.capacity) == (5, 120, 8)


def test_examples_for_a_gate_that_cannot_learn_are_refused() -> None:
    examples = '[{name: X, examples: ["a", "b", "c"]}]'
    assert problems(f"moe: {{router: {{type: heuristic}}, experts: {examples}}}") == (
        "collegium.yaml:1: moe.experts[0].examples: the heuristic gate does not learn by examples; "
        "use `type: neural`, or give the expert a `vocabulary`",
    )


def test_two_examples_are_too_few_to_know_an_expert_by() -> None:
    assert problems("moe: {experts: [{name: X, examples: [a, b]}]}") == (
        "collegium.yaml:1: moe.experts[0].examples: 2 are too few to know an expert by; "
        "give 5 to 20",
    )


def test_block_and_flow_style_say_the_same() -> None:
    flow = "moe: {router: {top_k: 2}, experts: [{name: X, models: [a, b]}]}"
    block = """
moe:
  router:
    top_k: 2
  experts:
  - name: X
    models:
    - a
    - b
"""
    assert config.read(flow) == config.read(block)


def test_bare_model_names_need_no_backends() -> None:
    found = config.read("moe: {experts: [{name: CodingExpert, models: [qwen-coder, deepseek]}]}")
    assert found.moe.experts[0].models == ["qwen-coder", "deepseek"]


@pytest.mark.parametrize("server", ["local", "ollama", "vllm", "llamacpp", "lmstudio"])
def test_what_is_always_there_or_found_needs_no_backend(server: str) -> None:
    found = config.read(f"moe: {{experts: [{{name: X, models: [{server}/some/model]}}]}}")
    assert found.moe.experts[0].models == [f"{server}/some/model"]


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "---\n", "null", "{}", "moe:\n", "﻿"])
def test_nothing_written_means_the_defaults(text: str) -> None:
    assert config.read(text.lstrip("﻿")) == Config()


def test_a_section_with_nothing_under_it_means_its_defaults() -> None:
    text = "moe:\n  router:\n  aggregation:\n  experts:\n  management:\nbackends:\nmodels:\n"
    assert config.read(text) == Config()


def test_the_switches_of_yaml_1_1_work() -> None:
    assert not config.read("moe: {enabled: no}").moe.enabled
    assert config.read("moe: {management: {auto_scale: on}}").moe.management.auto_scale


def test_words_in_a_list_weigh_one() -> None:
    listed = config.read("moe: {experts: [{name: X, vocabulary: [slow query, index]}]}")
    assert listed.moe.experts[0].vocabulary == {"slow query": 8.0, "index": 8.0}
    weighed = config.read("moe: {experts: [{name: X, vocabulary: {slow query: 2, index: .5}}]}")
    assert weighed.moe.experts[0].vocabulary == {"slow query": 2.0, "index": 0.5}


@pytest.mark.parametrize("kind", ["http", "openai", "ollama", "vllm"])
def test_four_names_mean_an_http_backend(kind: str) -> None:
    found = config.read(f"backends: {{x: {{kind: {kind}, url: 'http://127.0.0.1:1/v1/'}}}}")
    backend = found.backends["x"]
    assert isinstance(backend, config.HttpBackendConfig)
    assert backend.url == "http://127.0.0.1:1/v1"


def test_model_files_are_taken_with_their_sums() -> None:
    text = """
backends:
  mine:
    kind: llamacpp
    models: [coder, ./other.gguf]
    files:
      coder: {source: "hf:o/r/f.gguf", sha256: "%s"}
      packed: {source: "pypi:llm-x==0.1.2#llm_x/m.gguf", sha256: "%s"}
      here: {source: "file:/m.gguf", sha256: "%s"}
  said: {kind: recorded, path: answers.jsonl}
""" % tuple(digit * 64 for digit in "Ab0")  # noqa: UP031 -- the text is full of braces
    mine = config.read(text).backends["mine"]
    assert isinstance(mine, config.LlamaCppBackendConfig)
    assert mine.files["coder"].sha256 == "a" * 64
    assert (mine.context_tokens, mine.slots, mine.threads) == (4096, 1, None)


def test_anchors_and_merges_work() -> None:
    text = """
models: {base: &base ollama/x, other: *base}
backends:
  a: &server {kind: http, url: "http://a/v1", capacity: 2}
  b: {<<: *server, url: "http://b/v1"}
  c: {<<: [*server, {capacity: 9, idle_timeout_s: 3}]}
"""
    found = config.read(text)
    assert found.models == {"base": "ollama/x", "other": "ollama/x"}
    b, c = found.backends["b"], found.backends["c"]
    assert isinstance(b, config.HttpBackendConfig)
    assert (b.url, b.capacity) == ("http://b/v1", 2)
    assert isinstance(c, config.HttpBackendConfig)
    assert (c.capacity, c.idle_timeout_s) == (2, 3)


def test_a_mistake_in_what_was_merged_is_shown_where_it_is_written() -> None:
    text = 'backends:\n  a: &s\n    kind: http\n    url: "http://a"\n  b:\n    <<: *s\n    cap: 1\n'
    assert refusal(text).startswith("collegium.yaml:7: backends.b.cap: unknown key; did you mean")
    text = 'backends:\n  a: &s\n    kind: http\n    url: "x"\n  b:\n    <<: *s\n'
    assert [one.split(": ")[0] for one in problems(text)] == ["collegium.yaml:4"] * 2


def test_aliases_of_aliases_lead_to_the_end() -> None:
    found = config.read("models: {a: b, b: c, c: ollama/x, d: a, e: bare}")
    assert found.models == {
        "a": "ollama/x",
        "b": "ollama/x",
        "c": "ollama/x",
        "d": "ollama/x",
        "e": "bare",
    }


def test_many_aliases_in_a_row_take_no_time() -> None:
    chain = {f"a{number}": f"a{number + 1}" for number in range(9000)}
    assert Config(models=chain).models["a0"] == "a9000"


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Config().moe = config.MoeConfig()


@pytest.mark.usefixtures("installed")
def test_what_is_installed_may_be_named() -> None:
    text = "moe: {aggregation: {strategy: voting}, experts: [{name: L, use: legal}]}"
    assert config.read(text).moe.experts[0].use == "legal"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("CodingExpert", "coding"),
        ("SQLTuningExpert", "sql_tuning"),
        ("X", "x"),
        ("coding", "coding"),
        ("Expert", "expert"),
        ("coding_expert", "coding"),
        ("My own Expert", "my_own"),
    ],
)
def test_an_experts_key_is_made_of_its_name(name: str, key: str) -> None:
    assert key_of(name) == key


EVERYTHING_WRONG = """\
moe:
  enabled: maybe
  router:
    tpo_k: 3
    top_k: 0
    min_confidence: 1.5
  aggregation: {strategy: wieghted, synthesis_model: olama/qwq:32b, deadline_s: 0}
  experts:
    - {name: CodingExpert, models: [a, 5, dpseek/x], max_instances: 1.5, fallback: true}
    - {name: coding, models: ollama/x, fallback: true}
    - name: Own
      key: Own
      vocabulary: {word: heavy}
      capabilities: [{name: x, max_load: "2"}]
    - just text
    - {models: []}
backends:
  deepseek: {kind: htpp, url: "https://api.deepseek.com/v1"}
  other: {kind: http, url: "ftp://x"}
models:
  a: b
  b: a
backend: {}
"""


def test_every_mistake_is_told_in_one_run() -> None:
    known = "(known: deepseek, other, local, ollama, vllm, llamacpp, lmstudio)"
    expected = f"""
2: moe.enabled: "maybe" is text; true or false
4: moe.router.tpo_k: unknown key; did you mean 'top_k'? \
(known: type, model, top_k, min_confidence, risk, blend, taught, switch_gain)
5: moe.router.top_k: 0 is too small; a whole number from 1
6: moe.router.min_confidence: 1.5 is too large; a number from 0 to 1
7: moe.aggregation.deadline_s: 0 is too small; a number above 0
7: moe.aggregation.strategy: no strategy called 'wieghted' is installed; did you mean 'weighted'?
7: moe.aggregation.synthesis_model: 'olama/qwq:32b' names the backend 'olama', which is not there; \
did you mean 'ollama'? {known}
9: moe.experts[0].max_instances: 1.5 is not a whole number; a whole number from 1
9: moe.experts[0].models[1]: 5 is a number; some text, in quotes
9: moe.experts[0].models[2]: 'dpseek/x' names the backend 'dpseek', which is not there; \
did you mean 'deepseek'? {known}
10: moe.experts[1].fallback: there is a fallback already, expert number 1 on line 9; only one may be
10: moe.experts[1].models: "ollama/x" is text; a list of text
10: moe.experts[1].name: 'coding' is the same expert as number 1, on line 9; give one of them \
another name, or a key of its own
12: moe.experts[2].key: "Own" is not right; a key of a-z, 0-9 and '_', a letter first
13: moe.experts[2].vocabulary.word: "heavy" is text; a number
14: moe.experts[2].capabilities[0].max_load: "2" is text; a whole number from 1, without quotes
15: moe.experts[3]: "just text" is text; the keys name, key, models, max_instances, instructions, \
description, vocabulary, examples, capabilities, fallback, compute, knowledge, use
16: moe.experts[4].name: missing; some text
18: backends.deepseek.kind: 'htpp' is no kind of backend; did you mean 'http'? \
(known: http, llamacpp, ollama, openai, recorded, vllm)
19: backends.other.url: 'ftp://x' is not an http or https address, such as \
'http://127.0.0.1:11434/v1'
21: models.a: a -> b -> a goes in a circle; one must be BACKEND/MODEL
23: backend: unknown key; did you mean 'backends'? (known: moe, gateway, storage, \
backends, models, prices, resilience)
"""
    told = [line.removeprefix("collegium.yaml:") for line in problems(EVERYTHING_WRONG)]
    told = [re.sub(r" \(installed: .*\)$", "", line) for line in told]
    assert told == expected.strip().splitlines()


def test_the_message_is_the_problems() -> None:
    with pytest.raises(ConfigError) as caught:
        config.read("moe: {a: 1, b: 2}", source="team.yaml")
    head, *lines = str(caught.value).splitlines()
    assert head == "team.yaml has 2 mistakes:"
    assert [line.strip() for line in lines] == list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('moe: {router: {top_k: "2"}}', '"2" is text; a whole number from 1, without quotes'),
        ("moe: {router: {top_k: true}}", "true is a switch; a whole number from 1"),
        ("moe: {router: {top_k: }}", "nothing is given; a whole number from 1"),
        ("moe: {router: {min_confidence: .nan}}", "nan is not finite; a number from 0 to 1"),
        (
            "moe: {router: {risk: 2}}",
            "moe.router.risk: 2 is a number; a number above 0 and below 1",
        ),
        (
            "moe: {router: {type: heuristic, risk: 0.1}}",
            "the heuristic gate makes no sets; use `type: neural`",
        ),
        ("moe: {aggregation: {deadline_s: .inf}}", "inf is not finite; a number above 0"),
        ("moe: {aggregation: {deadline_s: -.inf}}", "-inf is not finite; a number above 0"),
        ("moe: {aggregation: {strategy: 7}}", "7 is a number; some text, in quotes"),
        ("moe: {router: [1]}", "this is a list; the keys type, model, top_k, min_confidence"),
        ("moe: {router: {type: ''}}", '"" is empty; some text'),
        ("moe: {experts: {a: b}}", "this is a group of keys; a list, each with the keys name"),
        ("moe: {experts: [{name: X, vocabulary: [a, 5]}]}", "number 2 is 5, which is not a word"),
        ("moe: {experts: [{name: 日本}]}", "gives no key of a-z, 0-9 and '_'; say one"),
        ("moe: {experts: [{name: X, use: nothing}]}", "no expert called 'nothing' is installed"),
        ("moe: {experts: [{name: X, key: a}, {name: X, key: b}]}", "'X' is the same expert as"),
        ("moe: {experts: [{name: X}, {name: Y, key: x}]}", "'Y' is the same expert as number 1"),
        ("moe: {router: {type: nueral}}", "no gate called 'nueral' is installed"),
        ("moe: {experts: [{name: X, models: [ollama/]}]}", "'ollama/' is not a model"),
        ("models: {x: /y}", "'/y' is not a model; write BACKEND/MODEL or a bare name"),
        ("models: {x: x}", "x -> x goes in a circle"),
        ("models: {'': y}", '"" is empty; a name that is not empty'),
        ("backends: {a/b: {kind: recorded, path: x}}", "a backend's name has no '/'"),
        ("backends: {a: }", "nothing is given; a backend: kind (http, llamacpp"),
        ("backends: {a: {url: 'http://x'}}", "kind: missing; one of http, llamacpp"),
        ("backends: {a: {kind: http}}", "url: missing; text"),
        ("backends: {a: {kind: http, url: 'http://'}}", "'http://' is not an http or https"),
        ("backends: {a: {kind: http, url: 'http://x:99999'}}", "is not an address: Port out of"),
        ("backends: {a: {kind: http, url: 'http://[::1'}}", "is not an address: Invalid IPv6"),
        ("backends: {a: {kind: http, url: 'http://x y'}}", "'http://x y' is not an http or"),
        ("backends: {a: {kind: http, url: 'http://x/?a=1'}}", "has no '?' and no '#'"),
        ("backends: {a: {kind: llamacpp, context_tokens: 1}}", "a whole number from 256"),
        ("moe: {objective: best}", '"best" is text; one of quality, balanced, cheap, fast, parity'),
        ("moe: {budget_usd: 0}", "moe.budget_usd: 0 is too small; a number above 0"),
        ("moe: {records: ''}", 'moe.records: "" is empty; some text'),
        ("moe: {aggregation: {abstain_below: 2}}", "2 is too large; a number from 0 to 1"),
        ("moe: {verification: {wall_s: 0}}", "0 is too small; a number above 0"),
        ("moe: {verification: {memory_mb: 1.5}}", "1.5 is not a whole number"),
        ("moe: {experts: [{name: X, compute: 1}]}", "compute: 1 is a number; true or false"),
        ("prices: {x: 1}", "prices.x: 1 is a number; the keys input, output"),
        ("prices: {x: {input: -1, output: 1}}", "prices.x.input: -1 is too small; a number from 0"),
        ("prices: {x: {input: 1}}", "prices.x.output: missing; a number from 0"),
        ("prices: {/x: {input: 1, output: 1}}", "'/x' is not a model; write BACKEND/MODEL"),
    ],
)
def test_what_is_wrong_is_told_with_what_would_be_right(text: str, told: str) -> None:
    assert any(told in line for line in problems(text)), problems(text)


def test_a_price_for_a_backend_that_is_not_there_is_told_with_its_line() -> None:
    text = """\
models: {big: ollama/qwq}
prices:
  big: {input: 1, output: 2}
  qwq: {input: 1, output: 2}
  olama/qwq: {input: 1, output: 2}
"""
    assert refusal(text) == (
        "collegium.yaml:5: prices['olama/qwq']: 'olama/qwq' names the backend 'olama', which is "
        "not there; did you mean 'ollama'? (known: local, ollama, vllm, llamacpp, lmstudio)"
    )


def test_what_decides_among_models_and_what_checks_answers_have_defaults() -> None:
    moe = Config().moe
    assert (moe.objective, moe.budget_usd, moe.records) == ("balanced", None, None)
    assert moe.verification == config.VerificationConfig(
        enabled=True, unsafe=False, wall_s=5.0, memory_mb=512
    )
    aggregation = moe.aggregation
    assert (aggregation.policy, aggregation.adjudicate, aggregation.mend) == (None, True, True)
    assert aggregation.abstain_below == 0


def test_an_ensemble_needs_no_model_to_write_it() -> None:
    aggregation = "{strategy: weighted, synthesis_model: null, adjudicate: false, mend: false}"
    found = config.read(f"moe: {{aggregation: {aggregation}, experts: [{{name: X, compute: no}}]}}")
    assert not found.moe.aggregation.adjudicate
    assert not found.moe.experts[0].compute


def test_a_wrong_source_and_a_wrong_sum_name_the_right_shapes() -> None:
    text = "backends: {a: {kind: llamacpp, files: {m: {source: 'http://x', sha256: '12'}}}}"
    sum_, source = problems(text)
    assert sum_.endswith('sha256: "12" is not right; a SHA-256: 64 hexadecimal digits')
    assert source.endswith(
        'source: "http://x" is not right; a source: file:PATH, hf:OWNER/REPO/FILE or '
        "pypi:DIST==VERSION#MEMBER"
    )


def test_the_same_key_twice_is_refused() -> None:
    text = "moe:\n  router:\n    top_k: 1\n    type: heuristic\n    top_k: 2\n"
    assert refusal(text) == (
        "collegium.yaml:5: moe.router.top_k: given twice, first on line 3; keep one of the two"
    )


def test_a_value_is_shown_on_one_line_and_shortened() -> None:
    text = 'moe: {router: {top_k: "%s"}}' % ("a\\n" * 200)
    line = refusal(text)
    assert "\n" not in line
    assert len(line) < 160


SECRET = "sk-live-1234567890"


@pytest.mark.parametrize(
    "keys",
    [
        f"url: 'http://x', api_key: {SECRET}",
        f"url: 'http://x', token: {SECRET}",
        f"url: 'http://x', api_key_env: {SECRET}",
        f"url: 'http://x', api_key_env: [{SECRET}]",
        "url: 'http://x', api_key_env: sk_live_1234567890",
        f"url: 'http://me:{SECRET}@x/v1'",
        f"url: 'http://{SECRET}@x/v1'",
    ],
)
def test_a_secret_in_the_file_is_refused_and_never_repeated(keys: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.read(f"backends: {{a: {{kind: http, {keys}}}}}")
    error: BaseException | None = caught.value
    while error is not None:
        assert "1234567890" not in str(error)
        error = error.__cause__ or error.__context__
    assert "api_key_env" in caught.value.problems[0]


def test_a_literal_key_is_answered_with_where_it_belongs() -> None:
    line = refusal(f"backends:\n  a: {{kind: http, url: 'http://x', api_key: {SECRET}}}")
    assert line == (
        "collegium.yaml:2: backends.a.api_key: secrets are never in the YAML: put the variable's "
        "name in api_key_env"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("moe:\n\trouter:\n", "2:1: a tab is here; indent with spaces"),
        ("moe: [a", "1:6: this '[' is not closed, or a comma is missing in it"),
        ("moe: {a: 1", "1:6: this '{' is not closed, or a comma is missing in it"),
        ("moe: [", "1:7: a value is missing, or a '[' or '{' is not closed"),
        ('moe: "a', "1:6: this quote is never closed"),
        ("moe: a: b", "1:7: a ':' is where none can be"),
        ("moe:\n  a: 1\n b: 2\n", "3:2: this line is indented unlike those around it"),
        ('"a": 1\n"b" 2\n', "2:1: a key is here, and no ':' after it"),
        ("moe: @x", "1:6: text that begins with '@' must be in quotes"),
        ("moe: *x", "1:6: '*x' refers to '&x', which is nowhere before it"),
        ('moe: "\\q"', "1:8: a '\\' in double quotes begins an escape; use single quotes"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins here; remove the '---'"),
        ("{}\nmoe: 1\n", "2:1: text is here, where only the end or a '---' can be"),
        ("%YAML x\n---\nmoe: 1", "1:7: a line that begins with '%' means nothing here"),
        ("moe:\n  a: \x00", "2:6: the character U+0000 may not be in YAML; remove it"),
        ("moe: \ud800", "1:6: the character U+D800 may not be in YAML; remove it"),
    ],
)
def test_what_is_not_yaml_is_told_with_line_and_column(text: str, told: str) -> None:
    assert refusal(text).startswith(f"collegium.yaml:{told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n- b\n", "1: a list was found where keys belong: moe:, backends:, models:"),
        ("just words", "1: one value was found where keys belong: moe:, backends:, models:"),
        ("models: {5: x}", "1: models.5: a key is text; put 5 in quotes"),
        ("models: {yes: x}", "1: models.yes: a key is text; put yes in quotes"),
        ("models:\n  ? [a]\n  : x\n", "2: models: a key is text, not a list or a group"),
        ("moe: {<<: 5}", "1: moe: '<<' merges in mappings, and this is none"),
        ("models: {a: !!python/name:os.system x}", "1: models.a: the tag !!python/name:os.system"),
        ("models: {a: !own x}", "1: models.a: the tag !own means nothing here; leave it out"),
        ("models: {a: !!int x}", "1: models.a: 'x' is not of the type !!int"),
        ("models: {a: !!int ''}", "1: models.a: "),
        ("models: {a: !!bool x}", "1: models.a: 'x' is not of the type !!bool"),
    ],
)
def test_yaml_of_another_shape_is_refused(text: str, told: str) -> None:
    assert problems(text)[0].startswith(f"collegium.yaml:{told}")


def test_a_date_is_only_text() -> None:
    assert config.read("models: {a: 2024-01-01, b: =}").models == {"a": "2024-01-01", "b": "="}


def laughs(opened: str, closed: str) -> str:
    """Ten lines that stand for three thousand million values."""
    rows = (
        f"{to}: &{to} {opened}{', '.join([f'*{start}'] * 9)}{closed}\n"
        for start, to in itertools.pairwise("abcdefghijk")
    )
    return "a: &a {x: 1}\n" + "".join(rows)


@pytest.mark.parametrize(
    "text",
    [
        laughs("[", "]"),
        laughs("{<<: [", "]}"),
        "a: &a [*a]",
        "a: &a {b: *a}",
        "a: &a {<<: *a}",
        "[" * 5000,
        "{a: " * 2000,
        "- " * 3000,
    ],
    ids=["laughs", "merged laughs", "in itself", "in its key", "merged itself", "[", "{", "-"],
)
def test_what_has_no_end_is_ended(text: str) -> None:
    with pytest.raises(ConfigError, match=r"too deep|levels|more than 20000 values"):
        config.read(text)


def test_the_file_that_counts_is_the_first_there_is(tmp_path: Path) -> None:
    here, user = tmp_path / "here", tmp_path / "user"
    for folder in (here, user):
        folder.mkdir()

    def found(explicit: Path | None = None, **env: str) -> Path | None:
        return config.find(explicit, env=env, cwd=here, config_dir=user)

    assert found() is None
    (user / "collegium.yaml").touch()
    assert found() == user / "collegium.yaml"
    (here / "collegium.yaml").touch()
    assert found() == here / "collegium.yaml"
    assert found(COLLEGIUM_CONFIG="") == here / "collegium.yaml"
    (here / "named.yaml").touch()
    assert found(COLLEGIUM_CONFIG=str(here / "named.yaml")) == here / "named.yaml"
    assert found(COLLEGIUM_CONFIG="named.yaml") == here / "named.yaml"
    (tmp_path / "given.yaml").touch()
    given_file = tmp_path / "given.yaml"
    assert found(given_file, COLLEGIUM_CONFIG="named.yaml") == given_file


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    (tmp_path / "collegium.yaml").touch()
    with pytest.raises(ConfigError, match=r"gone\.yaml' does not exist; name one"):
        config.find(tmp_path / "gone.yaml", env={}, cwd=tmp_path, config_dir=tmp_path)
    with pytest.raises(ConfigError, match=r"does not exist \(COLLEGIUM_CONFIG names it\)"):
        config.find(env={"COLLEGIUM_CONFIG": "gone.yaml"}, cwd=tmp_path, config_dir=tmp_path)
    with pytest.raises(ConfigError, match="does not exist"):
        config.find("~nobody-of-that-name/x", env={}, cwd=tmp_path, config_dir=tmp_path)
    with pytest.raises(ConfigError, match="does not exist"):
        config.find("nul\0byte", env={}, cwd=tmp_path, config_dir=tmp_path)


def test_the_process_is_asked_where_nothing_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "named.yaml").touch()
    monkeypatch.setenv("COLLEGIUM_CONFIG", "named.yaml")
    assert config.find() == Path("named.yaml")
    monkeypatch.delenv("COLLEGIUM_CONFIG")
    (tmp_path / "collegium.yaml").touch()
    assert config.find() == Path("collegium.yaml")


def test_a_file_is_read_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    path.write_bytes(b"\xef\xbb\xbfmoe:\r\n  router:\r\n    top_k: 3\r\n")
    assert config.load(path).moe.router.top_k == 3
    path.write_text("moe: 5")
    with pytest.raises(ConfigError, match=rf"{re.escape(str(path))}:1: moe: 5 is a number"):
        config.load(path)


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder; name the file in it"):
        config.load(tmp_path)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        config.load(tmp_path / "gone.yaml")
    path = tmp_path / "collegium.yaml"
    path.write_bytes(b"moe:\n  # caf\xe9\n")
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert caught.value.problems == (f"{path}:2: byte 0xe9 is not UTF-8; save it as UTF-8",)
    path.write_text("moe: {}\n", encoding="utf-16")
    with pytest.raises(ConfigError, match="save it as UTF-8"):
        config.load(path)


def test_a_file_of_fifty_megabytes_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "collegium.yaml"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    with pytest.raises(ConfigError, match="is larger than 1 MiB; is it the right file"):
        config.load(path)


def test_a_secret_is_the_variable_without_blanks() -> None:
    env = {"KEY": " sk-1 \n", "EMPTY": " ", "BROKEN": "sk-\n1234", "FOREIGN": "sk-1234é"}
    assert config.secret("KEY", env) == "sk-1"
    assert config.secret("EMPTY", env) is None
    assert config.secret("MISSING", env) is None
    for name in ("BROKEN", "FOREIGN"):
        with pytest.raises(ConfigError, match=f"the value of {name} is not a key") as caught:
            config.secret(name, env)
        assert "1234" not in str(caught.value)


def test_the_environment_says_where_files_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert config.cache_dir({"COLLEGIUM_CACHE": "/somewhere"}) == Path("/somewhere")
    assert config.cache_dir({}).name == "collegium"
    assert config.config_dir().name == "collegium"
    assert config.hub_url({"HF_ENDPOINT": "http://127.0.0.1:1/"}) == "http://127.0.0.1:1"
    assert config.hub_url({"HF_ENDPOINT": " "}) == "https://huggingface.co"
    monkeypatch.setenv("COLLEGIUM_CACHE", "/elsewhere")
    monkeypatch.setenv("SOME_KEY", "value")
    assert config.cache_dir() == Path("/elsewhere")
    assert config.secret("SOME_KEY") == "value"


@pytest.mark.parametrize("path", [None, EXAMPLE], ids=["defaults", "example"])
def test_what_is_shown_can_be_read_back(path: Path | None) -> None:
    shown = config.load(path)
    assert config.read(config.to_yaml(shown)) == shown


def test_what_is_shown_has_the_defaults_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", SECRET)
    text = config.to_yaml(config.load(EXAMPLE))
    assert "api_key_env: DEEPSEEK_API_KEY" in text
    assert SECRET not in text
    assert yaml.safe_load(config.to_yaml(Config()))["moe"]["router"]["min_confidence"] == 0.7


def test_the_committed_schema_is_the_one_in_force() -> None:
    committed = (ROOT / "config.schema.json").read_text("utf-8")
    assert json.loads(committed) == config.schema()
    assert committed == json.dumps(config.schema(), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "text", [EXAMPLE.read_text("utf-8"), DESIGN], ids=["the example", "the design"]
)
def test_the_schema_takes_what_is_right(text: str) -> None:
    jsonschema.Draft202012Validator.check_schema(config.schema())
    jsonschema.validate(yaml.safe_load(text), config.schema())


def test_the_schema_refuses_what_is_wrong() -> None:
    validator = jsonschema.Draft202012Validator(config.schema())
    places = {error.json_path for error in validator.iter_errors(yaml.safe_load(EVERYTHING_WRONG))}
    assert {"$", "$.moe.router", "$.moe.router.top_k", "$.moe.experts[3]"} <= places


def keys_of(schema: dict[str, Any], node: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Every key that the schema has under `path`, with its default."""
    node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    for inner in node.get("anyOf", ()):
        yield from keys_of(schema, inner, path)
    for name, inner in node.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here, inner.get("default")
        yield from keys_of(schema, inner, here)
    if "items" in node:
        yield from keys_of(schema, node["items"], f"{path}[]")
    for inner in node.get("patternProperties", {}).values():
        for one in inner.get("oneOf", [inner]):
            yield from keys_of(schema, one, f"{path}.NAME")


def test_every_key_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|[^|]*\|([^|]*)\|", PAGE, re.MULTILINE)
    documented = {key: default.strip().strip("`") for key, default in rows}
    keys = dict(keys_of(config.schema(), config.schema(), ""))
    assert len(keys) > 40
    assert set(keys) <= set(documented), set(keys) - set(documented)
    wrong = {
        key: default
        for key, default in keys.items()
        if default is not None
        and documented[key] != json.dumps(default).strip('"').removesuffix(".0")
    }
    assert wrong == {}


def test_no_key_is_documented_that_does_not_exist() -> None:
    rows = re.findall(
        r"^\| `((?:moe|gateway|storage|resilience|backends|models|prices)[^` ]*)` \|",
        PAGE,
        re.MULTILINE,
    )
    assert set(rows) == set(dict(keys_of(config.schema(), config.schema(), "")))


def test_the_examples_of_the_page_are_right() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) > 7
    for example in examples:
        jsonschema.validate(yaml.safe_load(example), config.schema())
        assert config.read(example) != Config()


def test_every_key_is_in_the_example() -> None:
    text = EXAMPLE.read_text("utf-8")
    keys = {key.rpartition(".")[2] for key in dict(keys_of(config.schema(), config.schema(), ""))}
    lost = {key for key in keys if not re.search(rf"\b{key.removesuffix('[]')}:", text)}
    assert lost - {"NAME"} == set()


@pytest.mark.parametrize("section", ["gateway", "storage", "resilience"])
def test_the_example_sets_every_key_to_its_default(section: str) -> None:
    assert getattr(config.load(EXAMPLE), section) == getattr(Config(), section)


def test_the_example_sets_the_keys_of_the_college_to_their_defaults() -> None:
    moe = config.load(EXAMPLE).moe
    assert moe.model_copy(update={"experts": []}) == Config().moe


def test_the_mistakes_of_the_page_are_told_as_it_says() -> None:
    text = """\
moe:
  router:
    tpo_k: 1
    min_confidence: 70
  experts:
    - {name: ReasoningExpert, models: ["olama/qwq:32b"]}
backends:
  deepseek: {kind: http, url: "https://api.deepseek.com/v1", api_key: x}
"""
    with pytest.raises(ConfigError) as caught:
        config.read(text, source="team.yaml")
    assert f"config: {caught.value}" in PAGE


def test_importing_it_reads_no_yaml_and_makes_no_messages() -> None:
    program = (
        "import sys, collegium.config; collegium.config.load(None); "
        "print(sorted({'yaml', 'difflib', 'asyncio', 'email_validator'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


KEYS = sorted({"moe", "backends", "a", *re.findall(r"\w+", " ".join(re.findall(r"`(\S+)`", PAGE)))})
YAML = some.recursive(
    some.none()
    | some.booleans()
    | some.integers()
    | some.floats()
    | some.text(max_size=8)
    | some.sampled_from(["ollama/x", "http", "heuristic", "CodingExpert"]),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.sampled_from(KEYS) | some.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def judged(text: str) -> None:
    """Read it: either it is a configuration, or every problem is one located line."""
    try:
        found = config.read(text)
    except ConfigError as error:
        told = error.problems or (f"collegium.yaml:1: {error}",)
    else:
        assert config.read(config.to_yaml(found)) == found
        return
    place = re.compile(r"collegium\.yaml:\d+(:\d+)?: \S[^\n]*")
    assert [line for line in told if not place.fullmatch(line)] == []


@settings(max_examples=150, deadline=None)
@given(YAML)
def test_any_yaml_is_taken_or_refused_in_lines(value: Any) -> None:
    judged(yaml.safe_dump(value, allow_unicode=True))


@settings(max_examples=150, deadline=None)
@given(some.text(max_size=60) | some.text("-:{}[]&*<!|>'\"\n #ab1?,", max_size=60))
def test_any_text_is_taken_or_refused_in_lines(text: str) -> None:
    judged(text)


@settings(max_examples=100, deadline=None)
@given(some.data())
def test_any_damage_to_the_example_is_taken_or_refused_in_lines(data: some.DataObject) -> None:
    lines = EXAMPLE.read_text("utf-8").splitlines(keepends=True)
    place = data.draw(some.integers(0, len(lines) - 1))
    column = data.draw(some.integers(0, len(lines[place])))
    cut = data.draw(some.integers(0, 6))
    put = data.draw(some.text(" :-{}[]\"'#\tx1\n", max_size=3))
    lines[place] = lines[place][:column] + put + lines[place][column + cut :]
    judged("".join(lines))
