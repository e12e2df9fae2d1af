"""The protocol of an evaluation: size, fit and merge. Two tables are comparable only with the same protocol."""

from dataclasses import asdict, dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Protocol:
    """The settings on which figures depend. Published tables differ in all of them (DDColor's issue 9).

    Parameters
    ----------
    size : the side in pixels of all measured pictures
    fit : "crop" cuts the largest square from the middle, "stretch" squeezes the photo into one
    merge : "luma" is the product's own `colorize`, which keeps the photo's luma; "lab" puts the network's ab,
        enlarged bilinearly, beside the grey's L*, as most papers do
    seed : the seed of the bootstrap
    """

    size: int = 256
    fit: Literal["crop", "stretch"] = "crop"
    merge: Literal["luma", "lab"] = "luma"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.size < 32:
            raise ValueError(f"size must be at least 32 pixels, not {self.size}")
        if self.fit not in ("crop", "stretch"):
            raise ValueError(f"fit is crop or stretch, not {self.fit}")
        if self.merge not in ("luma", "lab"):
            raise ValueError(f"merge is luma or lab, not {self.merge}")

    def fitted(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bring `rgb` ``(H, W, 3)`` to ``(size, size, 3)``. A photo of that size is not changed."""
        height, width = rgb.shape[:2]
        if self.fit == "crop" and height != width:
            side = min(height, width)
            top, left = (height - side) // 2, (width - side) // 2
            rgb = rgb[top : top + side, left : left + side]
        if rgb.shape[:2] == (self.size, self.size):
            return np.ascontiguousarray(rgb)
        how = cv2.INTER_AREA if min(rgb.shape[:2]) > self.size else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(rgb, (self.size, self.size), interpolation=how), np.uint8)

    def stated(self, files: int) -> dict[str, str | int]:
        """Return the protocol as the table states it."""
        return {"files": files} | asdict(self)
