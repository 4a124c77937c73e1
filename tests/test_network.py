"""The trained gate: what it learns, says, keeps and refuses."""

import asyncio
import json
import math
import re
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collegium import Query
from collegium.encoders.base import Cached
from collegium.errors import GateError
from collegium.routing import shelf
from collegium.routing.calibration import Calibration
from collegium.routing.classifier import QueryClassifier, Reading
from collegium.routing.conformal import level_at, levels_of, needed, prediction_set
from collegium.routing.network import GatingNetwork
from collegium.routing.router import MoERouter
from collegium.routing.settings import carried
from collegium.routing.stack import Stack
from collegium.testing import ScriptedExpert
from collegium.types import Message

WINE = (
    "which red goes with lamb",
    "is this rioja ready to drink",
    "how long should I decant a barolo",
    "best vintage of burgundy",
    "why does my chardonnay taste buttery",
    "white wine for oysters",
)


def reading(text: str) -> Reading:
    return QueryClassifier().read(Query.of(text))


@pytest.fixture(scope="module")
def builtin() -> GatingNetwork:
    return shelf.gate("builtin")


@pytest.fixture(scope="module")
def small() -> GatingNetwork:
    texts = [
        *("play some jazz", "put on the radio", "next song please", "turn the music up"),
        *("wake me at seven", "set an alarm for noon", "cancel my alarm", "timer for ten minutes"),
        *("will it rain today", "how cold is it outside", "weather tomorrow", "is it sunny"),
    ]
    labels = [["music"]] * 4 + [["clock"]] * 4 + [["weather"]] * 4
    return GatingNetwork.fit(texts, labels, Cached(shelf.encoder("builtin")))


@pytest.mark.parametrize(
    ("text", "expert"),
    [
        ("Fix this: TypeError: 'NoneType' object is not iterable in my Flask view", "coding"),
        ("What is the derivative of x^3 * sin(x)?", "math"),
        ("Plan a three-day trip to Oslo with two small children", "planning"),
        ("SELECT the ten best customers by revenue in 2023, tables orders and customers", "data"),
        ("Translate 'good morning, how did you sleep' into Thai", "language"),
        ("Write a short poem about a lighthouse that is afraid of the dark", "writing"),
        ("When did the Ottoman Empire end, and who ruled it then?", "research"),
        ("In which module of this repository is the session cookie signed?", "knowledge"),
        ("My sister won't talk to me since the wedding. What should I do?", "advisor"),
    ],
)
def test_plain_queries_go_where_they_belong(builtin: GatingNetwork, text: str, expert: str) -> None:
    shares = builtin.scores(reading(text))
    assert max(shares, key=lambda key: shares[key]) == expert


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "?",
        "word " * 40_000,
        "a" * 200_000,
        "ok\u202e \x00\x1b[31m\x07",
        "كيف أتعلم العزف على العود؟",
        "🤖" * 400,
        "\ud800 alone",
    ],
    ids=["nothing", "space", "mark", "repeated", "one_word", "control", "arabic", "emoji", "half"],
)
def test_any_text_gives_shares_that_sum_to_one(builtin: GatingNetwork, text: str) -> None:
    shares = builtin.scores(reading(text))
    assert len(shares) == 10
    assert all(math.isfinite(share) and share >= 0 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)


def test_the_vector_of_a_query_comes_with_the_belief(small: GatingNetwork) -> None:
    vector = np.asarray(small.believe(reading("play some jazz")).vector)
    assert vector.shape == (small.encoder.general,)
    assert vector.dtype == np.float16
    assert np.linalg.norm(vector.astype(np.float32)) == pytest.approx(1, abs=0.01)
    alike = np.asarray(small.believe(reading("play me some jazz music")).vector, np.float32)
    other = np.asarray(small.believe(reading("is it cold outside")).vector, np.float32)
    assert vector @ alike > vector @ other


