"""Mechanisms in PyPSA have the same least cost and the same prices (`pypsa_markets`: how each is said there).

Every case is run on the small system in which every rule has something to do, and on a cut of the real
tables.  Its numbers are shares of what the system does without it, so that it binds in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import pytest

from picmodel.data.system import Corridor, SystemData, TimeSlices
from picmodel.solve.certificate import certify
from picmodel.solve.highs import solve
from tests.tiny import SIMPLEX, TinyRun, active_of, compile_tiny, differences, tiny
from tests.whole import whole_system

pytest.importorskip("pypsa")
from tests.crosscheck import pypsa_markets as theirs
from tests.crosscheck.test_pypsa import SAME, of_scenario

#: three provinces with coal, wind, sun, pumped hydro, and lines between them
PROVINCES = ["SD", "HE", "NM"]
COVERED = ("coal", "gas")


@dataclass(frozen=True)
class Case:
    """A mechanism as both programs are told.

    Attributes:
        prices: our row and its key -> their row, or what finds its dual.
        changes: policy tables in place of the system's.
        optimize: options of PyPSA's `optimize`.
    """

    markets: Mapping[str, Mapping]
    components: Sequence[theirs.Component] = ()
    rules: Sequence[theirs.Rule] = ()
    prices: Mapping[tuple, str | Callable] = field(default_factory=dict)
    changes: Mapping[str, Mapping] = field(default_factory=dict)
    optimize: Mapping[str, bool] = field(default_factory=dict)


def ours(data: SystemData, markets: Mapping[str, Mapping]) -> TinyRun:
    """Our solution, certified."""
    lp = compile_tiny(data, markets)
    solution = solve(lp, SIMPLEX)
    return TinyRun(data, active_of(markets), lp, solution, certify(lp, solution))


@cache
def whole() -> TinyRun:
    return ours(whole_system(peak={}), {})


@cache
def cut(*mechanisms: str) -> TinyRun:
    """Three provinces, two planning years, two days of six slices.

    Args:
        mechanisms: those whose technologies are wanted.
    """
    data = of_scenario(
        space={"provinces": PROVINCES},
        horizon={"years": [2030, 2035]},
        time={"periods": 2, "extremes": 0, "step_h": 4},
        markets={name: {} for name in mechanisms},
    )
    return ours(data, {})


def compare(base: TinyRun, case: Case) -> tuple[float, float]:
    """Both costs, after the comparison of costs and prices, and of that the mechanism does something."""
    data = replace(base.data, policy={**base.data.policy, **case.changes})
    run = ours(data, case.markets)
    for slack in {"v_allowances_missing", "v_above_peak", "v_above_provincial_cap"} & set(run.results.values):
        assert run.total(slack) == pytest.approx(0.0, abs=1e-6), "a slack that PyPSA is not given"
    n = theirs.solved(data, case.components, case.rules, **case.optimize)
    assert theirs.cost_of(n) == pytest.approx(run.objective, rel=SAME)
    assert run.objective != pytest.approx(base.objective, rel=1e-5), "the mechanism does nothing"
    for (row, *key), found in case.prices.items():
        same_price(run, row, key, found(n, data) if callable(found) else theirs.dual(n, found))
    return run.objective, theirs.cost_of(n)


def same_price(run: TinyRun, row: str, key: Sequence, dual: float) -> None:
    """Their dual lies between the left and the right difference of our cost, and so does ours; where both
    differences are one number, the price is unique and both duals are it."""
    least, most = sorted(differences(run, row, *key, step=1e-2))
    slack = 1e-5 * max(1.0, abs(dual))
    for found in (dual, run.dual(row, *key)):
        assert least - slack <= found <= most + slack, f"{row} {key}: {found} not in [{least}, {most}]"


# -- what the cases are made of


def technologies(d: SystemData, groups: Sequence[str] = COVERED) -> list[str]:
    """Technologies of some groups that emit."""
    present = dict.fromkeys(g for _, g in d.fleets)
    return [g for g in present if d.group[g] in groups and d.emission_factor.get(g, 0.0) > 0]


def emitted(d: SystemData) -> dict[tuple[str, int], float]:
    """Duty of plants that get nothing free [kt/GWh]."""
    return {(g, y): d.emission_factor[g] for g in technologies(d) for y in d.horizon.years}


def beyond_benchmark(d: SystemData, share: Mapping[int, float]) -> dict[tuple[str, int], float]:
    """Duty of plants that are given a share of their benchmark [kt/GWh]."""
    benchmark = d.policy["benchmark"]
    return {(g, y): e - share[y] * benchmark.get((g, y), 0.0) for (g, y), e in emitted(d).items()}


def of_base(base: TinyRun, share: float, places: Sequence[str] | None = None) -> dict[int, float]:
    """A share of what covered plants of some provinces emit without any mechanism, by year [kt/yr]."""
    d, found = base.data, base.results.values["v_fleet_emissions"]
    mine = found.sel(province=list(places or d.provinces), technology=technologies(d)).fillna(0.0)
    total = mine.sum(["province", "technology"])
    return {y: share * float(total.sel(year=y)) for y in d.horizon.years}


def path(d: SystemData, first: float, last: float) -> dict[int, float]:
    """Numbers by planning year, linear between the first and the last."""
    a, b = d.horizon.years[0], d.horizon.years[-1]
    return {y: first + (last - first) * (y - a) / (b - a) for y in d.horizon.years}


def mt(kt: Mapping[int, float]) -> dict[int, float]:
    return {y: x / 1e3 for y, x in kt.items()}


def annual(row: str, d: SystemData, their: str, *key) -> dict[tuple, str]:
    """A row of every year; ``their`` names it with the year as {y}."""
    return {(row, *key, y): their.format(y=y) for y in d.horizon.years}


# -- carbon


def carbon_price(base: TinyRun) -> Case:
    """A price on what is owed beyond four fifths of the benchmark."""
    d = base.data
    owed = beyond_benchmark(d, dict.fromkeys(d.horizon.years, 0.8 * 0.9))
    price = {(r, y): 0.1 for r in d.provinces for y in d.horizon.years}
    carbon = dict(instrument="price", price_cny_per_t=100, benchmark_factor=0.9, auction_share=0.2)
    return Case({"carbon": carbon}, [theirs.carbon_price(price, owed)])


def native_cap(base: TinyRun) -> Case:
    """A cap as PyPSA's own constraint on primary energy; the allowance price is its dual."""
    d = base.data
    share = path(d, 1.02, 0.75)
    cap = {y: share[y] * kt for y, kt in of_base(base, 1.0).items()}
    prices = {("c_allowances", "CN", y): lambda n, d, y=y: theirs.dual_of_limit(n, d, y) for y in cap}
    carbon = dict(instrument="cap", cap_mt=mt(cap))
    return Case({"carbon": carbon}, [theirs.limit_of_carriers(cap, emitted(d))], prices=prices)


