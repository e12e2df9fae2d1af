"""Learning the affinity: the kernel of the Gaussian process regression by which hints spread over a net's colours."""

import math
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from photochrom.color.lab import grey_to_lightness
from photochrom.color.propagation import propagated
from photochrom.errors import RecipeError
from photochrom.nets.prediction import annealed
from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.settings import Optimizer, Positive, Share
from photochrom.training.steps.base import Losses, Step, StepSettings

DRAWS = 4
"""The number of sets of hints for each photo of a batch."""
FLOOR = 4.0
"""Added to squared errors in Lab units. It gives errors below a just noticeable difference of 2 little weight."""


class Affinity(StepSettings):
    """Train only the affinity (`photochrom.nets.affinity`) of a trained net, by which hints spread over its colours.

    Each photo gets from 1 to `points` hints; the logarithm of their number is uniform. Colours are decoded at
    `temperature` and `prior_strength`.
    """

    distributes: ClassVar[bool] = True

    kind: Literal["affinity"]
    points: Annotated[int, Field(ge=1)] = 20
    temperature: Positive = 0.5
    prior_strength: Share = 0.45
    optimizer: Optimizer = Optimizer()

    @classmethod
    def reports(cls) -> tuple[str, ...]:
        return AffinityStep.reports

    def declare(self, networks: Networks, key: str) -> None:
        if networks.generator.affinity is None:
            raise RecipeError(
                f"{key}.kind", f"{networks.recipe.net.name} learns no affinity; set net.args.affinity"
            )

    def make(self, networks: Networks) -> Step:
        return AffinityStep(networks, self)


class AffinityStep(Step):
    """Reveal true colours at random cells, spread them, and compare all cells. Only the affinity learns.

    The loss is half the logarithm of each photo's mean squared error, so that equal ratios count equally.
    """

    reports = ("loss", "rmse")

    def __init__(self, networks: Networks, settings: Affinity) -> None:
        super().__init__(networks)
        self.affinity = self.learn("affinity", networks.generator.affinity, settings.optimizer)
        self.points = settings.points
        decoding = [settings.temperature, settings.prior_strength]
        self.temperature, self.prior_strength = torch.tensor(decoding, device=networks.fabric.device)

    def step(self, batch: Batch) -> Losses:
        assert batch.ab is not None
        ab, features = self.trunk(batch)
        affinity = self.affinity.net(features).float()
        # The luma of the net's input: for an aged photo the product has no other.
        luma = F.interpolate(batch.grey, size=ab.shape[2:], mode="area")
        # The net's forward pass costs much more than spreading hints, so each photo gets several sets of them.
        ab, luma, affinity, truth = (x.repeat(DRAWS, 1, 1, 1) for x in (ab, luma, affinity, batch.ab))
        at, given = self.reveal(len(ab), ab[0, 0].numel(), ab.device)
        known = truth.flatten(2).transpose(1, 2).gather(1, at[..., None].expand(-1, -1, 2))
        moved = propagated(ab, luma, at, known, affinity, given)
        error = ((moved - truth) ** 2).sum(dim=1).mean(dim=(1, 2))
        loss = torch.log(error + FLOOR).mean() / 2
        self.affinity.descend(loss)
        return {"loss": loss.detach(), "rmse": error.detach().mean().sqrt()}

    @torch.no_grad()
    def trunk(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the net's colours ``(B, 2, h, w)`` and the decoder's features, with the net in eval mode."""
        net = self.networks.generator
        net.eval()
        features = net.features(grey_to_lightness(batch.grey))
        logits = net.calibrated(net.head(features), self.prior_strength)
        self.affinity.net.train()
        return annealed(logits, net.bins, self.temperature).float(), features

    def reveal(self, photos: int, cells: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return cells ``(B, K)`` and which of them count. Their number is from 1 to K, uniform in the logarithm."""
        count = min(self.points, cells)
        known = torch.randint(cells, (photos, count), generator=self.randomness)
        most = torch.rand(photos, 1, generator=self.randomness) * math.log(count + 1)
        given = torch.arange(count)[None] < torch.exp(most).floor()
        return known.to(device), given.float().to(device)