def test_what_the_quick_model_decides_has_no_vector(builtin: GatingNetwork) -> None:
    sure = replace(builtin, settings=replace(builtin.settings, quick_threshold=0.0))
    believed = sure.believe(reading("Fix this Python traceback"))
    assert (believed.stage, believed.vector) == ("quick", None)


async def test_a_decision_carries_the_vector_also_from_memory(small: GatingNetwork) -> None:
    experts = [ScriptedExpert(key) for key in small.keys]
    router = MoERouter(experts, gate=small, lineup=3, variant="trial:b")
    first, again = [await router.decide(Query.of("play some jazz")) for _ in range(2)]
    assert first.vector is not None
    assert first.vector is again.vector
    assert (again.lineup, again.variant) == (3, "trial:b")


def test_asking_twice_says_the_same(builtin: GatingNetwork) -> None:
    query = reading("How do heat pumps work when it is freezing outside?")
    assert builtin.scores(query) == builtin.scores(query)


def test_a_set_for_less_risk_is_no_smaller(builtin: GatingNetwork) -> None:
    query = reading("thoughts on learning latin?")
    sizes = [len(builtin.believe(query, risk=risk).sure) for risk in (0.3, 0.1, 0.02, 0.001)]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 1


def test_the_likeliest_expert_is_in_every_set(builtin: GatingNetwork) -> None:
    belief = builtin.believe(reading("what is a good name for a grey cat"), risk=0.05)
    assert belief.sure[0] == max(belief.shares, key=lambda key: belief.shares[key])


def test_a_gate_learns_experts_of_any_name(small: GatingNetwork) -> None:
    shares = small.scores(reading("louder, and the next track"))
    assert max(shares, key=lambda key: shares[key]) == "music"


def test_a_gate_that_was_saved_says_what_it_said(small: GatingNetwork, tmp_path: Path) -> None:
    small.save(tmp_path / "gate")
    loaded = GatingNetwork.load(tmp_path / "gate", shelf.encoder)
    for text in ("is it going to snow", "snooze", "the blues"):
        assert loaded.scores(reading(text)) == pytest.approx(dict(small.scores(reading(text))))


def test_a_stack_is_kept_with_its_gate(small: GatingNetwork, tmp_path: Path) -> None:
    fitted = Stack(0.25, Calibration(intercept=-1.0, score=2.0, lead=0.5, share=0.1))
    replace(small, stack=fitted).save(tmp_path)
    assert GatingNetwork.load(tmp_path, shelf.encoder).stack == fitted


def test_the_builtin_gate_has_a_stack(builtin: GatingNetwork) -> None:
    assert builtin.stack is not None
    assert builtin.stack.weight > 0


