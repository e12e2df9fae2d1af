"""The rebalanced loss against a loop over pixels that searches all bins."""

import math
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from photochrom.color.quantize import ab_bins, class_weights
from photochrom.losses.classification import RebalancedCrossEntropy

BINS = torch.from_numpy(ab_bins().copy())
K = len(BINS)


def some_logits(batch: int, height: int, width: int, *, spread: float = 3.0) -> Tensor:
    return torch.randn(batch, K, height, width, generator=torch.Generator().manual_seed(1)) * spread


def some_weights() -> Tensor:
    return torch.rand(K, generator=torch.Generator().manual_seed(2)) * 3 + 0.1


@cache
def unambiguous_colors() -> NDArray[np.int64]:
    """All whole ab values that have one nearest bin and five that are nearer than the sixth."""
    axis = np.arange(-128, 128)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    squared = np.sort(((grid[:, None] - ab_bins()[None].astype(int)) ** 2).sum(axis=-1), axis=1)
    return grid[(squared[:, 0] < squared[:, 1]) & (squared[:, 4] < squared[:, 5])]


def unambiguous_ab(batch: int, height: int, width: int) -> Tensor:
    chosen = np.random.default_rng(3).choice(unambiguous_colors(), batch * height * width, replace=False)
    return torch.from_numpy(chosen.reshape(batch, height, width, 2)).permute(0, 3, 1, 2).float()


