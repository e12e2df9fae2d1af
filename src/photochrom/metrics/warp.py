"""Warp error of chroma: how much the colour of a thing changes from one frame of a film to the next."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics.utilities.data import dim_zero_cat

from photochrom.color.luma import rgb_to_luma
from photochrom.metrics.metric import MeanOverPhotos
from photochrom.metrics.photos import Photos, as_photos

__all__ = ["Flow", "WarpError", "chroma_warp_error"]

Flow: TypeAlias = Callable[
    [NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]
]
"""From the luma (h, w) of two neighbouring frames to the flow (h, w, 2) of the first one and its trust (h, w)."""


class WarpError(MeanOverPhotos):
    """The mean change of ab along the optical flow (`chroma_warp_error`) between neighbouring frames, mean over films.

    Lower is steadier. A true colour film has some, because of noise and light, and a grey one none: print the truth's
    beside it.

    ``update(frames, truth, film=number)`` takes the next frames ``(T, 3, H, W)`` of a film, in order; the flow is
    that of the truth's luma. A film may be given in any number of parts, but all on one rank and not mixed with others.
    `values` has one figure per film, by ascending number.

    Parameters
    ----------
    flow : finds the flow between two frames
    """

    higher_is_better = False
    counted = "films"
    films: list[Tensor]

    def __init__(self, flow: Flow) -> None:
        super().__init__()
        self.add_state("films", [], dist_reduce_fx="cat")
        self._flow = flow
        self._last: tuple[int, NDArray[np.uint8], NDArray[np.float32]] | None = None

    def update(
        self,
        prediction: Photos | Tensor,
        truth: Photos | Tensor,
        labels: Tensor | None = None,
        film: int = 0,
    ) -> None:
        """Add frames of a film. `labels` are not used."""
        ours, true = as_photos(prediction), as_photos(truth)
        if ours.rgb.shape != true.rgb.shape:
            raise ValueError(
                f"frames {tuple(ours.rgb.shape)} and truth {tuple(true.rgb.shape)} differ in shape"
            )
        greys = (rgb_to_luma(true.rgb, axis=1) * 255).round().to(torch.uint8)
        for grey, lab in zip(greys.cpu().numpy(), ours.lab.cpu(), strict=True):
            ab = np.ascontiguousarray(lab[1:].movedim(0, -1).numpy(), np.float32)
            if self._last is not None and self._last[0] == film:
                flow, trust = self._flow(self._last[1], grey)
                change = chroma_warp_error(self._last[2], ab, flow, trust)
                self.measured.append(torch.tensor([[change]], dtype=torch.float64))
                self.films.append(torch.tensor([film]))
            self._last = (film, grey, ab)

    def reset(self) -> None:
        """Forget all films."""
        super().reset()
        self._last = None

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        """A single frame has no change."""
        raise NotImplementedError("the warp error needs two frames")

    @property
    def rows(self) -> Tensor:
        """One figure per film, ``(F, 1)``: the mean over its pairs of frames."""
        changes = super().rows
        if not len(changes):
            return changes
        films = dim_zero_cat(self.films)
        return torch.stack([changes[films == film].mean() for film in sorted(set(films.tolist()))])[:, None]


def chroma_warp_error(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    flow: NDArray[np.float32],
    trust: NDArray[np.float32] | None = None,
) -> float:
    """The mean change of ab along the optical flow, in Lab units.

    It is the warp error of Lai et al. 2018 (arXiv:1808.00449), of a and b alone and not squared: luma is the film's
    own. A film that moves has some, and a grey one none: print the truth's beside it, and the error against the truth.

    Parameters
    ----------
    first, second : (h, w, 2), a and b of two frames
    flow : (h, w, 2), where each pixel of `first` goes in `second`, as x and y in pixels from where it is
    trust : (h, w), how much each pixel counts: 0 where it is covered in `second`. All count alike, if None.

    Returns
    -------
    float
        0 where nothing can be trusted.
    """
    height, width = flow.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    found = cv2.remap(
        np.ascontiguousarray(second),
        x + flow[..., 0],
        y + flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    change = np.hypot(*np.moveaxis(np.asarray(found, np.float64) - first, -1, 0))
    weight = np.ones_like(change) if trust is None else trust.astype(np.float64)
    total = float(weight.sum())
    return float((change * weight).sum() / total) if total else 0.0
