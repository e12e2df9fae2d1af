"""Geodesic distances, against scikit-image's implementation of Dijkstra's algorithm."""

import numpy as np
import pytest
from skimage.graph import MCP_Geometric

from photochrom.engine.geodesic import geodesic_distances


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (24, 31)])
def test_distances_are_dijkstras(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    # Few cheap pixels among expensive ones: the shortest paths wind in all directions.
    cost = (0.01 + rng.random((3, *shape)) ** 8 * 10).astype(np.float32)
    seeds = [(int(rng.integers(shape[0])), int(rng.integers(shape[1]))) for _ in range(3)]
    found = geodesic_distances(cost, seeds, scans=50)
    for each, seed, far in zip(cost, seeds, found, strict=True):
        expected, _ = MCP_Geometric(each, fully_connected=True).find_costs([seed])
        np.testing.assert_allclose(far, expected, rtol=1e-3, atol=1e-4)


def test_a_spiral_is_followed_to_its_end() -> None:
    cost = np.full((1, 9, 9), 100, np.float32)
    for row in (0, 4, 8):
        cost[0, row] = 1
    cost[0, 0:5, 8] = cost[0, 4:9, 0] = 1
    far = geodesic_distances(cost, [(0, 0)])
    expected, _ = MCP_Geometric(cost[0], fully_connected=True).find_costs([(0, 0)])
    np.testing.assert_allclose(far[0], expected, rtol=1e-4)
    assert far[0, 8, 8] < 40
