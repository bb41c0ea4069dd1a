"""The training loop: a model, a batch for every step and a loss in; the best weights and a history out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from gatework.errors import OptionError
from gatework.train.checkpoint import Checkpoint
from gatework.train.history import History
from gatework.train.progress import bar
from gatework.train.seed import seeded
from gatework.train.training import Training

__all__ = ["History", "fit", "seeded"]


def fit(
    model: nn.Module,
    batch: Callable[[int], Any],
    loss: Callable[[nn.Module, Any], Tensor],
    *,
    steps: int,
    validate: Callable[[nn.Module], float | Tensor] | None = None,
    every: int = 100,
    patience: int | None = None,
    untrained: bool = True,
    learning_rate: float = 1e-3,
    weight_decay: float = 0.01,
    clip: float = 1.0,
    seed: int = 0,
    checkpoint: Checkpoint | None = None,
    resume: bool = False,
    progress: bool | None = None,
    title: str = "training",
) -> History:
    """Train `model` in place and leave it in eval mode with its best weights.

    AdamW under a one-cycle learning rate with clipped gradients. The same seed gives the same bits on one machine with
    one thread count, and a training that was cut off and resumed gives the bits of one that was not. Ctrl-C ends it and
    keeps the best weights so far, as every other end does; the caller's random numbers are left alone.

    Parameters
    ----------
    model : nn.Module
        What is trained, on whatever device it is.
    batch : callable
        `batch(step)` gives the batch of a step 0 .. steps - 1, on the model's device: any nest of tensors. It must
        depend on the step alone, so that resuming needs no sampler's state.
    loss : callable
        `loss(model, batch)` gives the scalar to lower.
    steps : int
        How many updates.
    validate : callable, optional
        `validate(model)` gives a number, lower being better; called in eval mode without gradients, at step 0, every
        `every` steps and after the last. Step 0 counts, so that a training that only hurts changes nothing.
    every : int
        Steps between validations.
    patience : int, optional
        End early after this many validations in a row without a new best. None never does.
    untrained : bool
        Whether the weights that came in are judged too, so that they stay where training only hurts.
    learning_rate : float
        The top of the cycle; 1e-3 is Adam's own (Kingma & Ba, 2015).
    weight_decay : float
        AdamW's (Loshchilov & Hutter, 2019), torch's default.
    clip : float
        The longest gradient, all parameters as one vector (Pascanu et al., 2013): a recurrent net's can explode.
        `math.inf` never clips.
    seed : int
        Of dropout and all else that the model draws.
    checkpoint : Checkpoint, optional
        Where to keep the state of the training, whole: at step 0, at the end, and at validations at least 10 s apart,
        so that waiting for the disk costs no more than about a hundredth of the time.
    resume : bool
        Go on from that checkpoint; from the start where there is none yet.
    progress : bool, optional
        Show a progress bar; None shows it where stderr is a terminal.
    title : str
        What stands before the bar.

    Returns
    -------
    History
        What happened.

    Raises
    ------
    TrainingError
        The loss, the gradient or a validation was not finite; the text names the step and the tensor.
    OptionError
        A setting that cannot be, or that is not the checkpoint's.
    DataError
        The checkpoint is broken or belongs to other data.
    """
    settings = {
        "steps": steps,
        "every": every,
        "patience": patience,
        "learning_rate": learning_rate,
        "weight_decay": weight_decay,
        "clip": clip,
        "seed": seed,
    }
    _check(settings)
    if patience is not None and validate is None:
        raise OptionError(f"validate must be given where patience is; got None with patience={patience}. Give both.")
    if resume and checkpoint is None:
        raise OptionError("checkpoint must be given where resume=True; got None. Pass Checkpoint(folder, fingerprint).")
    training = Training(model, settings, checkpoint)
    with seeded(seed, training.device), bar(steps, progress, title) as show:
        resumed = resume and training.restore()
        try:
            if not resumed:
                training.judge(validate if untrained else None)
            while not training.history.stopped:
                training.advance(batch, loss)
                if training.step % every == 0 or training.step == steps:
                    training.judge(validate)
                show(training.history)
        except KeyboardInterrupt:
            training.history.stopped = "interrupted"
        finally:
            training.settle()
    return training.history


def _check(settings: dict[str, Any]) -> None:
    for name in ("steps", "every", "patience"):
        if settings[name] is not None and settings[name] < 1:
            raise OptionError(f"{name} must be at least 1; got {settings[name]}.")
    for name in ("learning_rate", "clip"):
        if not settings[name] > 0:
            raise OptionError(f"{name} must be above 0; got {settings[name]}.")
    if not settings["weight_decay"] >= 0:
        raise OptionError(f"weight_decay must be 0 or above; got {settings['weight_decay']}.")
