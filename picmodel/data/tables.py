"""The input tables, declared: one `Table` per file of ``inputs/``, one `Column` per column.

Checks, conversion to base units and the description of a file all come from these lines.  Every
table also has the columns ``quality`` (how sure a figure is, see `QUALITIES`) and ``source`` (a key
into ``sources.csv``); they are added here so that no declaration can forget them.
"""

from __future__ import annotations

from picmodel.data.calibration_tables import CALIBRATION_TABLES
from picmodel.data.columns import MONTH, Column, Table, amount, flag, province, share, technology, text, year
from picmodel.data.policy_tables import POLICY_TABLES

TABLES: tuple[Table, ...] = (
    Table(
        "sources",
        ("source",),
        (
            text("source", "key used by every other table"),
            text("title", "document, data set or repository file"),
            text("publisher", "who published it"),
            text("year", "year of publication or of the data"),
            text("accessed", "date of access (YYYY-MM-DD)"),
            text("note", "how far it was read, what was done with it"),
        ),
        "Where every number comes from.",
        sourced=False,
        in_runs=False,
    ),
    Table(
        "provinces",
        ("province",),
        (
            text("province", "two letters of ISO 3166-2:CN"),
            text("name_en", "English name"),
            text("name_zh", "Chinese name"),
            text("regional_grid", "one of the six regional grids"),
            Column("latitude_deg", "deg", low=15, high=55, meaning="load centre"),
            Column("longitude_deg", "deg", low=70, high=136, meaning="load centre"),
            Column("tile_row", kind="integer", low=0, high=9, meaning="row of the tile map"),
            Column("tile_col", kind="integer", low=0, high=9, meaning="column of the tile map"),
            flag("winter_heating", "1: district heating in winter"),
        ),
        "The 31 provincial power systems of mainland China.",
    ),
    Table(
        "demand",
        ("province", "year"),
        (
            province(),
            year("calendar year"),
            text("kind", "published or projected", choices=("actual", "projection")),
            amount(
                "consumption_twh",
                "TWh",
                3000.0,
                "whole-society consumption, plants' own use and losses inside",
            ),
        ),
        "Electricity consumption, history and projection; between years linear.",
        complete_over=("province",),
    ),
    Table(
        "peak_load",
        ("province", "year"),
        (
            province(),
            year("calendar year"),
            amount("peak_load_gw", "GW", 300.0, "highest hourly whole-society load"),
        ),
        "Peak load of the base year; later peaks grow with consumption.",
        complete_over=("province",),
    ),
    Table(
        "demand_basis",
        ("province",),
        (
            province(),
            Column(
                "bulk_share",
                "share",
                low=0.5,
                high=1.0,
                meaning="demand at the bulk grid over whole-society consumption: 1 less plants' "
                "own use and inter-provincial losses, which the published figure contains",
            ),
        ),
        "From published consumption to what plants must send out net.",
        complete_over=("province",),
    ),
    Table(
        "technologies",
        ("technology",),
        (
            text("technology", "key"),
            text("name_en", "English name"),
            text("name_zh", "Chinese name"),
            text("kind", "how it is modelled", choices=("thermal", "hydro", "vre", "storage")),
            text(
                "group",
                "published category it belongs to",
                choices=(
                    "coal",
                    "gas",
                    "nuclear",
                    "biomass",
                    "other",
                    "hydro",
                    "wind",
                    "solar",
                    "pumped_hydro",
                    "battery",
                ),
            ),
            text("fuel", "key into fuel_factors, or none"),
            text("renewable_class", "class of its green certificates", choices=("none", "hydro", "nonhydro")),
            text(
                "series",
                "hourly series that bounds its output, or none",
                choices=("none", "wind_onshore", "wind_offshore", "solar", "hydro"),
            ),
            Column("life_yr", "yr", "integer", 5, 100, meaning="technical life"),
            Column("construction_yr", "yr", "integer", 0, 10, meaning="years of construction"),
            amount("wacc_share", "share", 0.3, "real pre-tax cost of capital"),
            amount(
                "efficiency_share",
                "share",
                1.0,
                "net electric efficiency on LHV; storage: round trip; without fuel: 1",
            ),
            share("own_use_share", "own use over gross output"),
            share("availability_share", "mean availability after outages and maintenance"),
            share("min_output_share", "lowest output over available capacity (no commitment)"),
            amount("duration_min_h", "h", 1000.0, "least energy over power of a store; 0 otherwise"),
            amount("duration_max_h", "h", 1000.0, "most energy over power of a store; 0 otherwise"),
            flag("buildable", "1: new capacity may be chosen"),
            flag("may_retire", "1: may leave before the end of its life; 0: heat, waste or water keep it"),
            text("mechanism", "exists only where this mechanism is on", choices=("none", "ccs")),
            share("capture_share", "share of the fuel's CO2 that is captured"),
        ),
        "Generation and storage technologies and what does not change with time.",
    ),
    Table(
        "technology_costs",
        ("technology", "year"),
        (
            technology(),
            year("price level of this commissioning year; between years linear"),
            amount("capex_cny_per_kw", "CNY/kW", 60000.0, "overnight investment without VAT"),
            amount(
                "energy_capex_cny_per_kwh", "CNY/kWh", 5000.0, "investment in a store's energy; 0 otherwise"
            ),
            amount("fom_cny_per_kw_yr", "CNY/kW-yr", 3000.0, "fixed O&M"),
            amount(
                "vom_cny_per_mwh",
                "CNY/MWh",
                500.0,
                "variable O&M without fuel; stores: wear per MWh discharged",
            ),
        ),
        "Chinese costs by commissioning year, real, without VAT.",
        complete_over=("technology",),
    ),
    Table(
        "capacity_credits",
        ("technology", "year"),
        (
            technology(),
            year("planning year; between years linear"),
            share("credit_share", "share of capacity counted at peak"),
        ),
        "What a GW counts for in the adequacy rule.",
        complete_over=("technology",),
    ),
    Table(
        "monthly_availability",
        ("technology", "month"),
        (technology(), MONTH, share("relative_share", "month over annual mean", high=2.0)),
        "Seasonal pattern of availability (maintenance); technologies not listed are flat.",
    ),
    Table(
        "heat_must_run",
        ("province", "month"),
        (
            province(),
            MONTH,
            share("must_run_share", "least output over capacity of coal_chp because of heat"),
        ),
        "Winter must-run of combined heat and power; provinces not listed have none.",
    ),
    Table(
        "retrofits",
        ("from_technology", "to_technology", "year"),
        (
            text("from_technology", "what is converted", refers_to="technologies.technology"),
            text("to_technology", "what it becomes", refers_to="technologies.technology"),
            year("year of conversion; between years linear"),
            amount(
                "capex_cny_per_kw",
                "CNY/kW",
                20000.0,
                "investment per kW of the plant before conversion, without VAT",
            ),
            amount("fom_cny_per_kw_yr", "CNY/kW-yr", 2000.0, "fixed O&M beyond the plant's"),
            Column("life_yr", "yr", "integer", 5, 60, meaning="years over which the conversion is paid"),
        ),
        "Conversions of one technology into another; gross capacity stays what it was.",
    ),
    Table(
        "co2_storage",
        ("province",),
        (
            province(),
            amount("transport_cny_per_t", "CNY/t", 2000.0, "pipeline to the storage site"),
            amount("storage_cny_per_t", "CNY/t", 2000.0, "injection and monitoring"),
        ),
        "What it costs to carry captured CO2 away and store it.",
        complete_over=("province",),
    ),
    Table(
        "commitment",
        ("technology",),
        (
            technology(),
            share("min_stable_share", "least output over capacity that is on line"),
            amount("start_cost_cny_per_kw", "CNY/kW", 50.0, "one start, fuel and wear inside"),
            amount("start_emissions_t_per_mw", "t/MW", 20.0, "CO2 of one start"),
            amount(
                "ramp_share_per_h",
                "share",
                1.0,
                "change of output in an hour over capacity that is on line; 1: no limit",
            ),
            share(
                "flexible_min_stable_share",
                "least output after a flexibility retrofit; same: none is offered",
            ),
            amount(
                "flexibility_capex_cny_per_kw",
                "CNY/kW",
                2000.0,
                "flexibility retrofit per kW of the unit, without VAT",
            ),
            Column(
                "flexibility_life_yr", "yr", "integer", 5, 60, meaning="years over which the retrofit is paid"
            ),
        ),
        "Unit commitment by technology; technologies not listed start and stop freely.",
    ),
    Table(
        "fuel_factors",
        ("fuel",),
        (
            text("fuel", "key"),
            amount("emission_factor_t_per_gj", "t/GJ", 0.2, "CO2 per GJ burnt (LHV)"),
        ),
        "Carbon content of fuels.",
    ),
    Table(
        "fuel_prices",
        ("fuel", "province", "year"),
        (
            text("fuel", "fuel", refers_to="fuel_factors.fuel"),
            province(),
            year("between years linear, after the last constant"),
            amount("price_cny_per_gj", "CNY/GJ", 300.0, "delivered to the plant, LHV, real, without VAT"),
        ),
        "Fuel prices at the plant.",
        complete_over=("province", "fuel"),
    ),
    Table(
        "fleet",
        ("province", "technology", "cohort_year"),
        (
            province(),
            technology(),
            Column(
                "cohort_year", "yr", "integer", 1950, 2100, meaning="mean commissioning year of the cohort"
            ),
            amount("capacity_gw", "GW", 200.0, "gross capacity that stood"),
            amount("energy_gwh", "GWh", 1000.0, "energy of stores; 0 otherwise"),
        ),
        "What stood at the end of the year before the first committed addition, by age, so that it retires.",
    ),
    Table(
        "committed",
        ("province", "technology", "year"),
        (
            province(),
            technology(),
            year("calendar year in which it starts"),
            amount("capacity_gw", "GW", 100.0, "gross capacity added"),
            amount("energy_gwh", "GWh", 1000.0, "energy of stores; 0 otherwise"),
        ),
        "Additions to the fleet that were built or are under construction.",
    ),
    Table(
        "potentials",
        ("province", "technology"),
        (
            province(),
            technology(),
            amount("potential_gw", "GW", 10000.0, "most that can stand, existing capacity inside"),
        ),
        "Resource and site limits; a buildable technology with no row cannot be built there.",
    ),
    Table(
        "build_rates",
        ("technology", "year"),
        (
            technology(),
            year("calendar year; between years linear"),
            amount("national_gw_per_yr", "GW/yr", 1000.0, "most that the country adds a year"),
            share("province_share", "most of it that one province adds"),
        ),
        "How fast capacity can be added.",
    ),
    Table(
        "corridors",
        ("corridor",),
        (
            text("corridor", "FROM-TO in the order of provinces.csv"),
            province("from_province", "one end"),
            province("to_province", "other end"),
            text("line_type", "dominant type", choices=("AC", "DC")),
            Column("length_km", "km", low=10.0, high=5000.0, meaning="capacity-weighted length"),
            amount("loss_share", "share", 0.2, "lost over sent"),
            amount("capex_cny_per_kw", "CNY/kW", 10000.0, "new capacity, stations and line, without VAT"),
            Column("life_yr", "yr", "integer", 10, 80, meaning="economic life of new lines"),
            amount("wacc_share", "share", 0.3, "real pre-tax cost of capital"),
            share("fom_share", "fixed O&M a year over investment", high=0.2),
            amount("expandable_gw", "GW", 100.0, "most that can be added beyond what is committed"),
            text("contract_from", "sending province of long-term flat contracts, or none"),
        ),
        "Inter-provincial transmission corridors: one row per pair of provinces.",
    ),
    Table(
        "corridor_capacity",
        ("corridor", "year"),
        (
            text("corridor", "corridor", refers_to="corridors.corridor"),
            year("in place from this year on, until a later row"),
            amount("capacity_gw", "GW", 150.0, "both directions alike"),
        ),
        "Capacity of the base year and what is committed after it (cumulative).",
        complete_over=("corridor",),
    ),
    Table(
        "full_load_hours",
        ("province", "technology", "year"),
        (
            province(),
            text("technology", "series", choices=("wind_onshore", "wind_offshore", "solar", "hydro")),
            Column(
                "year", "yr", "integer", 0, 2100, meaning="year of observation; 0: mean year for planning"
            ),
            amount("available_h", "h", 6500.0, "what could be produced, curtailment added back"),
            share("curtailment_share", "curtailed over available in that year"),
        ),
        "Full-load hours of wind, sun and water.",
    ),
    Table(
        "thermal_hours",
        ("province", "group", "year"),
        (
            province(),
            text("group", "published category", choices=("coal", "gas", "nuclear", "biomass", "other")),
            year("year of observation"),
            amount("gross_h", "h", 8760.0, "gross output over mean capacity"),
        ),
        "Hours of thermal fleets, from which planned hours are set.",
    ),
    Table(
        "observed_generation",
        ("province", "group", "year"),
        (
            province(),
            text(
                "group",
                "published category",
                choices=("coal", "gas", "nuclear", "biomass", "other", "hydro", "wind", "solar", "thermal"),
            ),
            year("year"),
            amount("generation_twh", "TWh", 1000.0, "gross output"),
        ),
        "Published output that the hindcast is compared with; no model run reads it.",
        in_runs=False,
    ),
    Table(
        "observed_net_export",
        ("province", "year"),
        (
            province(),
            year("year"),
            Column(
                "net_export_twh",
                "TWh",
                low=-500.0,
                high=500.0,
                meaning="generation less consumption, balanced nationally",
            ),
        ),
        "Net exports that the hindcast is compared with; no model run reads it.",
        in_runs=False,
    ),
    *POLICY_TABLES,
    *CALIBRATION_TABLES,
)

TABLE: dict[str, Table] = {table.name: table for table in TABLES}
