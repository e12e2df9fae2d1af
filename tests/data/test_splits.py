"""Splits: that anyone can repeat them, that no group is torn, and that a wrong one says so."""

import unicodedata

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from photochrom.data.splits import groups_of, ranked, split

NAMES = [f"photo {i}.jpg" for i in range(10)]


@pytest.mark.parametrize(
    ("spec", "train", "validation"),
    [
        ("8000/2000", 8000, 2000),
        ("300/20", 300, 20),
        ("100/0", 10_000, 0),
        ("80/20", 8000, 2000),
        ("99/1", 9900, 100),
        ("500", 9500, 500),
        ("0.1", 9000, 1000),
        (".25", 7500, 2500),
        (0.02, 9800, 200),
        (500, 9500, 500),
        ("0", 10_000, 0),
        ("0.00001", 9999, 1),
        ("0.99999", 1, 9999),
        (1e-5, 9999, 1),
        (" 80/20 ", 8000, 2000),
    ],
)
def test_sizes(spec: str | float, train: int, validation: int) -> None:
    ours, theirs = split([f"{i}.jpg" for i in range(10_000)], spec)
    assert (len(ours), len(theirs)) == (train, validation)
    assert not set(ours) & set(theirs)
    assert (np.diff(ours) > 0).all()
    assert (np.diff(theirs) > 0).all()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("8000/2000", "needs 10,000 photos, but there are 10"),
        ("9/2", "needs 11 photos, but there are 10"),
        ("0/5", "leaves no photo to train on"),
        ("0/100", "leaves no photo to train on"),
        ("10", "of 10 photos none is left to train on"),
        ("500", "of 10 photos none is left to train on"),
        ("many", "split 'many' is none of 8000/2000"),
        ("1.0", "is none of"),
        ("1.5", "is none of"),
        ("-3", "is none of"),
        ("nan", "is none of"),
        ("8000/", "is none of"),
        ("80/20/5", "is none of"),
        ("", "is none of"),
    ],
)
def test_what_cannot_be_says_why(spec: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        split(NAMES, spec)


@pytest.mark.parametrize("spec", ["0.5", "80/20"])
def test_one_photo_cannot_be_shared(spec: str) -> None:
    with pytest.raises(ValueError, match="needs two photos at least, but there is 1"):
        split(["a"], spec)


def test_one_group_cannot_be_shared() -> None:
    with pytest.raises(ValueError, match="every group has more photos than the 2 for validation"):
        split(["a"] * 4, "0.5")
    with pytest.raises(ValueError, match="of 3 photos in 1 groups none is left to train on"):
        split(["a"] * 3, "2/0")


@given(
    st.lists(st.text(max_size=4), min_size=2, max_size=40),
    st.floats(0.1, 0.9),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_groups_stay_together_in_any_order(
    groups: list[str], share: float, seed: int, random: object
) -> None:
    wanted = min(max(round(share * len(groups)), 1), len(groups) - 1)
    smallest = min(groups.count(group) for group in groups)
    assume(smallest <= wanted)
    train, validation = split(groups, share, seed)
    names = [{unicodedata.normalize("NFC", groups[i]) for i in part} for part in (train, validation)]
    assert {groups[i] for i in train}.isdisjoint(groups[i] for i in validation)
    assert sorted([*train, *validation]) == list(range(len(groups)))
    assert 0 < len(validation) <= wanted
    # Not one more group would have fitted.
    assert all(groups.count(groups[i]) > wanted - len(validation) for i in train)

    shuffled = list(groups)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    again = split(shuffled, share, seed)
    if len(set(groups)) == len({unicodedata.normalize("NFC", group) for group in groups}):
        assert [{unicodedata.normalize("NFC", shuffled[i]) for i in part} for part in again] == names


def test_stereo_pairs_stay_together() -> None:
    names = [f"{i:04d}_{side}.png" for i in range(1024) for side in "LR"]
    train, validation = split(groups_of(names), "1600/400", seed=3)
    assert (len(train), len(validation)) == (1600, 400)
    for part in (train, validation):
        lefts, rights = ({names[i][:4] for i in part if names[i][5] == side} for side in "LR")
        assert lefts == rights


def test_an_odd_number_of_paired_photos_is_one_short() -> None:
    groups = [f"{i // 2}" for i in range(20)]
    train, validation = split(groups, "5")
    assert (len(train), len(validation)) == (16, 4)


def test_a_seed_is_another_split_and_each_photo_has_its_chance() -> None:
    chosen = [tuple(split(NAMES, "3", seed)[1]) for seed in range(200)]
    assert len(set(chosen)) > 80
    counts = np.bincount(np.array(chosen).ravel(), minlength=10)
    # 60 expected, with a deviation of 6.5.
    assert counts.min() > 30
    assert counts.max() < 90


def test_the_split_is_this_one_for_ever() -> None:
    # Published splits depend on it: by blake2b over "seed, zero byte, name".
    names = [f"{letter}.jpg" for letter in "abcdef"]
    assert "".join(name[0] for name in ranked(names, 0)) == "efdcba"
    assert "".join(name[0] for name in ranked(names, 7)) == "adefbc"


def test_an_added_photo_moves_at_most_one_other() -> None:
    names = [f"{i}.jpg" for i in range(1000)]
    before = {names[i] for i in split(names, "0.2")[1]}
    more = [*names, "new.jpg"]
    after = {more[i] for i in split(more, "0.2")[1]}
    assert len(before ^ after) <= 2


def test_accents_are_one_name_however_they_are_spelt() -> None:
    names = [f"caf\u00e9 {i}" for i in range(50)]
    other = [unicodedata.normalize("NFD", name) for name in names]
    assert names != other
    np.testing.assert_array_equal(split(names, "10")[1], split(other, "10")[1])


def test_names_that_are_not_unicode_have_their_place() -> None:
    assert len(split(["caf\udce9.jpg", "b.jpg"], "1")[1]) == 1


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["1_L.png", "1_R.png"], ["1", "1"]),
        (["a/1_L.png", "b/1_R.png"], ["a/1_L.png", "b/1_R.png"]),
        (["1_L.png", "1_R.jpg"], ["1_L.png", "1_R.jpg"]),
        (["1_L.png", "2_R.png"], ["1_L.png", "2_R.png"]),
        (["_L.png", "_R.png"], ["_L.png", "_R.png"]),
        (["a.b.png", "a.c.png"], ["a.b.png", "a.c.png"]),
    ],
)
def test_groups_by_name(names: list[str], groups: list[str]) -> None:
    assert groups_of(names) == groups


def test_groups_of_samples_go_to_the_first_dot_of_the_file() -> None:
    names = ["v1.0/a.left.png", "v1.0/a.right.png", "v1.0/b.png", "c_L.png", "c_R.png"]
    assert groups_of(names, samples=True) == ["v1.0/a", "v1.0/a", "v1.0/b", "c", "c"]
