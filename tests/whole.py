"""One small system in which every rule of the model has something to do; too large to solve by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from picmodel.data.system import Corridor, Horizon, SystemData
from tests.tiny import TinyRun, run_tiny, tiny

YEARS = (2025, 2030, 2035)

#: credits from outside the power sector
OUTSIDE = dict(name="forestry", supply_mt=0.5, price_cny_per_t={2025: 70, 2035: 90})

#: requirements by product, per GW of load and of wind and sun
RESERVES = {
    "load": {"up": 0.03, "down": 0.03, "frequency": 0.02},
    "vre": {"up": 0.07, "down": 0.06, "frequency": 0.03},
}

#: options that together switch on every part of every mechanism (some exclude each other)
EVERYTHING = {
    "unified": {
        "ancillary": dict(area="nation", who_pays="load", requirement_factor=3.0),
        "carbon": dict(
            instrument="benchmark",
            benchmark_factor={2025: 1.05, 2035: 0.85},
            auction_share=0.05,
            auction_volume_mt=1.7,
            floor_cny_per_t={2025: 7, 2035: 13},
            ceiling_cny_per_t=900,
            external_ccer=[OUTSIDE],
            other_sectors=[
                dict(name="steel", supply_mt={2025: 0.1, 2035: 0.3}, price_cny_per_t=110),
                dict(name="cement", demand_mt=0.2, price_cny_per_t=190),
            ],
        ),
        "ccs": dict(injection_limit_mt={2030: 1.1, 2035: 2.3}),
        "energy_saving": dict(
            merged=True, white_certificate_share=0.011, use_quota_share=0.991, carbon_linkage=True
        ),
        "emission_limits": dict(
            peak_year=dict(year=2030, level_mt=43.0, decline_after_share=0.11),
            provincial=dict(responsibility="shared", share=0.4, cap_mt={"A": {2030: 18.5, 2035: 17.0}}),
        ),
        "green_certificates": dict(
            trade="national",
            carbon_linkage="unified",
            eligible_from=2030,
            conversion_factor_t_per_mwh=0.19,
            eligible_technologies=["wind"],
            surrender_limit_share=0.03,
            allowances_for_obligation=True,
            neutral_cap=True,
            bank=dict(validity_yr=5),
            floor_cny_per_mwh=3,
            ceiling_cny_per_mwh={2025: 130, 2035: 90},
            voluntary=[
                dict(name="exporters", twh=0.7, willingness_cny_per_mwh=61),
                dict(name="offices", twh={2025: 0.2, 2035: 0.4}, willingness_cny_per_mwh=23, accepts="any"),
            ],
            heavy_industry=True,
            tradable="rules",
            cfd_volume_share={"wind": 0.2, "solar": 0.4},
        ),
        "power": dict(
            dispatch="planned",
            planned_share={2025: 0.5, 2035: 0.1},
            curtailment_limit_share=0.3,
            contract_gw={"A-B": {2025: 0.6, 2030: 1.8}},
            contracts=dict(type="physical", coverage_share=0.7, shape="load"),
        ),
    },
    "ccer": {
        "ancillary": dict(flexibility=True, ramps=True, peak_shaving=True),
        "carbon": dict(
            instrument="cap",
            cap_mt={2025: 45.0, 2035: 27.5},
            allocation="grandfathering",
            auction_share={2025: 0.0, 2035: 0.5},
            external_ccer=[OUTSIDE],
            bank=dict(carry_over_limit_mt=3.0, initial_mt=1.3, final_value_cny_per_t=17),
        ),
        "energy_saving": dict(
            white_certificate_share={2025: 0.003, 2035: 0.013},
            use_quota_share={2025: 1.0, 2035: 0.7},
            tce_basis="calorific",
            exclude_renewables=True,
        ),
        "demand_side": dict(
            exposure={"industry": "spot", "ev": "time_of_use"}, shift_loss_share=0.07, firm_share=0.4
        ),
        "green_certificates": dict(
            trade="bundled",
            carbon_linkage="ccer",
            eligible_from=None,
            double_claim=True,
            tradable="rules",
            untradable_owner="generators",
            voluntary=[dict(name="dams", twh=0.3, willingness_cny_per_mwh=5, accepts="hydro")],
        ),
        "power": dict(
            dispatch="priority",
            planned_share={"coal": {2025: 0.5, 2035: 0.3}, "gas": 0.4},
            renewables="guaranteed_hours",
            tariff_factor_share=1.1,
        ),
    },
    "price": {
        "ancillary": dict(
            area="region", committed_groups=["coal"], daily_groups=["coal"], who_pays="generators"
        ),
        "carbon": dict(
            instrument="price",
            areas={"west": ["A"], "east": ["B"]},
            price_cny_per_t={"west": {2025: 60, 2035: 150}, "east": 90},
            pass_through_share=0.8,
        ),
        "energy_saving": dict(
            pilots="all", white_certificate_share=0.009, double_claim=True, implicit_discount_share=None
        ),
        "responsibility": dict(consumer_share=0.7),
        "emission_limits": dict(
            peak_year=dict(year=2030, level_mt=43.0, decline_after_share=0.02),
            hold_emissions_of="other",
            provincial=dict(responsibility="consumption", cap_mt={"A": 16.0, "B": {2030: 24.0}}, trade=True),
        ),
        "green_certificates": dict(trade="national", bank=dict(validity_yr=10), heavy_industry=True),
        "power": dict(
            dispatch="spot",
            price_limits=dict(scarcity="dispatch", cap_cny_per_mwh=4900, floor_cny_per_mwh=-50),
            contracts=dict(type="financial", price_rule="mean_market", term_yr=7),
            renewables="cfd",
            cfd=dict(
                strike_cny_per_mwh={"wind": {2025: 340, 2035: 290}, "solar": 270}, volume_share=0.7, term_yr=8
            ),
            premium_cny_per_mwh={"solar": {2030: 21, 2035: 11}},
            capacity="payment",
            capacity_payment_cny_per_kw_yr={"coal": 41, "battery": 23},
            in_decisions=True,
        ),
    },
}


def whole_system(**changes) -> SystemData:
    """Two provinces, a past year and two to decide, four slices of one period."""
    shape = {"A": [2.1, 2.7, 3.3, 2.9], "B": [3.1, 3.7, 4.9, 4.3]}
    nonhydro = {"class": "nonhydro"}
    system = tiny(
        {(r, y): [gw * (1 + 0.03 * (y - 2025)) for gw in row] for r, row in shape.items() for y in YEARS},
        {
            "coal": dict(
                existing={"A": 4.1, "B": 3.9},
                build=True,
                fuel={"A": 0.21, "B": 0.29},
                annuity=290.0,
                fom=91.0,
                emission=0.83,
                must_run=0.11,
                credit=0.87,
                own_use=0.06,
                availability=0.91,
                wear=0.013,
            ),
            "gas": dict(
                existing={"B": 0.9},
                build=True,
                fuel=0.53,
                annuity=170.0,
                fom=43.0,
                emission=0.37,
                credit=0.92,
            ),
            "converted": dict(  # coal units with capture added; empty without that mechanism
                fuel={"A": 0.25, "B": 0.34},
                life=9,
                emission=0.09,
                group="coal",
                credit=0.71,
                own_use=0.23,
                availability=0.74,
                wear=0.051,
            ),
            "hydro": dict(
                existing={"A": 0.8},
                provinces=["A"],
                must_run=0.17,
                water=1.9,
                credit=0.61,
                **{"class": "hydro"},
            ),
            "wind": dict(
                existing={"A": 0.7, "B": 0.3},
                build=True,
                annuity=790.0,
                fom=31.0,
                credit=0.09,
                availability=[0.41, 0.19, 0.27, 0.35],
                **nonhydro,
            ),
            "sun": dict(
                existing={"A": 0.4},
                build=True,
                annuity=610.0,
                fom=13.0,
                group="solar",
                credit=0.03,
                availability=[0.0, 0.57, 0.43, 0.0],
                **nonhydro,
            ),
            "battery": dict(
                existing={"B": 0.2},
                build=True,
                annuity=57.0,
                energy_annuity=121.0,
                fom=7.0,
                credit=0.5,
                efficiency=0.85,
                duration=(1.0, 3.0),
                wear=0.011,
            ),
        },
        years=YEARS,
        last_span=7,
        rate=0.05,
        corridors=(Corridor("A-B", ("A", "B"), loss=0.04, annuity=77.0, contract_from="A"),),
        line_capacity={("A-B", 2025): 0.5, ("A-B", 2030): 0.5, ("A-B", 2035): 0.9},
        line_limit={"A-B": 1.1},
        export_tariff={"A": 0.017, "B": 0.023},
    )
    keys = [(r, y) for r in shape for y in YEARS]
    whole = replace(
        system,
        horizon=Horizon.of(YEARS, last_span=7, base_year=2023, rate=0.05, present_year=2026),
        surviving={**system.surviving, ("A", "coal", 2035): 3.3, ("B", "coal", 2035): 3.1},
        fixed_om={**system.fixed_om, ("coal", 2023): 97.0, ("gas", 2023): 47.0, ("wind", 2023): 33.0},
        committed={("A", "wind", 2025): 0.2, ("A", "battery", 2025): 0.1, ("B", "sun", 2030): 0.3},
        committed_energy={("A", "battery", 2025): 0.23},
        build_limit={("A", "wind", 2025): 0.2, ("A", "battery", 2025): 0.1, ("B", "wind", 2030): 1.3},
        national_build_limit={("sun", 2030): 3.1, ("wind", 2035): 4.7},
        potential={("A", "sun"): 2.3, ("B", "battery"): 1.7, ("A", "wind"): 5.9},
        peak={(r, y): 1.15 * max(shape[r]) * (1 + 0.03 * (y - 2025)) for r, y in keys if y != 2025},
        adequacy_margin=0.05,
        captured={"converted": 0.82},
        policy={
            "benchmark": {
                (g, y): x for g, x in (("coal", 0.81), ("gas", 0.41), ("converted", 0.73)) for y in YEARS
            },
            "retrofit_annuity": {("coal", "converted", y): x for y, x in ((2030, 310.0), (2035, 270.0))},
            "retrofit_limit": {("converted", 2030): 0.3, ("converted", 2035): 1.9},
            "co2_storage_cost": {"A": 0.12, "B": 0.19},
            "planned_hours": {(r, "coal"): 4100.0 for r in shape} | {("B", "gas"): 1900.0},
            "weight_total": {(r, y): 0.21 + 0.01 * (y - 2025) for r, y in keys},
            "weight_nonhydro": {(r, y): 0.13 + 0.01 * (y - 2025) for r, y in keys},
            "ccer_factor": {"A": 0.61, "B": 0.55},
            "ccer_eligible": {"wind": 1.0},
            "tradable_share": {"hydro": 0.0, "wind": 0.6, "sun": 0.9},
            "industry_share": {(r, y): x for r, x in (("A", 0.31), ("B", 0.17)) for y in YEARS},
            "industry_weight": {(r, y): 0.29 + 0.02 * (y - 2025) for r, y in keys if y != 2025},
            "surrender_price": {2030: 0.041, 2035: 0.067},
            "coal_tariff": {"A": 0.31, "B": 0.37},
            "grid_factor": {"A": 0.53, "B": 0.61},
            "min_stable": {"coal": 0.5, "gas": 0.3},
            "start_cost": {"coal": 0.004, "gas": 0.002},  # every slice of the period comes 2190 times a year
            "start_emissions": {"coal": 0.02, "gas": 0.01},
            "ramp": {"coal": 0.25, "gas": 1.0},
            "flexible_min_stable": {"coal": 0.3},
            "flexibility_annuity": {"coal": 0.7},
            "reserve_load": {(p, r): x for p, x in RESERVES["load"].items() for r in shape},
            "reserve_vre": {(p, r): x for p, x in RESERVES["vre"].items() for r in shape},
            "shaving_threshold": {"A": 0.5, "B": 0.6},
            "shaving_price": {"A": 0.3, "B": 0.4},
            "regional_grid": {"A": "North", "B": "North"},
            "flexible_share": {
                (k, r, y): x for k, x in (("industry", 0.061), ("ev", 0.023)) for r in shape for y in YEARS
            },
            "flexible_hours": {"industry": 2.0, "ev": 3.0},
            "responsive_share": {("first",): 0.017, ("second",): 0.013},
            "responsive_value": {("first",): 1.1, ("second",): 3.7},
            "tou_factor": {(r, t): x for r in shape for t, x in enumerate((0.63, 0.97, 1.37, 0.97))},
            "saving_potential": {
                (r, k, y): x
                for r, k, x in (("A", "motors", 1310.0), ("B", "motors", 2470.0), ("A", "lamps", 590.0))
                for y in YEARS
            },
            "saving_cost": {("motors",): 0.21, ("lamps",): 0.13},
            "saving_life": {"motors": 12, "lamps": 5},
            "saving_shape": {
                (r, k, t): x / 8760
                for k, row in (("motors", (1.0, 1.0, 1.0, 1.0)), ("lamps", (0.4, 0.6, 1.6, 1.4)))
                for t, x in enumerate(row)
                for r in ("A", "B")
                if (r, k) != ("B", "lamps")
            },
            "saving_at_peak": {
                ("A", "motors"): 1 / 8760,
                ("B", "motors"): 1 / 8760,
                ("A", "lamps"): 1.6 / 8760,
            },
            "white_pilots": {"A": 1.0},
            "use_right_pilots": {"A": 1.0, "B": 1.0},
            "conversion": {"calorific": 0.1229, "coal_equivalent": 0.3024, "co2_per_tce": 2.6},
            "emissions_of": {
                "other": {2025: 45000.0, 2030: 38200.0, 2035: 35100.0},
                "far": dict.fromkeys(YEARS, 1e6),
            },
        },
    )
    return replace(whole, **changes)


def run_whole(design: str) -> TinyRun:
    """The system under a set of `EVERYTHING`, solved once; results and ledger are the caller's own."""
    return replace(_solved(design))


@cache
def _solved(design: str) -> TinyRun:
    return run_tiny(whole_system(), EVERYTHING[design])
