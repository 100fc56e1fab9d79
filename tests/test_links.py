"""Links for ever: what a link restores, on every page, whatever it holds; and that it spells what it restored."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm.explorer.pages import PAGES
from ssm.explorer.settings import FIELDS, FRAME_FIELDS, Frame, Settings
from ssm.explorer.settings.link import MOST_SHARED
from ssm.explorer.story import CHAPTERS
from tests.links import corpus, fuzzed, restored, told
from tests.test_settings import every_frame, every_settings

LINKS = corpus()
BY_PAGE = {page.path: page for page in PAGES}


@pytest.mark.parametrize("link", LINKS, ids=[str(line) for line in range(len(LINKS))])
def test_a_link_of_the_corpus_restores_what_it_always_did(link):
    assert told(link.path, link.query) == link.expected


def test_the_corpus_has_every_page_every_setting_and_every_part_of_a_frame():
    assert len(LINKS) >= 60
    assert {link.path for link in LINKS} == set(BY_PAGE)
    restored_somewhere = Counter(name for link in LINKS for name in link.expected)
    assert {*FIELDS, *FRAME_FIELDS, "chapter", "notes"} <= set(restored_somewhere)


@given(every_settings, every_frame, st.sampled_from([page for page in PAGES if not page.chapters]))
def test_a_link_restores_settings_and_frame_and_spells_them_again(chosen, frame, page):
    query = f"?{chosen.to_query()}&{frame.to_query()}"
    again = restored(page.path, query)
    assert (again.settings, again.notes) == (chosen, ())
    spelled = f"?{again.settings.to_query()}&{again.frame.to_query()}"
    assert restored(page.path, spelled) == again


@given(every_settings, every_frame, st.integers(1, len(CHAPTERS)))
def test_a_link_of_the_story_restores_its_chapter_too(chosen, frame, chapter):
    again = restored("story", f"?{chosen.to_query()}&{frame.to_query()}&chapter={chapter}")
    assert (again.settings, again.chapter, again.notes) == (chosen, chapter, ())
    spelled = f"?{again.settings.to_query()}&{again.frame.to_query()}&chapter={again.chapter}"
    assert restored("story", spelled) == again


def test_a_thousand_links_that_nobody_meant_are_mended_with_whole_sentences():
    for link in fuzzed(1_000):
        found = restored(link.path, link.query)
        assert all(re.fullmatch(r"\S.+(, got .+; \S.*|left out)", note, re.DOTALL) for note in found.notes), link
        assert all(len(note) < 600 for note in found.notes)
        assert Settings.from_query(found.settings.to_query()) == (found.settings, ())
        assert Frame.from_query(found.frame.to_query()) == (found.frame, ())
        raw, _ = Settings.from_query(link.query)  # as the page itself asks, with nothing parsed before
        assert Settings.from_query(raw.to_query()) == (raw, ())


def test_fuzzing_spoils_every_way_and_finds_faults():
    queries = [link.query for link in fuzzed(1_000)]
    assert sum(len(query) > 10_000 for query in queries) > 200
    assert all(sum(word in query for query in queries) > 20 for word in ("javascript:", "<script>", "%ff", "onerror"))
    keys = [Counter(part.partition("=")[0] for part in query[1:].split("&")) for query in queries]
    assert sum(max(counts.values()) > 1 for counts in keys) > 200
    assert sum(bool(restored(link.path, link.query).notes) for link in fuzzed(1_000)) > 300


@pytest.mark.parametrize("key", ["utm_source", "fbclid", "samplez", "<b>", ""])
def test_a_key_of_nobody_s_is_quiet(key):
    assert restored("", f"?v=1&samples=5&{key}=1") == restored("", "?v=1&samples=5")


@pytest.mark.parametrize(("given_", "used"), [("dark", "dark"), ("light", "light"), ("reader", "reader")])
def test_a_link_says_light_or_dark_or_leaves_it_to_the_reader(given_, used):
    assert restored("", f"?v=1&theme={given_}").frame.theme == used


def test_a_frame_that_fits_is_shared_in_a_link_with_room_to_spare():
    note = "\u00e9" * 100  # six characters each in a link
    query = f"{Settings().to_query()}&{Frame(note=note, locked=('samples', 'noise')).to_query()}"
    assert len(query) < MOST_SHARED / 2
