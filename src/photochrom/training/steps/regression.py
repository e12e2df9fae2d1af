"""The generator alone, against the truth."""

from photochrom.training.batches import Batch
from photochrom.training.criterion import Criterion
from photochrom.training.learner import Learner
from photochrom.training.networks import Networks
from photochrom.training.recipe import Regression
from photochrom.training.steps.base import Losses, Step


class RegressionStep(Step):
    """Predict, compare, descend: L1 pretraining, the small CNNs, NoGAN's first phase."""

    reports = ("loss",)

    def __init__(self, networks: Networks, settings: Regression) -> None:
        super().__init__(networks)
        optimizer = settings.optimizer
        self.generator = Learner("generator", networks.generator, optimizer, optimizer.rate, networks.fabric)
        self.learners = [self.generator]
        self.criterion = Criterion(settings.loss, networks.space, networks.features).to(
            networks.fabric.device
        )

    def step(self, batch: Batch) -> Losses:
        x, truth = self.pair(batch)
        output = self.generator.net(x)
        loss = self.criterion(output, truth, batch.rgb, batch.grey)
        self.generator.descend(loss)
        return {"loss": loss.detach()}
