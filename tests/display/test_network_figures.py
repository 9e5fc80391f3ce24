"""Figures and tables of networks: few and many treatments, and what a reader must not miss."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

from ctevidence.display import network_graph
from ctevidence.display.component_forest import plot_components
from ctevidence.display.contribution_map import plot_contributions
from ctevidence.display.figure import INK
from ctevidence.display.heat_map import AGAINST, AMOUNT, readable_on
from ctevidence.display.league import plot_league
from ctevidence.display.network_graph import plot_network
from ctevidence.display.network_tables import (
    table_components,
    table_network,
    table_selection,
    table_split,
)
from ctevidence.synthesis.component_selection import select_interactions
from ctevidence.synthesis.components import pool_components
from ctevidence.synthesis.network import pool_network


def network_of(count, **options):
    """A ring of treatments with a few chords; the last is a combination given by one trial."""
    rng = np.random.default_rng(count)
    names = ["Placebo", "CBT", "SSRI", *(f"drug {i}" for i in range(count - 4)), "CBT + SSRI"]
    pairs = [(names[i], names[i + 1]) for i in range(count - 2)] * 2
    pairs += [("CBT", "Placebo"), ("SSRI", "Placebo"), ("CBT + SSRI", "SSRI")]
    frame = pd.DataFrame(pairs, columns=["treat1", "treat2"]).assign(
        study=[f"s{i}" for i in range(len(pairs))], outcome="response",
        estimate=rng.normal(0.3, 0.2, len(pairs)), std_error=0.3, n1=20, n2=20)  # fmt: skip
    return pool_network(frame, "Placebo", measure="odds_ratio", **options)


@pytest.fixture(scope="module", params=[5, 22])
def network(request):
    return network_of(request.param)


def drawn(figure):
    assert figure.png.startswith(b"\x89PNG")
    assert 40 <= len(figure.alt) <= 600
    assert "best" not in figure.alt.lower()
    return figure.data.frame


def test_network_graph(network):
    figure = plot_network(network, title="A $\\foo{$ network")
    frame = drawn(figure)
    assert "One treatment rests on a single trial" in figure.alt
    found = frame.set_index(["treatment", "compared with"])["trials"]
    assert found["CBT + SSRI", "SSRI"] == "1"
    assert figure.png == plot_network(network, title="A $\\foo{$ network").png


@pytest.mark.parametrize(
    "combined", ["CBT + SSRI", "a combination with a very long name of its own"]
)
def test_names_of_the_network_graph_are_not_cut(monkeypatch, combined):
    # people in their hundreds beside a long name: it once left the picture on the left
    frame = network_of(5).effects.frame.assign(n1=450, n2=450)
    frame = frame.replace("CBT + SSRI", combined)
    seen = []
    monkeypatch.setattr(network_graph, "finished", lambda figure, *_: seen.append(figure))
    plot_network(pool_network(frame, "Placebo", measure="odds_ratio"))
    (figure,) = seen
    boxes = {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}
    assert any(combined[:10] in text for text in boxes)
    for text, box in boxes.items():
        assert box.x0 >= 0, text
        assert box.x1 <= figure.bbox.width, text


def test_network_graph_of_declared_treatments_without_people():
    frame = network_of(5).effects.frame.drop(columns=["n1", "n2"])
    kinds = {"CBT": "therapy", "SSRI": "medication", "CBT + SSRI": "combined"}
    found = pool_network(frame, "Placebo", measure="odds_ratio", treatments=kinds)
    assert len(drawn(plot_network(found))) == 5


def test_league_holds_every_pair(network):
    frame = drawn(plot_league(network))
    count = len(network.treatments)
    assert len(frame) == count * (count - 1) // 2
    first = network.ranking[0]
    assert (frame["treatment"] == first).sum() == count - 1


def test_contributions_add_up_to_one_hundred(network):
    for by in ("comparisons", "studies"):
        frame = drawn(plot_contributions(network, by=by))
        shares = frame.iloc[:, 1:].astype(float)
        assert shares.sum().to_numpy() == pytest.approx(np.full(shares.shape[1], 100.0), abs=3)
        assert len(frame) <= 45
    with pytest.raises(ValueError, match='by="trials" is unknown'):
        plot_contributions(network, by="trials")


def test_component_forest(network):
    found = pool_components(network, "Placebo", interactions=[("CBT", "SSRI")])
    figure = plot_components(found)
    frame = drawn(figure)
    assert frame.iloc[-1][["kind", "component", "rests on"]].tolist() == [
        "interaction", "CBT + SSRI", "1 trial, 40 people"]  # fmt: skip
    assert "CBT + SSRI" in figure.alt


def test_differences_have_a_plain_axis():
    frame = network_of(5).effects.frame.drop(columns="measure")
    found = pool_network(frame, "Placebo", measure="mean_difference")
    assert len(drawn(plot_components(pool_components(found, "Placebo")))) == 3
    drawn(plot_league(found))


def test_text_on_cells_can_be_read():
    assert readable_on("#ffffff") == INK
    for colours in (AGAINST, AMOUNT):
        for value in np.linspace(0, 1, 21):
            text, ground = readable_on(colours(value)[:3]), colours(value)[:3]
            # WCAG 2.2, 1.4.3: large or bold text 3:1
            assert contrast(text, ground) >= 3.0


def contrast(one, two):
    def luminance(colour):
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
                 for v in to_rgb(colour)]  # fmt: skip
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(two)))
    return (high + 0.05) / (low + 0.05)


def test_tables(network):
    table = table_network(network)
    last = table.frame.iloc[-1]
    assert sorted(table.frame["treatment"]) == sorted(network.ranking)
    assert last["range of places"] == "not said: one small trial"
    assert any("stand last, whatever their place" in note for note in table.notes)
    assert any("rests on one trial of 40 people" in note for note in table.notes)
    assert any("first place does not show" in note for note in table.notes)
    assert any(note.startswith("Q: total") for note in table.notes)
    found = pool_components(network, "Placebo", interactions=[("CBT", "SSRI")])
    table = table_components(found)
    assert table.frame.iloc[-1]["trials"] == "1"
    assert any("Do the components add up?" in note for note in table.notes)
    table = table_selection(select_interactions(pool_components(network, "Placebo")))
    assert table.frame["interaction"].tolist() == ["CBT x SSRI"]
    assert "tests tried" in table.notes[0]
    assert len(table_split(network).frame) >= 1
