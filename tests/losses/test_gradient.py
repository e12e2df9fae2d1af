"""The gradient loss by hand and by a loop."""

import numpy as np
import pytest
import torch
from torch import Tensor

from photochrom.losses.gradient import gradient_loss


def random_ab(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 30


def test_an_edge_that_is_not_there() -> None:
    flat, edge = torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    edge[:, :, :, 2:] = 6
    # One of three horizontal differences is missed by 6, and no vertical one.
    assert float(gradient_loss(flat, edge)) == pytest.approx(6 / 3 / 2)
    assert float(gradient_loss(flat, edge.mT)) == pytest.approx(6 / 3 / 2)
    # The opposite edge is twice as wrong as none.
    assert float(gradient_loss(-edge, edge)) == pytest.approx(2 * 6 / 3 / 2)


def test_a_cast_is_not_seen() -> None:
    ab = random_ab(1, 2, 2, 5, 4)
    assert float(gradient_loss(ab + 20, ab)) == pytest.approx(0, abs=1e-12)


def test_against_a_loop() -> None:
    prediction, truth = random_ab(1, 2, 2, 4, 5), random_ab(2, 2, 2, 4, 5)
    error = (prediction - truth).numpy()
    across, down = [], []
    for i, channel, row, column in np.ndindex(error.shape):
        if column:
            across.append(abs(error[i, channel, row, column] - error[i, channel, row, column - 1]))
        if row:
            down.append(abs(error[i, channel, row, column] - error[i, channel, row - 1, column]))
    assert float(gradient_loss(prediction, truth)) == pytest.approx((np.mean(across) + np.mean(down)) / 2)


def test_gradcheck() -> None:
    assert torch.autograd.gradcheck(
        gradient_loss, (random_ab(1, 1, 2, 3, 3).requires_grad_(), random_ab(2, 1, 2, 3, 3))
    )


@pytest.mark.parametrize(("first", "second"), [((1, 2, 4, 4), (1, 1, 4, 4)), ((1, 2, 1, 4), (1, 2, 1, 4))])
def test_wrong_shapes_raise(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="of one shape and sides of at least 2"):
        gradient_loss(torch.zeros(first), torch.zeros(second))
