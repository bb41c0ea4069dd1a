"""Text and recordings from tables, lists and folders; and each refusal as it is written."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import polars as pl
import pytest
import soundfile

from gatework.data.items import read_items
from gatework.errors import DataError, OptionError

TEXTS = ['he said "no"\nand left', "a,b; c", "  é  ", "fine"] * 3
LABELS = ["good", "bad", "good", "bad"] * 3
FRAME = pd.DataFrame({"text": TEXTS, "label": LABELS})


def refused(text, *given, error=DataError, **options):
    with pytest.raises(error) as info:
        read_items(*given, **options)
    assert str(info.value) == text


def tone(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(80), 8000)
    return path


@pytest.fixture
def sounds(tmp_path):
    """A folder of each class."""
    for name in ("no/b.wav", "no/a.FLAC", "yes/eve/c.ogg"):
        tone(tmp_path / "sounds" / name)
    return tmp_path / "sounds"


@pytest.mark.parametrize("kind", ["pandas", "polars", "dict", "csv", "tsv", "tsv.gz", "parquet"])
def test_a_column_of_text(kind, tmp_path):
    path = tmp_path / f"data.{kind}"
    if kind == "parquet":
        FRAME.to_parquet(path)
    elif kind not in ("pandas", "polars", "dict"):
        FRAME.to_csv(path, index=False, sep="," if kind == "csv" else "\t")
    made = {"pandas": FRAME, "polars": pl.from_pandas(FRAME), "dict": FRAME.to_dict("list")}
    items = read_items(made.get(kind, path))
    assert (items.kind, items.items, items.y.tolist()) == ("text", TEXTS, LABELS)
    assert (items.names, items.ids, items.targets, items.stepwise) == ((), tuple(range(12)), ("label",), False)
    assert items.notes == ("read as text: column 'text', 12 items, 2 classes.",)
    again = read_items(made.get(kind, path), like=items.like, need_y=False)
    assert (again.items, again.y) == (TEXTS, None)


@pytest.mark.parametrize("name", ["data.csv", "data.tsv"])
def test_lines_inside_of_quotes_far_down(name, tmp_path):
    frame = pd.concat([FRAME.iloc[1:2]] * 30_000 + [FRAME] * 20_000)
    frame.to_csv(tmp_path / name, index=False, sep="," if name.endswith("csv") else "\t")
    assert read_items(tmp_path / name).items == frame.text.tolist()
    pd.concat([FRAME] * 20_000).to_csv(tmp_path / name, index=False, sep="," if name.endswith("csv") else "\t")
    assert read_items(tmp_path / name).items == TEXTS * 20_000


def test_a_file_of_tabs_has_no_quotes_unless_they_close(tmp_path):
    (tmp_path / "data.tsv").write_text('text\tlabel\n"oh\ta\nhe "x"\tb\n"so" he said\ta\n')
    assert read_items(tmp_path / "data.tsv").items == ['"oh', 'he "x"', '"so" he said']


def test_ids_groups_and_other_names():
    table = {"id": ["p", "q"], "review": ["a", "b"], "who": [1, 2], "stars": [1.5, 2.0]}
    items = read_items(table, text_col="review", target_col="stars", group_col="who")
    assert (items.ids, items.groups.tolist(), items.y.tolist()) == (("p", "q"), [1, 2], [1.5, 2.0])
    assert items.notes == ("read as text: column 'review', 2 items.",)
    items = read_items(table, text_col="review", target_col=["stars", "who"])
    np.testing.assert_array_equal(items.y, [[1.5, 1], [2, 2]])


@pytest.mark.parametrize("make", [list, tuple, np.array, pd.Series, pl.Series, lambda one: np.array(one, object)])
def test_a_list_of_texts(make):
    items = read_items(make(TEXTS), LABELS)
    assert (items.kind, items.items, items.y.tolist()) == ("text", TEXTS, LABELS)
    assert items.notes == ("read as text: 12 items, 2 classes.",)


def test_empty_texts():
    items = read_items(["a", "", None, "  ", "b"], [0, 1, 0, 1, 0])
    assert items.items == ["a", "", "", "", "b"]
    assert items.notes[1] == "3 texts are empty: they are read as a sequence without steps."
    assert read_items({"text": ["a", None], "label": [0, 1]}).notes[1] == (
        "1 text is empty: it is read as a sequence without steps."
    )
    assert read_items(["", "a"], like=items.like, need_y=False).items == ["", "a"]
    text = "X must hold a text that is not empty; got 2 empty ones. Check how it was made."
    refused(text, ["", " "], [0, 1])
    refused(text, {"text": ["", None], "label": [0, 1]})
    assert read_items(["", " "], like=items.like, need_y=False).items == ["", ""]


def test_a_folder_of_texts(tmp_path):
    (tmp_path / "dutch.txt").write_bytes("\ufeffJansen\r\nde Vries\r\n\r\n".encode())
    (tmp_path / "greek.txt").write_text("Παπ\u2028αδ")
    (tmp_path / "LICENSE").write_text("free")
    (tmp_path / ".hidden.txt").write_text("no")
    items = read_items(tmp_path)
    assert (items.kind, items.items) == ("text", ["Jansen", "de Vries", "Παπ\u2028αδ"])
    assert items.ids == ("dutch.txt:1", "dutch.txt:2", "greek.txt:1")
    assert items.y.tolist() == ["dutch", "dutch", "greek"]
    assert items.notes == (
        "read as text: 2 files with an item a line, 3 items, 2 classes.",
        "1 file of another kind is left out: LICENSE.",
        "1 empty line is passed over.",
    )
    assert read_items(tmp_path / "dutch.txt", like=items.like, need_y=False).items == ["Jansen", "de Vries"]
    refused(
        "X must be a folder with a .txt file for each class, or a table with a column of text; got "
        f"'{tmp_path / 'dutch.txt'}' alone, which has no labels. Name its folder.",
        tmp_path / "dutch.txt",
    )
    (tmp_path / "bad.txt").write_bytes(b"ok\ncaf\xe9\n")
    refused(
        f"data must be UTF-8; got '{tmp_path / 'bad.txt'}', which is not in line 2 (byte 0xe9 at place 4). Save it "
        "again as UTF-8, as with: iconv -f latin1 -t utf-8 OLD > NEW.",
        tmp_path,
    )


@pytest.mark.parametrize("name", ["data.csv", "data.tsv", "data.csv.gz"])
def test_a_table_that_is_not_utf8(name, tmp_path):
    path, content = tmp_path / name, b"text,label\nfine,a\ncaf\xe9,b\n".replace(b",", b"\t" if "tsv" in name else b",")
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    refused(
        f"data must be UTF-8; got '{path}', which is not in line 3 (byte 0xe9 at place 4). Save it again as UTF-8, as "
        "with: iconv -f latin1 -t utf-8 OLD > NEW.",
        path,
    )


def test_a_folder_of_recordings(sounds):
    items = read_items(sounds)
    assert (items.kind, items.ids) == ("audio", ("no/a.FLAC", "no/b.wav", "yes/eve/c.ogg"))
    assert items.items == [sounds / name for name in items.ids]
    assert (items.y.tolist(), items.targets) == (["no", "no", "yes"], ("label",))
    assert items.notes == ("read as audio: 3 recordings, 2 classes.",)
    alone = read_items(sounds / "no", like=items.like, need_y=False)
    assert (alone.ids, alone.y) == (("a.FLAC", "b.wav"), None)
    assert read_items(sounds / "no" / "b.wav", like=items.like, need_y=False).items == [sounds / "no" / "b.wav"]
    refused(
        f"X must be a folder with a folder of recordings for each class; got '{sounds / 'no'}', which has no folder, "
        "such as a.FLAC. Move them into folders named after their classes, or give a table with the columns 'path' and "
        "'label'.",
        sounds / "no",
    )
    tone(sounds / "loose.wav")
    refused(
        f"X must be a folder with a folder of recordings for each class; got '{sounds}', which has some that are in "
        "none, such as loose.wav. Move them into folders named after their classes, or give a table with the columns "
        "'path' and 'label'.",
        sounds,
    )


def test_folders_that_cannot_be(tmp_path, sounds):
    (tmp_path / "none").mkdir()
    none = tmp_path / "none"
    want = (
        "X must be a folder with a folder of .wav, .flac, .ogg files for each class, or with a .txt file for each class"
    )
    refused(f"{want}; got '{none}', which has no files. Check the path.", none)
    (none / "a.m4a").write_text("")
    refused(f"{want}; got '{none}', which has .m4a. Check the path.", none)
    (sounds / "about.txt").write_text("x")
    refused(
        f"X must be a folder of recordings or of texts; got '{sounds}', which has 3 and 1. Say kind='audio' or "
        "kind='text'.",
        sounds,
    )
    assert len(read_items(sounds, kind="audio")) == 3
    refused(
        f"X must be a table or arrays for kind='series'; got '{sounds}', a folder. Name a file.", sounds, kind="series"
    )
    for file in ("a.txt", "b.txt"):
        (none / file).write_text("\n \n")
    refused("X must hold a text that is not empty; got 2 files without any. Check how they were made.", none)


def test_a_column_of_paths(sounds, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("path,label,speaker\nsounds/no/b.wav,no,eve\nsounds/yes/eve/c.ogg,yes,bob\n")
    items = read_items(table, group_col="speaker")
    assert items.items == [sounds / "no/b.wav", sounds / "yes/eve/c.ogg"]
    assert items.ids == ("sounds/no/b.wav", "sounds/yes/eve/c.ogg")
    assert (items.y.tolist(), items.groups.tolist()) == (["no", "yes"], ["eve", "bob"])
    assert items.notes == ("read as audio: column 'path', 2 recordings, 2 classes.",)
    table.write_text("path,label\nsounds/no/b.wav,no\nno.wav,yes\n")
    refused(
        f"X must be paths of recordings; got '{tmp_path / 'no.wav'}', no such file (1 of 2). Check the path: in a "
        "table it is relative to the table's folder.",
        table,
    )
    table.write_text("path,label\n,no\nno.wav,yes\n")
    refused("path must hold a path in every row; got none in row 1. Fill it in or remove the row.", table)


def test_lists_of_recordings(sounds):
    paths = [sounds / "no/b.wav", str(sounds / "yes/eve/c.ogg")]
    items = read_items(paths, [0, 1])
    assert (items.kind, items.ids, items.y.tolist()) == ("audio", tuple(map(str, paths)), [0, 1])
    items = read_items([(np.zeros(80, np.float32), 8000), (np.zeros((40, 2)), 4000)], [0, 1])
    assert (items.kind, items.ids, [one.rate for one in items.items]) == ("audio", (0, 1), [8000, 4000])
    assert read_items(items.items, [0, 1]).items == items.items
    assert read_items(["a.wav", "b"], [0, 1], kind="text").items == ["a.wav", "b"]
    refused(
        "X must be texts, or paths that end in .wav, .flac, .ogg; got both, such as 'b'. Say kind='text' or "
        "kind='audio'.",
        ["a.wav", "b"],
        [0, 1],
    )
    refused("X[1] must be text, as others of X are; got int. Leave it out.", ["a", 3], [0, 1])
    refused(
        "lengths must be left out for text; got some. They are for padded arrays.",
        ["a", "b"],
        [0, 1],
        lengths=[1, 1],
        error=OptionError,
    )
    refused(
        "stepwise must be False for audio and text; got True. Cut them into series yourself.",
        ["a", "b"],
        [0, 1],
        stepwise=True,
        error=OptionError,
    )


NAMES = "X must have the columns 'id' and 'time' of a long table, or a column 'text' or 'path'; got"
SAY = (
    "Say which it is with id_col=, text_col= or path_col= (command line: --id, --text, --path); a file must begin with "
    "a line of names."
)


@pytest.mark.parametrize(
    ("text", "table", "options"),
    [
        (f"{NAMES} 'a', 'b'. {SAY}", {"a": [1], "b": [2]}, {}),
        (
            "X must be a table of one kind; got the columns 'text' and 'path', which make it text or audio. Say "
            "kind='text' or kind='audio' (command line: --kind).",
            {"text": ["a"], "path": ["b"], "label": [1]},
            {},
        ),
        (
            "X must be a table of one kind; got the columns 'text' and 'time', which make it text or series. Say "
            "kind='text' or kind='series' (command line: --kind).",
            {"text": ["a"], "id": [1], "time": [0], "label": [1]},
            {},
        ),
        (
            "X must have the column 'review'; got 'Reviews', 'label'. Did you mean text_col='Reviews'? (command line: "
            "--text)",
            {"Reviews": ["a"], "label": [1]},
            {"text_col": "review"},
        ),
        (
            "X must have the column 'label'; got 'text', 'class'. Say which it is with target_col=... (command line: "
            "--target)",
            {"text": ["a"], "class": [1]},
            {},
        ),
        (
            "label must be known in every row; got none in row 2. Fill it in or remove the row.",
            {"text": ["a", "b"], "label": ["x", None]},
            {},
        ),
        (
            "who must be known in every row; got none in row 1. Fill it in or remove the row.",
            {"text": ["a", "b"], "label": ["x", "y"], "who": ["", "z"]},
            {"group_col": "who"},
        ),
        (
            "text must hold text; got int64, such as 1 in row 1. Name the column of text with text_col= (command line: "
            "--text).",
            {"text": [1], "label": [1]},
            {},
        ),
        ("X must have at least one row; got none. Check how it was made.", {"text": [], "label": []}, {}),
        (
            "text_col, target_col and group_col must be columns of their own; got ['text', 'text']. Name each.",
            {"text": ["a"]},
            {"target_col": "text"},
        ),
    ],
)
def test_a_table_that_cannot_be(text, table, options):
    refused(text, table, **options)


def test_a_file_without_a_line_of_names(tmp_path):
    (tmp_path / "data.tsv").write_text("a stirring film\t1\ndull\t0\n")
    refused(f"{NAMES} 'a stirring film', '1'. {SAY}", tmp_path / "data.tsv")


def test_real_texts(data, tmp_path):
    items = read_items(data / "names_nationality")
    assert (len(items), len(np.unique(items.y))) == (20_050, 18)
    named = tmp_path / "train.tsv"
    named.write_text("text\tlabel\n" + (data / "sst2" / "train.tsv").read_text())
    items = read_items(named)
    assert len(items) == 6_920
    assert items.notes == ("read as text: column 'text', 6,920 items, 2 different labels.",)
