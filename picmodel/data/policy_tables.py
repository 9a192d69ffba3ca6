"""The tables of ``inputs/policy``: what market mechanisms and returns of projects read, and their rules."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from picmodel.data.columns import (
    HOURS,
    MONTH,
    Column,
    Table,
    amount,
    flag,
    province,
    share,
    technology,
    text,
    year,
)

#: sector that a saving measure belongs to
SECTORS = ("industry", "services", "residential")
#: names of the conversion factors and their units
CONVERSIONS = {"calorific": "tce/MWh", "coal_equivalent": "tce/MWh", "co2_per_tce": "t/tce"}


def _price(name: str, meaning: str, low: float = 0.0, high: float = 5000.0) -> Column:
    return Column(name, "CNY/MWh", low=low, high=high, meaning=meaning)


_CARBON = (
    Table(
        "benchmarks",
        ("technology", "year"),
        (
            technology(),
            year("compliance year; between years linear, after the last constant"),
            amount("benchmark_t_per_mwh", "t/MWh", 2.0, "free allowances per MWh of gross output"),
        ),
        "Benchmarks of the national carbon market by unit class, on gross output.",
        folder="policy",
    ),
    Table(
        "crediting_factors",
        ("province",),
        (
            province(),
            amount("ccer_factor_t_per_mwh", "t/MWh", 1.5, "CCER per MWh of renewable output"),
            amount(
                "grid_factor_t_per_mwh",
                "t/MWh",
                1.5,
                "published mean emission factor of the province's power",
            ),
        ),
        "Emission factors of the provincial grids.",
        complete_over=("province",),
        folder="policy",
    ),
)

_CERTIFICATES = (
    Table(
        "obligation_weights",
        ("province", "year"),
        (
            province(),
            year("between years linear, after the last constant"),
            share("total_share", "renewable share of published consumption, hydro inside"),
            share("nonhydro_share", "the same without hydro"),
        ),
        "Renewable consumption responsibility weights.",
        complete_over=("province",),
        folder="policy",
    ),
    Table(
        "certificate_rules",
        ("technology",),
        (
            technology(),
            share(
                "tradable_share",
                "share of the output of the base year's fleet whose certificates can be sold",
            ),
            flag("ccer_eligible", "1: output may become CCER instead"),
        ),
        "Which renewable output may be sold as certificates or turned into CCER.",
        folder="policy",
    ),
    Table(
        "heavy_industry",
        ("province", "year"),
        (
            province(),
            year("between years linear, after the last constant"),
            share("consumption_share", "consumption of the obliged industries over published consumption"),
            share("minimum_share", "renewable share that they have to reach"),
        ),
        "Minimum green shares of heavy industry.",
        complete_over=("province",),
        folder="policy",
    ),
)

_SAVING = (
    Table(
        "saving_measures",
        ("measure",),
        (
            text("measure", "key"),
            text("name_en", "English name"),
            text("name_zh", "Chinese name"),
            text("sector", "who takes it", choices=SECTORS),
            _price("cost_cny_per_mwh", "per MWh saved, levelised over the life, without VAT"),
            Column("life_yr", "yr", "integer", 1, 60, meaning="how long it saves"),
            text("shape", "key into saving_shapes: when it saves"),
        ),
        "Electricity-saving measures.",
        folder="policy",
    ),
    Table(
        "saving_potentials",
        ("measure", "year"),
        (
            text("measure", "measure", refers_to="saving_measures.measure"),
            year("between years linear, before the first and after the last constant"),
            amount("potential_twh", "TWh", 5000.0, "national saving a year by measures taken"),
        ),
        "How much the measures can save; provinces share it by consumption.",
        complete_over=("measure",),
        folder="policy",
    ),
    Table(
        "saving_shapes",
        ("shape", "month"),
        (text("shape", "pattern of use"), MONTH, *HOURS),
        "When measures save; only proportions matter.",
        folder="policy",
    ),
    Table(
        "saving_pilots",
        ("province",),
        (
            province(),
            flag("white_certificates", "1: has traded certificates of savings"),
            flag("use_rights", "1: trades energy-use rights"),
        ),
        "Provinces with pilot markets of energy saving.",
        complete_over=("province",),
        folder="policy",
    ),
    Table(
        "conversion_factors",
        ("name",),
        (
            text("name", "factor", choices=tuple(CONVERSIONS)),
            amount("value", "", 10.0, "in the unit given beside it"),
            text("unit", "unit", choices=tuple(dict.fromkeys(CONVERSIONS.values()))),
        ),
        "From electricity to standard coal, and from that to CO2.",
        folder="policy",
    ),
)

_POWER = (
    Table(
        "tariffs",
        ("province",),
        (
            province(),
            Column(
                "coal_benchmark_cny_per_mwh",
                "CNY/MWh",
                low=100.0,
                high=800.0,
                meaning="benchmark on-grid tariff of coal power, VAT inside",
            ),
            amount(
                "export_tariff_cny_per_mwh", "CNY/MWh", 200.0, "transmission price of exports, VAT inside"
            ),
        ),
        "Regulated prices by province.",
        complete_over=("province",),
        folder="policy",
    ),
    Table(
        "spot_limits",
        ("province",),
        (
            province(),
            _price("floor_cny_per_mwh", "lowest spot price, VAT inside", low=-1000.0, high=1000.0),
            _price("cap_cny_per_mwh", "highest spot price, VAT inside", high=20000.0),
        ),
        "Limits of spot prices.",
        complete_over=("province",),
        folder="policy",
    ),
    Table(
        "capacity_payments",
        ("province", "group", "year"),
        (
            province(),
            text("group", "published category", choices=("coal", "pumped_hydro", "battery")),
            year("between years linear, before the first and after the last constant"),
            amount("payment_cny_per_kw_yr", "CNY/kW-yr", 2000.0, "VAT inside"),
        ),
        "Regulated payments for capacity.",
        folder="policy",
    ),
    Table(
        "mechanism_prices",
        ("province", "group"),
        (
            province(),
            text("group", "published category", choices=("wind", "solar")),
            _price("strike_cny_per_mwh", "mechanism price of new projects, VAT inside", high=2000.0),
            share("volume_share", "share of output that has it"),
            Column("term_yr", "yr", "integer", 0, 40, meaning="years for which it holds"),
        ),
        "Two-way difference payments for new wind and sun (mechanism prices).",
        complete_over=("province",),
        folder="policy",
    ),
    Table(
        "guaranteed_hours",
        ("province", "technology"),
        (
            province(),
            technology(),
            amount("hours_h", "h", 6000.0, "gross output over capacity bought a year"),
        ),
        "Hours of wind and sun bought at the benchmark tariff; where a province has no rule, no row.",
        folder="policy",
    ),
    Table(
        "observed_prices",
        ("item", "area", "year", "period"),
        (
            text("item", "what was paid for"),
            text("area", "province, or CN"),
            year("year"),
            text("period", "year, month or day of the year"),
            Column("value", "", low=-1000.0, high=20000.0, meaning="as published, in the unit beside it"),
            text("unit", "unit", choices=("CNY/MWh", "CNY/t", "CNY/tce")),
        ),
        "Published prices that results are compared with; no model run reads them.",
        folder="policy",
        in_runs=False,
    ),
)

_ANCILLARY = (
    Table(
        "reserve_requirements",
        ("province", "product"),
        (
            province(),
            text("product", "kind of reserve", choices=("up", "down", "frequency")),
            share("load_share", "share of the hour's load"),
            share("vre_share", "share of the hour's wind and solar output"),
        ),
        "Reserves that each province must hold.",
        complete_over=("province",),
        folder="policy",
    ),
    Table(
        "peak_shaving",
        ("province",),
        (
            province(),
            share("threshold_share", "output over capacity on line below which a unit is paid"),
            amount(
                "price_cny_per_mwh",
                "CNY/MWh",
                1000.0,
                "payment per MWh not generated below the threshold, VAT inside",
            ),
        ),
        "Compensation of thermal units that run at low load.",
        complete_over=("province",),
        folder="policy",
    ),
)

_FINANCE = (
    Table(
        "finance",
        ("parameter", "technology"),
        (
            text("parameter", "debt_share, loan_rate_share, ..."),
            text("technology", "technology, or all"),
            amount("value", "", 100.0, "a share of 1, or whole years, as the unit beside it says"),
            text("unit", "unit", choices=("share", "yr")),
        ),
        "Project finance and tax.",
        folder="policy",
    ),
)

_DEMAND_SIDE = (
    Table(
        "flexible_classes",
        ("class",),
        (
            text("class", "key"),
            text("name_en", "English name"),
            text("name_zh", "Chinese name"),
            amount("shift_h", "h", 24.0, "most hours by which load is moved"),
        ),
        "Classes of load that can be moved within the day.",
        folder="policy",
    ),
    Table(
        "flexible_demand",
        ("province", "class", "year"),
        (
            province(),
            text("class", "class", refers_to="flexible_classes.class"),
            year("between years linear, before the first and after the last constant"),
            share("consumption_share", "consumption of the class over published consumption"),
            share("shiftable_share", "share of it that can be moved"),
        ),
        "Load that can be moved within the day.",
        folder="policy",
    ),
    Table(
        "price_responsive",
        ("block",),
        (
            text("block", "key"),
            share("load_share", "share of the load of every hour"),
            _price("value_cny_per_mwh", "price above which it is given up, without VAT", high=100000.0),
        ),
        "Load that is given up when the price is high.",
        folder="policy",
    ),
    Table(
        "time_of_use",
        ("province",),
        (province(), *HOURS),
        "Time-of-use price over the flat price, by hour of the day.",
        complete_over=("province",),
        folder="policy",
    ),
)

POLICY_TABLES: tuple[Table, ...] = (
    *_CARBON,
    *_CERTIFICATES,
    *_SAVING,
    *_POWER,
    *_ANCILLARY,
    *_FINANCE,
    *_DEMAND_SIDE,
)


def shapes_stand(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Measures whose shape is missing, or lacks months."""
    months = frames["saving_shapes"].groupby("shape")["month"].nunique()
    rows = frames["saving_measures"]
    return [
        f"policy/saving_measures.csv:{line}: shape={row['shape']} has {months.get(row['shape'], 0)} months "
        "in saving_shapes.csv; give it all 12, or write the name of another shape"
        for line, row in rows[rows["shape"].map(months).fillna(0) < 12].iterrows()
    ]


