"""GatingNetwork: the trained gate."""

from __future__ import annotations

import asyncio
import json
import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from collegium.encoders.base import Cached, Encoder
from collegium.errors import GateError
from collegium.lexicon import read
from collegium.routing.belief import Belief
from collegium.routing.calibration import Calibration
from collegium.routing.claims import Claims, fit_claims
from collegium.routing.conformal import LEVELS, level_at, prediction_set
from collegium.routing.features import STRUCTURE, structure_of
from collegium.routing.head import Head, fit_head, softmax
from collegium.routing.ngrams import TABLE_BITS, sketch
from collegium.routing.quick import QuickModel
from collegium.routing.settings import Settings, carried
from collegium.routing.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from collegium.lexicon import Wording
    from collegium.routing.classifier import Reading

FORMAT = 1
MAX_BEFORE = 2
SKETCH = 2048
# Vectors have length 1, and so has each half of a sketch: what the head's ridge is set for.
VECTOR_SCALE, SKETCH_SCALE = 5.0, 2.0

# Takes the likeliest share at its word, until something better has been fitted.
PLAIN = Calibration(intercept=-2.2, score=0.0, lead=0.0, share=4.4)


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one text came to: shares, which model gave them, its vector, the nearest exemplar's."""

    shares: NDArray[np.float32]
    stage: str
    vector: NDArray[np.float16] | None = None
    near: float | None = None


