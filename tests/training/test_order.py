from collections import Counter

import numpy as np
import pytest

from photochrom.training.order import Order

ELIGIBLE = np.array([2, 3, 5, 7, 11, 13])


def test_each_photo_once_a_pass_in_an_order_of_its_own() -> None:
    order, other = Order(4, ELIGIBLE), Order(5, ELIGIBLE)
    passes = [[order[6 * i + j] for j in range(6)] for i in range(20)]
    assert all(sorted(row) == ELIGIBLE.tolist() for row in passes)
    assert len({tuple(row) for row in passes}) > 15
    assert [Order(4, ELIGIBLE)[n] for n in range(120)] == [n for row in passes for n in row]
    assert [other[n] for n in range(12)] != passes[0] + passes[1]


def test_without_balance_collections_change_nothing() -> None:
    plain, named = Order(4, ELIGIBLE), Order(4, ELIGIBLE, list("aabbcc"), 1.0)
    assert [plain[n] for n in range(60)] == [named[n] for n in range(60)]


@pytest.mark.parametrize(
    ("balance", "places"), [(0.0, (40, 40, 40)), (0.5, (75, 30, 15)), (1.0, (97, 19, 4))]
)
def test_the_share_of_a_collection_is_the_power_of_its_size(balance: float, places: tuple[int, ...]) -> None:
    # By hand: 120 places in proportion to the roots of 100, 16 and 4, which are 10, 4 and 2, are 75, 30 and 15.
    sizes = (100, 16, 4) if balance < 1 else (97, 19, 4)
    collections = [name for name, size in zip("abc", sizes, strict=True) for _ in range(size)]
    order = Order(1, np.arange(120), collections, balance)
    for epoch in range(3):
        taken = Counter(collections[order[120 * epoch + i]] for i in range(120))
        assert tuple(taken[name] for name in "abc") == places


def test_each_photo_of_a_collection_comes_once_before_one_comes_again() -> None:
    collections = ["a"] * 90 + ["b"] * 10
    order = Order(3, np.arange(100), collections, 0.5)
    taken = [order[i] for i in range(400)]
    large, small = ([i for i in taken if collections[i] == name] for name in "ab")
    assert sorted(large[:90]) == list(range(90))
    for start in range(0, len(small) - 9, 10):
        assert sorted(small[start : start + 10]) == list(range(90, 100))


def test_the_smallest_collection_keeps_a_place() -> None:
    collections = ["a"] * 999 + ["b"]
    taken = Counter(collections[Order(0, np.arange(1000), collections, 0.99)[i]] for i in range(1000))
    assert taken["b"] >= 1
    assert sum(taken.values()) == 1000
