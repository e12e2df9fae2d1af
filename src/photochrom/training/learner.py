"""One network that learns: its module, its optimizer, and one descent along a loss."""

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.training.schedule import PEAK, set_rates
from photochrom.training.settings import Optimizer

OPTIMIZERS: dict[str, type[torch.optim.Adam]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Learner:
    """A module under an optimizer, on the device and with the precision of `fabric`.

    Parameters
    ----------
    module : stays usable by itself; `net` is the same weights as `fabric` runs them

    Raises
    ------
    FloatingPointError
        By `descend`, if the loss or its gradient is not finite; nothing is changed then.
    """

    def __init__(self, name: str, module: nn.Module, settings: Optimizer, fabric: Fabric) -> None:
        self.name, self.module, self.settings, self.fabric = name, module, settings, fabric
        self.optimizer = _optimizer(module, settings)
        self.net, self._wrapped = fabric.setup(module, self.optimizer)

    def descend(self, loss: Tensor) -> None:
        """One step against the gradient of `loss`."""
        self._wrapped.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        limit = self.settings.clip or float("inf")
        norm = self.fabric.clip_gradients(self.net, self._wrapped, max_norm=limit, error_if_nonfinite=False)
        assert norm is not None
        # The gradient too: clipping an infinite one would make every weight NaN. Half precision's own scaler
        # skips such steps and lowers its scale.
        scaled = self.fabric._precision.precision == "16-mixed"
        if not torch.isfinite(loss if scaled else loss + norm):
            raise FloatingPointError(
                f"the {self.name}'s loss is {loss.item()}, its gradient's norm {norm.item()}"
            )
        self._wrapped.step()

    def set_rates(self, progress: float) -> None:
        """The rates at `progress` of the step, in [0, 1]."""
        set_rates(self.optimizer, self.settings, progress)


def _optimizer(module: nn.Module, settings: Optimizer) -> torch.optim.Optimizer:
    groups = []
    # What no group holds does not learn here.
    module.requires_grad_(False)
    grouped = getattr(module, "layer_groups", None)
    layers: list[list[nn.Parameter]] = [list(module.parameters())] if grouped is None else grouped()
    for i, parameters in enumerate(layers):
        factor = settings.group_factors[min(i, len(settings.group_factors) - 1)]
        if factor:
            for parameter in parameters:
                parameter.requires_grad_(True)
            groups.append({"params": parameters, PEAK: settings.rate * factor})
    if settings.kind == "sgd":
        return torch.optim.SGD(
            groups, lr=settings.rate, momentum=settings.betas[0], weight_decay=settings.weight_decay
        )
    if settings.kind == "rmsprop":
        return torch.optim.RMSprop(groups, lr=settings.rate, weight_decay=settings.weight_decay)
    kind = OPTIMIZERS[settings.kind]
    return kind(groups, lr=settings.rate, betas=settings.betas, weight_decay=settings.weight_decay)
