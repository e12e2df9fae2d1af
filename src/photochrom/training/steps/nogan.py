"""NoGAN (Antic 2019, DeOldify) in four phases. Each phase makes what the next one needs.

1. "generator" trains the generator alone, with a perceptual and a pixel loss. 2. "pictures" saves the generator's
pictures. 3. "critic" trains the discriminator alone to tell the saved pictures from photographs. 4. "both" is a short
GAN training, which the `passes` of a stage end.
"""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from torch import Tensor

from photochrom.training.batches import Batch
from photochrom.training.networks import Networks
from photochrom.training.settings import Optimizer, Part, Pixel
from photochrom.training.steps.adversarial import AdversarialStep, Gan
from photochrom.training.steps.base import Losses, Step, StepSettings
from photochrom.training.steps.regression import Regression, RegressionStep

PICTURES = "pictures"


class Nogan(StepSettings):
    """One of the phases of NoGAN (Antic 2019). NoGAN calls its discriminator a critic.

    "generator" trains the generator alone, "pictures" saves what it makes, "critic" trains the discriminator alone on
    those pictures, and "both" trains both.
    """

    kind: Literal["nogan"]
    phase: Literal["generator", "pictures", "critic", "both"]
    loss: Pixel = Pixel(kind="mse")
    gan: Gan = Gan(discriminator=Part(name="resnet34_critic"), sees="picture", weight=0.1)
    optimizer: Optimizer = Optimizer()

    @classmethod
    def reports(cls) -> tuple[str, ...]:
        return (*AdversarialStep.reports, *PicturesStep.reports)

    def declare(self, networks: Networks, key: str) -> None:
        self.gan.opponent(networks)
        networks.look_with(self.loss, f"{key}.loss")

    def make(self, networks: Networks) -> Step:
        match self.phase:
            case "generator":
                alone = Regression(kind="regression", loss=self.loss, optimizer=self.optimizer)
                return RegressionStep(networks, alone)
            case "pictures":
                return PicturesStep(networks)
            case "critic":
                return DiscriminatorStep(networks, self)
            case "both":
                return AdversarialStep(networks, self)


class PicturesStep(Step):
    """Saves the generator's pictures of a batch as ``pictures/NUMBER.png``. Nothing learns."""

    reports = ("pictures",)

    def step(self, batch: Batch) -> Losses:
        folder = pictures_folder(self.networks.folder)
        folder.mkdir(parents=True, exist_ok=True)
        generator = self.networks.generator.eval()
        with torch.no_grad(), self.networks.fabric.autocast():
            output = generator(self.networks.space.grey_to_input(batch.grey))
            pictures = self.networks.space.to_rgb(output.float(), batch.grey)
        levels = (pictures.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        for index, picture in zip(batch.indices, levels, strict=True):
            path = folder / f"{index:07}.png"
            if not cv2.imwrite(str(path), np.ascontiguousarray(picture[..., ::-1])):
                raise OSError(f"{path}: could not be written; is the disk full?")
        return {"pictures": torch.tensor(float(len(levels)))}


class DiscriminatorStep(Step):
    """The discriminator learns alone, from photographs and the saved pictures."""

    reports = ("discriminator", "discriminator_accuracy")

    def __init__(self, networks: Networks, settings: Nogan) -> None:
        super().__init__(networks)
        if settings.gan.sees != "picture":
            raise ValueError(
                "the discriminator's own phase needs gan.sees=picture: it learns from saved pictures"
            )
        discriminator = settings.gan.opponent(networks)
        self.discriminator = self.learn(
            "discriminator", discriminator, settings.optimizer.for_discriminator()
        )
        self.objective = settings.gan.rules(self.randomness)
        self.files = sorted(pictures_folder(networks.folder).glob("*.png"))
        if not self.files:
            raise ValueError(
                f"{pictures_folder(networks.folder)}: no pictures; the phase pictures must come before"
            )

    def step(self, batch: Batch) -> Losses:
        fake = self.saved(len(batch.rgb), batch.rgb.shape[-1]).to(batch.rgb.device)
        real_logits, fake_logits = self.discriminator.net(batch.rgb), self.discriminator.net(fake)
        loss = self.objective.discriminator_loss(real_logits, fake_logits)
        self.discriminator.descend(loss)
        return {
            "discriminator": loss.detach(),
            "discriminator_accuracy": self.objective.accuracy(real_logits, fake_logits).mean,
        }

    def saved(self, count: int, size: int) -> Tensor:
        """Read random saved pictures ``(count, 3, size, size)``. Half of them are mirrored."""
        batch = np.empty((count, size, size, 3), np.uint8)
        choice = np.random.default_rng(self.randomness.initial_seed())
        for i, number in enumerate(choice.integers(len(self.files), size=count)):
            picture = cv2.imread(str(self.files[number]))
            if picture is None:
                raise OSError(f"{self.files[number]}: not a picture; delete it")
            picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)[..., ::-1]
            batch[i] = picture[:, ::-1] if choice.random() < 0.5 else picture
        return torch.from_numpy(batch).permute(0, 3, 1, 2).float().div_(255)


def pictures_folder(run: Path) -> Path:
    """Return the folder in which a run keeps the generator's pictures."""
    return run / PICTURES
