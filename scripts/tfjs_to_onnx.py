"""TensorFlow.js graph model -> ONNX, for the operators of an SSDLite feature extractor and its heads.

Everything between the convolutions works element by element, so the whole graph is laid out channels
first; only the heads go back to channels last, where they are reshaped. Batch norms and biases stay
nodes of their own: ONNX Runtime folds them into the convolutions when it loads the model.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Node = dict[str, Any]
CHANNELS_FIRST, CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
KINDS = {"float32": "<f4", "int32": "<i4", "bool": "?"}
OPSET, IR = 18, 9


def load(model: Path) -> tuple[dict[str, Node], dict[str, NDArray[Any]]]:
    """Nodes by name, and constants by name, of a `model.json` with its shards beside it."""
    document = json.loads(model.read_text(encoding="utf-8"))
    constants = {}
    for group in document["weightsManifest"]:
        data = b"".join((model.parent / path).read_bytes() for path in group["paths"])
        at = 0
        for weight in group["weights"]:
            if "quantization" in weight:
                raise ValueError(f"{weight['name']}: quantized weights are not supported")
            kind = np.dtype(KINDS[weight["dtype"]])
            count = int(np.prod(weight["shape"]))
            constants[weight["name"]] = np.frombuffer(data, kind, count, at).reshape(weight["shape"])
            at += count * kind.itemsize
    return {node["name"]: node for node in document["modelTopology"]["node"]}, constants


def convert(model: Path, feed: str, shape: tuple[int, int, int, int], outputs: list[str]) -> onnx.ModelProto:
    """The part of the graph between the node `feed` (of NHWC `shape`) and `outputs`.

    Raises:
        ValueError: an operator that is not known here.
    """
    nodes, constants = load(model)
    graph = _Graph(nodes, constants, feed)
    for name in outputs:
        graph.add(name)
    inputs = [helper.make_tensor_value_info(feed, TensorProto.FLOAT, shape)]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    body = helper.make_graph(graph.made, "ssdlite", inputs, results, list(graph.initializers.values()))
    done = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(done))
    return done


class _Graph:
    """Collects ONNX nodes in the order in which they can run."""

    def __init__(self, nodes: dict[str, Node], constants: dict[str, NDArray[Any]], feed: str) -> None:
        self._nodes = nodes
        self._constants = constants
        self.initializers: dict[str, TensorProto] = {}
        self.made = [helper.make_node("Transpose", [feed], [_first(feed)], perm=CHANNELS_FIRST)]
        self._done = {feed}

    def add(self, name: str) -> None:
        """Make the node `name` after all that it needs (depth first, without recursion limits to fear)."""
        waiting = [name]
        while waiting:
            node = self._nodes[waiting[-1]]
            needs = [
                _base(one)
                for one in node.get("input", [])
                if _base(one) not in self._done and _base(one) not in self._constants
            ]
            if node["op"] in ("Shape", "StridedSlice", "Pack"):
                needs = []
            if needs and node["name"] not in self._done:
                waiting += needs
                continue
            waiting.pop()
            if node["name"] not in self._done:
                self._emit(node)
                self._done.add(node["name"])

    def _emit(self, node: Node) -> None:
        name, op, inputs = node["name"], node["op"], [_base(one) for one in node.get("input", [])]
        if op in ("Conv2D", "DepthwiseConv2dNative"):
            self._convolution(node, inputs)
        elif op == "FusedBatchNorm":
            epsilon = float(node["attr"]["epsilon"]["f"])
            values = [_first(inputs[0]), *(self._constant(one, self._constants[one]) for one in inputs[1:5])]
            self._make("BatchNormalization", values, _first(name), epsilon=epsilon)
        elif op in ("Add", "AddN", "Mul", "BiasAdd"):
            values = [self._operand(one) for one in inputs]
            self._make("Mul" if op == "Mul" else "Add", values, _first(name))
        elif op == "Relu6":
            low, high = self._constant("0", np.float32(0)), self._constant("6", np.float32(6))
            self._make("Clip", [_first(inputs[0]), low, high], _first(name))
        elif op == "Reshape":
            last = f"{name}/last"
            self._make("Transpose", [_first(inputs[0])], last, perm=CHANNELS_LAST)
            shape = np.array([1, *self._static(inputs[1])[1:]], np.int64)
            self._make("Reshape", [last, self._constant(f"{name}/shape", shape)], name)
        elif op == "ConcatV2":
            self._make("Concat", inputs[:-1], name, axis=int(self._constants[inputs[-1]].ravel()[0]))
        elif op == "Squeeze":
            axes = np.array([int(one) for one in node["attr"]["squeeze_dims"]["list"]["i"]], np.int64)
            self._make("Squeeze", [inputs[0], self._constant(f"{name}/axes", axes)], name)
        elif op not in ("Shape", "StridedSlice", "Pack"):  # these only compute the batch size, which is 1
            raise ValueError(f"{name}: operator {op} is not supported")

    def _convolution(self, node: Node, inputs: list[str]) -> None:
        attributes, kernel = node["attr"], self._constants[inputs[1]]
        height, width, deep, many = kernel.shape
        grouped = node["op"] == "DepthwiseConv2dNative"
        if grouped:
            weights = kernel.transpose(2, 3, 0, 1).reshape(deep * many, 1, height, width)
        else:
            weights = kernel.transpose(3, 2, 0, 1)
        padding = _text(attributes["padding"]["s"])
        self._make(
            "Conv",
            [_first(inputs[0]), self._constant(inputs[1], np.ascontiguousarray(weights))],
            _first(node["name"]),
            group=deep if grouped else 1,
            kernel_shape=[height, width],
            strides=[int(one) for one in attributes["strides"]["list"]["i"]][1:3],
            auto_pad="SAME_UPPER" if padding == "SAME" else "VALID",
        )

    def _operand(self, name: str) -> str:
        """A tensor, or a constant per channel made to fit channels-first tensors."""
        if name not in self._constants:
            return _first(name)
        value = self._constants[name]
        return self._constant(name, value.reshape(-1, 1, 1) if value.ndim == 1 else value)

    def _static(self, name: str) -> list[int]:
        """A shape put together from constants; its first part is the batch size, 1."""
        if name in self._constants:
            return [int(one) for one in self._constants[name].ravel()]
        parts = [_base(one) for one in self._nodes[name]["input"]]
        return [int(self._constants[one]) if one in self._constants else 1 for one in parts]

    def _constant(self, name: str, value: NDArray[Any] | np.float32) -> str:
        self.initializers[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _make(self, op: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.made.append(helper.make_node(op, inputs, [output], **attributes))


def _text(value: str | list[int]) -> str:
    """Strings come as base64 or as a list of character codes, by the converter's version."""
    return "".join(map(chr, value)) if isinstance(value, list) else base64.b64decode(value).decode()


def _base(reference: str) -> str:
    return reference.split(":")[0].lstrip("^")


def _first(name: str) -> str:
    """The channels-first tensor of the node `name`."""
    return f"{name}/first"
