"""One small system in which every rule of the model has something to do; too large to solve by hand."""

from __future__ import annotations

from dataclasses import replace

from picmodel.data.system import Corridor, Horizon, SystemData
from tests.tiny import tiny

YEARS = (2025, 2030, 2035)

#: options that together switch on every part of every mechanism (some exclude each other)
EVERYTHING = {
    "unified": {
        "carbon": dict(
            instrument="benchmark",
            benchmark_factor={2025: 1.05, 2035: 0.85},
            external_ccer_mt=0.5,
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
        ),
        "power": dict(dispatch="planned", planned_share={2025: 0.5, 2035: 0.1}, curtailment_limit_share=0.3),
    },
    "ccer": {
        "carbon": dict(instrument="cap", cap_mt={2025: 45.0, 2035: 31.0}, external_ccer_mt=0.5),
        "green_certificates": dict(trade="bundled", carbon_linkage="ccer", eligible_from=2030),
        "power": dict(dispatch="priority"),
    },
    "price": {
        "carbon": dict(
            instrument="price",
            price_cny_per_t={2025: 60, 2035: 150},
            pass_through_share=0.8,
        ),
        "emission_limits": dict(
            peak_year=dict(year=2030, level_mt=43.0, decline_after_share=0.02),
            hold_emissions_of="other",
            provincial=dict(responsibility="consumption", cap_mt={"A": 16.0, "B": {2030: 24.0}}, trade=True),
        ),
        "green_certificates": dict(trade="none"),
        "power": dict(dispatch="spot"),
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
        policy={
            "benchmark": {(g, y): x for g, x in (("coal", 0.81), ("gas", 0.41)) for y in YEARS},
            "planned_hours": {(r, "coal"): 4100.0 for r in shape} | {("B", "gas"): 1900.0},
            "weight_total": {(r, y): 0.21 + 0.01 * (y - 2025) for r, y in keys},
            "weight_nonhydro": {(r, y): 0.13 + 0.01 * (y - 2025) for r, y in keys},
            "ccer_factor": {"A": 0.61, "B": 0.55},
            "coal_tariff": {"A": 0.31, "B": 0.37},
            "grid_factor": {"A": 0.53, "B": 0.61},
            "emissions_of": {"other": {2025: 45000.0, 2030: 41500.0, 2035: 38000.0}},
        },
    )
    return replace(whole, **changes)