def test_nothing_half_written_is_left_by_saving(small: GatingNetwork, tmp_path: Path) -> None:
    small.save(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["card.json", "gate.npz"]


def test_a_card_that_cannot_be_written_leaves_nothing_behind(
    small: GatingNetwork, tmp_path: Path
) -> None:
    unwritable = replace(small, card={"made": object()})
    with pytest.raises(TypeError):
        unwritable.save(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "gate.npz").mkdir()
    with pytest.raises(OSError, match=r"gate\.npz"):
        small.save(tmp_path)
    assert not [one for one in tmp_path.iterdir() if ".part" in one.name]


def test_an_expert_joins_by_a_few_examples(builtin: GatingNetwork) -> None:
    joined = builtin.with_examples({"wine": WINE})
    wine = joined.scores(reading("what should I pour with roast duck, a pinot noir?"))
    assert max(wine, key=lambda key: wine[key]) == "wine"
    assert sum(wine.values()) == pytest.approx(1, abs=1e-4)
    code = joined.scores(reading("why does my Rust code say 'borrow of moved value'"))
    assert max(code, key=lambda key: code[key]) == "coding"


def test_one_example_is_too_few(builtin: GatingNetwork) -> None:
    with pytest.raises(ValueError, match="'wine' has 1 examples; it takes 2 or more"):
        builtin.with_examples({"wine": WINE[:1]})


def test_examples_that_have_nothing_in_common_are_refused(builtin: GatingNetwork) -> None:
    scattered = ("integrate x squared", "SELECT 1 FROM users", "I miss my dog", "haiku on rain")
    with pytest.raises(ValueError, match="are no nearer to each other than to other queries"):
        builtin.with_examples({"odd": scattered})


def test_examples_of_an_expert_that_was_trained_add_to_what_it_had(builtin: GatingNetwork) -> None:
    query = reading("Fix this: TypeError: 'NoneType' object is not iterable in my Flask view")
    joined = builtin.with_examples(
        {"coding": ("cobol copybook layout", "cobol copybook redefines", "cobol pic clause size")}
    )
    assert joined.keys == builtin.keys
    assert joined.scores(query)["coding"] >= builtin.scores(query)["coding"] - 0.01


def test_fitting_needs_two_experts() -> None:
    with pytest.raises(ValueError, match="examples of 1 expert"):
        GatingNetwork.fit(["a", "b"], [["x"], ["x"]], shelf.encoder("builtin"))


def test_fitting_needs_an_example_of_every_expert() -> None:
    with pytest.raises(ValueError, match="no example for z"):
        GatingNetwork.fit(
            ["a", "b"], [["x"], ["y"]], shelf.encoder("builtin"), experts=("x", "y", "z")
        )


def test_a_short_follow_up_stays_with_its_expert(builtin: GatingNetwork) -> None:
    said = (
        Message("user", "Write a SQL query: revenue by month and region from orders(id, ts, eur)"),
        Message("assistant", "SELECT ..."),
        Message("user", "yes, and per week"),
    )
    shares = builtin.scores(QueryClassifier().read(Query(messages=said)))
    assert max(shares, key=lambda key: shares[key]) == "data"


def test_carrying_nothing_changes_nothing() -> None:
    now = np.array([0.7, 0.3], np.float32)
    assert carried(now, np.array([0.1, 0.9], np.float32), 0.0) is now


@pytest.mark.parametrize("name", ["gate.npz", "card.json"])
def test_a_missing_file_is_named(small: GatingNetwork, tmp_path: Path, name: str) -> None:
    small.save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(GateError, match=name):
        GatingNetwork.load(tmp_path, shelf.encoder)


@pytest.mark.parametrize("size", [0, 10, 1000])
def test_a_file_cut_short_is_an_error_at_the_start(
    small: GatingNetwork, tmp_path: Path, size: int
) -> None:
    small.save(tmp_path)
    whole = (tmp_path / "gate.npz").read_bytes()
    (tmp_path / "gate.npz").write_bytes(whole[:size])
    with pytest.raises(GateError, match="is broken"):
        GatingNetwork.load(tmp_path, shelf.encoder)


def altered(folder: Path, **changes: object) -> None:
    with np.load(folder / "gate.npz") as arrays:
        parts = {name: arrays[name] for name in arrays.files}
    np.savez(folder / "gate.npz", **{**parts, **changes})


def test_weights_of_another_shape_are_an_error_at_the_start(
    small: GatingNetwork, tmp_path: Path
) -> None:
    small.save(tmp_path)
    altered(tmp_path, matrix=np.zeros((5, 3), np.float32))
    with pytest.raises(GateError, match=r"matrix has the shape \(5, 3\), and 3 experts"):
        GatingNetwork.load(tmp_path, shelf.encoder)


def test_weights_that_are_no_numbers_are_an_error_at_the_start(
    small: GatingNetwork, tmp_path: Path
) -> None:
    small.save(tmp_path)
    altered(tmp_path, bias=np.array([0, np.nan, 0], np.float32))
    with pytest.raises(GateError, match="bias holds values that are not finite"):
        GatingNetwork.load(tmp_path, shelf.encoder)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("levels", np.zeros(7, np.float32), "levels has the shape"),
        ("levels", np.full(1001, np.nan, np.float32), "levels holds values that are not finite"),
        ("exemplars", np.zeros((4, 9, 2), np.float16), "exemplars has the shape"),
        ("settings", np.array('{"temperature": 0}'), "its settings are"),
        ("settings", np.array('{"warmth": 1}'), "warmth"),
        ("settings", np.array('{"temperature": null}'), "its settings are"),
        ("experts", np.array(["music", "clock", "music"]), "an expert is there twice"),
        ("encoder_version", np.array("another"), "another version of the encoder 'builtin'"),
    ],
)
def test_each_part_that_does_not_fit_is_named_at_the_start(
    small: GatingNetwork, tmp_path: Path, name: str, value: np.ndarray, told: str
) -> None:
    small.save(tmp_path)
    with np.load(tmp_path / "gate.npz") as arrays:
        parts = {key: arrays[key] for key in arrays.files}
    np.savez(tmp_path / "gate.npz", **{**parts, name: value})
    with pytest.raises(GateError, match=re.escape(told)):
        GatingNetwork.load(tmp_path, shelf.encoder)