def native_benchmark(base: TinyRun) -> Case:
    """A tradable performance standard: the same constraint on emissions less benchmark, negative for some."""
    d = base.data
    owed = beyond_benchmark(d, {y: 0.95 * x for y, x in path(d, 1.05, 0.85).items()})
    years = d.horizon.years
    carbon = dict(
        benchmark_factor={years[0]: 1.05, years[-1]: 0.85}, auction_share=0.05, auction_volume_mt=1.7
    )
    prices = {("c_allowances", "CN", y): lambda n, d, y=y: theirs.dual_of_limit(n, d, y) for y in years}
    limit = theirs.limit_of_carriers(dict.fromkeys(years, 1700.0), owed)
    return Case({"carbon": dict(instrument="benchmark", **carbon)}, [limit], prices=prices)


def carbon_areas(base: TinyRun) -> Case:
    """Two capped areas with a band, CCER, other sectors, and a bank each."""
    d = base.data
    areas = {"west": list(d.provinces[:1]), "east": list(d.provinces[1:])}
    cap = {z: of_base(base, 0.85, places) for z, places in areas.items()}
    size = cap["west"][d.horizon.years[-1]]
    carbon = dict(
        instrument="cap",
        areas=areas,
        cap_mt={z: mt(x) for z, x in cap.items()},
        floor_cny_per_t=7,
        ceiling_cny_per_t=120,
        external_ccer=[dict(name="forests", supply_mt=0.03 * size / 1e3, price_cny_per_t=50)],
        other_sectors=[
            dict(name="steel", supply_mt=0.01 * size / 1e3, price_cny_per_t=60, area="west"),
            dict(name="cement", demand_mt=0.02 * size / 1e3, price_cny_per_t=70, area="west"),
        ],
        bank=dict(
            carry_over_limit_mt={z: 0.3 * size / 1e3 for z in areas},
            initial_mt={z: 0.1 * size / 1e3 for z in areas},
            final_value_cny_per_t=17,
        ),
    )
    rule = theirs.allowance_market(
        emitted(d),
        {(z, y): kt for z, by_year in cap.items() for y, kt in by_year.items()},
        areas,
        floor=0.007,
        ceiling=0.12,
        offsets=(0.05, 0.03 * size, 0.05),
        supply=(0.01 * size, 0.06),
        demand=(0.02 * size, 0.07),
        bank=(0.3 * size, 0.1 * size, 0.017),
    )
    prices = {k: x for z in areas for k, x in annual("c_allowances", d, f"allowances {z} {{y}}", z).items()}
    return Case({"carbon": carbon}, rules=[rule], prices=prices | annual("c_ccer", d, "credits used {y}"))