@dataclass(eq=False)
class GatingNetwork:
    """A query's vector and structure to a probability for each expert.

    `scores` and `believe` are pure. `exemplars` are vectors of queries it has learned, `levels`
    what conformal sets are read from; see `Settings` for the rest.
    """

    experts: tuple[str, ...]
    encoder: Encoder
    head: Head
    settings: Settings = field(default_factory=Settings)
    quick: QuickModel | None = None
    exemplars: NDArray[np.float16] | None = None
    levels: NDArray[np.float32] | None = None
    calibration: Calibration = PLAIN
    card: Mapping[str, Any] = field(default_factory=dict[str, Any])
    claims: Claims | None = None
    stack: Stack | None = None
    settled: ClassVar[bool] = True

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[Sequence[str]],
        encoder: Encoder,
        *,
        experts: Sequence[str] = (),
        decay: float = 1e-4,
        advance: Callable[[int], object] = lambda _: None,
    ) -> GatingNetwork:
        """A head on an encoder that stays as it is.

        Args:
            texts: queries.
            labels: for each, its acceptable experts, the best first.
            encoder: whose vectors to use.
            experts: their order; empty means as they come in the labels.
            decay: the ridge.
            advance: told after each of at most 100 steps.

        Raises:
            ValueError: there are fewer than two experts, or an expert has no example.
        """
        known = tuple(experts) or tuple(dict.fromkeys(one for row in labels for one in row))
        missing = set(known) - {one for row in labels for one in row}
        if len(known) < 2:
            raise ValueError(f"there are examples of {len(known)} expert; it takes at least two")
        if missing:
            raise ValueError(f"no example for {', '.join(sorted(missing))}")
        number = {key: place for place, key in enumerate(known)}
        targets = np.zeros((len(texts), len(known)), np.float32)
        for row, names in enumerate(labels):
            places = [number[name] for name in names]
            targets[row, places] = 0.35 / len(places)
            targets[row, places[0]] += 0.65
        vectors = encoder.encode(texts)[:, : encoder.general]
        head = fit_head(frozen_features(texts, vectors), targets, decay=decay, advance=advance)
        return cls(known, encoder, head, exemplars=unit(vectors).astype(np.float16))

    def scores(self, reading: Reading) -> Mapping[str, float]:
        """The share of belief for each expert, by key; they sum to 1."""
        return self.believe(reading).shares

    def believe(self, reading: Reading, *, risk: float | None = None) -> Belief:
        """The shares, whether the query is in scope, and for a `risk` the set of experts.

        A turn that goes on with a conversation is read with the turns before it.
        """
        asked = reading.asked or reading.text
        now = self._turn(asked, reading.wording if asked == reading.text else None)
        shares, weight = now.shares, self.settings.carry_over(asked)
        for before in reading.before[-MAX_BEFORE:] if weight else ():
            shares = carried(shares, self._turn(before, None).shares, weight)
        best = self.keys[int(shares.argmax())]
        in_scope = None
        if now.near is not None and self.settings.scope > 0:
            claimed = self.claims is not None and best in self.claims.keys
            in_scope = claimed or float(now.shares.max()) * now.near >= self.settings.scope
        sure: tuple[str, ...] = ()
        if risk is not None and self.levels is not None:
            places = prediction_set(shares, level_at(self.levels, risk))
            sure = tuple(self.keys[place] for place in places)
        told = dict(zip(self.keys, shares.tolist(), strict=True))
        # A vector is as good as a sequence, to whoever only reads it.
        vector = cast("Sequence[float] | None", now.vector)
        return Belief(told, in_scope=in_scope, stage=now.stage, sure=sure, vector=vector)

    async def ponder(self, reading: Reading, *, risk: float | None = None) -> Belief:
        """What `believe` returns, found out in a thread of the gate's own, one query at a time."""
        # More at a time would only take the processor from each other.
        work = partial(self.believe, reading, risk=risk)
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, thread_name_prefix="gate")

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every expert it knows: those it was trained on, then those added by examples."""
        added = self.claims.keys if self.claims is not None else ()
        return (*self.experts, *(key for key in added if key not in self.experts))

    @cached_property
    def _claimed(self) -> NDArray[np.int64]:
        """The places of those added by examples among the keys."""
        added = self.claims.keys if self.claims is not None else ()
        return np.array([self.keys.index(key) for key in added], np.int64)

    def with_examples(self, examples: Mapping[str, Sequence[str]]) -> GatingNetwork:
        """The gate as it was trained, and these experts, each by a few queries it should have.

        Args:
            examples: queries for each expert, by key; two or more each. They take the place of
                any examples given before.

        Raises:
            ValueError: an expert has fewer than two examples, or ones that have nothing in common.
        """
        texts = [text for own in examples.values() for text in own]
        width = self.encoder.general
        vectors = unit(self.encoder.encode(texts)[:, :width])
        owned: dict[str, NDArray[np.float32]] = {}
        start = 0
        for key, own in examples.items():
            owned[key] = vectors[start : start + len(own)]
            start += len(own)
        others = np.zeros((0, width), np.float32) if self.exemplars is None else self._exemplars
        return replace(self, claims=fit_claims(owned, others))

    def _turn(self, text: str, wording: Wording | None) -> _Turn:
        """What one text comes to, by the quick model where it is sure, else by the encoder."""
        settings = self.settings
        structure = structure_of(text, wording)
        quick: NDArray[np.float32] | None = None
        if self.quick is not None:
            quick = self.quick.logits(text, structure)
            shares = softmax(quick / np.float32(settings.quick_temperature))
            if self.claims is None and float(shares.max()) >= settings.quick_threshold:
                return _Turn(shares, "quick")
        vectors = self.encoder.encode([text])
        logits = self._head_logits([text], vectors, structure[None])[0]
        if quick is not None:
            logits = logits + np.float32(settings.quick_weight) * quick
        shares = softmax(logits / np.float32(settings.temperature))
        vector = unit(vectors[:, : self.encoder.general])[0]
        if self.claims is not None:
            shares = self.claims.applied(shares, self._claimed, vector)
        return _Turn(shares, "encoder", vector.astype(np.float16), self.nearest(vector))

    def _head_logits(
        self, texts: Sequence[str], vectors: NDArray[np.float32], structure: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        if self.settings.features == "tuned":
            return self.head.logits(np.concatenate((vectors, structure), axis=1))
        general = vectors[:, : self.encoder.general]
        return self.head.logits(frozen_features(texts, general, structure))

    def nearest(self, vector: NDArray[np.float32]) -> float | None:
        """The cosine of a vector of length 1 to the nearest exemplar; None where there are none."""
        if self.exemplars is None or not len(self.exemplars):
            return None
        return float((self._exemplars @ vector).max())

    @cached_property
    def _exemplars(self) -> NDArray[np.float32]:
        assert self.exemplars is not None  # noqa: S101 -- `nearest` has looked
        return self.exemplars.astype(np.float32)

    def save(self, folder: Path) -> None:
        """Write `gate.npz` and `card.json` into a folder, whole or not at all.

        The encoder is not written: the card names it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, NDArray[Any]] = {
            "format": np.array(FORMAT),
            "experts": np.array(self.experts),
            "encoder": np.array(self.encoder.name),
            "encoder_version": np.array(self.encoder.version),
            "matrix": self.head.matrix,
            "bias": self.head.bias,
            "calibration": _numbers_of(self.calibration),
            "settings": np.array(
                json.dumps({name: getattr(self.settings, name) for name in _SETTINGS})
            ),
        }
        if self.quick is not None:
            arrays |= {"quick_table": self.quick.table, "quick_linear": self.quick.linear}
        if self.exemplars is not None:
            arrays["exemplars"] = self.exemplars
        if self.levels is not None:
            arrays["levels"] = self.levels
        if self.stack is not None:
            arrays["stack_weight"] = np.array(self.stack.weight)
            arrays["stack_calibration"] = _numbers_of(self.stack.calibration)
        told = json.dumps(self.card, indent=2) + "\n"
        unfinished = [folder / f"{name}.part{os.getpid()}" for name in ("card.json", "gate.npz")]
        try:
            unfinished[0].write_text(told, "utf-8")
            with unfinished[1].open("wb") as file:
                np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
            for part, name in zip(unfinished, ("card.json", "gate.npz"), strict=True):
                part.replace(folder / name)
        finally:
            for part in unfinished:
                part.unlink(missing_ok=True)

    @classmethod
    def load(cls, folder: Path, encoder_of: Callable[[str], Encoder]) -> GatingNetwork:
        """The gate that `save` wrote.

        Args:
            folder: where it is.
            encoder_of: gives the encoder by the name the gate was trained with.

        Raises:
            GateError: there is none, or its files are broken or do not fit each other.
        """
        try:
            # Opened here: NumPy leaves a file that is no archive open.
            place = folder / "gate.npz"
            with place.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                parts = {name: arrays[name] for name in arrays.files}
            card = json.loads((folder / "card.json").read_text("utf-8"))
            made = cls._of_parts(parts, card, encoder_of)
        except FileNotFoundError as error:
            raise GateError(f"there is no gate in {folder}: {error.filename} is missing") from error
        except GateError as error:
            raise GateError(f"the gate in {folder} cannot be used: {error}") from error
        except Exception as error:  # whatever a broken archive makes numpy, zlib or json raise
            raise GateError(
                f"the gate in {folder} is broken ({error!r}); write it anew with: "
                "collegium train --data FILE.jsonl"
            ) from error
        made.check(folder)
        return made

    @classmethod
    def _of_parts(
        cls,
        parts: Mapping[str, NDArray[Any]],
        card: Mapping[str, Any],
        encoder_of: Callable[[str], Encoder],
    ) -> GatingNetwork:
        found = int(parts["format"])
        if found != FORMAT:
            raise GateError(f"it has format {found}, and this version reads format {FORMAT}")
        quick = None
        if "quick_table" in parts:
            quick = QuickModel(parts["quick_table"], parts["quick_linear"])
        encoder = encoder_of(str(parts["encoder"]))
        if encoder.version != str(parts["encoder_version"]):
            raise GateError(
                f"it was trained on another version of the encoder {encoder.name!r}; train it again"
            )
        stack = None
        if "stack_weight" in parts:
            calibration = _calibration_of(parts["stack_calibration"])
            stack = Stack(float(parts["stack_weight"]), calibration)
        return cls(
            tuple(map(str, parts["experts"])),
            Cached(encoder),
            Head(parts["matrix"], parts["bias"]),
            Settings(**json.loads(str(parts["settings"]))),
            quick,
            parts.get("exemplars"),
            parts.get("levels"),
            _calibration_of(parts["calibration"]),
            card,
            stack=stack,
        )

    def check(self, folder: Path) -> None:
        """Refuse weights whose shapes do not fit, so that no query can fail on them."""
        known = len(self.experts)
        tuned = self.settings.features == "tuned"
        width = STRUCTURE + (self.encoder.width if tuned else self.encoder.general + SKETCH)
        wanted: dict[str, tuple[Any, tuple[int, ...]]] = {
            "matrix": (self.head.matrix, (width, known)),
            "bias": (self.head.bias, (known,)),
        }
        if self.levels is not None:
            wanted["levels"] = (self.levels, (LEVELS,))
        if self.exemplars is not None:
            wanted["exemplars"] = (self.exemplars, (len(self.exemplars), self.encoder.general))
        if self.quick is not None:
            wanted["quick_table"] = (self.quick.table, (1 << TABLE_BITS, known))
            wanted["quick_linear"] = (self.quick.linear, (STRUCTURE + 1, known))
        settings = self.settings
        numbers = [getattr(settings, name) for name in _SETTINGS if name != "features"]
        numbers += [float(one) for one in _numbers_of(self.calibration)]
        if self.stack is not None:
            numbers += [self.stack.weight, *map(float, _numbers_of(self.stack.calibration))]
        sound = all(isinstance(one, int | float) and math.isfinite(one) for one in numbers)
        sound = sound and min(settings.temperature, settings.quick_temperature) > 0
        if not sound or settings.features not in ("tuned", "frozen"):
            raise GateError(f"the gate in {folder} is broken: its settings are {settings}")
        if len(set(self.experts)) != known:
            raise GateError(f"the gate in {folder} is broken: an expert is there twice")
        for name, (array, shape) in wanted.items():
            if array.shape != shape:
                raise GateError(
                    f"the gate in {folder} is broken: {name} has the shape {array.shape}, and "
                    f"{known} experts on the encoder {self.encoder.name!r} need {shape}"
                )
            if not np.isfinite(array).all():
                raise GateError(
                    f"the gate in {folder} is broken: {name} holds values that are not finite"
                )


_SETTINGS = tuple(Settings.__dataclass_fields__)
_CALIBRATION = ("intercept", "score", "lead", "share")


def _numbers_of(calibration: Calibration) -> NDArray[np.float64]:
    return np.array([getattr(calibration, name) for name in _CALIBRATION], np.float64)


def _calibration_of(numbers: NDArray[np.float64]) -> Calibration:
    return Calibration(**dict(zip(_CALIBRATION, map(float, numbers), strict=True)))


def frozen_features(
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    structure: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """(texts, features) for a head on an encoder that stays as it is: vector, sketch, structure."""
    if structure is None:
        structure = np.stack([structure_of(text, read(text)) for text in texts])
    sketches = np.stack([sketch(text, SKETCH) for text in texts])
    parts = (VECTOR_SCALE * unit(vectors), SKETCH_SCALE * sketches, structure / 2)
    return np.concatenate(parts, axis=1).astype(np.float32)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, width) vectors at length 1; one without length stays zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
