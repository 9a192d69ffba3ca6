"""What is exported comes back as `indicators.csv`."""

from __future__ import annotations

import shutil
import subprocess
import sys

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xarray as xr
from cf_units import Unit
from pylatexenc.latexwalker import (
    LatexEnvironmentNode,
    LatexSpecialsNode,
    LatexWalker,
    LatexWalkerParseError,
)

from picmodel.errors import InputError
from picmodel.glossary import ENTRIES
from picmodel.indicators.definitions import DEFINITION
from picmodel.markets.registry import MECHANISMS
from picmodel.report.export import ENDINGS, export, tidy
from picmodel.report.iamc import COLUMNS, own_name
from picmodel.report.workbook import LONGEST, sheet_names
from picmodel.report.write import cf_unit
from tests.report.conftest import story_in

KEY = ["scenario", "indicator", "province", "technology", "year"]


@pytest.fixture(scope="module")
def expected(folders) -> pd.DataFrame:
    """The files themselves, read by pandas alone."""
    parts = [pd.read_csv(f / "indicators.csv", keep_default_na=False, na_values=[""]) for f in folders]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def written(story, tmp_path_factory) -> dict:
    out = tmp_path_factory.mktemp("export")
    paths = {name: out / f"{name}{ending}" for name, ending in ENDINGS.items()}
    for name, path in paths.items():
        export(story, name, path)
    return paths


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    a, b = (t.sort_values(KEY).reset_index(drop=True)[[*KEY, "value", "unit"]] for t in (found, expected))
    pd.testing.assert_frame_equal(a, b, check_dtype=False, rtol=1e-9)


def test_csv_and_parquet_come_back(written, expected):
    assert_same(pd.read_csv(written["csv"], keep_default_na=False, na_values=[""]), expected)
    assert_same(pd.read_parquet(written["parquet"]), expected)


def test_netcdf_comes_back(written, expected):
    """Every number of the tables is in its array and no other; units are those of UDUNITS."""
    with xr.open_dataset(written["netcdf"]) as dataset:
        assert set(dataset.data_vars) == set(expected["indicator"])
        parts = []
        for name, array in dataset.data_vars.items():
            rows = array.to_series().dropna().rename("value").reset_index()
            parts.append(rows.assign(indicator=name))
        assert dataset["generation"].attrs["units"] == "TW h"
        assert dataset["peak_cost"].dims == ("scenario", "province", "technology")
        assert all(v.attrs["long_name"] and v.attrs["units"] for v in dataset.data_vars.values())
    back = pd.concat(parts).fillna({"technology": "all", "year": 0}).astype({"year": int})
    both = back.merge(expected.dropna(subset=["value"]), on=KEY, how="outer", suffixes=("", "_table"))
    assert (both["value"] == both["value_table"]).all()


def test_arrays_of_a_run_follow_cf(folders, written):
    """Units that UDUNITS knows and a name on every variable; money names its currency, nothing else does."""
    for path in (folders[0] / "solution.nc", folders[0] / "prices.nc", written["netcdf"]):
        with xr.open_dataset(path) as dataset:
            assert dataset.attrs["Conventions"] == "CF-1.11"
            for name, variable in dataset.variables.items():
                if path == written["netcdf"] and name in dataset.coords:
                    continue
                attrs = variable.attrs
                assert attrs["long_name"]
                Unit(attrs["units"])  # raises where it is no unit
                assert ("currency" in attrs) == ("CNY" in attrs.get("unit_in_tables", ""))
    with xr.open_dataset(folders[0] / "prices.nc") as prices:
        attrs = prices["price_balance"].attrs
        assert (attrs["units"], attrs["unit_in_tables"]) == ("1e6 GW-1 h-1", "MCNY/GWh")
        assert attrs["currency"].startswith("CNY, real")


#: a unit of the program -> the same by hand: so many of what
BY_HAND = {
    "MCNY/GWh": (1e3, "MW-1 h-1"),  # 1 MCNY/GWh is 1000 CNY/MWh
    "MCNY/kt": (1e3, "t-1"),
    "MCNY/GW-yr": (1.0, "kW-1 yr-1"),
    "MCNY per (kt/yr)": (1e3, "yr t-1"),
    "MCNY per GW and h": (1.0, "kW-1 h-1"),
    "bn CNY/yr": (1e9, "yr-1"),
    "CNY/tce": (1 / 29.3076, "GJ-1"),
    "kt": (1e3, "t"),
    "Mt CO2": (1e9, "kg"),
    "TWh/yr": (1e9, "kW h yr-1"),
    "t/MWh": (1.0, "kg kW-1 h-1"),
    "points": (0.01, "1"),
}


