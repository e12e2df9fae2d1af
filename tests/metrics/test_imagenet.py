"""The numbers of ImageNet's classes at places that are well known."""

import pytest

from photochrom.metrics.imagenet import WORDNET_IDS, labels_of


def test_order_and_number() -> None:
    assert len(set(WORDNET_IDS)) == 1000
    assert list(WORDNET_IDS) == sorted(WORDNET_IDS)
    assert {len(wordnet_id) for wordnet_id in WORDNET_IDS} == {9}


def test_known_classes() -> None:
    # Goldfish, tabby, golden retriever, espresso, toilet tissue.
    names = ["n01443537_goldfish.jpg", "n02123045", "n02099601_17.JPEG", "n07920052-x", "n15075141.png"]
    assert labels_of(names).tolist() == [1, 281, 207, 967, 999]


@pytest.mark.parametrize("name", ["photo.jpg", "n00000000_nothing.jpg", "01443537_goldfish.jpg"])
def test_other_names_raise(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}.* does not begin with the WordNet id"):
        labels_of(["n01443537_goldfish.jpg", name])
