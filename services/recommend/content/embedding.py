"""Sentence embeddings: all-MiniLM-L6-v2 (Wang et al., MiniLM, NeurIPS 2020; 384 dimensions) on onnxruntime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

DIMENSIONS = 384
MAX_TOKENS = 256
FILES = ("model.onnx", "tokenizer.json")


class Embedder:
    """Loads the model from `folder`; raises FileNotFoundError naming a missing file."""

    def __init__(self, folder: Path) -> None:
        for name in FILES:
            if not (folder / name).exists():
                raise FileNotFoundError(f"EMBEDDING_MODEL_DIR is {folder}, which has no {name}")
        digest = hashlib.sha256()
        for name in FILES:
            digest.update((folder / name).read_bytes())
        self.model = digest.hexdigest()[:16]
        """Digest of the model's files: equal digests give equal vectors."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
        self._input_names = {node.name for node in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row for each text: mean pooling of the last layer's tokens, as the model was trained."""
        encoded = self._tokenizer.encode_batch(list(texts))
        mask = np.array([e.attention_mask for e in encoded], np.int64)
        inputs = {
            "input_ids": np.array([e.ids for e in encoded], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        tokens = np.asarray(self._session.run(None, {k: v for k, v in inputs.items() if k in self._input_names})[0])
        weights = mask[..., None].astype(np.float32)
        means = (tokens * weights).sum(axis=1) / weights.sum(axis=1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)
