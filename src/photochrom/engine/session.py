"""One model file, loaded into ONNX Runtime."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from photochrom.color.quantize import ab_bins
from photochrom.engine.model_info import ModelInfo
from photochrom.errors import ModelError
from photochrom.modelfile.metadata import parse
from photochrom.modelfile.names import (
    AB,
    AFFINITY,
    CONFIDENCE,
    HINTS,
    LIGHTNESS,
    LOGITS,
    PRIOR_STRENGTH,
    TEMPERATURE,
    current,
)

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


class Session:
    """A loaded model. Several threads can use it safely.

    Parameters
    ----------
    path : an ONNX file that Photochrom exported
    device : "auto" (CUDA if it is available, else CPU), "cpu", "cuda", "coreml" or "directml"
    threads : number of threads for one run of the network; None means one per core

    Raises
    ------
    ModelError
        If the file is not such a model or the device is not available.
    """

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None) -> None:
        there = ort.get_available_providers()
        if device == "auto":
            device = "cuda" if PROVIDERS["cuda"] in there else "cpu"
        if device not in PROVIDERS:
            raise ModelError(device, f"no such device; there are: auto, {', '.join(PROVIDERS)}")
        if PROVIDERS[device] not in there:
            raise ModelError(
                device, "this machine's ONNX Runtime has no support for it; choose the device cpu"
            )
        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads or 0
        # ONNX Runtime's memory arena never shrinks: after a few large concurrent runs it holds a gigabyte. It saves
        # no time at the default size.
        options.enable_cpu_mem_arena = False
        # Spinning idle threads would take processor time from the decoder and the encoder of the next photo.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(
                str(path),
                options,
                providers=[PROVIDERS[device], PROVIDERS["cpu"]][: 1 if device == "cpu" else 2],
            )
        except Exception as error:  # ONNX Runtime raises its own untyped exceptions
            reason = str(error).splitlines()[0][:200]
            raise ModelError(str(path), f"not a model that ONNX Runtime can load ({reason})") from None
        metadata, schema = parse(self._session.get_modelmeta().custom_metadata_map, str(path))
        self.info = ModelInfo.of(path, metadata)
        # The keys are the current names. An older file may use other names.
        self._inputs = {current(i.name, schema): i.name for i in self._session.get_inputs()}
        self._outputs = {current(o.name, schema): o.name for o in self._session.get_outputs()}
        self.has_distribution = LOGITS in self._outputs
        self.has_affinity = AFFINITY in self._outputs
        self.takes_hints = HINTS in self._inputs
        self.multiple = int(metadata.get("multiple", 32))
        self.size = int(metadata.get("size", 256))
        self.temperature = float(metadata.get(TEMPERATURE, 1.0))
        self.prior_strength = float(metadata.get(PRIOR_STRENGTH, 1.0))

    @cached_property
    def bins(self) -> NDArray[np.float32]:
        """The ab colours ``(K, 2)`` of the classes. Networks with published weights define their own ones."""
        listed = self.info.metadata.get("bins")
        return ab_bins() if listed is None else np.array(listed, np.float32)

    def run(
        self,
        lightness: NDArray[np.float32],
        outputs: list[str],
        *,
        prior_strength: float | None = None,
        hints: NDArray[np.float32] | None = None,
    ) -> list[NDArray[np.float32]]:
        """Run the network.

        Parameters
        ----------
        lightness : (B, 1, H, W) float32, L* in [0, 100]; H and W are multiples of `multiple`
        outputs : any of "ab" (B, 2, h, w), "confidence" (B, 1, h, w), "logits" (B, K, h, w) and, if
            `has_affinity` is true, "affinity" (B, P + 1, h, w)
        prior_strength : the share of the class rebalancing that stays, in [0, 1]; None means the model's default
        hints : (B, 3, H, W) float32: a and b in Lab units where the third channel is 1; a model without this input
            ignores them

        Raises
        ------
        ModelError
            If the network cannot be run at this size.
        """
        batch, _, height, width = lightness.shape
        scalars = {
            TEMPERATURE: self.temperature,
            PRIOR_STRENGTH: self.prior_strength if prior_strength is None else prior_strength,
        }
        given = {k: np.asarray(v, np.float32) for k, v in scalars.items() if k in self._inputs}
        given[LIGHTNESS] = lightness
        if self.takes_hints:
            given[HINTS] = np.zeros((batch, 3, height, width), np.float32) if hints is None else hints
        feed = {self._inputs[name]: value for name, value in given.items()}
        known = [name for name in outputs if name in self._outputs]
        try:
            values = self._session.run([self._outputs[name] for name in known], feed)
        except Exception as error:  # as above: untyped
            reason = str(error).splitlines()[0][:200]
            raise ModelError(self.info.name, f"the model failed at {width}x{height} ({reason})") from None
        got = dict(zip(known, values, strict=True))
        if CONFIDENCE in outputs and CONFIDENCE not in got:
            # A model without a distribution cannot estimate its confidence, so it is the same for all pixels.
            got[CONFIDENCE] = np.ones_like(got[AB][:, :1])
        return [got[name] for name in outputs]
