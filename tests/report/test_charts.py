"""Numbers in charts are those of the results' files: each chart against another file or another sum."""

from __future__ import annotations

import json
import math

import numpy as np
import plotly.graph_objects as go
import pytest

from picmodel.errors import InputError
from picmodel.report import frames, gallery
from picmodel.report.charts import names_apart, signless, tiles
from picmodel.report.images import state_of
from picmodel.report.styles import INK, shown_as
from tests.report.conftest import story_in

HALF_DIGIT = 1e-5  # numbers in charts have six digits


@pytest.fixture(scope="module")
def charts(story):
    return {chart.name: chart for found in gallery.charts(story).values() for chart in found}


def drawn(figure, name: str) -> list[float]:
    return next(trace["y"] for trace in figure["data"] if trace["name"] == name)


def total(story, letter, indicator, province, year, technologies=None) -> float:
    rows = story.of(letter).indicators
    rows = rows[(rows.indicator == indicator) & (rows.province == province) & (rows.year == year)]
    if technologies is not None:
        rows = rows[rows.technology.isin(technologies)]
    return float(rows.value.sum())


def test_every_figure_has_a_chart_and_every_state_is_a_figure_of_plotly(charts):
    assert list(charts) == list(gallery.NAMES)
    for chart in charts.values():
        go.Figure(chart.figure())  # refuses a name that plotly does not know
        for figure in chart.states.values():
            json.dumps(figure, allow_nan=False)
            assert figure["data"]


def test_years_under_bars_are_names(folders):
    """A run alone has one level of names on x; numbers of years would get ticks between them."""
    alone = story_in("en", folders[:1])
    for name in ("capacity", "generation", "system_cost", "certificates", "carbon", "hourly"):
        figure = gallery.one_chart(name, alone).figure()
        assert figure["layout"]["xaxis"]["type"] == "category", name
        assert set(figure["data"][0]["x"]) <= {"2025", "2030", "2035"}
    assert "type" not in gallery.one_chart("dispatch", alone).figure()["layout"]["xaxis"]


def test_axes_say_their_unit(charts):
    for name in (
        "renewable_share",
        "emissions",
        "capacity",
        "generation",
        "system_cost",
        "dispatch",
        "carbon",
    ):
        assert charts[name].figure()["layout"]["yaxis"]["title"]["text"].endswith("]"), name


@pytest.mark.parametrize("place", ["CN", "HA"])
def test_a_stack_of_capacity_is_the_sum_of_its_technologies(story, charts, place):
    figure = charts["capacity"].figure(province=place)
    years, letters = figure["data"][0]["x"]
    assert (years[:2], letters[:2]) == (["2025", "2025"], ["A", "B"])
    coal = drawn(figure, "Coal")
    for i, (year, letter) in enumerate(zip(years, letters)):
        expected = total(story, letter, "capacity", place, int(year))
        assert sum(t["y"][i] or 0.0 for t in figure["data"]) == pytest.approx(expected, rel=HALF_DIGIT)
        units = ["coal_1000", "coal_600", "coal_300", "coal_small", "coal_chp"]
        assert coal[i] == pytest.approx(
            total(story, letter, "capacity", place, int(year), units), rel=HALF_DIGIT
        )


def test_emissions_have_the_peak_of_the_manifest(story, charts):
    figure = charts["emissions"].figure()
    for result in story.results:
        line = drawn(figure, story.titled(result))
        star = next(t for t in figure["data"] if t["name"].startswith(f"{result.letter} Emissions peak"))
        assert star["y"][0] == pytest.approx(max(line), rel=HALF_DIGIT)
        assert star["x"] == [result.manifest["peak"]["year"]]


def test_dispatch_weighed_by_hours_is_the_year(story, charts):
    """Power in the slices times their hours is net generation of `indicators.csv`; exports are net export."""
    for letter in story.letters:
        hours = story.slices(letter)["weight"].to_numpy()
        assert hours.sum() == pytest.approx(8760)
        for place in ("HA", "SN"):
            figure = charts["dispatch"].figure(scenario=letter, province=place, year="2030")
            coal = np.array(drawn(figure, "Coal"))
            units = [g for g in story.of(letter).solution.technology.values if shown_as(str(g)) == "coal"]
            expected = total(story, letter, "net_generation", place, 2030, units)
            assert coal @ hours * 1e-3 == pytest.approx(expected, rel=1e-4)
            export = total(story, letter, "net_export", place, 2030)
            flows = np.array(drawn(figure, "Imports, exports below zero"))
            assert -flows @ hours * 1e-3 == pytest.approx(export, rel=1e-4, abs=1e-3)


