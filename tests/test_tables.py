"""Tables: what is read, what is refused and where, and what travels in a link."""

import base64
import gc
import io
import math
import re
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ssm.explorer import problems
from ssm.explorer.problems import Problem, columns, tables
from tests.sentences import refuses

MIB = 2**20


def npy(array, **options):
    """The bytes of a .npy file."""
    file = io.BytesIO()
    np.save(file, np.asarray(array), **options)
    return file.getvalue()


def content(problem):
    """What a table is about."""
    counts = problem.counts if problem.counts is None else problem.counts.tolist()
    return list(problem.names), problem.scores.tolist(), counts


def outcome(read, given):
    """What is read, or the sentence that refuses it."""
    try:
        return read(given)
    except ValueError as refusal:
        return str(refusal)


printable = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=20)
names = printable.map(lambda text: " ".join(text.split())).filter(bool)
scores = st.floats(-300, 300)
counts = st.floats(1e-12, 1e12)


@st.composite
def tables_of(draw, rows=30):
    chosen = draw(st.lists(names, min_size=2, max_size=rows, unique=True))
    n = len(chosen)
    counted = draw(st.none() | st.lists(counts, min_size=n, max_size=n))
    values = torch.tensor(draw(st.lists(scores, min_size=n, max_size=n)), dtype=torch.float64)
    return Problem(chosen, values, int(values.argmax()), counted and torch.tensor(counted, dtype=torch.float64))


@given(tables_of())
def test_a_table_written_reads_back_exactly(problem):
    text = tables.to_text(problem)
    for again in (tables.parse(text), tables.parse_csv(text.encode()), tables.parse_csv(text.encode("utf-8-sig"))):
        assert content(again) == content(problem)
        assert again.target == problem.target


@given(tables_of())
def test_a_packed_table_unpacks_exactly(problem):
    token = tables.pack(problem)
    assert token is not None
    assert re.fullmatch("[A-Za-z0-9_-]+", token)
    assert content(tables.unpack(token)) == content(problem)
    assert tables.link(problem) == token


PETS = (["bird", "cat", "dog"], [1.5, 0.5, 2.5], None)
COUNTED = (["bird", "cat", "dog"], [1.5, 0.5, 2.5], [10, 20, 30])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bird,1.5\ncat,0.5\ndog,2.5", PETS),
        ("bird;1.5\r\ncat;0.5\r\ndog;2.5\r\n", PETS),
        ("bird\t1.5\rcat\t.5\rdog\t2.5", PETS),
        ("bird 1.5\ncat    5e-1\n  dog +2.5  \n", PETS),
        ("\ufeffbird, 1.5\ncat , 0.5\n dog,2.5 ", PETS),
        ("\n\nbird,1.5\n\n , \ncat,0.5\ndog,2.5\n\n", PETS),
        ('"bird","1.5"\n"cat",".5"\n"dog","2.5"', PETS),
        ("class,score\nbird,1.5\ncat,0.5\ndog,2.5", PETS),
        ("Score\tName\n1.5\tbird\n0.5\tcat\n2.5\tdog", PETS),
        ("id,logit,label,colour\n1,1.5,bird,red\n2,.5,cat,\n3,2.5,dog,black", PETS),
        ("bird 1.5 10\ncat 0.5 20\ndog 2.5 30", COUNTED),
        ("count;class;score\n10;bird;1.5\n20;cat;0.5\n30;dog;2.5", COUNTED),
        ('"bear, polar",1\n"bear, ""brown""",2', (["bear, polar", 'bear, "brown"'], [1, 2], None)),
        ('"bear\npolar",1\nbear  brown,2', (["bear polar", "bear brown"], [1, 2], None)),
        ("<b>cat</b>,1\n<script>alert(1)</script>,2", (["<b>cat</b>", "<script>alert(1)</script>"], [1, 2], None)),
        ("word,1\nclass,2", (["word", "class"], [1, 2], None)),
        ("7,1\n3,2\n11,-0.0", (["7", "3", "11"], [1, 2, 0], None)),
    ],
)
def test_a_table_is_read_however_it_was_written(text, expected):
    assert content(tables.parse(text)) == expected


def test_the_target_is_the_first_class_with_the_highest_score():
    assert tables.parse("bird 1\ncat 2\ndog 2").target == 1


