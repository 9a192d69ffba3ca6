"""Reading the input tables: what is returned, and what is said about each kind of problem.

Every test starts from a small folder without problems (three provinces, three technologies, two
corridors), breaks one thing in it and expects the message that names file, line, value and remedy.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from picmodel.data.read import columns_of, describe, read_tables
from picmodel.data.tables import TABLE, TABLES, Column, Table
from picmodel.errors import InputError, PicmodelError

NAMES = (
    "sources",
    "provinces",
    "demand",
    "technologies",
    "fleet",
    "committed",
    "potentials",
    "corridors",
    "corridor_capacity",
    "obligation_weights",
)
TINY = tuple(TABLE[name] for name in NAMES)

TECHNOLOGY = "{},{},{},{},{},none,none,none,{},3,0.06,{},0,1,0,{},{},1,1,none,0,official,a"
FILES = {
    "sources.csv": [
        "source,title,publisher,year,accessed,note",
        "a,Statistics,NEA,2023,2026-11-22,read",
        "b,Yearbook,NBS,2024,2026-11-22,read",
    ],
    "provinces.csv": [
        "province,name_en,name_zh,regional_grid,latitude_deg,longitude_deg,tile_row,tile_col,"
        "winter_heating,quality,source",
        "BJ,Beijing,北京,North,39.9,116.4,1,4,1,official,a",
        "HE,Hebei,河北,North,38.0,114.5,2,4,1,official,a",
        "SX,Shanxi,山西,North,37.9,112.5,2,3,1,official,a",
    ],
    "demand.csv": [
        "province,year,kind,consumption_twh,quality,source",
        "BJ,2023,actual,135.8,official,a",
        "HE,2023,actual,475.7,official,a",
        "SX,2023,actual,288.5,official,b",
    ],
    "technologies.csv": [
        ",".join(column.name for column in columns_of(TABLE["technologies"])),
        TECHNOLOGY.format("coal_600", "Coal", "煤", "thermal", "coal", 40, 0.4, 0, 0),
        TECHNOLOGY.format("nuclear", "Nuclear", "核", "thermal", "nuclear", 60, 0.33, 0, 0),
        TECHNOLOGY.format("battery", "Battery", "电池", "storage", "battery", 15, 0.85, 2, 8),
    ],
    "fleet.csv": [
        "province,technology,cohort_year,capacity_gw,energy_gwh,quality,source",
        "HE,coal_600,2010,5,0,official,a",
        "SX,coal_600,2010,7.5,0,official,a",
        "SX,battery,2022,1,2,secondary,b",
    ],
    "committed.csv": [
        "province,technology,year,capacity_gw,energy_gwh,quality,source",
        "HE,nuclear,2027,2,0,secondary,a",
        "HE,battery,2025,1,4,secondary,a",
    ],
    "potentials.csv": [
        "province,technology,potential_gw,quality,source",
        "HE,nuclear,4,model,a",
        "SX,battery,20,model,a",
    ],
    "corridors.csv": [
        "corridor,from_province,to_province,line_type,length_km,loss_share,capex_cny_per_kw,"
        "life_yr,wacc_share,fom_share,expandable_gw,contract_from,quality,source",
        "BJ-HE,BJ,HE,AC,200,0.02,500,40,0.05,0.02,10,HE,secondary,a",
        "HE-SX,HE,SX,AC,300,0.03,600,40,0.05,0.02,10,none,secondary,a",
    ],
    "corridor_capacity.csv": [
        "corridor,year,capacity_gw,quality,source",
        "BJ-HE,2023,20,estimate,a",
        "HE-SX,2023,8,estimate,a",
        "HE-SX,2025,10,estimate,a",
    ],
    "policy/obligation_weights.csv": [
        "province,year,total_share,nonhydro_share,quality,source",
        "BJ,2023,0.2,0.195,official,a",
        "HE,2023,0.17,0.165,official,a",
        "SX,2023,0.19,0.18,official,a",
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, lines in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", "utf-8")
    return tmp_path


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Replace the only occurrence of a text in a file."""
    path = folder / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def problems(folder: Path, tables: tuple[Table, ...] = TINY) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_tables(folder, tables=tables)
    return caught.value.problems


