"""Photos and predictions that the metrics' tests share."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

# On a busy machine more threads only wait for each other.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def truth(astronaut: NDArray[np.uint8], chelsea: NDArray[np.uint8]) -> Tensor:
    """Five different crops of two photos: (5, 3, 48, 40) float32 sRGB in [0, 1]."""
    crops = [
        astronaut[60:108, 200:240],
        astronaut[300:348, 100:140],
        chelsea[100:148, 150:190],
        chelsea[20:68, 300:340],
        astronaut[0:48, 400:440],
    ]
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255


@pytest.fixture(scope="session")
def prediction(truth: Tensor) -> Tensor:
    """The same photos with other colours, each worse than the one before."""
    grey = truth.mean(dim=1, keepdim=True)
    wrong = truth.flip(1) * torch.tensor([0.9, 1.0, 0.8]).view(1, 3, 1, 1)
    share = torch.linspace(0.2, 0.8, len(truth)).view(-1, 1, 1, 1)
    return (share * wrong + (1 - share) * (grey + truth) / 2).clamp(0, 1)


def picture(photo: Tensor) -> NDArray[np.float64]:
    """``(3, H, W)`` as the ``(H, W, 3)`` float64 that scikit-image and NumPy want."""
    return photo.permute(1, 2, 0).double().numpy()