def capture(base: TinyRun) -> Case:
    """Conversions of coal units at a high price of carbon, with their limits; captured CO2 has a cost."""
    d, years = base.data, base.data.horizon.years
    enough = (
        500 if base is whole() else 1200
    )  # in the cut wind and sun are cheaper, and it is gas that captures
    price = {(r, y): enough / 1e3 for r in d.provinces for y in years}
    injection = {y: 1100.0 + 690.0 * (y - years[0]) for y in years}
    markets = {
        "ccs": dict(injection_limit_mt=mt(injection)),
        "carbon": dict(instrument="price", price_cny_per_t=enough, allocation="auction"),
    }
    return Case(
        markets,
        [theirs.converted, theirs.storage_of_co2, theirs.carbon_price(price, emitted(d))],
        [theirs.conversions(injection)],
        {("c_injection", years[-1]): f"injection {years[-1]}"},
    )


# -- limits on emissions


def peak_year(base: TinyRun) -> Case:
    """A peak in the year before the last at the level of the first, where nothing can change, then a fall."""
    d, years = base.data, base.data.horizon.years
    level, end = of_base(base, 1.0)[years[0]], of_base(base, 0.93)[years[-1]]
    falls = 1 - (end / level) ** (1 / (years[-1] - years[-2]))
    peak = dict(year=years[-2], level_mt=level / 1e3, decline_after_share=falls)
    limit = {y: level * (1 - falls) ** max(0, y - years[-2]) for y in years}
    return Case(
        {"emission_limits": dict(peak_year=peak)},
        rules=[theirs.emission_limit(limit)],
        prices=annual("c_emission_peak", d, "emissions {y}"),
    )


