"""TensorFlow.js graph model -> ONNX, operator by operator, for detectors that packages bring in that form.

TensorFlow keeps channels last where ONNX wants them first; every convolution, pooling and resizing is put
between two transposes. ONNX Runtime cancels those and folds batch norms and biases when it loads the model.
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

from edge.errors import ModelUnusable

Node = dict[str, Any]
Constants = dict[str, NDArray[Any]]
CHANNELS_FIRST, CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
KINDS = {"float32": "<f4", "float16": "<f2", "int32": "<i4", "bool": "?"}
ADDS = frozenset({"Add", "AddN", "AddV2", "BiasAdd"})
BATCH = frozenset({"Shape", "StridedSlice"})
"""Operators that only compute the batch size, which is 1."""
OPSET, IR = 18, 9


def load(model: Path) -> tuple[dict[str, Node], Constants]:
    """Nodes by name, and constants by name, of a `model.json` with its shards beside it.

    Raises:
        ModelUnusable: weights that were quantized to whole numbers.
    """
    document = json.loads(model.read_text(encoding="utf-8"))
    constants = {}
    for group in document["weightsManifest"]:
        data = b"".join((model.parent / path).read_bytes() for path in group["paths"])
        at = 0
        for weight in group["weights"]:
            stored = weight.get("quantization", {}).get("dtype", weight["dtype"])
            if stored not in KINDS:
                raise ModelUnusable(f"{weight['name']}: weights quantized to {stored} are not supported")
            kind = np.dtype(KINDS[stored])
            count = int(np.prod(weight["shape"]))
            value = np.frombuffer(data, kind, count, at).reshape(weight["shape"])
            constants[weight["name"]] = value.astype(np.float32) if kind.kind == "f" else value
            at += count * kind.itemsize
    return {node["name"]: node for node in document["modelTopology"]["node"]}, constants


def convert(model: Path, feed: str, shape: tuple[int, ...], outputs: tuple[str, ...]) -> onnx.ModelProto:
    """The part of the graph between the node `feed` (a tensor of `shape`) and `outputs`.

    Raises:
        ModelUnusable: an operator that is not known here.
    """
    nodes, constants = load(model)
    graph = _Graph(nodes, constants, feed)
    for name in outputs:
        graph.add(name)
    inputs = [helper.make_tensor_value_info(feed, TensorProto.FLOAT, shape)]
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    body = helper.make_graph(graph.made, "detector", inputs, results, list(graph.initializers.values()))
    done = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(done))
    return done


class _Graph:
    """Collects ONNX nodes in the order in which they can run."""

    def __init__(self, nodes: dict[str, Node], constants: Constants, feed: str) -> None:
        self._nodes = nodes
        self._constants = dict(constants)
        self.initializers: dict[str, TensorProto] = {}
        self.made: list[onnx.NodeProto] = []
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
            if needs and node["op"] not in BATCH:
                waiting += needs
                continue
            waiting.pop()
            if node["name"] not in self._done and node["name"] not in self._constants:
                self._emit(node)
                self._done.add(node["name"])

    def _emit(self, node: Node) -> None:
        name, op, attributes = node["name"], node["op"], node.get("attr", {})
        inputs = [one.removesuffix(":0") for one in node.get("input", [])]
        values = [self._constants.get(one) for one in inputs]
        if op in BATCH or (inputs and all(value is not None for value in values)):
            self._constants[name] = _computed(node, [value for value in values if value is not None])
        elif op in ("Conv2D", "DepthwiseConv2dNative"):
            self._convolution(node, inputs)
        elif op == "FusedBatchNorm":
            epsilon = float(attributes["epsilon"]["f"])
            norm = [self._first(name, inputs[0]), *(self._operand(one) for one in inputs[1:5])]
            self._last("BatchNormalization", norm, name, epsilon=epsilon)
        elif op in ADDS or op == "Mul":
            self._make("Mul" if op == "Mul" else "Add", [self._operand(one) for one in inputs], name)
        elif op == "Relu6":
            low, high = self._constant("0", np.float32(0)), self._constant("6", np.float32(6))
            self._make("Clip", [inputs[0], low, high], name)
        elif op == "LeakyRelu":
            self._make("LeakyRelu", [inputs[0]], name, alpha=float(attributes["alpha"]["f"]))
        elif op in ("Sigmoid", "Identity"):
            self._make(op, [inputs[0]], name)
        elif op == "Transpose":
            self._make("Transpose", [inputs[0]], name, perm=[int(one) for one in self._static(inputs[1])])
        elif op in ("Pad", "PadV2"):
            pads = self._constant(f"{name}/pads", self._static(inputs[1]).T.ravel().astype(np.int64))
            more = [self._constant(f"{name}/value", self._static(inputs[2]).ravel()[0])] if inputs[2:] else []
            self._make("Pad", [inputs[0], pads, *more], name)
        elif op == "MaxPool":
            kernel, pooled = _window(attributes, "ksize"), [self._first(name, inputs[0])]
            self._last("MaxPool", pooled, name, kernel_shape=kernel, **_sliding(attributes))
        elif op == "ResizeBilinear":
            half = bool(attributes.get("half_pixel_centers", {}).get("b"))
            mode = "half_pixel" if half else "asymmetric"
            size = self._constant(f"{name}/size", self._static(inputs[1]).ravel().astype(np.int64))
            resized = [self._first(name, inputs[0]), "", "", size]
            how = {"mode": "linear", "coordinate_transformation_mode": mode, "axes": [2, 3]}
            self._last("Resize", resized, name, **how)
        elif op == "SplitV":
            sizes = self._static(inputs[1]).astype(np.int64)
            parts = [name, *(f"{name}:{index}" for index in range(1, sizes.size))]
            split = [inputs[0], self._constant(f"{name}/sizes", sizes)]
            axis = int(self._static(inputs[2]).ravel()[0])
            self.made.append(helper.make_node("Split", split, parts, axis=axis))
        elif op == "Reshape":
            shape = self._static(inputs[1]).ravel().astype(np.int64)
            self._make("Reshape", [inputs[0], self._constant(f"{name}/shape", shape)], name)
        elif op == "ConcatV2":
            axis = int(self._static(inputs[-1]).ravel()[0])
            self._make("Concat", [self._operand(one) for one in inputs[:-1]], name, axis=axis)
        elif op == "Squeeze":
            axes = np.array([int(one) for one in attributes["squeeze_dims"]["list"]["i"]], np.int64)
            self._make("Squeeze", [inputs[0], self._constant(f"{name}/axes", axes)], name)
        else:
            raise ModelUnusable(f"{name}: operator {op} is not supported")

    def _convolution(self, node: Node, inputs: list[str]) -> None:
        kernel = self._static(inputs[1])
        height, width, deep, many = kernel.shape
        grouped = node["op"] == "DepthwiseConv2dNative"
        if grouped:
            weights = kernel.transpose(2, 3, 0, 1).reshape(deep * many, 1, height, width)
        else:
            weights = kernel.transpose(3, 2, 0, 1)
        name = node["name"]
        values = [
            self._first(name, inputs[0]),
            self._constant(f"{name}/kernel", np.ascontiguousarray(weights)),
        ]
        group = deep if grouped else 1
        self._last("Conv", values, name, group=group, kernel_shape=[height, width], **_sliding(node["attr"]))

    def _first(self, name: str, value: str) -> str:
        """`value` with its channels first, for the node `name`."""
        self._make("Transpose", [value], f"{name}/first", perm=CHANNELS_FIRST)
        return f"{name}/first"

    def _last(self, op: str, inputs: list[str], name: str, **attributes: Any) -> None:
        """A node that works on channels first, its result with channels last as `name`."""
        self._make(op, inputs, f"{name}/made", **attributes)
        self._make("Transpose", [f"{name}/made"], name, perm=CHANNELS_LAST)

    def _operand(self, name: str) -> str:
        """A tensor, or a constant as one."""
        return self._constant(name, self._constants[name]) if name in self._constants else name

    def _static(self, name: str) -> NDArray[Any]:
        """What is known before the graph runs."""
        return np.asarray(self._constants[name])

    def _constant(self, name: str, value: NDArray[Any] | np.float32) -> str:
        self.initializers[name] = numpy_helper.from_array(np.asarray(value), name)
        return name

    def _make(self, op: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self.made.append(helper.make_node(op, inputs, [output], **attributes))


def _computed(node: Node, values: list[NDArray[Any]]) -> NDArray[Any]:
    """What comes out of a node that needs no picture: shapes and kernels put together."""
    op = node["op"]
    if op in BATCH:
        return np.array(1)
    if op in ADDS:
        return np.asarray(sum(values))
    if op == "Pack":
        return np.array([int(one.ravel()[0]) for one in values])
    if op == "SparseToDense":
        places, shape, filled = values[:3]
        dense = np.zeros(shape.ravel(), filled.dtype)
        dense[tuple(places.reshape(-1, dense.ndim).T)] = filled
        return dense
    raise ModelUnusable(f"{node['name']}: operator {op} of constants is not supported")


def _window(attributes: dict[str, Any], key: str) -> list[int]:
    """Height and width out of the four numbers of TensorFlow."""
    return [int(one) for one in attributes[key]["list"]["i"]][1:3]


def _sliding(attributes: dict[str, Any]) -> dict[str, Any]:
    """How a kernel moves over the picture."""
    same = _text(attributes["padding"]["s"]) == "SAME"
    return {"strides": _window(attributes, "strides"), "auto_pad": "SAME_UPPER" if same else "VALID"}


def _text(value: str | list[int]) -> str:
    """Strings come as base64 or as a list of character codes, by the converter's version."""
    return "".join(map(chr, value)) if isinstance(value, list) else base64.b64decode(value).decode()


def _base(reference: str) -> str:
    return reference.split(":")[0].lstrip("^")
