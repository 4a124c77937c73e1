"""Writes a trained encoder as an ONNX graph, its matrices as 8-bit integers (`train` extra)."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from collegium.learning.bert import Bert


class _Graph:
    """Nodes and weights as they are added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, name: str, values: NDArray[Any]) -> str:
        self.weights.append(numpy_helper.from_array(values.copy(order="C"), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output


def export(bert: Bert, path: Path, *, positions: int) -> None:
    """Write the encoder: `numbers` of (texts, length) to `vector` and `first`, (texts, width).

    There is no mask: texts of a batch must have one length.

    Args:
        bert: the trained encoder.
        path: the file to write.
        positions: the longest text in tokens.
    """
    weights = {name: value.detach().numpy() for name, value in bert.state_dict().items()}
    graph = _Graph()
    states = _embedded(graph, weights, positions)
    for number in range(bert.shape.layers):
        states = _layer(graph, weights, number, states, bert.shape.heads, bert.shape.width)
    graph.node("ReduceMean", [states, graph.weight("along", np.array([1]))], "vector", keepdims=0)
    graph.node("Gather", [states, graph.weight("start", np.array(0))], "first", axis=1)
    made = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info("numbers", TensorProto.INT64, ["texts", "length"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", bert.shape.width])
            for name in ("vector", "first")
        ],
        graph.weights,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        onnx.save(model, plain)
        # 7 bits, since processors without VNNI add pairs of 8-bit products in 16 bits.
        quantize_dynamic(
            plain,
            path,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            extra_options={"MatMulConstBOnly": True},
        )


def _embedded(graph: _Graph, weights: dict[str, NDArray[Any]], positions: int) -> str:
    tokens = graph.weight("tokens", weights["tokens.weight"])
    places = graph.weight("positions", weights["positions.weight"][:positions])
    graph.node("Gather", [tokens, "numbers"], "token_vectors")
    graph.node("Shape", ["numbers"], "sizes", start=1, end=2)
    zero = graph.weight("zero", np.array([0]))
    graph.node("Slice", [places, zero, "sizes", zero], "place_vectors")
    graph.node("Add", ["token_vectors", "place_vectors"], "embedded")
    return _norm(graph, weights, "embedded", "norm")


def _norm(graph: _Graph, weights: dict[str, NDArray[Any]], states: str, name: str) -> str:
    gain = graph.weight(f"{name}.gain", weights[f"{name}.weight"])
    bias = graph.weight(f"{name}.bias", weights[f"{name}.bias"])
    return graph.node(
        "LayerNormalization", [states, gain, bias], f"{name}.out", epsilon=1e-12, axis=-1
    )


def _linear(graph: _Graph, states: str, matrix: NDArray[Any], bias: NDArray[Any], name: str) -> str:
    product = graph.node("MatMul", [states, graph.weight(f"{name}.matrix", matrix.T)], f"{name}.x")
    return graph.node("Add", [product, graph.weight(f"{name}.bias", bias)], f"{name}.y")


def _layer(
    graph: _Graph,
    weights: dict[str, NDArray[Any]],
    number: int,
    states: str,
    heads: int,
    width: int,
) -> str:
    name = f"layers.{number}"
    part = {
        key.removeprefix(f"{name}."): value
        for key, value in weights.items()
        if key.startswith(f"{name}.")
    }
    scale = 1 / math.sqrt(width // heads)
    matrix = np.concatenate(
        [part["query.weight"] * scale, part["key.weight"], part["value.weight"]]
    )
    bias = np.concatenate([part["query.bias"] * scale, part["key.bias"], part["value.bias"]])
    together = _linear(
        graph, states, matrix.astype(np.float32), bias.astype(np.float32), f"{name}.qkv"
    )
    sizes = graph.weight(f"{name}.sizes", np.array([width] * 3))
    parts = [f"{name}.{letter}" for letter in "qkv"]
    graph.nodes.append(helper.make_node("Split", [together, sizes], parts, axis=-1))
    split = graph.weight(f"{name}.split", np.array([0, 0, heads, width // heads]))
    turned = []
    for one, order in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True):
        shaped = graph.node("Reshape", [one, split], f"{one}.heads")
        turned.append(graph.node("Transpose", [shaped], f"{one}.turned", perm=order))
    scores = graph.node("MatMul", turned[:2], f"{name}.scores")
    shares = graph.node("Softmax", [scores], f"{name}.shares", axis=-1)
    mixed = graph.node("MatMul", [shares, turned[2]], f"{name}.mixed")
    back = graph.node("Transpose", [mixed], f"{name}.back", perm=[0, 2, 1, 3])
    joined = graph.weight(f"{name}.joined", np.array([0, 0, width]))
    mixed = graph.node("Reshape", [back, joined], f"{name}.attended")
    out = _linear(graph, mixed, part["out.weight"], part["out.bias"], f"{name}.out")
    states = _norm(
        graph, weights, graph.node("Add", [out, states], f"{name}.sum_1"), f"{name}.norm_1"
    )
    inner = _linear(graph, states, part["inner.weight"], part["inner.bias"], f"{name}.inner")
    active = graph.node("Gelu", [inner], f"{name}.active")
    outer = _linear(graph, active, part["outer.weight"], part["outer.bias"], f"{name}.outer")
    return _norm(
        graph, weights, graph.node("Add", [outer, states], f"{name}.sum_2"), f"{name}.norm_2"
    )