NUMBER = "a number from -300 to 300"
LEAVE = "write such a number or leave the class out"
HEADER = "put a score beside each class, or name the columns class, score and count"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the table must have rows, got nothing; write a class and its score in each line"),
        (" \n\t\n", "the table must have rows, got nothing; write a class and its score in each line"),
        ("cat", f"row 1 must have a column score, got ['cat']; {HEADER}"),
        ("\nclass;count\ncat;3", f"row 2 must have a column score, got ['class', 'count']; {HEADER}"),
        ("score\n1\n2", f"row 1 must have a column class, got ['score']; {HEADER}"),
        ("cat,1", "the table must have two classes or more, got 1; add a row"),
        ("class,score", "the table must have two classes or more, got 0; add a row"),
        ("cat,1\ndog,nan", f"row 2, column 2 (score) must be {NUMBER}, got 'nan'; {LEAVE}"),
        ("cat,1\n\ndog,-inf", f"row 3, column 2 (score) must be {NUMBER}, got '-inf'; {LEAVE}"),
        ("score,class\n1e308,cat\n1,dog", f"row 2, column 1 (score) must be {NUMBER}, got '1e308'; {LEAVE}"),
        ("cat;1,5\ndog;2", f"row 1, column 2 (score) must be {NUMBER}, got '1,5'; {LEAVE}"),
        ("cat,\ndog,2", f"row 1, column 2 (score) must be {NUMBER}, got ''; {LEAVE}"),
        ("animal,value\ncat,2", f"row 1, column 2 (score) must be {NUMBER}, got 'value'; {LEAVE}"),
        ("polar bear 1\ndog 2 3", f"row 1, column 2 (score) must be {NUMBER}, got 'bear'; {LEAVE}"),
        (f"cat,1\ndog,{'x' * 99}", f"row 2, column 2 (score) must be {NUMBER}, got '{'x' * 59}…; {LEAVE}"),
        ("cat,1,2\ndog,2,0", f"row 2, column 3 (count) must be a number from 1e-12 to 1e+12, got '0'; {LEAVE}"),
        ("cat,1,2\ndog,2,-5", f"row 2, column 3 (count) must be a number from 1e-12 to 1e+12, got '-5'; {LEAVE}"),
        ("cat,1\ndog,2,3", "row 2 must have 2 columns like the first, got 3; "
         "fill the gap, or put a name that holds the separator in quotes"),
        ("cat,1,2\n\ndog,2", "row 3 must have 3 columns like the first, got 2; "
         "fill the gap, or put a name that holds the separator in quotes"),
        ("cat,1,2,3\ndog,1,2,3", "row 1 must have at most 3 columns, got 4; "
         "name them in a header with class and score"),
        ("cat,1\ndog,2\n cat ,3", "row 3, column 1 (class) must be a name of its own, got 'cat'; "
         "row 1 has the same one, so rename or leave out one of the two"),
        (",1\ndog,2", "row 1, column 1 (class) must be a name of 1 to 200 characters, got ''; "
         "give the class a short name"),
        (f"cat,1\n{'y' * 201},2", "row 2, column 1 (class) must be a name of 1 to 200 characters, "
         f"got '{'y' * 59}…; give the class a short name"),
        ('cat,1\n"dog,2', "row 2 must have its quotation marks in pairs, got 'unexpected end of data'; "
         "close or remove them"),
        (f"cat,1\n{'z' * 150_000},2", "row 2 must have cells of at most 131,072 characters, got a longer one; "
         "shorten it or close its quotes"),
        (f"cat,1\n{'z' * 200_000},2", "line 2 must have at most 200,000 characters, got 200002; "
         "shorten it or break it into lines"),
        ("cat,1\ndog,2" + 2_000_000 * "\n", "the table must have at most 2,000,000 lines, got 2,000,001; "
         "leave out blank ones"),
        ("cat,1\rdog,2" + 2_000_000 * "\r", "the table must have at most 2,000,000 lines, got 2,000,001; "
         "leave out blank ones"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_row_and_column(text, sentence):
    with refuses(sentence):
        tables.parse(text)
    with refuses(sentence):
        tables.parse_csv(text.encode())


@given(st.text() | st.lists(st.lists(st.text(max_size=5) | scores.map(repr)).map(",".join)).map("\n".join))
def test_any_text_is_a_table_or_gets_a_sentence(text):
    found = outcome(tables.parse, text)
    if isinstance(found, Problem):
        assert content(tables.unpack(tables.pack(found))) == content(found)
    else:
        assert re.fullmatch(r"(the table|row [\d,]+).* must .+, got .+; .+", found)


@pytest.mark.parametrize(
    ("data", "row", "byte"),
    [(b"caf\xe9,1\ndog,2", 1, "0xe9"), (b"cat,1\ndog\xff,2", 2, "0xff"), ("cat,1\ndog,2".encode("utf-16"), 1, "0xff")],
)
def test_bytes_that_are_no_text_are_refused(data, row, byte):
    with refuses(f"the file must be text in UTF-8, got the byte {byte} in row {row}; save it as CSV UTF-8"):
        tables.parse_csv(data)


@pytest.mark.parametrize("read", [tables.parse_csv, tables.parse_npy, lambda data: tables.parse(data.decode())])
def test_more_than_32_megabytes_are_refused(read):
    with refuses("the table must have at most 32 MB, got 33.0 MB; leave out classes or columns"):
        read(b"0" * (33 * MIB))


def test_more_rows_than_the_server_computes_with_are_refused(monkeypatch):
    monkeypatch.setattr(columns, "MOST_ROWS", 3)
    rows = [f"class {c},{c}" for c in range(5)]
    sentence = "the table must have at most 3 rows, got more; keep the classes with the highest scores"
    for header, n in (([], 3), (["name,score"], 3)):
        assert tables.parse("\n".join([*header, *rows[:n]])).classes == 3
        for more in (n + 1, n + 2):
            with refuses(sentence):
                tables.parse("\n".join([*header, *rows[:more]]))
    assert tables.parse_npy(npy(np.arange(3.0))).classes == 3
    with refuses(sentence):
        tables.parse_npy(npy(np.arange(4.0)))


@pytest.mark.slow
def test_a_million_rows_are_read():
    text = "\n".join(f"w{c},{c / 1e5:.5f},{c + 1}" for c in range(1_000_000))
    problem = tables.parse_csv(text.encode())
    assert (problem.classes, problem.target, problem.names[-1]) == (1_000_000, 999_999, "w999999")
    assert tables.link(problem) == problem.fingerprint


RECORDS = np.array(
    [("bird", 1.5, 10), ("cat", 0.5, 20), ("dog", 2.5, 30)], [("class", "U9"), ("score", "f8"), ("count", "i4")]
)
NUMBERED = ["class 0", "class 1", "class 2"]
PLAIN = [1.5, 0.5, 2.5]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array(PLAIN), (NUMBERED, PLAIN, None)),
        (np.array(PLAIN, ">f4"), (NUMBERED, PLAIN, None)),
        (np.array(PLAIN, "f2"), (NUMBERED, PLAIN, None)),
        (np.array([3, 1, 2], "i1"), (NUMBERED, [3, 1, 2], None)),
        (np.array(PLAIN)[:, None], (NUMBERED, PLAIN, None)),
        (np.array([PLAIN, [10, 20, 30]]).T, (NUMBERED, PLAIN, [10, 20, 30])),
        (np.array([[1.5, 10], [0.5, 20], [2.5, 30]]), (NUMBERED, PLAIN, [10, 20, 30])),
        (RECORDS, COUNTED),
        (RECORDS[["class", "score"]], PETS),
        (RECORDS[["score"]], (NUMBERED, PLAIN, None)),
        (RECORDS.astype([("class", "S9"), ("score", "f4"), ("count", "u8")]), COUNTED),
        (np.array([(7, 1.0), (3, 2.0)], [("class", "i8"), ("score", "f8")]), (["7", "3"], [1, 2], None)),
    ],
)  # fmt: skip
def test_an_array_is_read_in_each_form(array, expected):
    assert content(tables.parse_npy(npy(array))) == expected