def test_a_gate_of_another_format_is_refused(small: GatingNetwork, tmp_path: Path) -> None:
    small.save(tmp_path)
    altered(tmp_path, format=np.array(99))
    with pytest.raises(GateError, match="format 99"):
        GatingNetwork.load(tmp_path, shelf.encoder)


def test_a_broken_encoder_is_an_error_with_its_folder(tmp_path: Path) -> None:
    for name in ("encoder.onnx", "encoder.json", "vocabulary.txt"):
        shutil.copy(shelf.BUILTIN / name, tmp_path)
    (tmp_path / "encoder.onnx").write_bytes(b"not a graph")
    from collegium.encoders.onnx import LazyEncoder

    with pytest.raises(GateError, match="cannot be loaded"):
        LazyEncoder(tmp_path, name="broken").encode(["hello"])


def test_whoever_wants_the_encoder_of_a_folder_gets_the_one_that_is_loaded() -> None:
    one, other = shelf.encoder("builtin"), shelf.encoder("builtin")
    vectors = [encoder.encode(["hello"]) for encoder in (one, other)]
    assert np.array_equal(vectors[0], vectors[1])
    assert vars(one)["_encoder"] is vars(other)["_encoder"]


def test_an_encoder_that_nobody_trained_a_gate_on_says_what_to_run() -> None:
    command = re.escape("collegium train --data FILE.jsonl --encoder microsoft/codebert-base")
    with pytest.raises(GateError, match=command):
        shelf.gate("microsoft/codebert-base")


def test_an_installed_encoder_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collegium.plugins.names", lambda _: ["mine"])
    monkeypatch.setattr("collegium.plugins.load", lambda *_: object)
    with pytest.raises(GateError, match="it takes name, version, width, general and encode"):
        shelf.encoder("mine")


def test_a_folder_without_a_gate_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"gate\.npz is missing"):
        shelf.gate(str(tmp_path))


def test_what_ships_is_small_and_says_what_it_is_made_of() -> None:
    assert sum(one.stat().st_size for one in shelf.BUILTIN.iterdir()) < 30_000_000
    card = json.loads((shelf.BUILTIN / "card.json").read_text("utf-8"))
    assert len(card["experts"]) == 10
    licences = {row["licence"] for row in card["data"]["sources"]}
    assert licences
    assert not any("NC" in one or "none stated" in one for one in licences)


def test_a_conformal_set_covers_what_was_asked_of_it() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 6)) * 1.5
    shares = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    truth = [{int(rng.choice(6, p=row / row.sum()))} for row in shares.astype(np.float64)]
    levels = levels_of(needed(shares[:10_000], truth[:10_000]))
    for risk in (0.02, 0.1, 0.3):
        sets = [prediction_set(row, level_at(levels, risk)) for row in shares[10_000:]]
        pairs = zip(sets, truth[10_000:], strict=True)
        hit = np.mean([bool(set(one) & right) for one, right in pairs])
        assert hit >= 1 - risk - 0.015