def test_demand_served_is_what_consumption_says(story):
    """All supply less what stores take is consumption less the losses of stores, which are in it."""
    for letter in story.letters:
        hours = story.slices(letter)["weight"].to_numpy()
        power = story.dispatch(letter)
        stores = sum(power[kind]["HA", 2030] @ hours for kind in ("pumped_hydro", "battery") if kind in power)
        served = sum(p["HA", 2030] @ hours for kind, p in power.items() if kind != "unserved")
        assert (served - stores) * 1e-3 == pytest.approx(
            total(story, letter, "consumption", "HA", 2030), rel=1e-4
        )


def test_a_duration_curve_encloses_the_mean_price_of_all_hours(story, charts):
    figure = charts["price_duration"].figure(province="HA", year="2030")
    for result, trace in zip(story.results, figure["data"]):
        x, y = np.array(trace["x"]), np.array(trace["y"])
        assert (np.diff(y) <= 1e-9).all()
        prices = result.prices["price_balance"].sel(province="HA", year=2030).to_numpy() * 1000
        weights = result.solution["weight"].to_numpy()
        assert np.diff(x) @ y[:-1] == pytest.approx(prices @ weights, rel=1e-4)


def test_a_duration_curve_by_hand():
    x, y = frames.duration(np.array([10.0, 30.0, 20.0]), np.array([1.0, 2.0, 3.0]))
    assert list(x) == [0, 2, 5, 6]
    assert list(y) == [30, 20, 10, 10]


def test_flows_leave_and_arrive_as_net_export_says(story, charts):
    """What a province sends less what was sent to it is its net export but for losses on the way."""
    for result in story.results:
        sent = frames.flows(result)
        of_year = sent[sent.year == 2030]
        out = of_year.groupby("sender")["value"].sum()
        arrived = of_year.groupby("receiver")["value"].sum()
        for place in result.provinces:
            net = out.get(place, 0.0) - arrived.get(place, 0.0)
            export = total(story, result.letter, "net_export", place, 2030)
            lost = 0.1 * (out.sum() + 1)
            assert net <= export + 1e-6 <= net + lost
    map_ = charts["flows"].figure(scenario="A", year="2030")["data"][0]
    shown = {row[0]: row[1] for row in map_["meta"]["table"]["rows"]}
    assert shown["HA"] == pytest.approx(total(story, "A", "net_export", "HA", 2030), rel=HALF_DIGIT)


def test_names_of_tiles_are_drawn_over_the_arrows(charts):
    """Every tile has its name in the last trace, and no other trace writes anything."""
    map_, *arrows, names = charts["flows"].figure(scenario="A", year="2030")["data"]
    values = {(x, y): v for y, row in enumerate(map_["z"]) for x, v in enumerate(row) if v is not None}
    assert arrows
    assert all("text" not in trace for trace in (map_, *arrows))
    assert set(zip(names["x"], names["y"])) == set(values)
    assert {text.partition("<br>")[0] for text in names["text"]} == {"SN", "HA", "SD", "NM"}


def test_names_are_light_on_dark_tiles_and_dark_on_light_ones():
    """By hand: -71 is more than 0.7 of the highest, 100, and -69 is less."""
    values, places = (
        {"A": 100.0, "B": -71.0, "C": -69.0, "D": 10.0},
        {r: (0, i) for i, r in enumerate("ABCD")},
    )
    bare, names = names_apart(tiles(values, places, str, str, "TWh", 0, "province", signed=True))
    dark, light = INK
    assert names["textfont"]["color"] == [light, light, dark, dark]
    assert all(rim.endswith(ink) for rim, ink in zip(names["textfont"]["shadow"], (dark, dark, light, light)))
    assert names["text"] == ["A<br>100", "B<br>-71", "C<br>-69", "D<br>10"]
    assert "texttemplate" not in bare
    go.Figure({"data": [bare, names]})