def provincial_caps(base: TinyRun) -> Case:
    """Two provinces, responsibility shared, permits traded."""
    d, years = base.data, base.data.horizon.years[-2:]
    places = d.provinces[:2]
    cap = {(r, y): of_base(base, 0.8, [r])[y] for r in places for y in years}
    provincial = dict(
        responsibility="shared",
        share=0.4,
        trade=True,
        cap_mt={r: {y: cap[r, y] / 1e3 for y in years} for r in places},
    )
    prices = {("c_provincial_cap", r, y): f"provincial {r} {y}" for r, y in cap}
    return Case(
        {"emission_limits": dict(provincial=provincial)},
        rules=[theirs.provincial_caps(cap, 0.4, True)],
        prices=prices | {("c_permits", y): f"permits {y}" for y in years},
    )


# -- certificates


def certificates(trade: str) -> Callable[[TinyRun], Case]:
    def case(base: TinyRun) -> Case:
        d, volunteers = base.data, trade == "national"
        weights = 2.2 if d.provinces == whole().data.provinces else 1.6
        block = [dict(name="exporters", twh=0.7, willingness_cny_per_mwh=61)] if volunteers else []
        markets = dict(trade=trade, weight_factor=weights, voluntary=block)
        rule = theirs.obligation(
            0.15, trade, factor=weights, volunteers=(700.0, 0.061) if volunteers else None
        )
        prices = {
            (f"c_obligation_{kind}", r, y): f"{kind} {r} {y}"
            for kind in ("nonhydro", "total")
            for r in d.provinces
            for y in d.horizon.years
        }
        if trade == "national":
            prices |= {
                ("c_certificates", "CN", k, y): f"certificates {k} {y}"
                for k in ("hydro", "nonhydro")
                for y in d.horizon.years
            }
        return Case({"green_certificates": markets}, rules=[rule], prices=prices)

    return case


def unified(both_ways: bool) -> Callable[[TinyRun], Case]:
    """Certificates are allowances at a conversion factor; both ways: allowances serve the obligation."""

    def case(base: TinyRun) -> Case:
        d, years = base.data, base.data.horizon.years
        green = [g for g in dict.fromkeys(g for _, g in d.fleets) if d.group[g] in ("wind", "solar")]
        volume = {y: kt for y, kt in of_base(base, 0.04).items()}
        markets = {
            "carbon": dict(
                instrument="benchmark",
                benchmark_factor={years[0]: 1.0, years[-1]: 0.944},
                auction_volume_mt=mt(volume),
            ),
            "green_certificates": dict(
                trade="national",
                weight_factor=1.3,
                carbon_linkage="unified",
                eligible_from=2030,
                eligible_technologies=green,
                conversion_factor_t_per_mwh=0.19,
                surrender_limit_share=0.03,
                allowances_for_obligation=both_ways,
            ),
        }
        rule = theirs.obligation(
            0.15,
            factor=1.3,
            link=theirs.CarbonLink(
                allowances=volume,
                duty=beyond_benchmark(d, path(d, 1.0, 0.944)),
                kappa=0.19,
                eligible=(green, 2030),
                surrender_share=0.03,
                both_ways=both_ways,
            ),
        )
        prices = annual("c_allowances", d, "allowances {y}", "CN")
        prices |= annual("c_certificates", d, "certificates nonhydro {y}", "CN", "nonhydro")
        return Case(markets, rules=[rule], prices=prices)

    return case


# -- power market


def planned(base: TinyRun) -> Case:
    """Planned hours, flat contracts and barriers."""
    d, years = base.data, base.data.horizon.years
    share = path(d, 0.8, 0.6)
    fleets = {(r, g): d.policy["planned_hours"].get((r, g)) for r, g in d.fleets if d.group[g] in COVERED}
    hours = {fleet: h for fleet, h in fleets.items() if h is not None}
    power = dict(
        dispatch="planned",
        planned_share={years[0]: 0.8, years[-1]: 0.6},
        flows="contracts",
        contract_band_share=0.2,
        barrier_cny_per_mwh=30.0,
    )
    stays = theirs.leave_by_age([*dict.fromkeys(hours)])
    prices = {("c_planned_hours", r, g, y): f"hours {r} {g} {y}" for r, g in list(hours)[:2] for y in years}
    return Case(
        {"power": power},
        [theirs.barrier(0.03), stays],
        [theirs.planned_hours(hours, share, 3.0), theirs.flat_contracts(0.2)],
        prices,
    )