def test_few_held_out_queries_promise_little_and_nothing_false() -> None:
    levels = levels_of(np.array([0.1, 0.2, 0.3]))
    assert level_at(levels, 0.5) == pytest.approx(0.2)
    # Of three, no rank stands for 99 %: only everybody is enough.
    assert level_at(levels, 0.01) == 1.0
    assert prediction_set(np.array([0.9, 0.06, 0.04], np.float32), 1.0) == [0, 1, 2]


def test_a_conformal_set_does_not_ask_more_than_it_must() -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(6), size=20_000).astype(np.float32)
    truth = [{int(rng.choice(6, p=row / row.sum()))} for row in shares.astype(np.float64)]
    level = level_at(levels_of(needed(shares[:10_000], truth[:10_000])), 0.2)
    sets = [prediction_set(row, level) for row in shares[10_000:]]
    hit = np.mean([bool(set(one) & right) for one, right in zip(sets, truth[10_000:], strict=True)])
    assert hit <= 0.9
    assert np.mean([len(one) for one in sets]) < 5


@pytest.mark.parametrize("risk", [0, 1, -0.1, 2])
def test_a_risk_outside_is_refused(risk: float) -> None:
    with pytest.raises(ValueError, match="must be above 0 and below 1"):
        level_at(np.zeros(1001, np.float32), risk)


def test_vectors_met_before_are_not_computed_again() -> None:
    class Counting:
        name, version, width, general = "counting", "", 2, 2
        asked: list[str] = []  # noqa: RUF012

        def encode(self, texts: list[str]) -> np.ndarray:
            self.asked += texts
            return np.ones((len(texts), 2), np.float32)

    encoder = Counting()
    cached = Cached(encoder, capacity=2)  # type: ignore[arg-type]
    cached.encode(["a", "b", "a"])
    cached.encode(["b"])
    assert encoder.asked == ["a", "b"]
    cached.encode(["c"])
    cached.encode(["a"])
    assert encoder.asked == ["a", "b", "c", "a"]


class SlowEncoder:
    """Takes its time, and notes in which threads; every text has a vector of its own."""

    name, version, width, general = "slow", "", 8, 8

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> Any:
        time.sleep(self.pause_s)
        self.encoded += len(texts)
        return np.stack([np.full(8, len(text) + 1, np.float32) for text in texts])


async def test_pondering_says_what_believing_says(builtin: GatingNetwork) -> None:
    for text in ("Write a haiku about autumn rain", "SELECT name FROM users", "warum ist das so?"):
        query = reading(text)
        assert await builtin.ponder(query, risk=0.1) == builtin.believe(query, risk=0.1)


async def test_others_get_on_while_a_gate_ponders() -> None:
    texts = ["play some jazz", "put on the radio", "wake me at seven", "set an alarm for noon"]
    labels = [["music"]] * 2 + [["clock"]] * 2
    encoder = SlowEncoder()
    gate = GatingNetwork.fit(texts, labels, encoder)
    encoder.pause_s = 0.3
    pondering = asyncio.ensure_future(gate.ponder(reading("next song please")))
    latest, longest = time.perf_counter(), 0.0
    while not pondering.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        latest, longest = now, max(longest, now - latest)
    assert set((await pondering).shares) == {"music", "clock"}
    assert longest < 0.15


def test_vectors_are_kept_right_by_several_threads() -> None:
    encoder = SlowEncoder()
    cached = Cached(encoder, capacity=8)

    def encode(start: int) -> bool:
        texts = ["x" * ((start + place) % 24) for place in range(400)]
        return all(cached.encode([text])[0, 0] == len(text) + 1 for text in texts)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(encode, range(0, 40, 10)))