def test_money_that_enters_an_account_leaves_it(story, charts):
    """Nodes in the middle of the diagram clear, and what consumers pay is that of the ledger."""
    for letter in story.letters:
        trace = charts["ledger"].figure(scenario=letter, year="2030")["data"][0]
        link, labels = trace["link"], trace["node"]["label"]
        into, out = np.zeros(len(labels)), np.zeros(len(labels))
        np.add.at(into, link["target"], link["value"])
        np.add.at(out, link["source"], link["value"])
        for label, arriving, leaving in zip(labels, into, out):
            if "(pays)" not in label and "(receives)" not in label:
                assert arriving == pytest.approx(leaving, rel=1e-3, abs=0.05), label
        ledger = story.of(letter).ledger
        bill = ledger[(ledger.year == 2030) & (ledger.payer == "consumers")].amount.sum()
        paid_back = ledger[(ledger.year == 2030) & (ledger.payee == "consumers")].amount.sum()
        consumers = out[labels.index("Consumers (pays)")] - (
            into[labels.index("Consumers (receives)")] if "Consumers (receives)" in labels else 0.0
        )
        assert consumers == pytest.approx((bill - paid_back) / 1000, rel=1e-4)


def test_what_is_issued_is_used_or_lapses(charts):
    figure = charts["certificates"].figure()
    issued = drawn(figure, "Issued")
    used = [
        sum(t["y"][i] or 0.0 for t in figure["data"] if t["name"] != "Issued") for i in range(len(issued))
    ]
    assert used == pytest.approx(issued, rel=1e-3)


def test_returns_and_their_map_are_the_indicators(story, charts):
    figure = charts["returns"].figure(vintage="2030")
    for result in story.results:
        values = dict(zip(figure["data"][0]["x"], drawn(figure, story.titled(result))))
        assert values["Onshore wind"] == pytest.approx(
            result.value("project_irr", technology="wind_onshore", year=2030), rel=HALF_DIGIT
        )
    tiles = charts["return_map"].figure(scenario="B", technology="solar_utility", vintage="2030")["data"][0]
    shown = {row[0]: row[1] for row in tiles["meta"]["table"]["rows"]}
    expected = story.of("B").value("project_irr", "HA", "solar_utility", 2030)
    assert shown["HA"] == pytest.approx(expected, rel=HALF_DIGIT)


# -- the plan beside all hours: numbers of `conftest.HOURS`


def test_the_plan_stands_beside_all_hours(charts):
    shares = charts["hourly"].figure()
    assert shares["data"][0]["x"] == [["2030", "2030"], ["A", "B"]]
    assert (drawn(shares, "Plan"), drawn(shares, "All hours")) == ([50.0, 50.0], [48.0, 48.0])
    assert shares["layout"]["yaxis"]["title"]["text"] == "Renewable share of generation [%]"
    prices = charts["hourly"].figure(figure="energy_price:all", province="HA")
    assert (drawn(prices, "Plan"), drawn(prices, "All hours")) == ([300.0, 300.0], [290.0, 291.0])
    made = charts["hourly_generation"].figure()
    assert drawn(made, "Coal") == [150.0, 153.0, 150.0, 153.0]
    assert made["data"][0]["x"][1] == ["Plan", "All hours", "Plan", "All hours"]
    earned = charts["hourly_capture"].figure(scenario="B")["data"]
    assert earned[1]["y"] == ["Coal, units of 600 MW", "Onshore wind"]
    assert (earned[0]["x"], earned[1]["x"]) == ([280.0, 250.0], [311.0, 201.0])
    quantiles = charts["hourly_quantiles"].figure(province="HA")
    assert drawn(quantiles, "A All hours") == [0.0, None, None, None, 360.0, None]
    less = charts["hourly_map"].figure(figure="curtailment_rate:wind")["data"][0]["meta"]["table"]
    assert less["columns"] == ["province", "points"]
    assert sorted(less["rows"]) == [["HA", 3.1], ["NM", 3.1], ["SD", 3.1], ["SN", 3.1]]


def test_a_choice_that_is_not_there_is_named(charts):
    with pytest.raises(InputError, match="province cannot be `XX`; it is one of CN, "):
        state_of(charts["capacity"], province="XX")
    with pytest.raises(InputError, match="no switch `place`; it has province"):
        state_of(charts["capacity"], place="HA")


def test_numbers_that_round_to_zero_have_no_sign():
    assert signless(-0.04, 1) == "0.0"
    assert signless(-1234.5, 0) == "-1,234"
    assert math.isclose(float(signless(0.06, 1)), 0.1)