def priority(base: TinyRun) -> Case:
    """Wind and sun first, physical contracts of coal, a barrier."""
    d = base.data
    power = dict(
        curtailment_limit_share=0.02,
        barrier_cny_per_mwh=15.0,
        contracts=dict(type="physical", coverage_share=0.8),
    )
    fleets = [(r, g) for r, g in d.fleets if d.group[g] in ("wind", "solar")]
    return Case(
        {"power": power},
        [theirs.barrier(0.015), theirs.leave_by_age(fleets)],
        [theirs.taken_first(0.02, 3.0), theirs.physical_contracts(["coal"], 0.8, 3.0)],
    )


# -- the demand side


def demand_side(base: TinyRun) -> Case:
    d = base.data
    exposure = dict.fromkeys(dict.fromkeys(k for k, *_ in d.policy["flexible_share"]), "spot")
    options = dict(exposure=exposure, shift_loss_share=0.07, shift_cost_cny_per_mwh=20.0)
    moving = theirs.shiftable(list(exposure), 1.5, 0.02, 0.07)
    return Case({"demand_side": options}, [moving, theirs.price_responsive])


def energy_saving(merged: bool) -> Callable[[TinyRun], Case]:
    def case(base: TinyRun) -> Case:
        d = base.data
        pilots = {"white_pilots": d.provinces[:1], "use_right_pilots": d.provinces[:2]}
        changes = {name: dict.fromkeys(places, 1.0) for name, places in pilots.items()}
        options = dict(
            white_certificate_share=0.05,
            use_quota_share=0.985,
            merged=merged,
            implicit_discount_share=None,
        )
        rule = theirs.saving_obligations(0.05, 0.985, 0.005, 2.0, merged)
        return Case({"energy_saving": options}, [theirs.savings], [rule], changes=changes)

    return case


CASES: dict[str, Callable[[TinyRun], Case]] = {
    "carbon areas": carbon_areas,
    "capture": capture,
    "provincial caps": provincial_caps,
    "unified both ways": unified(True),
    "planned dispatch": planned,
    "priority dispatch": priority,
    "demand side": demand_side,
    "energy saving merged": energy_saving(True),
    # the others differ from one above in an option
    "certificates bundled": certificates("bundled"),
    "carbon price": carbon_price,
    "peak year": peak_year,
    "certificates none": certificates("none"),
    "certificates national": certificates("national"),
    "unified one way": unified(False),
    "energy saving apart": energy_saving(False),
}
#: run with every change; the others are slow ones
QUICK, QUICK_ON_REAL_TABLES = 8, 1


def _cases(quick: int) -> list:
    return [
        pytest.param(case, id=name, marks=[] if i < quick else [pytest.mark.slow])
        for i, (name, case) in enumerate(CASES.items())
    ]


@pytest.mark.parametrize("case", _cases(QUICK))
def test_a_mechanism_costs_the_same_in_pypsa(case):
    compare(whole(), case(whole()))


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(native_benchmark, id="benchmark"),
        pytest.param(native_cap, id="cap", marks=pytest.mark.slow),
    ],
)
def test_the_dual_of_a_native_constraint_is_the_allowance_price(case):
    compare(whole(), case(whole()))


@pytest.mark.parametrize("case", _cases(QUICK_ON_REAL_TABLES))
def test_a_mechanism_costs_the_same_in_pypsa_on_real_tables(case):
    base = cut("ccs") if case is capture else cut()
    compare(base, case(base))


