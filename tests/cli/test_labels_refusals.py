"""Sequences that cannot be used: exit code 2, one sentence on stderr, nothing on stdout, nothing lost, before torch."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from desk import BRIEF, write_long, write_texts, write_tone, write_tones

FORM = "Say which it is with {0}_col=... (command line: --{0})"
LATIN = (
    "which is not in line {0} (byte 0xe9 at place 4). Save it again as UTF-8, as with: iconv -f latin1 -t utf-8 OLD > "
    "NEW."
)
NO_RECORDINGS = (
    "X must be a folder with a folder of .wav, .flac, .ogg files for each class, or with a .txt file for each class; "
    "got '{0}', which has {1}. Check the path."
)
ROWS = [
    # Tables.
    ("fit one.csv", "label must have at least two classes; got 1 class, walk. Add sequences of another."),
    (
        "fit twice.csv",
        "X must have one row for each id and time; got 's0' at 2 again in row 193. Remove such rows, or name another "
        "column with time_col= or id_col=.",
    ),
    (
        "fit missing.csv",
        "label must be known for each id; got none for 's2' (1 such). Fill it in or leave the sequence out.",
    ),
    (
        "fit sentiment.csv",
        f"X must have the column 'label'; got 'text', 'sentiment'. {FORM.format('target')}",
    ),
    ("fit latin.csv", f"data must be UTF-8; got 'latin.csv', {LATIN.format(2)}"),
    (
        "fit blank.csv",
        "X must hold a text that is not empty; got 2 empty ones. Check how it was made.",
    ),
    (
        "fit lost.csv",
        "X must be paths of recordings; got 'gone.wav', no such file (1 of 2). Check the path: in a table it is "
        "relative to the table's folder.",
    ),
    (
        "fit paths.csv --group speakr",
        "X must have the column 'speakr'; got 'path', 'label', 'speaker'. Did you mean group_col='speaker'? (command "
        "line: --group)",
    ),
    # Folders.
    ("fit nothing", NO_RECORDINGS.format("nothing", "no files")),
    ("fit odd", NO_RECORDINGS.format("odd", ".md")),
    ("fit latin", f"data must be UTF-8; got 'latin/neg.txt', {LATIN.format(1)}"),
    (
        "fit broken",
        "audio must be a file that libsndfile reads (WAV, FLAC, OGG, MP3 or AIFF); got 'broken/low/3.wav', which "
        "failed with: Format not recognised. Save it again, as WAV.",
    ),
    ("fit hollow", "audio must hold sound; got 'hollow/low/3.wav', an empty file. Leave it out."),
    # The task and its flags.
    ("fit long.csv --task classify --h 3", "h must be left out to classify; got 3. It is there to forecast."),
    (
        "fit long.csv --h 3 --pooling max",
        "pooling must be left out to forecast; got 'max'. It is there to classify or regress.",
    ),
    (
        "fit text.csv --task forecast --h 3",
        "data must have the columns 'ds' and 'y'; got 'text', 'label'. Say which is which with time_col=... (--time) "
        "and target_col=... (--target).",
    ),
    (
        "fit text.csv --task forecast",
        "h must be given, the number of steps to forecast; got none. Add for example --h 24.",
    ),
    ("fit long.csv --futr text.csv", "futr must be left out to classify; got 'text.csv'. It belongs to another task."),
    (
        "fit long.csv --config pool.yaml --h 3",
        "config must name parameters of Forecaster; got 'pooling' in 'pool.yaml'. There are",
    ),
    (
        "fit long.csv --task regress",
        "label must hold numbers; got text such as 'run'. Use a Classifier for classes.",
    ),
    (
        "fit long.csv --task regress --class-weight balanced",
        "class_weight must be left out to regress; got 'balanced'. It is there to classify.",
    ),
    ("fit long.csv --members 0", "members must be a whole number of at least 1, or None for the default; got 0."),
    (
        "fit long.csv -o series",
        "output must be a new folder; got series, which holds a model. Add --overwrite to replace it, or choose "
        "another -o.",
    ),
    # A model, and what is unlike what it learned from.
    (
        "predict series",
        "data must be named, since a classifier keeps no sequences; got none. Name a file or folder.",
    ),
    ("predict series none.csv", "data must be the path of a file; got 'none.csv', no such file. Check the path."),
    (
        "predict series sounds",
        "X must be a table or arrays for kind='series'; got 'sounds', a folder. Name a file.",
    ),
    ("predict series text.csv", f"X must have the column 'id'; got 'text', 'label'. {FORM.format('id')}"),
    ("predict series columns.csv", "X must have the column 'y'; got 'id', 'time', 'x', 'z', 'label'. Say which it is"),
    (
        "predict series long.csv --h 3",
        "h must be left out to classify or regress; got 3. It belongs to another task.",
    ),
    (
        "predict series long.csv -o a.txt",
        "output must end in .csv or .parquet; got 'a.txt'. Choose one of them.",
    ),
    (
        "predict tones long.csv",
        f"X must have the column 'path'; got 'id', 'time', 'x', 'y', 'label'. {FORM.format('path')}",
    ),
    ("predict tones hollow", "audio must hold sound; got 'hollow/low/3.wav', an empty file. Leave it out."),
    (
        "evaluate series bare.csv",
        f"X must have the column 'label'; got 'id', 'time', 'x', 'y'. {FORM.format('target')}",
    ),
    (
        "evaluate series long.csv --windows 3",
        "windows must be left out to classify or regress; got 3. It belongs to another task.",
    ),
    (
        "evaluate numbers long.csv",
        "label must hold numbers; got text such as 'run'. Use a Classifier for classes.",
    ),
    ("fine-tune series long.csv", "model must be a Forecaster; got series, a Classifier. Give the folder of another."),
    ("compare long.csv", "h must be given, the number of steps to forecast; got none. Add for example --h 24."),
    (
        "resume series --futr text.csv",
        "futr must be left out to classify or regress; got 'text.csv'. It belongs to another task.",
    ),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder of sequences that are wrong in every way, and of sound ones with a model of each kind."""
    desk = tmp_path_factory.mktemp("desk")
    write_long(desk / "long.csv")
    write_long(desk / "numbers.csv", label=lambda k: 1.37 * k)
    write_long(desk / "one.csv", label=lambda k: "walk")
    write_long(desk / "other.csv", label=lambda k: ["walk", "swim"][k % 2])
    write_long(desk / "columns.csv", header="id,time,x,z,label")
    write_long(desk / "missing.csv", label=lambda k: "" if k == 2 else k % 2)
    lines = (desk / "long.csv").read_text().splitlines()
    (desk / "twice.csv").write_text("\n".join([*lines, lines[3]]) + "\n")
    (desk / "bare.csv").write_text("\n".join(line.rsplit(",", 1)[0] for line in lines) + "\n")
    write_texts(desk / "text.csv")
    (desk / "sentiment.csv").write_text((desk / "text.csv").read_text().replace("label", "sentiment"))
    (desk / "blank.csv").write_text("text,label\n ,a\n ,b\n")
    (desk / "latin.csv").write_bytes("text,label\ncafé,a\nbar,b\n".encode("latin-1"))
    (desk / "latin").mkdir()
    (desk / "latin" / "neg.txt").write_bytes("café\nbar\n".encode("latin-1"))
    (desk / "pool.yaml").write_text("pooling: max\n")
    (desk / "nothing").mkdir()
    (desk / "odd").mkdir()
    (desk / "odd" / "readme.md").touch()
    write_tones(desk / "sounds")
    (desk / "lost.csv").write_text("path,label\nsounds/low/1.wav,a\ngone.wav,b\n")
    (desk / "paths.csv").write_text("path,label,speaker\nsounds/low/1.wav,a,s\nsounds/high/1.wav,b,t\n")
    for name, content in (("broken", b"RIFF and what is no sound" * 9), ("hollow", b"")):
        shutil.copytree(desk / "sounds", desk / name)
        (desk / name / "low" / "3.wav").write_bytes(content)
    for data, model in (("long.csv", "series"), ("numbers.csv", "numbers"), ("sounds", "tones")):
        fit = shlex.split(f"-m gatework.cli fit {data} {BRIEF} -o {model}")
        subprocess.run([sys.executable, *fit], cwd=desk, check=True, capture_output=True)
    return desk


