"""The state of one training, and the moves that change it."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from gatework.errors import OptionError, TrainingError
from gatework.train.checkpoint import Checkpoint
from gatework.train.finite import culprit_of_gradient, culprit_of_loss
from gatework.train.history import History
from gatework.train.seed import generators, set_generators

# Seconds between two checkpoints, at least: one waits for the disk, some 0.1 s, and validations may be less apart.
PAUSE = 10.0

# AdamW's memories of the gradient and of its square. torch's 0.999 for the second is longer than many a training here
# is; 0.98 is Vaswani et al.'s (2017).
BETAS = (0.9, 0.98)


def one_cycle(step: int, steps: int) -> float:
    """The share of the learning rate at `step` of `steps`: up from 1/25 over the first 30 %, down to nearly nothing.

    Smith & Topin, 2018, with cosine slopes, as torch's OneCycleLR has it; but a function of the step alone, so that
    there is no state to resume.
    """
    top = max(0.3 * steps - 1, 0)
    if step < top:
        low, way = 1 / 25, 1 - step / top
    else:
        low, way = 1 / 25e4, (step - top) / max(steps - 1 - top, 1)
    return low + (1 - low) * (1 + math.cos(math.pi * way)) / 2


class Training:
    """The state of one training, and the moves that change it."""

    def __init__(self, model: nn.Module, settings: dict[str, Any], checkpoint: Checkpoint | None):
        self.model = model.train()
        self.settings = settings
        self.checkpoint = checkpoint
        self.parameters = [weight for weight in model.parameters() if weight.requires_grad]
        self.device = self.parameters[0].device
        # Fused: on a small LSTM on a CPU one update takes a quarter of the time.
        self.optimizer = torch.optim.AdamW(
            self.parameters, betas=BETAS, weight_decay=settings["weight_decay"], fused=True
        )
        self.history = History()
        self.best: dict[str, Tensor] = {}
        self.clock = perf_counter()
        self.saved = -math.inf

    @property
    def step(self) -> int:
        """How many have been taken, which is the number of the next."""
        return len(self.history.losses)

    def advance(self, batch: Callable, loss: Callable) -> None:
        """Take one step."""
        step, settings = self.step, self.settings
        rate = settings["learning_rate"] * one_cycle(step, settings["steps"])
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        examples = batch(step)
        self.optimizer.zero_grad()
        value = loss(self.model, examples)
        value.backward()
        norm = nn.utils.get_total_norm([weight.grad for weight in self.parameters if weight.grad is not None])
        # Both numbers in one read, before clipping and updating, so that a NaN reaches no other gradient and no weight:
        # the one time a step in which the host waits for the device.
        number, length = torch.stack((value.detach(), norm)).tolist()
        advice = f"Lower learning_rate, or look at batch({step})."
        if not math.isfinite(number):
            where = culprit_of_loss(self.model, examples, loss)
            raise TrainingError(f"loss must be finite; got {number} at step {step}, first seen in {where}. {advice}")
        if not math.isfinite(length):
            where = culprit_of_gradient(self.model)
            raise TrainingError(
                f"gradient of {where} must be finite; got {length} at step {step}, where the loss is {number:.4g}. "
                f"{advice}"
            )
        nn.utils.clip_grads_with_norm_(self.parameters, settings["clip"], norm)
        self.optimizer.step()
        self.history.losses.append(number)
        self.history.seconds = perf_counter() - self.clock

    def judge(self, validate: Callable | None) -> None:
        """Validate, keep the best weights, decide whether to end, and write a checkpoint where one is due."""
        history, step, patience = self.history, self.step, self.settings["patience"]
        if validate is not None:
            value = self._validated(validate)
            history.validation.append((step, value))
            if history.best is None or value < history.best:
                self.best = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
                history.best, history.best_step = value, step
        waited = sum(at > history.best_step for at, _ in history.validation)
        if step == self.settings["steps"]:
            history.stopped = "finished"
        elif patience is not None and waited >= patience:
            history.stopped = "early"
        history.seconds = perf_counter() - self.clock
        if self.checkpoint is not None and (history.stopped or perf_counter() - self.saved >= PAUSE):
            facts = {"settings": self.settings, "shapes": self._shapes(), "step": step, "history": history.to_dict()}
            self.checkpoint.save(self._tensors(), facts)
            self.saved = perf_counter()

    def settle(self) -> None:
        """Leave the model with its best weights, in eval mode."""
        if self.best:
            self.model.load_state_dict(self.best)
        else:
            self.history.best_step = self.step
        self.model.eval()

    def restore(self) -> bool:
        """Become the training in the checkpoint; False where there is none."""
        if self.checkpoint is None or not self.checkpoint.exists():
            return False
        tensors, facts = self.checkpoint.load()
        where = f"as in the checkpoint in {self.checkpoint.folder}"
        _refuse_another(facts["settings"], self.settings, where)
        _refuse_another(facts["shapes"], self._shapes(), where)

        def part(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): x for name, x in tensors.items() if name.startswith(prefix)}

        self.model.load_state_dict(part("model."))
        self.best = part("best.")
        moments = {i: part(f"adamw.{i}.") for i in range(len(self.parameters))}
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict(
            {"state": {i: state for i, state in moments.items() if state}, "param_groups": groups}
        )
        set_generators(part("generator."), self.device)
        self.history = History.from_dict(facts["history"])
        self.clock = perf_counter() - self.history.seconds
        return True

    def _validated(self, validate: Callable) -> float:
        self.model.eval()
        with torch.no_grad():
            value = float(validate(self.model))
        self.model.train()
        if not math.isfinite(value):
            raise TrainingError(
                f"validation must be finite; got {value} at step {self.step}. "
                "Look at what validate gives for these weights, or lower learning_rate."
            )
        return value

    def _tensors(self) -> dict[str, Tensor]:
        """All that the next step depends on, and the best weights."""
        tensors = {f"model.{name}": x for name, x in self.model.state_dict().items()}
        tensors |= {f"best.{name}": x for name, x in self.best.items()}
        for i, weight in enumerate(self.parameters):
            tensors |= {f"adamw.{i}.{name}": x for name, x in self.optimizer.state[weight].items()}
        return tensors | {f"generator.{name}": x for name, x in generators(self.device).items()}

    def _shapes(self) -> dict[str, str]:
        return {f"weight {name}": f"{tuple(x.shape)} {x.dtype}" for name, x in self.model.state_dict().items()}


def _refuse_another(saved: dict[str, Any], now: dict[str, Any], where: str) -> None:
    """Refuse a setting or a network that is not the checkpoint's: going on could not give the same bits."""
    for name in saved | now:
        if saved.get(name) != now.get(name):
            raise OptionError(
                f"{name} must be {saved.get(name)}, {where}; got {now.get(name)}. Set it so, or fit without resume."
            )