@pytest.mark.slow
@pytest.mark.parametrize(("price", "converts"), [(300.0, False), (500.0, True)])
def test_units_are_converted_from_the_same_price_on(price, converts):
    """Below a price of carbon neither program converts a unit, above it both convert the same GW."""
    d, data = whole(), whole().data
    markets = {"ccs": {}, "carbon": dict(instrument="price", price_cny_per_t=price, allocation="auction")}
    by_place = {(r, y): price / 1e3 for r in data.provinces for y in data.horizon.years}
    parts = [theirs.converted, theirs.storage_of_co2, theirs.carbon_price(by_place, emitted(data))]
    run, n = ours(data, markets), theirs.solved(data, parts, [theirs.conversions()])
    mine, other = run.total("v_retrofit"), n.generators.p_nom_opt.filter(like=" to ").sum()
    assert d.objective < run.objective == pytest.approx(theirs.cost_of(n), rel=SAME)
    assert mine == pytest.approx(other, rel=SAME, abs=1e-9)
    assert (mine > 0.1) == converts


# -- commitment and reserves


def spinning_system() -> SystemData:
    """Two provinces, one year, two periods of different weight; coal and gas are as they are."""
    shape = {"A": [1.5, 3.3, 1.9, 2.9], "B": [2.1, 4.1, 2.3, 4.9]}
    system = tiny(
        {(r, 2030): load for r, load in shape.items()},
        {
            "coal": dict(
                existing={"A": 3.1, "B": 2.9},
                fuel={"A": 0.21, "B": 0.29},
                fom=91.0,
                own_use=0.06,
                availability=0.91,
                wear=0.013,
            ),
            "gas": dict(existing={"A": 1.0, "B": 2.4}, fuel=0.53, fom=43.0),
            "hydro": dict(existing={"A": 0.8}, provinces=["A"], must_run=0.17),
            "wind": dict(build=True, annuity=790.0, fom=31.0, availability=[0.61, 0.19, 0.57, 0.15]),
            "sun": dict(
                build=True, annuity=410.0, fom=13.0, group="solar", availability=[0.0, 0.57, 0.73, 0.0]
            ),
            "battery": dict(
                existing={"B": 0.2},
                build=True,
                annuity=57.0,
                energy_annuity=121.0,
                fom=7.0,
                efficiency=0.85,
                duration=(1.0, 3.0),
                wear=0.011,
            ),
        },
        last_span=5,
        rate=0.05,
        corridors=(Corridor("A-B", ("A", "B"), loss=0.04, annuity=77.0),),
        line_capacity={("A-B", 2030): 0.5},
        line_limit={"A-B": 0.4},
        export_tariff={"A": 0.017, "B": 0.023},
    )
    products = [(p, r) for p in ("up", "down", "frequency") for r in shape]
    return replace(
        system,
        time=TimeSlices(
            weight={0: 3000.0, 1: 3000.0, 2: 1380.0, 3: 1380.0}, period={0: 0, 1: 0, 2: 1, 3: 1}, step=2.0
        ),
        inflow={("A", "hydro", 0): 2.1, ("A", "hydro", 1): 1.3},
        may_retire={"coal": False, "gas": False},
        policy={
            "min_stable": {"coal": 0.5, "gas": 0.3},
            "start_cost": {"coal": 0.05, "gas": 0.02},
            "ramp": {"coal": 0.15, "gas": 1.0},
            "reserve_load": dict.fromkeys(products, 0.11),
            "reserve_vre": dict.fromkeys(products, 0.27),
        },
    )


def test_commitment_and_reserves_cost_the_same_in_pypsa():
    """Starts, least output and ramps are PyPSA's own; see `pypsa_markets.committed` for where both agree."""
    data = spinning_system()
    prices = {
        (f"c_reserve_{word}", r, 2030, t): f"reserve {word} {r} {(203000 + t // 2, t)}"
        for word in ("up", "down")
        for r in data.provinces
        for t in data.time.slices
    }
    case = Case(
        {"ancillary": dict(products=["up", "down"], ramps=True)},
        [theirs.committed(["coal", "gas"], ramps=True)],
        [theirs.day_follows_itself, theirs.reserves(3.0, 1.0)],
        prices,
        optimize={"linearized_unit_commitment": True},
    )
    compare(ours(data, {}), case)


