"""What must hold of any run, on real tables: a region in every design, the nation in one (slow: in all)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from picmodel.data.system import Corridor, SystemData
from picmodel.driver import market_options, system_data
from picmodel.extract.results import Results
from picmodel.formulation.build import build_model
from picmodel.indicators.zero_profit import worst_residual, zero_profit
from picmodel.markets.base import Active
from picmodel.markets.registry import activate, entries, with_interactions
from picmodel.scenario.load import load
from picmodel.solve.certificate import TOLERANCE, Certificate, certify
from picmodel.solve.compile import compile_model
from picmodel.solve.highs import SolverOptions, solve
from tests.tiny import active_of

QUICKSTART = Path(__file__).parents[1] / "scenarios" / "quickstart.yaml"
DESIGNS = ("separate", "unified", "spot")
#: senders and receivers of contracts, hydro in the west, a metropolis
REGION = ("HE", "SX", "NM", "SH", "JS", "SD", "SC")


@dataclass
class Solved:
    results: Results
    active: tuple[Active, ...]
    certificate: Certificate
    objective: float

    @cached_property
    def values(self) -> Mapping[str, xr.DataArray]:
        return {name: array.fillna(0.0) for name, array in self.results.values.items()}


def solved(data: SystemData, active: tuple[Active, ...]) -> Solved:
    lp = compile_model(build_model(data, with_interactions(active)))
    method = "simplex" if lp.shape[0] < 10_000 else "hipo"
    solution = solve(lp, SolverOptions(method=method, threads=1))
    return Solved(Results(data, lp, solution, entries()), active, certify(lp, solution), solution.objective)


def scenario(design: str, **space):
    """A design of the quickstart with two days of four slices."""
    found = next(s for s in load(QUICKSTART).scenarios if s.name.endswith(design))
    small = found.time.model_copy(update=dict(periods=2, extremes=0, step_h=6))
    return found.model_copy(update=dict(time=small, space=found.space.model_copy(update=space)))


@pytest.fixture(scope="module")
def nation_data() -> SystemData:
    return system_data(scenario("separate"))[0]


@pytest.fixture(scope="module")
def region_data() -> SystemData:
    return system_data(scenario("separate", provinces=REGION))[0]


@pytest.fixture(
    scope="module",
    params=[
        *(("region", design) for design in DESIGNS),
        ("nation", DESIGNS[0]),
        *(pytest.param(("nation", design), marks=pytest.mark.slow) for design in DESIGNS[1:]),
    ],
    ids=lambda p: "-".join(p),
)
def run(request) -> Solved:
    part, design = request.param
    return solved(request.getfixturevalue(f"{part}_data"), activate(market_options(scenario(design))))


# -- identities


def test_the_optimum_is_certified(run):
    """Feasible, complementary, no gap between primal and dual, duals of the right sign."""
    assert run.certificate.worst < TOLERANCE
    assert run.certificate.dual_objective == pytest.approx(run.objective, rel=1e-9)


def test_balances_close(run):
    """Supply, imports after losses and what is not served are demand, in every province and slice."""
    v, d = run.values, run.results.data
    supply = v["v_generation"].sum("technology") + (v["v_discharge"] - v["v_charge"]).sum("technology")
    supply = supply + v["v_unserved"]
    for arc, (line, sender, receiver) in d.arcs.items():
        flow = v["v_flow"].sel(arc=arc, drop=True)
        supply.loc[dict(province=receiver)] += (1 - line.loss) * flow
        supply.loc[dict(province=sender)] -= flow
    demand = run.results.from_keys(d.demand, ("province", "year", "time"))
    assert float(np.abs(supply - demand).max()) < 1e-6 * float(demand.max())


def test_cost_items_add_up_to_the_objective(run):
    """The discounted sum of reported yearly costs is what was minimised."""
    costs = run.results.cost_by_item()
    discount = costs["year"].map(run.results.data.horizon.discount)
    assert float((costs["mcny"] * discount).sum()) == pytest.approx(run.objective, rel=1e-9)


def test_cost_items_are_prices_times_quantities(run):
    """Fuel, investment and fixed O&M recomputed from data and capacities, by year."""
    v, d, results = run.values, run.results.data, run.results
    items = results.cost_by_item().groupby(["item", "year"])["mcny"].sum()
    for y in results.years:
        fuel = sum(
            price * float(v["v_annual_generation"].sel(province=r, technology=g, year=y))
            for (r, g, k), price in d.fuel_cost.items()
            if k == y
        )
        assert items["fuel", y] == pytest.approx(fuel, rel=1e-9)
        built = v["v_build"].sum("province").to_series()
        annuities = sum(d.annuity[g, v] * gw for (g, v), gw in built.items() if v in d.alive(g, y))
        assert items["investment", y] == pytest.approx(annuities, rel=1e-9)
        kept = v["v_exist"].sel(year=y).sum("province").to_series()
        fixed = sum(d.fixed_om[g, v] * gw for (g, v), gw in built.items() if v in d.alive(g, y))
        fixed += sum(d.fixed_om[g, d.horizon.base_year] * gw for g, gw in kept.items() if gw > 0)
        assert items["fixed_om", y] == pytest.approx(fixed, rel=1e-9)


def test_emissions_and_certificates_are_counted_once(run):
    """Emissions are output x factor; every certificate has one use."""
    v, d = run.values, run.results.data
    for y in run.results.years:
        output = v["v_annual_generation"].sel(year=y).sum("province").to_series()
        emitted = sum(d.emission_factor[g] * gwh for g, gwh in output.items())
        assert float(v["v_emissions"].sel(year=y).sum()) == pytest.approx(emitted, rel=1e-9)
        for k in ("hydro", "nonhydro"):
            made = sum(gwh for g, gwh in output.items() if d.renewable_class[g] == k)
            used = sum(
                float(v[name].sel({"class": k, "year": y}).sum())
                for name in ("v_use", "v_surrendered", "v_turned", "v_lapsed")
            )
            assert used == pytest.approx(made, rel=1e-7)


def test_zero_profit_of_every_vintage(run):
    """What is built earns its cost and the rents of its limits over the horizon, to 1e-6."""
    frame = zero_profit(run.results, run.active)
    assert len(frame) > 50
    worst = frame.loc[frame["relative"].idxmax()]
    assert worst_residual(frame) < 1e-6, worst.to_dict()


# -- directions


BASE = {
    "carbon": dict(
        instrument="benchmark",
        ceiling_cny_per_t=300,
        benchmark_factor=1.02,
        external_ccer=[dict(name="outside", supply_mt=5, price_cny_per_t=80)],
    ),
    "green_certificates": dict(trade="bundled", weight_factor=1.2),
    "power": dict(dispatch="planned", curtailment_limit_share=0.1),
}


def with_options(**changes) -> dict:
    """`BASE` with options of mechanisms changed or added: ``carbon={...}``."""
    return {name: BASE.get(name, {}) | changes.get(name, {}) for name in (BASE | changes)}


@pytest.fixture(scope="module")
def base(region_data) -> Solved:
    return solved(region_data, active_of(BASE))


def at_least(tighter: float, looser: float) -> bool:
    return tighter >= looser - 1e-7 * abs(looser)


@pytest.mark.parametrize(
    "changes",
    [
        dict(carbon=dict(benchmark_factor=0.95)),
        dict(carbon=dict(ceiling_cny_per_t=500)),
        dict(carbon=dict(offset_limit_share=0.001)),
        dict(emission_limits=dict(peak_year=dict(year=2030, level_mt=1200, decline_after_share=0.05))),
        dict(green_certificates=dict(weight_factor=1.5)),
        dict(green_certificates=dict(compliance_payment_cny_per_mwh=400)),
        dict(power=dict(planned_share=1.0)),
        dict(power=dict(barrier_cny_per_mwh=60)),
        dict(power=dict(contract_band_share=0.0)),
        dict(power=dict(curtailment_limit_share=0.0)),
    ],
    ids=lambda changes: next(iter(next(iter(changes.values())))),
)
def test_a_tighter_limit_never_lowers_the_objective(changes, region_data, base):
    """The optimum under the tighter limit is feasible under the looser one."""
    tight = solved(region_data, active_of(with_options(**changes))).objective
    assert at_least(tight, base.objective)
    if set(changes) & {"power"} and "curtailment_limit_share" not in changes["power"]:
        assert tight > base.objective * (1 + 1e-9)  # these bind in the base, or the test proves nothing


def test_fewer_sites_never_lower_the_objective(region_data, base):
    """Potentials at 70 %, but never below what stands and is committed."""
    d = region_data
    stands = {(r, g): max([d.surviving.get((r, g, y), 0.0) for y in d.horizon.years]) for r, g in d.potential}
    due = {key: sum(gw for k, gw in d.committed.items() if k[:2] == key) for key in d.potential}
    fewer = {key: min(gw, max(0.7 * gw, stands[key] + due[key])) for key, gw in d.potential.items()}
    tight = solved(replace(d, potential=fewer), active_of(BASE))
    assert tight.objective > base.objective * (1 + 1e-9)


def test_wider_markets_never_raise_the_objective(region_data):
    """National trade contains bundled contains none; linked contains unlinked; spot contains planned."""
    trade = {
        name: solved(region_data, active_of(with_options(green_certificates=dict(trade=name)))).objective
        for name in ("none", "bundled", "national")
    }
    assert at_least(trade["none"], trade["bundled"])
    assert at_least(trade["bundled"], trade["national"])
    for linkage in ("ccer", "unified"):
        options = dict(trade="national", eligible_from=2030, carbon_linkage=linkage)
        linked = solved(region_data, active_of(with_options(green_certificates=options)))
        assert at_least(trade["national"], linked.objective)
    free = dict(flows="free", barrier_cny_per_mwh=0.0, planned_share=0.0, curtailment_limit_share=1.0)
    assert at_least(trade["bundled"], solved(region_data, active_of(with_options(power=free))).objective)


# -- two halves


def halved(d: SystemData, whole: str) -> SystemData:
    """The system with a province in two halves, lines halved, and a free and lossless line between them."""
    halves = (f"{whole}1", f"{whole}2")

    def provinces(r: str) -> tuple[str, ...]:
        return halves if r == whole else (r,)

    def split(data: Mapping, share: float) -> dict:
        """Keys that begin with the province, in both halves; quantities by share."""
        return {
            (r, *key[1:]): x * (share if key[0] == whole else 1.0)
            for key, x in data.items()
            for r in provinces(key[0])
        }

    def pairs(data) -> tuple:
        return tuple((r, g) for s, g in data for r in provinces(s))

    lines, capacity, limit = [], {}, {}
    for line in d.corridors:
        a, b = line.ends
        touched = whole in line.ends
        for i, j in [(i, j) for i in provinces(a) for j in provinces(b)]:
            name = f"{i}-{j}"
            sender = {a: i, b: j}.get(line.contract_from, "")
            lines.append(replace(line, name=name, ends=(i, j), contract_from=sender))
            share = 0.5 if touched else 1.0
            capacity.update({(name, y): share * d.line_capacity[line.name, y] for y in d.horizon.years})
            if line.name in d.line_limit:
                limit[name] = share * d.line_limit[line.name]
    lines.append(Corridor("between", halves))
    capacity.update({("between", y): 1e3 for y in d.horizon.years})
    shares, amounts = (
        ("availability", "min_output", "inflow", "fuel_cost", "existing_duration"),
        ("demand", "surviving", "committed", "committed_energy", "build_limit", "potential", "peak"),
    )
    policy = dict(d.policy)
    for name in ("weight_total", "weight_nonhydro", "planned_hours"):
        policy[name] = split(policy[name], 1.0)
    for name in ("ccer_factor", "coal_tariff"):
        policy[name] = {r: x for s, x in policy[name].items() for r in provinces(s)}
    return replace(
        d,
        provinces=tuple(r for s in d.provinces for r in provinces(s)),
        corridors=tuple(lines),
        line_capacity=capacity,
        line_limit=limit,
        fleets=pairs(d.fleets),
        stores=pairs(d.stores),
        buildable=frozenset(pairs(d.buildable)),
        policy=policy,
        export_tariff={r: x for s, x in d.export_tariff.items() for r in provinces(s)},
        **{name: split(getattr(d, name), 1.0) for name in shares},
        **{name: split(getattr(d, name), 0.5) for name in amounts},
    )


@pytest.mark.parametrize("whole", ["SD", "SC"])
def test_two_halves_are_the_whole(whole, region_data, base):
    """Half the demand, fleets, sites, limits, lines and peak each, a free line between: the same objective.

    The halves of the optimum are feasible; the sum of any plan for the halves is feasible for the whole.
    """
    both = solved(halved(region_data, whole), active_of(BASE))
    assert both.objective == pytest.approx(base.objective, rel=1e-6)
