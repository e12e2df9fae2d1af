"""Colour differences from the truth in L*a*b*."""

from torch import Tensor

from photochrom.color.difference import cie76, ciede2000
from photochrom.metrics.metric import MeanOverPhotos, photo_mean
from photochrom.metrics.photos import Photos


class CIE76(MeanOverPhotos):
    """Mean CIE 1976 colour difference, the Euclidean distance in L*a*b*; 2.3 is just noticeable."""

    higher_is_better = False

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return photo_mean(cie76(prediction.lab, truth.lab, axis=1))


class SquaredLabDifference(MeanOverPhotos):
    """Mean squared difference of L*, a* and b*, over channels and pixels.

    A report on colorization calls this CIE76, but that is wrong. It is a third of the mean *square* of CIE76, and one
    very wrong pixel counts more than a hundred slightly wrong ones.
    """

    higher_is_better = False

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return photo_mean((prediction.lab - truth.lab).square())


class CIEDE2000(MeanOverPhotos):
    """Mean CIEDE2000 colour difference (CIE 142:2001; Sharma, Wu and Dalal 2005); 1 is just noticeable."""

    higher_is_better = False

    def measure(self, prediction: Photos, truth: Photos, labels: Tensor | None) -> Tensor:
        return photo_mean(ciede2000(prediction.lab, truth.lab, axis=1))