@pytest.mark.slow
@pytest.mark.parametrize("ramps", [False, True])
def test_commitment_alone_costs_the_same_in_pypsa(ramps):
    case = Case(
        {"ancillary": dict(products=[], ramps=ramps)},
        [theirs.committed(["coal", "gas"], ramps=ramps)],
        [theirs.day_follows_itself],
        optimize={"linearized_unit_commitment": True},
    )
    compare(ours(spinning_system(), {}), case)


@pytest.mark.slow
def test_commitment_costs_the_same_in_pypsa_on_real_tables():
    """The fleets of the cut as they stand in 2030, at their mean availability and without heat."""
    data = of_scenario(
        space={"provinces": PROVINCES},
        horizon={"years": [2030]},
        time={"periods": 2, "extremes": 0, "step_h": 4},
        physical={"adequacy": False, "retirement": False, "expand": False},
    )
    known = [g for g in dict.fromkeys(g for _, g in data.fleets) if g in data.policy["min_stable"]]
    known = [g for g in known if data.group[g] in ("coal", "gas", "nuclear")]
    mean = {}
    for r, g in data.fleets:
        shares = [data.availability.get((r, g, t), 0.0) for t in data.time.slices]
        if g in known and min(shares) > 0:
            mean.update({(r, g, t): sum(shares) / len(shares) for t in data.time.slices})
    data = replace(
        data,
        availability={**data.availability, **mean},
        min_output={k: x for k, x in data.min_output.items() if k[1] not in known},
    )
    case = Case(
        {"ancillary": dict(products=[], ramps=True)},
        [theirs.committed(known, ramps=True)],
        [theirs.day_follows_itself],
        optimize={"linearized_unit_commitment": True},
    )
    compare(ours(data, {}), case)


# -- settlement


def test_plants_stores_and_lines_are_paid_what_pypsa_says():
    """Hourly prices are PyPSA's marginal prices, and its revenues are the amounts of our ledger."""
    run = ours(whole().data, {"power": dict(dispatch="spot")})
    d, n = run.data, theirs.solved(whole().data)
    marginal, price = n.buses_t.marginal_price, run.results.energy_price
    for y in d.horizon.years:
        for t in d.time.slices:
            for r in d.provinces:
                mine = float(price.sel(province=r, year=y, time=t))
                assert marginal.loc[(theirs.UNIT * y, t), r] == pytest.approx(mine, rel=SAME)
    revenue = n.statistics.revenue(components=["Generator", "Link"], groupby=["bus", "carrier"]).fillna(0.0)
    for y in d.horizon.years:
        earned = revenue[theirs.UNIT * y]
        for r, g in d.fleets:
            mine = run.paid(payee="generators", product="energy", province=r, technology=g, year=y)
            assert mine == pytest.approx(earned.get(("Generator", r, g), 0.0), rel=SAME, abs=1e-6)
        for r, s in d.stores:
            mine = run.paid(payee="stores", province=r, technology=s, year=y, product="energy")
            assert mine == pytest.approx(earned.get(("Link", r, "discharge"), 0.0), rel=SAME, abs=1e-6)
            mine = run.paid(payer="stores", province=r, technology=s, year=y)
            assert -mine == pytest.approx(earned.get(("Link", r, s), 0.0), rel=SAME, abs=1e-6)
        grid = run.paid(payee="grid", product="received", year=y) - run.paid(
            payer="grid", product="sent", year=y
        )
        flows = sum(x for (_, r, c), x in earned.items() if c == "flow" and r in d.provinces)
        assert grid == pytest.approx(flows, rel=SAME)