def test_tables_come_back_in_the_units_and_kinds_of_their_files(folder: Path) -> None:
    tables = read_tables(folder, tables=TINY)
    assert tuple(tables) == NAMES
    fleet = tables["fleet"]
    assert list(fleet.columns) == [
        "province",
        "technology",
        "cohort_year",
        "capacity_gw",
        "energy_gwh",
        "quality",
        "source",
    ]
    assert list(fleet.index) == [0, 1, 2]
    assert fleet["cohort_year"].dtype == "int64"
    assert fleet["capacity_gw"].dtype == "float64"
    assert list(fleet["capacity_gw"]) == [5.0, 7.5, 1.0]


def test_columns_may_stand_in_any_order_and_excel_may_write_its_mark(folder: Path) -> None:
    path = folder / "demand.csv"
    rows = [line.split(",") for line in FILES["demand.csv"]]
    path.write_text("\n".join(",".join(reversed(row)) for row in rows), "utf-8-sig")
    assert list(read_tables(folder, tables=TINY)["demand"]["consumption_twh"]) == [135.8, 475.7, 288.5]


def test_only_the_named_tables_and_those_they_refer_to_are_read(folder: Path) -> None:
    (folder / "fleet.csv").unlink()
    assert list(read_tables(folder, ["demand"], TINY)) == ["demand"]
    change(folder, "provinces.csv", "HE,Hebei", "HB,Hebei")
    with pytest.raises(InputError, match=r"HE is not in provinces\.csv"):
        read_tables(folder, ["demand"], TINY)