def floors_are_below_caps(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Spot limits that leave no price."""
    rows = frames["spot_limits"]
    return [
        f"policy/spot_limits.csv:{line}: floor_cny_per_mwh={row['floor_cny_per_mwh']:g} is above "
        f"cap_cny_per_mwh={row['cap_cny_per_mwh']:g}; write at most that"
        for line, row in rows[rows["floor_cny_per_mwh"] > rows["cap_cny_per_mwh"]].iterrows()
    ]


def conversions_are_complete(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Factors that are missing, or stand in another unit than the one they are read in."""
    units = frames["conversion_factors"].set_index("name")["unit"].to_dict()
    return [
        f"policy/conversion_factors.csv: {name} stands in {units.get(name, 'no row')}; give it in {unit}"
        for name, unit in CONVERSIONS.items()
        if units.get(name) != unit
    ]


def finance_is_in_its_unit(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Shares above 1, and broken years."""
    rows = frames["finance"]
    above = (rows["unit"] == "share") & (rows["value"] > 1)
    broken = (rows["unit"] == "yr") & (rows["value"] != rows["value"].round()) & rows["value"].notna()
    return [
        f"policy/finance.csv:{line}: value={row['value']:g} of {row['parameter']}, {row['technology']} is no "
        f"{'share' if above[line] else 'number of whole years'}; write "
        f"{'a number in [0, 1]' if above[line] else 'a whole number'}"
        for line, row in rows[above | broken].iterrows()
    ]


POLICY_RULES = (
    (("saving_measures", "saving_shapes"), shapes_stand),
    (("spot_limits",), floors_are_below_caps),
    (("conversion_factors",), conversions_are_complete),
    (("finance",), finance_is_in_its_unit),
)
