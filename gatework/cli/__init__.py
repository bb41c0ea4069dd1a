"""The command line, a verb a file. Whatever can be refused is refused before torch is imported.

Exit codes: 0; 2 for what a person can put right, in one sentence on stderr; 130 after Ctrl-C. A traceback is a bug.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, UnusedCliTokensError

from gatework import __version__
from gatework.errors import GateworkError

# Each verb, and the example that ends its --help.
EXAMPLES = {
    "fit": "gatework fit data.csv --h 24 -o model/",
    "predict": "gatework predict model/ -o forecast.csv --plot forecast.png",
    "evaluate": "gatework evaluate model/ data.csv --windows 3",
    "compare": "gatework compare data.csv --h 24 --plot comparison.png",
    "fine-tune": "gatework fine-tune model/ data.csv -o tuned/",
    "resume": "gatework resume model/",
    "look": "gatework look model/ -o report.html",
    "doctor": "gatework doctor",
}

app = App(
    name="gatework",
    help="The LSTM you can swap in, look into and ship. Each command's own --help ends with an example.",
    version=f"gatework {__version__}",
    help_format="markdown",
    suppress_keyboard_interrupt=False,
)
for place, (verb, example) in enumerate(EXAMPLES.items()):
    # By name, so that no verb waits for what another imports.
    name = verb.replace("-", "_")
    app.command(f"gatework.cli.{name}:{name}", name=verb, sort_key=place, help_epilogue=f"Example:\n\n    {example}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default the process's own.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if not EXAMPLES.keys() & set(arguments):
        # The list of verbs quotes what each says of itself.
        for verb in EXAMPLES:
            app[verb]
    try:
        code = app(arguments, print_error=False, exit_on_error=False, result_action="return_value") or 0
        sys.stdout.flush()
    except CycloptsError as error:
        code = refuse(f"{_sentence(error)} See `{' '.join(['gatework', *(error.command_chain or ())])} --help`.")
    except GateworkError as error:
        code = refuse(str(error))
    except BrokenPipeError:
        # Whoever read this, `head` perhaps, has seen enough; Python's own flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        if error.filename is None:
            raise
        code = refuse(f"{error.filename}: {error.strerror}.")
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        code = 130
    sys.exit(code)


def refuse(sentence: str) -> int:
    """Say on stderr what a person can put right, and return the exit code for it."""
    print(f"error: {sentence}", file=sys.stderr)
    return 2


def _sentence(error: CycloptsError) -> str:
    if isinstance(error, UnusedCliTokensError):
        return f"There is no place for {' '.join(error.unused_tokens or ())!r}."
    return str(error)
