"""`gatework doctor`: what is installed, what this machine can do, and whether the two agree."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version

from gatework import __version__


def doctor() -> int:
    """Check the installation: versions, the processor, the backends, and what could be added."""
    import torch

    import gatework
    from gatework.ops.built import native, why

    threads = f"{torch.get_num_threads()} thread" + ("s" if torch.get_num_threads() > 1 else "")
    print(f"gatework   {__version__}")
    print(f"python     {platform.python_version()} on {platform.system()} {platform.machine()}")
    print(f"torch      {torch.__version__}")
    print(f"processor  {torch.backends.cpu.get_cpu_capability()}, {threads}")
    print(f"native     {why or f'built; it uses {native.instruction_sets()[0]} and {threads}'}")
    print(f"device     {_device(torch)}")

    layer, x = gatework.LSTM(8, 16), torch.randn(20, 4, 8)
    choice = gatework.backends(layer, x)
    print("\nBackends of a plain LSTM:")
    outputs = {}
    for name, reasons in choice.reasons.items():
        if not reasons:
            layer.backend = name
            outputs[name] = layer(x)[0].detach()
        state = "; ".join(reasons) or ("ready, used by default" if name == choice.backend else "ready")
        print(f"  {name:<10} {state}")
    apart = max(float((one - outputs["equations"]).abs().max()) for one in outputs.values())
    agree = apart < 1e-5
    print(f"  {'they agree' if agree else 'THEY DISAGREE'}: the largest difference is {apart:.0e}")

    print("\nPackages:")
    for name, extra in _packages():
        try:
            state = version(name)
        except PackageNotFoundError:
            state = f"not installed; pip install '{f'gatework[{extra}]' if extra else name}'"
        print(f"  {name:<13} {state}{f' (optional, {extra})' if extra else ''}")
    return 0 if agree else 1


def _device(torch) -> str:
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
    return "CPU"


def _packages() -> list[tuple[str, str]]:
    """What gatework needs, and what its users may add, by the extra that adds it; nothing for its developers."""
    found = []
    for line in requires("gatework") or ():
        name, extra = re.split(r"[^\w-]", line)[0], re.search(r"extra == .(\w+)", line)
        if extra is None or extra[1] not in ("all", "demo", "dev"):
            found.append((name, extra[1] if extra else ""))
    return found