def test_every_unit_of_the_program_is_one_of_udunits():
    entries = [*ENTRIES, *(entry for mechanism in MECHANISMS for entry in mechanism.entries)]
    units = {*(e.unit for e in entries), *(e.price for e in entries), *(d.unit for d in DEFINITION.values())}
    for unit in units - {None, ""}:
        assert not Unit(cf_unit(unit)).is_unknown(), unit
    for unit, (count, same) in BY_HAND.items():
        assert Unit(cf_unit(unit)).convert(1.0, Unit(same)) == pytest.approx(count), unit


def test_the_data_sheet_comes_back(written, expected):
    assert_same(
        pd.read_excel(written["xlsx"], sheet_name="data", keep_default_na=False, na_values=[""]), expected
    )


def test_every_indicator_has_a_sheet_with_its_numbers(written, expected):
    book = openpyxl.load_workbook(written["xlsx"], read_only=True)
    names = sheet_names(list(dict.fromkeys(expected["indicator"])))
    assert set(book.sheetnames) == {"report", "data", *names.values()}
    back = []
    for indicator, sheet in names.items():
        rows = list(book[sheet].iter_rows(values_only=True))
        assert "[" in rows[0][0], "the title says the unit"
        heads = rows[4]
        for row in rows[5:]:
            for head, value in zip(heads[5:], row[5:]):
                year = head.split(" [")[0] if not head.startswith("[") else "0"
                back.append((row[0], indicator, row[1], row[3], int(year), value))
    found = pd.DataFrame(back, columns=[*KEY, "value"]).dropna(subset=["value"])
    wanted = expected.dropna(subset=["value"])
    both = wanted.merge(found, on=KEY, suffixes=("", "_sheet"))
    assert len(both) == len(wanted) == len(found)
    np.testing.assert_allclose(both["value_sheet"], both["value"], rtol=1e-9)