def targets(ab: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Probabilities (K,) of one colour's soft encoding (Zhang et al. 2016) and its nearest bin."""
    distances = [math.dist(ab, bin_) for bin_ in ab_bins().tolist()]
    nearest = sorted(range(K), key=distances.__getitem__)[:5]
    probabilities = np.zeros(K)
    for index in nearest:
        probabilities[index] = math.exp(-(distances[index] ** 2) / (2 * 5**2))
    return probabilities / probabilities.sum(), nearest[0]


def brute_force(logits: Tensor, ab: Tensor, weights: Tensor) -> float:
    batch, _, height, width = logits.shape
    losses = []
    for i in range(batch):
        for row in range(height):
            for column in range(width):
                scores = logits[i, :, row, column].double().numpy()
                log_probability = scores - scores.max() - math.log(np.exp(scores - scores.max()).sum())
                probabilities, nearest = targets(ab[i, :, row, column].double().numpy())
                losses.append(-float(weights[nearest]) * float(probabilities @ log_probability))
    return sum(losses) / len(losses)


def test_against_brute_force() -> None:
    logits, ab, weights = some_logits(2, 6, 8), unambiguous_ab(2, 6, 8), some_weights()
    got = RebalancedCrossEntropy(BINS, weights)(logits, ab)
    assert got.shape == ()
    assert got.item() == pytest.approx(brute_force(logits, ab, weights), rel=1e-5)


def test_with_uniform_weights_it_is_the_plain_cross_entropy() -> None:
    logits, ab = some_logits(2, 4, 4), unambiguous_ab(2, 4, 4)
    soft = torch.zeros_like(logits)
    for i, row, column in np.ndindex(2, 4, 4):
        soft[i, :, row, column] = torch.from_numpy(targets(ab[i, :, row, column].double().numpy())[0])
    expected = torch.nn.functional.cross_entropy(logits, soft)
    torch.testing.assert_close(RebalancedCrossEntropy(BINS, torch.ones(K))(logits, ab), expected)


def test_colors_between_whole_units_count_as_the_nearest_one() -> None:
    criterion, logits, ab = (
        RebalancedCrossEntropy(BINS, some_weights()),
        some_logits(1, 8, 8),
        unambiguous_ab(1, 8, 8),
    )
    offset = torch.rand(ab.shape, generator=torch.Generator().manual_seed(4)) * 0.98 - 0.49
    assert torch.equal(criterion(logits, ab + offset), criterion(logits, ab))
    assert not torch.equal(criterion(logits, ab + 2), criterion(logits, ab))


def test_colors_beyond_the_table_count_as_its_edge() -> None:
    criterion, logits = RebalancedCrossEntropy(BINS, some_weights()), some_logits(1, 1, 1)
    beyond, edge = torch.tensor([300.0, -400.0]), torch.tensor([127.0, -128.0])
    shape = (1, 2, 1, 1)
    assert torch.equal(criterion(logits, beyond.view(shape)), criterion(logits, edge.view(shape)))


def test_best_logits_are_the_soft_targets_and_cost_their_entropy() -> None:
    ab = unambiguous_ab(1, 1, 1)
    probabilities, _ = targets(ab[0, :, 0, 0].double().numpy())
    perfect = torch.from_numpy(np.log(probabilities + 1e-30)).float().view(1, K, 1, 1)
    criterion = RebalancedCrossEntropy(BINS, torch.ones(K))
    entropy = -sum(p * math.log(p) for p in probabilities if p > 0)
    assert criterion(perfect, ab).item() == pytest.approx(entropy, rel=1e-5)
    assert criterion(perfect + some_logits(1, 1, 1, spread=0.1), ab).item() > entropy


def test_rare_colors_weigh_more() -> None:
    common, rare = 100, 200
    prior = torch.full((K,), 1e-4)
    prior[common] = 1 - prior.sum() + 1e-4
    weights = class_weights(prior)
    criterion, indifferent = RebalancedCrossEntropy(BINS, weights), torch.zeros(1, K, 4, 4)

    def loss_of(index: int) -> float:
        return float(criterion(indifferent, BINS[index].view(1, 2, 1, 1).expand(1, 2, 4, 4)))

    # An indifferent net pays log K for every colour, so that only the weights differ.
    assert loss_of(common) == pytest.approx(math.log(K) * weights[common].item(), rel=1e-5)
    assert loss_of(rare) == pytest.approx(math.log(K) * weights[rare].item(), rel=1e-5)
    assert loss_of(rare) > 100 * loss_of(common)


@pytest.mark.parametrize("spread", [0.0, 3.0, 1e4])
def test_gradient_is_finite_and_not_zero(spread: float) -> None:
    logits = some_logits(1, 4, 4, spread=spread).requires_grad_()
    loss = RebalancedCrossEntropy(BINS, some_weights())(logits, unambiguous_ab(1, 4, 4))
    loss.backward()
    assert logits.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
    assert logits.grad.abs().sum() > 0


def test_gradcheck() -> None:
    criterion = RebalancedCrossEntropy(BINS, some_weights()).double()
    logits, ab = some_logits(1, 2, 2).double().requires_grad_(), unambiguous_ab(1, 2, 2)
    assert torch.autograd.gradcheck(lambda x: criterion(x, ab), (logits,), fast_mode=True)


def test_memory_order_of_the_logits_does_not_matter() -> None:
    criterion, logits, ab = (
        RebalancedCrossEntropy(BINS, some_weights()),
        some_logits(2, 4, 8),
        unambiguous_ab(2, 4, 8),
    )
    last = logits.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(criterion(last, ab), criterion(logits, ab))


@pytest.mark.parametrize("factor", [2, 4])
def test_finer_colors_are_averaged(factor: int) -> None:
    criterion, logits = RebalancedCrossEntropy(BINS, some_weights()), some_logits(2, 3, 5)
    fine = torch.randn(2, 2, 3 * factor, 5 * factor, generator=torch.Generator().manual_seed(7)) * 40
    coarse = torch.zeros(2, 2, 3, 5)
    for row, column in np.ndindex(3, 5):
        square = fine[..., row * factor : (row + 1) * factor, column * factor : (column + 1) * factor]
        coarse[..., row, column] = square.mean(dim=(2, 3))
    torch.testing.assert_close(criterion(logits, fine), criterion(logits, coarse))


@pytest.mark.parametrize("size", [(7, 10), (6, 11), (6, 5), (2, 5), (12, 10)])
def test_colors_of_a_size_that_does_not_fit_raise(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is no multiple of logits"):
        RebalancedCrossEntropy(BINS, some_weights())(some_logits(1, 3, 5), torch.zeros(1, 2, *size))