def test_names_of_fields_may_have_any_letters():
    file = io.BytesIO()
    array = np.array([(7, 1.0), (3, 2.0)], [("\u03c3", "i8"), ("score", "f8")])
    np.lib.format.write_array(file, array, version=(3, 0))
    assert content(tables.parse_npy(file.getvalue())) == (NUMBERED[:2], [1, 2], None)


class Trap:
    """Reports when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


PICKLED = npy([Trap(), 1.0], allow_pickle=True)
SHAPE = "of shape [classes], [classes, 1] or [classes, 2]"
KINDS = "plain real numbers, never unpickled"
WHOLE = "a NumPy file with a whole header"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", f"the file must be {WHOLE}, got b''; save the scores with numpy.save"),
        (b"cat,1\ndog,2", f"the file must be {WHOLE}, got b'cat,1\\ndo'; save the scores with numpy.save"),
        (npy(PLAIN)[:70], f"the file must be {WHOLE}, got b'\\x93NUMPY\\x01\\x00'; save the scores with numpy.save"),
        (npy(PLAIN)[:-1], "the file must have 24 bytes after its header, got 23; save or send it again, whole"),
        (npy(PLAIN) + b"0", "the file must have 24 bytes after its header, got 25; save or send it again, whole"),
        (PICKLED, f"the array must be {KINDS}, got dtype('O'); save scores.astype(float)"),
        (npy([1j, 1]), f"the array must be {KINDS}, got dtype('complex128'); save scores.astype(float)"),
        (npy([True, False]), f"the array must be {KINDS}, got dtype('bool'); save scores.astype(float)"),
        (npy(["cat", "dog"]), f"the array must be {KINDS}, got dtype('<U3'); save scores.astype(float)"),
        (npy(1.0), f"the array must be {SHAPE}, got (); save one row for each class"),
        (npy(np.ones((4, 3))), f"the array must be {SHAPE}, got (4, 3); save one row for each class"),
        (npy(np.ones((2, 2, 2))), f"the array must be {SHAPE}, got (2, 2, 2); save one row for each class"),
        (npy(RECORDS[:, None]), f"the array must be {SHAPE}, got (3, 1); save one row for each class"),
        (npy(np.ones(0)), "the table must have two classes or more, got 0; add a row"),
        (npy(np.ones(1)), "the table must have two classes or more, got 1; add a row"),
        (npy(RECORDS[["class"]]), f"the array must have a column score, got ['class']; {HEADER}"),
        (npy([1, math.nan]), f"row 2, column 1 (score) must be {NUMBER}, got nan; {LEAVE}"),
        (npy([[1, 1], [2, -1]]), f"row 2, column 2 (count) must be a number from 1e-12 to 1e+12, got -1; {LEAVE}"),
        (npy(RECORDS[[0, 1, 0]]), "row 3, column 1 (class) must be a name of its own, got 'bird'; "
         "row 1 has the same one, so rename or leave out one of the two"),
    ],
)  # fmt: skip
def test_what_is_no_array_of_scores_is_refused(data, sentence):
    with refuses(sentence):
        tables.parse_npy(data)


@given(st.integers(0, 200), st.binary(max_size=8), st.sampled_from([npy(PLAIN), npy(RECORDS)]))
def test_any_bytes_are_an_array_or_get_a_sentence(place, new, data):
    found = outcome(tables.parse_npy, data[:place] + new + data[place + len(new) :])
    sentence = r"(the (file|array|table)|row \d+).* must .+, got .+; .+"
    assert isinstance(found, Problem) or re.fullmatch(sentence, found, re.DOTALL)


def test_a_header_that_lies_about_its_size_asks_for_no_memory():
    data = npy(PLAIN).replace(b"(3,)", b"(999999,)", 1)
    data = data.replace(b"      \n", b" \n", 1)
    with refuses("the file must have 7,999,992 bytes after its header, got 24; save or send it again, whole"):
        tables.parse_npy(data)


def token_of(data):
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "eNo",
        "not a token",
        "größe",
        token_of(b"cat,1\ndog,2")[:-4],
        token_of(b"\xff\xfe"),
    ],
)
def test_what_nobody_packed_is_refused(token):
    with refuses(f"own must be a packed table, got {token!r}; paste or upload the scores again"):
        tables.unpack(token)


def test_a_token_that_unpacks_without_end_is_refused():
    token = token_of(b"cat,1\n" * 10**6)
    with refuses(f"own must be a packed table, got '{token[:59]}\u2026; paste or upload the scores again"):
        tables.unpack(token)


def test_a_packed_text_is_held_against_the_rules_of_tables():
    with refuses("the table must have two classes or more, got 1; add a row"):
        tables.unpack(token_of(b"cat,1"))


def test_a_table_too_large_for_a_link_is_not_packed():
    few, many, words = problems.random(300), problems.random(1_000), problems.random(20_000, spread=0.0)
    assert tables.pack(many) is tables.pack(words) is None
    assert len(tables.pack(few) or "") <= 6_000
    assert tables.link(many) == many.fingerprint
    assert tables.FINGERPRINT.fullmatch(many.fingerprint)


def test_a_header_deeper_than_python_reads_is_refused():
    header = 9_000 * b"-" + b"1"
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with refuses(
        "the file must be a NumPy file with a whole header, got b'\\x93NUMPY\\x01\\x00'; "
        "save the scores with numpy.save"
    ):
        tables.parse_npy(data)


def test_reading_asks_between_chunks_of_rows_whether_it_is_still_wanted(monkeypatch):
    monkeypatch.setattr(tables, "_CHUNK", 10)
    asked = []
    text = "".join(f"{c},1\n" for c in range(35))
    tables.parse(text, lambda: asked.append("?"))
    tables.parse_csv(text.encode(), lambda: asked.append("?"))
    assert len(asked) == 2 * 3


def test_reading_keeps_no_row_that_would_be_looked_through_for_garbage(monkeypatch):
    monkeypatch.setattr(tables, "_CHUNK", 4_000)
    kept = []
    before = len(gc.get_objects())
    tables.parse("".join(f"{c},1\n" for c in range(5_000)), lambda: kept.append(len(gc.get_objects()) - before))
    assert kept[0] < 1_000


def test_what_turns_the_direction_of_a_text_is_replaced_in_names():
    problem = tables.parse("a\u202eb 1\n\u2067c\u2069 2\n\u05d0\u05d1 3")
    assert list(problem.names) == ["a\ufffdb", "\ufffdc\ufffd", "\u05d0\u05d1"]
    assert tables.parse(tables.to_text(problem)).fingerprint == problem.fingerprint
