"""The metrics by name, with the text that tables print about each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torchmetrics import Metric, MetricCollection

from photochrom.metrics.auc import AuC, BalancedAuC
from photochrom.metrics.chroma import BrownShare, ChromaRatio, MeanChroma, MutedChromaRatio, NearlyGreyShare
from photochrom.metrics.classifier import Top1
from photochrom.metrics.colorfulness import Colorfulness, DifferenceOfMeans, MeanOfDifferences
from photochrom.metrics.consistency import CDC
from photochrom.metrics.detail import ABDetail
from photochrom.metrics.difference import CIE76, CIEDE2000, SquaredLabDifference
from photochrom.metrics.frechet import FrechetDistance
from photochrom.metrics.lpips import LPIPS
from photochrom.metrics.metric import PhotoMetric
from photochrom.metrics.pixel import MSE, PSNR
from photochrom.metrics.structure import MSSSIM, SSIM
from photochrom.metrics.warp import WarpError


@dataclass(frozen=True)
class Entry:
    """A metric as tables print it.

    `better` is "higher", "lower", or "truth" if the best value is that of the true photos. `digits` counts the digits
    after the point. `needs` names the arguments of `build`, in this order. "labels" is not among them: it goes to
    ``update``.
    """

    name: str
    unit: str
    better: Literal["higher", "lower", "truth"]
    digits: int
    about: str
    source: str
    build: Callable[..., PhotoMetric]
    needs: tuple[str, ...] = ()
    of: Literal["photos", "films"] = "photos"


METRICS: dict[str, Entry] = {
    "mse": Entry("MSE", "", "lower", 5, "mean squared error of sRGB in 0..1; mean over photos", "", MSE),
    "psnr": Entry("PSNR", "dB", "higher", 2, "of sRGB; the mean of each photo's own, at most 100", "", PSNR),
    "ssim": Entry(
        "SSIM",
        "",
        "higher",
        4,
        "of R, G and B, Gaussian window 11x11, sigma 1.5; mostly the luma's, so 1 is near for every colorizer",
        "Wang et al. 2004",
        SSIM,
    ),
    "ms_ssim": Entry(
        "MS-SSIM",
        "",
        "higher",
        4,
        "of R, G and B at five scales; from 176 pixels a side",
        "Wang, Simoncelli and Bovik 2003",
        MSSSIM,
    ),
    "lpips": Entry(
        "LPIPS (VGG-16)",
        "",
        "lower",
        4,
        "learned perceptual distance, version 0.1",
        "Zhang et al. 2018, arXiv:1801.03924",
        LPIPS,
        ("backbone",),
    ),
    "cie76": Entry("CIE76", "", "lower", 2, "mean distance in L*a*b*", "CIE 15", CIE76),
    "lab_mse": Entry(
        "Lab MSE",
        "",
        "lower",
        1,
        "mean squared difference of L*, a* and b*; one report prints it as CIE76",
        "",
        SquaredLabDifference,
    ),
    "ciede2000": Entry(
        "CIEDE2000",
        "",
        "lower",
        2,
        "mean colour difference; 1 is just noticeable",
        "Sharma, Wu and Dalal 2005",
        CIEDE2000,
    ),
    "auc": Entry(
        "AuC",
        "%",
        "higher",
        2,
        "share of pixels within an ab error, mean over thresholds 0 to 150; every pixel counts the same",
        "Zhang et al. 2016, arXiv:1603.08511",
        AuC,
    ),
    "auc_balanced": Entry(
        "AuC, class-balanced",
        "%",
        "higher",
        2,
        "the same, pixels weighed by the rarity of their true colour in these photos",
        "Zhang et al. 2016, arXiv:1603.08511",
        BalancedAuC,
    ),
    "colorfulness": Entry(
        "colorfulness (signed)",
        "",
        "truth",
        1,
        "as its paper has it; mean over photos",
        "Hasler and Suesstrunk 2003",
        partial(Colorfulness, signed=True),
    ),
    "colorfulness_absolute": Entry(
        "colorfulness (absolute)",
        "",
        "truth",
        1,
        "with absolute opponent values, as DDColor and the tables after it compute it",
        "Kang et al. 2023, arXiv:2212.11613",
        partial(Colorfulness, signed=False),
    ),
    "dcf_of_means": Entry(
        "dCF of means",
        "",
        "lower",
        2,
        "difference of the mean colorfulness (absolute) from the truth's; what papers print as dCF",
        "Kang et al. 2023, arXiv:2212.11613",
        DifferenceOfMeans,
    ),
    "dcf_of_photos": Entry(
        "dCF of photos",
        "",
        "lower",
        2,
        "mean over photos of the difference of colorfulness (absolute) from the photo's truth",
        "",
        MeanOfDifferences,
    ),
    "chroma": Entry("chroma", "", "truth", 2, "mean chroma of L*a*b*; mean over photos", "", MeanChroma),
    "chroma_ratio": Entry(
        "chroma ratio", "", "truth", 3, "mean chroma of all photos divided by the truth's", "", ChromaRatio
    ),
    "muted_ratio": Entry(
        "muted ratio",
        "",
        "truth",
        3,
        "chroma ratio of the photos whose true mean chroma is below 8",
        "",
        MutedChromaRatio,
    ),
    "brown": Entry(
        "brown",
        "%",
        "truth",
        1,
        "photos whose mean a* and b* have a hue of 40 to 105 degrees and a chroma above 3",
        "",
        BrownShare,
    ),
    "brown_excess": Entry(
        "brown, less the truth's",
        "points",
        "truth",
        1,
        "share of brown photos minus the share of brown truths",
        "",
        partial(BrownShare, less_truth=True),
    ),
    "nearly_grey": Entry(
        "nearly grey", "%", "truth", 1, "photos with a mean chroma below 4", "", NearlyGreyShare
    ),
    "nearly_grey_excess": Entry(
        "nearly grey, less the truth's",
        "points",
        "truth",
        1,
        "share of nearly grey photos minus the share of nearly grey truths",
        "",
        partial(NearlyGreyShare, less_truth=True),
    ),
    "ab_detail": Entry(
        "ab detail",
        "",
        "truth",
        3,
        "change of ab between neighbouring cells of 8x8 pixels whose true L* differs by less than 2, "
        "summed over all photos and divided by the truth's sum",
        "",
        ABDetail,
    ),
    "top1": Entry(
        "top-1",
        "%",
        "higher",
        1,
        "photos whose class a classifier of colour photos guesses",
        "Zhang et al. 2016, arXiv:1603.08511",
        Top1,
        ("network", "labels"),
    ),
    "frechet": Entry(
        "Frechet distance",
        "",
        "lower",
        1,
        "between the classifier's features of the predictions and of the truth; this is not FID",
        "after Heusel et al. 2017, arXiv:1706.08500",
        FrechetDistance,
        ("network",),
    ),
    "fid": Entry(
        "FID",
        "",
        "lower",
        2,
        "Frechet distance of Inception features; weights and resizing are those of the file that was given",
        "Heusel et al. 2017, arXiv:1706.08500",
        FrechetDistance,
        ("inception",),
    ),
    "cdc": Entry(
        "CDC",
        "",
        "lower",
        6,
        "divergence of the colour histograms of frames 1, 2 and 4 apart; mean over films",
        "Liu et al. 2021, arXiv:2110.04562",
        CDC,
        of="films",
    ),
    "warp": Entry(
        "warp error of ab",
        "",
        "lower",
        3,
        "mean change of ab along the optical flow of the true luma, from frame to frame; mean over films",
        "after Lai et al. 2018, arXiv:1808.00449",
        WarpError,
        ("flow",),
        of="films",
    ),
}


def collection(
    names: Iterable[str] | None = None, *, of: Literal["photos", "films"] = "photos", **given: Any
) -> MetricCollection:
    """Build metrics that are updated together.

    Parameters
    ----------
    names : keys of `METRICS`; None takes all whose needs are in `given`
    of : if `names` is None, whether to take the metrics of photos or of films
    given : ``network``, ``inception`` (`photochrom.metrics.photos.Network`), ``backbone``
        (`photochrom.metrics.lpips.Backbone`), ``flow`` (`photochrom.metrics.warp.Flow`), and ``labels=True`` if
        ``update`` will get labels

    Raises
    ------
    ValueError
        If there is no metric of that name, or if something that it needs is missing.
    """
    given = {key: value for key, value in given.items() if value is not None and value is not False}
    if names is None:
        names = [key for key, entry in METRICS.items() if entry.of == of and given.keys() >= {*entry.needs}]
    metrics: dict[str, Metric | MetricCollection] = {}
    for name in names:
        if name not in METRICS:
            raise ValueError(f"no metric {name!r}; there are {', '.join(METRICS)}")
        entry = METRICS[name]
        lacking = [need for need in entry.needs if need not in given]
        if lacking:
            raise ValueError(f"{entry.name} needs {' and '.join(lacking)}")
        metrics[name] = entry.build(*(given[need] for need in entry.needs if need != "labels"))
    # Without this, torchmetrics merges metrics with equal states. Two metrics can store equal rows by chance.
    return MetricCollection(metrics, compute_groups=False)
