"""A network with its optimizer, and one step of it down the gradient of a loss."""

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from photochrom.training.schedule import PEAK, set_rates
from photochrom.training.settings import Optimizer

OPTIMIZERS: dict[str, type[torch.optim.Adam]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Learner:
    """A module with its optimizer, on the device and with the precision of `fabric`.

    Parameters
    ----------
    module : the bare network; `net` has the same weights and runs as `fabric` says

    Raises
    ------
    FloatingPointError
        By `descend`, if the loss or its gradient is not finite. No weight is changed then.
    """

    def __init__(self, name: str, module: nn.Module, settings: Optimizer, fabric: Fabric) -> None:
        self.name, self.module, self.settings, self.fabric = name, module, settings, fabric
        self.optimizer = _optimizer(module, settings)
        self.net, self._wrapped = fabric.setup(module, self.optimizer)

    def descend(self, loss: Tensor) -> None:
        """Take one optimizer step down the gradient of `loss`."""
        self._wrapped.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        limit = self.settings.clip or float("inf")
        norm = self.fabric.clip_gradients(self.net, self._wrapped, max_norm=limit, error_if_nonfinite=False)
        assert norm is not None
        # The gradient is checked too, because clipping an infinite one makes every weight NaN. The scaler of half
        # precision skips such steps and lowers its scale.
        scaled = self.fabric._precision.precision == "16-mixed"
        if not torch.isfinite(loss if scaled else loss + norm):
            raise FloatingPointError(
                f"the {self.name}'s loss is {loss.item()}, its gradient's norm {norm.item()}"
            )
        self._wrapped.step()

    def set_rates(self, progress: float) -> None:
        """Set the rates for `progress` of the step, in [0, 1]."""
        set_rates(self.optimizer, self.settings, progress)


def _optimizer(module: nn.Module, settings: Optimizer) -> torch.optim.Optimizer:
    groups = []
    # Parameters outside all groups do not learn here.
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
