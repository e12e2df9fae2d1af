"""Warp error of chroma: how much the colour of a thing changes from one frame of a film to the next."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["chroma_warp_error"]


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
