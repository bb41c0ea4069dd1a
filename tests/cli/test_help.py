from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

import gatework
from gatework import Classifier, Forecaster, Regressor
from gatework.cli import EXAMPLES, app
from gatework.cli.flags import TASKS, descriptions, flags
from gatework.ops import BACKENDS

OTHERS = ["Model, to forecast", "Model, to classify or regress"]
VERBS = ["fit", "predict", "evaluate", "compare", "fine-tune", "resume", "look", "doctor"]


def example(help_text: str) -> str:
    """The last line of a verb's help."""
    return help_text.rstrip().splitlines()[-1].strip()


def test_the_list_says_what_each_verb_does(type_in, folder):
    said = type_in("gatework --help")
    assert said.code == 0
    lines = re.findall(r"^│ (\w[\w-]*) +(\S.*?) +│$", said.out, re.MULTILINE)
    assert lines == [
        ("fit", "Train a forecaster, classifier or regressor, and score it beside what is simpler."),
        ("predict", "Forecast what comes next, or answer for sequences, as a table and a picture."),
        (
            "evaluate",
            "Score a forecaster on the past, as if it were the future, or a classifier or regressor on other "
            "sequences.",
        ),
        ("compare", "Forecast the past with every model, the simple ones too, and say which one to use."),
        ("fine-tune", "Go on learning from newer values or from other series, with the weights that fit found."),
        ("resume", "Go on with a training that was interrupted, from its last checkpoint."),
        ("look", "Show what a model remembers, for how long, and what is wrong with it, as a page that works offline."),
        ("doctor", "Say what is wrong with a model and what to do; without one, check the installation."),
    ]


@pytest.mark.parametrize("verb", VERBS)
def test_every_flag_says_what_it_does(verb, type_in, folder):
    arguments = app[verb].assemble_argument_collection(parse_docstring=True)
    assert [argument.name for argument in arguments if not argument.parameter.help] == []
    said = type_in(f"gatework {verb} --help")
    assert said.code == 0
    for argument in arguments:
        assert argument.parameter.help.split()[0] in said.out


def test_the_examples_at_the_ends_of_the_helps_run_as_written_one_after_the_other(type_in, folder):
    for verb in VERBS:
        command = example(type_in(f"gatework {verb} --help").out)
        assert command.split()[:2] == ["gatework", verb]
        said = type_in(command)
        assert (said.code, said.err) == (0, ""), command
    made = {"data.csv", "model", "tuned", "forecast.csv", "forecast.png", "comparison.png", "report.html"}
    assert {path.name for path in folder.iterdir()} == made
    assert set(EXAMPLES) == set(VERBS)


@pytest.mark.parametrize("cls", TASKS.values(), ids=TASKS)
def test_the_model_flags_are_the_constructors_parameters_with_its_defaults_and_its_words(cls, type_in, folder):
    expected = {name: one for name, one in inspect.signature(cls).parameters.items() if name != "layout"}
    found = {parameter.name: parameter for parameter in flags(*TASKS.values())}
    assert set(expected) <= set(found)
    assert "layout" not in found
    words = descriptions(Classifier if cls is Regressor else cls)
    for name, parameter in expected.items():
        said = found[name].annotation.__metadata__[0].help
        assert words[name][1:] in said
        assert len(words[name]) > 10
        default = None if parameter.default is inspect.Parameter.empty else parameter.default
        assert found[name].default == default or (found[name].default is None and f"By default {default}." in said)
    text = type_in("gatework fit --help").out
    for name in expected:
        assert f"--{name.replace('_', '-')}" in text
    assert {"--id", "--time", "--target", "--group", "--text", "--path"} <= set(re.findall(r"--\w+", text))


def test_a_flag_of_one_class_speaks_of_that_alone():
    alone = {parameter.name: parameter.annotation.__metadata__[0].help for parameter in flags(Forecaster)}
    assert alone == {name: descriptions(Forecaster)[name] for name in alone}
    both = {parameter.name: parameter.annotation.__metadata__[0].help for parameter in flags(*TASKS.values())}
    assert both["cell"] == descriptions(Classifier)["cell"]
    assert both["id_col"] == (
        'To forecast: your column that says which series a row belongs to. Without a column "unique_id" the table is '
        "one series. By default unique_id. To classify or regress: your column that says which sequence a row belongs "
        "to. By default id."
    )


def test_each_flag_stands_under_the_task_that_it_is_of(type_in, folder):
    text = type_in("gatework fit --help").out
    every, forecast, labels = (text.index(f"─ {name} ─") for name in ("Model", *OTHERS))
    assert every < text.index("--cell") < forecast < text.index("--season-length") < labels < text.index("--pooling")


def test_a_flag_that_takes_several_has_none_beside_it_that_takes_none_away(type_in, folder):
    text = type_in("gatework fit --help").out
    assert "--futr-exog-list" in text
    toggles = {"progress", "bidirectional", "convolutions", "augment", "stepwise"}
    assert set(re.findall(r"--(?:no|empty)-([\w-]+)", text)) == toggles


def test_descriptions_are_read_off_a_numpydoc_docstring():
    class Thing:
        """A thing.

        Parameters
        ----------
        a : int
            First line,
            second line.
        b, c : {"x", "y"}, optional
            Both: of these.

        Attributes
        ----------
        d : int
            No parameter.
        """

    assert descriptions(Thing) == {"a": "First line, second line.", "b": "Both: of these.", "c": "Both: of these."}


def test_version(type_in):
    assert type_in("gatework --version").out == f"gatework {gatework.__version__}\n"


def test_doctor_finds_a_sound_installation(type_in, folder):
    said = type_in("gatework doctor")
    assert said.code == 0
    for line in (
        rf"torch +{re.escape(__import__('torch').__version__)}",
        r"processor +\w+, 1 thread",
        r"native +(built; it uses (avx512|avx2|plain) and 1 thread|it was not built: .*)",
        r"  torch +ready(, used by default)?",
        r"  equations +ready",
        r"  they agree: the largest difference is \de-\d\d",
        r"  matplotlib +\d.* \(optional, plot\)",
    ):
        assert re.search(f"^{line}$", said.out, re.MULTILINE), line
    assert said.out.count("used by default") == 1
    assert "pytest" not in said.out


def test_doctor_says_why_there_is_no_native_kernel(type_in, folder, monkeypatch):
    monkeypatch.setattr("gatework.ops.built.native", None)
    monkeypatch.setattr("gatework.ops.built.why", "it was not built: nobody could")
    said = type_in("gatework doctor")
    assert said.code == 0
    assert "\nnative     it was not built: nobody could\n" in said.out
    assert "\n  native     it was not built: nobody could\n" in said.out


def test_doctor_says_how_to_install_what_is_missing_and_sees_backends_that_disagree(type_in, folder, monkeypatch):
    def without_matplotlib(name):
        if name == "matplotlib":
            raise PackageNotFoundError
        return version(name)

    monkeypatch.setattr("gatework.cli.doctor.version", without_matplotlib)
    assert (
        "  matplotlib    not installed; pip install 'gatework[plot]' (optional, plot)" in type_in("gatework doctor").out
    )

    equations = BACKENDS["equations"]
    run = equations.run
    monkeypatch.setattr(equations, "run", lambda call: run(call)._replace(y=run(call).y + 1e-3))
    said = type_in("gatework doctor")
    assert said.code == 1
    assert "THEY DISAGREE: the largest difference is 1e-03" in said.out


def test_it_runs_as_a_module_too():
    said = subprocess.run([sys.executable, "-m", "gatework.cli", "--version"], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, f"gatework {gatework.__version__}\n")