def test_an_unknown_table_is_named_with_the_nearest(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no table is called demnd; did you mean demand\?"):
        read_tables(folder, ["demnd"], TINY)


def test_the_error_carries_all_problems_and_the_exit_code(folder: Path) -> None:
    change(folder, "fleet.csv", "2010,5,0", "2010,-5,0")
    change(folder, "demand.csv", "475.7", "")
    (folder / "committed.csv").unlink()
    with pytest.raises(PicmodelError) as caught:
        read_tables(folder, tables=TINY)
    assert isinstance(caught.value, InputError)
    assert caught.value.exit_code == 2
    assert len(caught.value.problems) == 3
    assert str(caught.value) == "\n".join(caught.value.problems)


def test_all_problems_of_all_kinds_are_reported_together(folder: Path) -> None:
    change(folder, "fleet.csv", "2010,5,0", "2010,-5,0")
    change(folder, "fleet.csv", "SX,battery,2022,1,2", "SX,batery,2022,abc,2")
    change(folder, "demand.csv", "BJ,2023", "XX,2023")
    change(folder, "corridors.csv", "HE-SX,HE,SX", "HE-SX,SX,HE")
    change(folder, "policy/obligation_weights.csv", "0.2,0.195", "0.2,0.3")
    found = problems(folder)
    assert [line.split(":")[0] for line in found] == [
        "fleet.csv",
        "fleet.csv",
        "demand.csv",
        "demand.csv",
        "fleet.csv",
        "corridors.csv",
        "policy/obligation_weights.csv",
    ]


# the file and its columns


def test_missing_file(folder: Path) -> None:
    (folder / "demand.csv").unlink()
    assert problems(folder) == [
        f"demand.csv: {folder / 'demand.csv'} does not exist; restore it, or write it with the header "
        "province,year,kind,consumption_twh,quality,source"
    ]


def test_unreadable_file(folder: Path) -> None:
    (folder / "demand.csv").unlink()
    (folder / "demand.csv").mkdir()
    (line,) = problems(folder)
    assert line.startswith(f"demand.csv: {folder / 'demand.csv'} cannot be read (")


def test_file_in_another_encoding(folder: Path) -> None:
    text = (folder / "provinces.csv").read_text("utf-8")
    (folder / "provinces.csv").write_bytes(text.encode("gb18030"))
    (line,) = problems(folder)
    assert line == (
        f"provinces.csv: byte {text.encode('utf-8').index('北'.encode())} is not UTF-8; "
        "save the file as UTF-8"
    )


def test_empty_file(folder: Path) -> None:
    (folder / "demand.csv").write_text("")
    assert problems(folder) == ["demand.csv: the file is empty; restore it"]


def test_file_cut_off_in_a_row(folder: Path) -> None:
    path = folder / "potentials.csv"
    path.write_text(path.read_text("utf-8")[:-4], "utf-8")
    assert problems(folder) == [
        "potentials.csv:3: the row has 4 cells and the header 5; restore the cells (is the file cut "
        "off here, or a comma not quoted?)"
    ]


def test_file_cut_off_in_a_quoted_cell(folder: Path) -> None:
    change(folder, "sources.csv", "b,Yearbook", 'b,"Yearbook')
    assert (
        "sources.csv:3: unexpected end of data; correct the quotes, or restore the file if it is cut "
        "off here" in problems(folder)
    )


def test_row_with_a_cell_too_many(folder: Path) -> None:
    change(folder, "fleet.csv", "2010,7.5", "2010,7,5")
    (line,) = problems(folder)
    assert line.startswith("fleet.csv:3: the row has 8 cells and the header 7;")


def test_lines_are_counted_through_quoted_line_breaks(folder: Path) -> None:
    change(folder, "sources.csv", "2026-11-22,read\nb", '2026-11-22,"read\ntwice"\nb')
    change(folder, "sources.csv", "b,Yearbook", "a,Yearbook")
    assert problems(folder)[0] == (
        "sources.csv:4: key source=a is already in line 2; remove or correct one of them"
    )


def test_missing_and_unknown_column_with_the_nearest_name(folder: Path) -> None:
    change(folder, "fleet.csv", "capacity_gw", "capacity_mw")
    assert problems(folder) == [
        "fleet.csv:1: column capacity_gw is missing; add it, or rename capacity_mw",
        "fleet.csv:1: column capacity_mw is unknown; did you mean capacity_gw?",
    ]


def test_unknown_column_that_is_like_no_other(folder: Path) -> None:
    lines = (folder / "demand.csv").read_text("utf-8").splitlines()
    remarks = ["remark", "x", "x", "x"]
    (folder / "demand.csv").write_text(
        "\n".join(f"{line},{remark}" for line, remark in zip(lines, remarks)), "utf-8"
    )
    assert problems(folder) == ["demand.csv:1: column remark is unknown; remove it"]


def test_column_written_twice(folder: Path) -> None:
    change(folder, "demand.csv", "kind", "year")
    assert problems(folder) == [
        "demand.csv:1: column kind is missing; add it",
        "demand.csv:1: column year is there twice; remove one",
    ]


# the cells


def test_number_below_its_bound(folder: Path) -> None:
    change(folder, "fleet.csv", "2010,7.5", "2010,-5")
    assert problems(folder) == ["fleet.csv:3: capacity_gw=-5 is below 0 GW; write a value in [0, 200] GW"]


def test_number_in_a_wrong_unit_is_above_its_bound(folder: Path) -> None:
    change(folder, "fleet.csv", "2010,7.5", "2010,7500")
    assert problems(folder) == [
        "fleet.csv:3: capacity_gw=7500 is above 200 GW; write a value in [0, 200] GW (is it in "
        "another unit than GW?)"
    ]


def test_percentage_in_place_of_a_share(folder: Path) -> None:
    change(folder, "corridors.csv", "0.03", "3")
    assert problems(folder) == [
        "corridors.csv:3: loss_share=3 is above 0.2 share; write a value in [0, 0.2] share (5 % is 0.05)"
    ]


@pytest.mark.parametrize("cell", ["abc", "nan", "inf", "1e999", "1_000", "0x10", " 5", "5 GW"])
def test_text_where_a_number_is_due(folder: Path, cell: str) -> None:
    change(folder, "fleet.csv", "2010,7.5", f"2010,{cell}")
    assert problems(folder) == [
        f"fleet.csv:3: capacity_gw={cell!r} is not a number; write a value in [0, 200] GW"
    ]


def test_fraction_where_a_whole_number_is_due(folder: Path) -> None:
    change(folder, "demand.csv", "HE,2023", "HE,2023.5")
    assert problems(folder) == [
        "demand.csv:3: year=2023.5 is not a whole number; write a whole number in [1950, 2100] yr"
    ]


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_number(folder: Path, empty: str) -> None:
    change(folder, "fleet.csv", "2010,7.5", f"2010,{empty}")
    assert problems(folder) == ["fleet.csv:3: capacity_gw is empty; write a value in [0, 200] GW"]


def test_empty_text(folder: Path) -> None:
    change(folder, "provinces.csv", "Hebei", "")
    assert problems(folder) == ["provinces.csv:3: name_en is empty; write a text"]


def test_value_that_is_no_choice(folder: Path) -> None:
    change(folder, "demand.csv", "HE,2023,actual", "HE,2023,actuals")
    assert problems(folder) == ["demand.csv:3: kind=actuals is not allowed; did you mean actual?"]


def test_value_that_is_like_no_choice(folder: Path) -> None:
    change(folder, "corridors.csv", "HE,SX,AC", "HE,SX,UHV")
    assert problems(folder) == ["corridors.csv:3: line_type=UHV is not allowed; write one of AC, DC"]


def test_unknown_quality(folder: Path) -> None:
    change(folder, "provinces.csv", "2,3,1,official", "2,3,1,oficial")
    assert problems(folder) == ["provinces.csv:4: quality=oficial is not allowed; did you mean official?"]


def test_bounds_on_one_side() -> None:
    table = Table(
        "t",
        ("x",),
        (Column("x", "km", low=1.0, meaning="length"), Column("y", high=3.0), Column("z", "CNY")),
        "A table.",
    )
    text = describe(table)
    assert "| `x` | km | a value of at least 1 km | length |" in text
    assert "| `y` |  | a value of at most 3 |  |" in text
    assert "| `z` | CNY | a value CNY |  |" in text


def test_key_that_stands_twice(folder: Path) -> None:
    change(folder, "corridor_capacity.csv", "HE-SX,2025", "HE-SX,2023")
    assert problems(folder) == [
        "corridor_capacity.csv:4: key corridor=HE-SX, year=2023 is already in line 3; remove or "
        "correct one of them"
    ]


# what one table says about another


def test_broken_reference_with_the_nearest(folder: Path) -> None:
    change(folder, "committed.csv", "HE,nuclear", "HE,nuclaer")
    assert problems(folder) == [
        "committed.csv:2: technology=nuclaer is not in technologies.csv; did you mean nuclear?"
    ]


def test_broken_reference_that_is_like_no_other(folder: Path) -> None:
    change(folder, "committed.csv", "HE,nuclear", "HE,hydrogen_77")
    assert problems(folder) == [
        "committed.csv:2: technology=hydrogen_77 is not in technologies.csv; write one of coal_600, "
        "nuclear, battery"
    ]


def test_broken_reference_in_several_rows_is_reported_once(folder: Path) -> None:
    change(folder, "corridor_capacity.csv", "HE-SX,2023", "HE_SX,2023")
    change(folder, "corridor_capacity.csv", "HE-SX,2025", "HE_SX,2025")
    assert problems(folder) == [
        "corridor_capacity.csv:3: corridor=HE_SX is not in corridors.csv (in 2 rows); did you mean HE-SX?",
        "corridor_capacity.csv: no row for corridor HE-SX; add one for each (all of corridors.csv are "
        "needed)",
    ]


def test_unknown_source(folder: Path) -> None:
    change(folder, "demand.csv", "288.5,official,b", "288.5,official,yearbook")
    assert problems(folder) == ["demand.csv:4: source=yearbook is not in sources.csv; write one of a, b"]


def test_province_without_a_row(folder: Path) -> None:
    change(folder, "demand.csv", "HE,2023,actual,475.7,official,a\n", "")
    assert problems(folder) == [
        "demand.csv: no row for province HE; add one for each (all of provinces.csv are needed)"
    ]


def test_corridor_without_a_row(folder: Path) -> None:
    change(folder, "corridor_capacity.csv", "BJ-HE,2023,20,estimate,a\n", "")
    assert problems(folder) == [
        "corridor_capacity.csv: no row for corridor BJ-HE; add one for each (all of corridors.csv are needed)"
    ]


# rules between tables


def test_fleet_and_commitments_beyond_the_potential(folder: Path) -> None:
    change(folder, "potentials.csv", "SX,battery,20", "SX,battery,0.5")
    change(folder, "committed.csv", "HE,nuclear,2027,2", "HE,nuclear,2027,4.5")
    assert problems(folder) == [
        "potentials.csv:2: potential_gw=4 of HE, nuclear is below the 4.5 GW of fleet.csv and "
        "committed.csv; write at least 4.5 GW, or correct those",
        "potentials.csv:3: potential_gw=0.5 of SX, battery is below the 1 GW of fleet.csv and "
        "committed.csv; write at least 1 GW, or correct those",
    ]


def test_corridor_that_starts_where_it_ends(folder: Path) -> None:
    change(folder, "corridors.csv", "HE-SX,HE,SX", "HE-SX,HE,HE")
    assert problems(folder) == [
        "corridors.csv:3: from_province and to_province are both HE; name two provinces"
    ]


def test_corridor_to_a_province_that_is_not_there(folder: Path) -> None:
    change(folder, "corridors.csv", "HE-SX,HE,SX", "HE-SX,HE,SN")
    assert problems(folder)[0] == "corridors.csv:3: to_province=SN is not in provinces.csv; did you mean SX?"


def test_corridor_with_a_key_that_is_not_its_ends(folder: Path) -> None:
    change(folder, "corridors.csv", "BJ-HE,BJ,HE", "BJ-HE,BJ,SX")
    assert "corridors.csv:2: corridor=BJ-HE is not BJ-SX; write BJ-SX" in problems(folder)


def test_corridor_against_the_order_of_provinces(folder: Path) -> None:
    change(folder, "corridors.csv", "HE-SX,HE,SX", "HE-SX,SX,HE")
    assert problems(folder) == [
        "corridors.csv:3: SX stands after HE in provinces.csv; turn the corridor to HE-SX"
    ]


def test_contract_from_a_province_that_is_no_end(folder: Path) -> None:
    change(folder, "corridors.csv", "10,none", "10,BJ")
    assert problems(folder) == [
        "corridors.csv:3: contract_from=BJ is no end of the corridor; write one of HE, SX, none"
    ]


def test_negative_corridor_capacity(folder: Path) -> None:
    change(folder, "corridor_capacity.csv", "2023,8", "2023,-8")
    assert problems(folder) == [
        "corridor_capacity.csv:3: capacity_gw=-8 is below 0 GW; write a value in [0, 150] GW"
    ]


def test_nonhydro_weight_above_the_total(folder: Path) -> None:
    change(folder, "policy/obligation_weights.csv", "0.17,0.165", "0.17,0.18")
    assert problems(folder) == [
        "policy/obligation_weights.csv:3: nonhydro_share=0.18 is above total_share=0.17; the total "
        "contains it, write at least as much there"
    ]


def test_least_duration_above_the_most(folder: Path) -> None:
    change(folder, "technologies.csv", "2,8,1,1,none", "9,8,1,1,none")
    assert problems(folder) == [
        "technologies.csv:4: duration_min_h=9 is above duration_max_h=8; write at most 8 h"
    ]


def test_store_without_energy_and_energy_without_store(folder: Path) -> None:
    change(folder, "fleet.csv", "2022,1,2", "2022,1,0")
    change(folder, "committed.csv", "2027,2,0", "2027,2,3")
    assert problems(folder) == [
        "fleet.csv:4: energy_gwh=0 of a store with 1 GW; write its energy",
        "committed.csv:2: energy_gwh=3 of nuclear, which is no store; write 0",
    ]


def test_cohort_that_should_have_retired(folder: Path) -> None:
    change(folder, "fleet.csv", "SX,coal_600,2010", "SX,coal_600,1983")
    assert problems(folder) == [
        "fleet.csv:3: cohort_year=1983 and the life of coal_600 end in 2023; what stands at the end of "
        "2024 needs a cohort that ends later"
    ]


def test_rules_pass_over_cells_that_were_reported_already(folder: Path) -> None:
    change(folder, "potentials.csv", "SX,battery,20", "SX,battery,?")
    assert problems(folder) == [
        "potentials.csv:3: potential_gw='?' is not a number; write a value in [0, 10000] GW"
    ]


# the declarations


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_declaration_is_consistent_and_described(table: Table) -> None:
    names = [column.name for column in columns_of(table)]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    assert set(table.complete_over) <= set(table.key)
    for column in columns_of(table):
        if column.refers_to:
            name, field = column.refers_to.split(".")
            assert TABLE[name].key == (field,)
    text = describe(table)
    assert f"`{table.file}`" in text
    assert all(f"| `{column.name}` |" in text for column in table.columns)


def test_description_of_a_table() -> None:
    assert describe(TABLE["corridor_capacity"]) == (
        "### `corridor_capacity.csv`\n\n"
        "Capacity of the base year and what is committed after it (cumulative).\n\n"
        "Key: `corridor`, `year`. Complete over: `corridor`.\n\n"
        "| column | unit | values | meaning |\n|---|---|---|---|\n"
        "| `corridor` |  | a value of corridors.corridor | corridor |\n"
        "| `year` | yr | a whole number in [1950, 2100] yr | in place from this year on, until "
        "a later row |\n"
        "| `capacity_gw` | GW | a value in [0, 150] GW | both directions alike |\n"
        "\nand `quality`, `source`.\n"
    )