def test_a_chinese_workbook_says_what_indicators_are_in_chinese(chinese, tmp_path):
    export(chinese, "xlsx", tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx", read_only=True)
    rows = list(book["capture_price"].iter_rows(max_row=2, max_col=1, values_only=True))
    assert rows[1] == (DEFINITION["capture_price"].meaning_zh,)
    assert DEFINITION["capture_price"].meaning_zh in {
        row[2] for row in book["report"].iter_rows(max_col=3, values_only=True)
    }


def test_names_of_sheets_are_short_and_apart():
    long = "renewable_share_of_consumption_change"
    names = sheet_names([long, f"{long}_relative", "Data", "capacity"])
    assert names["capacity"] == "capacity"
    assert len({n.lower() for n in names.values()} | {"data", "report"}) == 6
    assert max(map(len, names.values())) <= LONGEST


def test_iamc_has_every_indicator_of_a_year_under_the_models_name(written, expected):
    table = pd.read_csv(written["iamc"])
    assert list(table.columns) == COLUMNS
    assert not table.duplicated(["scenario", "region", "variable", "year"]).any()
    nation = expected[(expected.province == "CN") & (expected.year > 0) & expected.value.notna()]
    nation = nation.assign(variable=[own_name(i, t) for i, t in zip(nation.indicator, nation.technology)])
    both = nation.merge(table[table.region == "China"], on=["scenario", "variable", "year"], how="left")
    np.testing.assert_allclose(both["value_y"], both["value_x"], rtol=1e-9)
    assert (both["unit_x"] == both["unit_y"]).all()


def test_iamc_names_of_the_community_by_hand(written, expected):
    """1 TWh is 3.6 PJ; onshore and offshore wind are Wind; the total has every source once."""
    table = pd.read_csv(written["iamc"]).set_index(["scenario", "region", "variable", "year"])["value"]
    net = expected[(expected.scenario == "study-spot") & (expected.indicator == "net_generation")]
    net = net[(net.province == "HA") & (net.year == 2030)].set_index("technology")["value"]
    at = ("study-spot", "China|Henan")
    wind = net.get("wind_onshore", 0.0) + net.get("wind_offshore", 0.0)
    assert table[(*at, "Secondary Energy|Electricity|Wind", 2030)] == pytest.approx(0.0036 * wind)
    assert table[(*at, "Secondary Energy|Electricity", 2030)] == pytest.approx(0.0036 * net.sum())
    coal = net[[g for g in net.index if g.startswith("coal")]].sum()
    assert table[(*at, "Secondary Energy|Electricity|Coal|w/o CCS", 2030)] == pytest.approx(0.0036 * coal)


def test_iamc_is_read_by_pyam(written, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # its units remember where an earlier pyam lay
    pyam = pytest.importorskip("pyam", reason='no pyam here: pip install "picmodel[iamc]"')
    frame = pyam.IamDataFrame(written["iamc"])
    assert frame.model == ["picmodel"]
    assert set(frame.scenario) == {"study-separate", "study-spot"}
    total = "Secondary Energy|Electricity"
    parts = [f"{total}|{s}" for s in ("Biomass", "Fossil", "Non-Biomass Renewables", "Nuclear", "Other")]
    assert frame.filter(region="China|Henan").check_aggregate(total, components=parts) is None


def test_a_pyam_that_does_not_start_keeps_nobody_from_the_table(story, tmp_path, monkeypatch):
    (tmp_path / "pyam.py").write_text('raise FileNotFoundError("units.txt")', "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyam", raising=False)
    said = export(story, "iamc", tmp_path / "a.csv")
    assert said == "not checked by pyam, which does not start (FileNotFoundError: units.txt)"
    assert (tmp_path / "a.csv").read_text("utf-8").startswith(",".join(COLUMNS))


def test_tables_to_paste(story, written, tmp_path):
    lines = written["markdown"].read_text("utf-8").splitlines()
    assert lines[2].count("|") == lines[4].count("|") == 5
    assert "Spot & <linked>" in lines[2]
    latex = written["latex"].read_text("utf-8")
    assert r"Spot \& <linked>" in latex
    assert r"CO\textsubscript{2}" in latex
    path = tmp_path / "prices.md"
    export(story, "markdown", path, ["allowance_price"])
    text = path.read_text("utf-8")
    assert text.startswith("**Allowance price [CNY/t]**")
    for result in story.results:
        row = next(line for line in text.splitlines() if line.startswith(f"| {result.letter} "))
        assert f"{result.value('allowance_price', year=2030):,.4g}" in row


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_latex_parses(folders, tmp_path, lang):
    """Braces, environments and commands as LaTeX has them, and no character that it takes for its own."""
    path = tmp_path / "a.tex"
    export(story_in(lang, folders), "latex", path, ["renewable_share", "project_irr", "emissions"])
    nodes, _, _ = LatexWalker(path.read_text("utf-8"), tolerant_parsing=False).get_latex_nodes()
    tables = [node for node in nodes if node.isNodeType(LatexEnvironmentNode)]
    assert [table.environmentname for table in tables] == ["table"] * 3
    for table in tables:
        inside = next(n for n in table.nodelist if n.isNodeType(LatexEnvironmentNode))
        columns = len(inside.nodeargd.argnlist[-1].latex_verbatim().strip("{}"))
        rows = "".join(n.latex_verbatim() for n in inside.nodelist).split(r"\\")[:-1]
        assert len(rows) > 2
        for row in rows:
            parts = LatexWalker(row, tolerant_parsing=False).get_latex_nodes()[0]
            ends = [n for n in parts if n.isNodeType(LatexSpecialsNode) and n.specials_chars == "&"]
            assert len(ends) == columns - 1, row


def test_latex_that_is_none_does_not_parse():
    with pytest.raises(LatexWalkerParseError):
        LatexWalker(r"\begin{table} a & b \end{tabular}", tolerant_parsing=False).get_latex_nodes()


@pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="no LaTeX here: apt-get install texlive-latex-base"
)
def test_latex_compiles(written, tmp_path):
    text = written["latex"].read_text("utf-8")
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{text}\end{{document}}"
    (tmp_path / "a.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def test_an_indicator_that_is_not_there_is_named(story, tmp_path):
    with pytest.raises(InputError, match="no indicator `price`"):
        export(story, "markdown", tmp_path / "a.md", ["price"])
    assert len(tidy(story)) > 1000