@pytest.mark.parametrize(("command", "sentence"), ROWS, ids=[command for command, _ in ROWS])
def test_it_is_refused_in_one_sentence(command, sentence, desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    before = {path: path.stat().st_mtime_ns for path in sorted(desk.rglob("*"))}
    code, out, err = type_in(f"gatework {command}")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"error: {sentence}")
    assert {path: path.stat().st_mtime_ns for path in sorted(desk.rglob("*"))} == before


def test_all_of_it_is_refused_before_torch_is_imported(desk):
    code = f"""
import shlex, sys
from gatework.cli import main
for command in {[command for command, _ in ROWS]!r}:
    try:
        main(shlex.split(command))
    except SystemExit as leaving:
        assert leaving.code == 2, command
    assert not {{"torch", "sklearn", "matplotlib.pyplot"}} & set(sys.modules), command
"""
    subprocess.run([sys.executable, "-c", code], cwd=desk, check=True, capture_output=True)


@pytest.mark.parametrize(
    "shape",
    [{"bytes_each": 1}, {"channels": 2}, {"rate": 16000, "count": 3200}],
    ids=["8-bit", "stereo", "another rate"],
)
def test_odd_recordings_are_read(shape, desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    write_tone("odd.wav", 300, **shape)
    code, out, err = type_in("gatework predict tones odd.wav")
    assert (code, out.splitlines()[0]) == (0, "id,label,probability")
    assert err.startswith("odd.wav: read as audio: 1 recording.\n")
    Path("odd.wav").unlink()


def test_a_recording_without_samples_is_refused_too(desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    write_tone("silent.wav", 300, count=0)
    said = type_in("gatework predict tones silent.wav")
    assert said.code == 2
    assert said.err.endswith("error: audio must hold sound; got 'silent.wav', a file without samples. Leave it out.\n")
    Path("silent.wav").unlink()


def test_labels_of_classes_that_fit_never_saw_count_as_wrong_and_it_is_said(desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    said = type_in("gatework evaluate series other.csv")
    assert (said.code, said.err) == (0, "")
    assert "12 of 24 labels are of classes that the model never saw: they count as wrong." in " ".join(said.out.split())


def test_rows_out_of_order_are_sorted_and_it_is_said(desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    header, *rows = Path("long.csv").read_text().splitlines()
    Path("mixed.csv").write_text("\n".join([header, *reversed(rows)]) + "\n")
    said = type_in("gatework predict series mixed.csv")
    assert "- rows were not in order of 'time' within 'id'; they are sorted.\n" in said.err
    assert said.out == type_in("gatework predict series long.csv").out
    Path("mixed.csv").unlink()


@pytest.mark.parametrize(
    ("module", "where", "command", "sentence"),
    [
        (
            "soundfile",
            "gatework.data.wave",
            "fit sounds",
            "audio must have soundfile; it is not installed. Run: pip install 'gatework[audio]'",
        ),
        (
            "tokenizers",
            "gatework.data.bpe",
            "fit text.csv --tokens bpe -o new",
            "tokens='bpe' must have tokenizers; it is not installed. Run: pip install 'gatework[text]'",
        ),
        (
            "matplotlib",
            "gatework.tasks.plot",
            "evaluate series long.csv --plot a.png",
            "plot must have matplotlib; it is not installed. Run: pip install 'gatework[plot]'",
        ),
    ],
)
def test_what_is_not_installed_is_named(module, where, command, sentence, desk, type_in, monkeypatch):
    monkeypatch.chdir(desk)
    monkeypatch.setattr(f"{where}.find_spec", lambda name: None)
    said = type_in(f"gatework {command}")
    assert (said.code, said.err) == (2, f"error: {sentence}\n")
