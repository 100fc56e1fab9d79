"""README's table of rooms is what the rooms say of themselves."""

from tests import rooms


def test_the_readme_has_every_room_in_its_own_words():
    readme = rooms.README.read_text("utf-8")
    assert readme == rooms.written(readme), "write it anew: python -m tests.rooms"


def test_the_table_has_the_files_and_the_folders():
    names = [name.strip() for name, _ in rooms.rooms()]
    assert {"app.py", "exact.py", "experiment/", "ui/", "view.js", "dialogue.js"} <= set(names)
    assert not [name for name in names if name.startswith("__")]


def test_a_sentence_ends_where_it_ends(tmp_path):
    for name, source in {
        "a.py": '"""What is: this. Not this.\n\nNor this."""\n',
        "b.js": "/**\n * What is:\n * this. Not this.\n */\nexport {};\n",
    }.items():
        (tmp_path / name).write_text(source, "utf-8")
        assert rooms.first_sentence(tmp_path / name) == "What is: this"
