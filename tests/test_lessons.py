"""The pages: what each declares is there, in the library and in the style sheet."""

from pathlib import Path

import pytest

from ssm.explorer.experiment import ALL
from ssm.explorer.figures import EVERY
from ssm.explorer.pages import EXPLORER, PAGES
from ssm.explorer.settings import FIELDS, Frame

ROOT = Path(__file__).parents[1]
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def test_the_explorer_goes_from_cause_to_effect():
    assert EXPLORER.panels == (
        "noise",
        "scores_full",
        "scores_sampled",
        "gradient_full",
        "gradient_sampled",
        "convergence",
        "balance",
        "ranks",
    )
    assert EXPLORER.needs == {"draw", "convergence", "moments", "ranked"}
    assert EXPLORER.frame == Frame(hidden=("batch", "dim"))


def test_a_setting_of_one_page_is_hidden_on_all_others():
    for page in PAGES:
        assert ("steps" in page.needs) is not ({"batch", "dim"} <= set(page.frame.hidden)), page.name


@every_page
def test_a_page_is_a_script_and_shows_panels_that_are_there(page):
    assert (ROOT / f"pages/{page.name}.py").exists()
    assert {EVERY[name].variant for name in page.panels} == {None}
    assert page.needs <= ALL
    assert {*page.frame.hidden, *page.frame.locked} <= set(FIELDS)
    assert page.next is None or page.next.page in {other.name for other in PAGES}


@every_page
def test_a_layout_places_panels_of_the_page(page):
    if page.layout:
        wide = [name for _, names in page.layout.columns for name in names]
        pairs = [name for pair in page.layout.pairs for name in pair]
        many = {name for name in page.panels if "ranked" in EVERY[name].needs}
        assert set(wide) == set(pairs) == set(page.panels) - many
        assert set(page.layout.smallest) <= set(wide)


def test_no_two_pages_share_a_name_or_an_address_and_one_opens_first():
    assert len({page.name for page in PAGES}) == len({page.path for page in PAGES}) == len(PAGES)
    assert [page.path for page in PAGES].count("") == 1


def test_the_frame_of_a_link_is_laid_over_the_page_s_own():
    usual = Frame(hidden=("seed",), player=False)
    assert Frame.from_query("v=1", usual) == (usual, ())
    assert Frame.from_query("player=1&note=see", usual)[0] == Frame(hidden=("seed",), note="see")
    assert Frame.from_query("hidden=noise,seed", usual)[0] == Frame(hidden=("seed", "noise"), player=False)
    assert Frame.from_query("player=x", usual) == (usual, ("player must be 1 or 0, got 'x'; 0 is used",))
