"""Two runs side by side, from folders written by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from picmodel.compare.difference import compare
from picmodel.compare.show import as_json
from picmodel.errors import InputError
from tests.commands import call

ROWS = [
    ("renewable_share", "CN", "all", 2030, 0.50, "share"),
    ("renewable_share", "XZ", "all", 2030, 0.90, "share"),
    ("peak_cost", "CN", "all", 0, 10000.0, "bn CNY"),
    ("peak_cost_change", "CN", "all", 0, 0.0, "%"),
    ("emissions", "CN", "all", 2030, 4000.0, "Mt CO2"),
    ("emissions", "XZ", "all", 2030, 1.0, "Mt CO2"),
    ("emissions", "SD", "all", 2030, 300.0, "Mt CO2"),
    ("project_irr", "CN", "wind", 2030, 8.0, "%"),
    ("generation", "SD", "coal_1000", 2030, 100.0, "TWh gross"),
    ("generation", "CN", "all", 2030, 9000.0, "TWh gross"),
]


def folder(
    path: Path,
    rows=ROWS,
    years=(2025, 2030),
    price: float = 80.0,
    inputs: str = "aa",
    program: str = "p",
    warnings=(),
) -> Path:
    """A results folder with what a comparison reads."""
    path.mkdir()
    (path / "scenario.yaml").write_text(
        f"name: {path.name}\ntitle: {{en: {path.name}, zh: null}}\nhorizon: {{years: {list(years)}}}\n"
        f"markets: {{carbon: {{price_cny_per_t: {price}}}}}\n"
    )
    manifest = {
        "scenario": path.name,
        "objective_mcny": 1e7,
        "inputs": {"demand.csv": inputs, "fleet.csv": "ff"},
        "program": program,
        "versions": {"highspy": "1.15"},
        "warnings": list(warnings),
    }
    (path / "manifest.json").write_text(json.dumps(manifest))
    table = pd.DataFrame(rows, columns=["indicator", "province", "technology", "year", "value", "unit"])
    table.insert(0, "scenario", path.name)
    table.to_csv(path / "indicators.csv", index=False)
    return path


def changed(**values) -> list[tuple]:
    """`ROWS` with other values, by indicator_province."""
    return [(*row[:4], values.get(f"{row[0]}_{row[1]}", row[4]), row[5]) for row in ROWS]


def test_a_run_and_itself(tmp_path):
    a = folder(tmp_path / "a")
    found = compare(a, a)
    assert found.same
    assert found.compared == len(ROWS) + 1  # and the objective
    assert as_json(found)["results"] == []


def test_what_was_asked_and_given_is_listed(tmp_path):
    a = folder(tmp_path / "a")
    b = folder(tmp_path / "b", price=90.0, inputs="bb", program="q", warnings=["load is shed"])
    found = compare(a, b)
    assert found.settings == {"markets.carbon.price_cny_per_t": (80.0, 90.0)}
    assert found.inputs == {"demand.csv": ("aa", "bb")}
    assert found.program == {"sources": ("p", "q")}
    assert found.warnings == ((), ("load is shed",))
    assert found.results.empty
    assert not found.same


def test_headlines_come_first_then_what_matters_to_the_nation(tmp_path):
    """A point of the share and of the rate, 40 Mt of 4000, and half of Tibet's one Mt.

    By hand   share 0.01; peak cost 50 / 10050; rate 1 / 100; national emissions 40 / 4040
              beside the headlines: SD's emissions 40 / 4040, its coal 45 / 9000 = 0.005, Tibet's 0.5 / 4040
    """
    b = changed(
        renewable_share_CN=0.51,
        peak_cost_CN=10050.0,
        project_irr_CN=9.0,
        emissions_CN=4040.0,
        emissions_XZ=1.5,
        emissions_SD=340.0,
        generation_SD=145.0,
    )
    found = compare(folder(tmp_path / "a"), folder(tmp_path / "b", b)).results
    told = list(zip(found["indicator"], found["province"]))
    assert told == [
        ("renewable_share", "CN"),
        ("peak_cost", "CN"),
        ("project_irr", "CN"),
        ("emissions", "CN"),
        ("emissions", "SD"),
        ("generation", "SD"),
        ("emissions", "XZ"),
    ]
    expected = [0.01, 50 / 10050, 0.01, 40 / 4040, 40 / 4040, 45 / 9000, 0.5 / 4040]
    assert found["importance"].tolist() == pytest.approx(expected)


def test_a_comparison_the_other_way_round_says_the_opposite(tmp_path):
    a = folder(tmp_path / "a")
    rows = [*changed(emissions_SD=340.0)[:-1], ("generation", "SD", "wind", 2030, 5.0, "TWh gross")]
    b = folder(tmp_path / "b", rows, price=90.0)
    one, other = compare(a, b), compare(b, a)
    assert one.settings == {key: pair[::-1] for key, pair in other.settings.items()}
    assert len(one.results) == 3
    keys = ["indicator", "province", "technology", "year", "importance"]
    pd.testing.assert_frame_equal(one.results[keys], other.results[keys])
    pd.testing.assert_series_equal(one.results["difference"], -other.results["difference"])
    assert one.results["a"].tolist() == pytest.approx(other.results["b"].tolist(), nan_ok=True)


def test_differences_below_the_tolerance_do_not_count(tmp_path):
    a, b = folder(tmp_path / "a"), folder(tmp_path / "b", changed(emissions_CN=4000.2))
    assert compare(a, b).results.empty
    assert len(compare(a, b, tolerance=1e-6).results) == 1


def test_a_number_that_is_undefined_in_one_run_differs_by_all(tmp_path):
    rows = changed(project_irr_CN=float("nan"))
    found = compare(folder(tmp_path / "a"), folder(tmp_path / "b", rows))
    assert found.results[["indicator", "importance"]].values.tolist() == [["project_irr", 1.0]]
    json.dumps(as_json(found), allow_nan=False)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"years": (2025, 2035)}, ["planning years differ", "a alone has 2030", "b alone has 2035"]),
        (
            {"rows": [r for r in ROWS if r[1] != "XZ"]},
            ["provinces differ", "a alone has XZ", "space.provinces"],
        ),
    ],
)
def test_runs_of_other_years_or_provinces_are_refused(tmp_path, other, words):
    a, b = folder(tmp_path / "a"), folder(tmp_path / "b", **other)
    with pytest.raises(InputError) as refused:
        compare(a, b)
    assert all(word in str(refused.value) for word in words)


def test_the_command(tmp_path, capsys, monkeypatch):
    a, b = folder(tmp_path / "a"), folder(tmp_path / "b", changed(peak_cost_CN=10050.0), price=90.0)

    def compared(*arguments) -> tuple[int, str, str]:
        return call(capsys, monkeypatch, "compare", *arguments)

    code, text, _ = compared(a, b)
    assert code == 0
    assert "markets.carbon.price_cny_per_t" in text
    assert "peak_cost, bn CNY" in text
    assert "+0.50" in text
    code, text, _ = compared(a, a)
    assert "nothing differs" in text
    code, text, _ = compared(a, b, "--json")
    assert json.loads(text)["results"][0]["difference"] == pytest.approx(50.0)
    code, _, message = compared(a, tmp_path)
    assert code == 2
    assert "name the folder of a finished run" in message
