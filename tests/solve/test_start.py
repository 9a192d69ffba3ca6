"""A solve that goes on from the basis of another: by which simplex, to the same optimum, or given up."""

from __future__ import annotations

import pytest

from picmodel.solve import start
from picmodel.solve.certificate import certify
from picmodel.solve.highs import SolverOptions, passed, solve
from picmodel.solve.start import Basis, solved_from
from tests.tiny import compile_tiny, tiny
from tests.whole import EVERYTHING, whole_system

SIMPLEX = SolverOptions(method="simplex", threads=1)


def peaks(fuel: float = 0.1, load: tuple[float, float] = (1.0, 2.0), more: dict | None = None):
    """Base load and peak load, cheaper and dearer to build, 8000 h of low load and 760 h of high load."""
    technologies = {
        "base": dict(build=True, fuel=fuel, annuity=800.0),
        "peak": dict(build=True, fuel=0.5, annuity=200.0),
    }
    system = tiny({("A", 2030): list(load)}, {**technologies, **(more or {})}, hours=[8000, 760])
    return compile_tiny(system)


def basis_of(lp) -> Basis:
    return Basis.of(lp, solve(lp, SIMPLEX).basis)


@pytest.mark.parametrize(
    ("changed", "way", "cost"),
    [
        # nothing: base 800 + 0.1 x 8760, peak 200 + 0.5 x 760
        ({}, "primal", 1676.0 + 580.0),
        # base load burns 0.12: 1051.2 + 800 for it, and the mix stays
        ({"fuel": 0.12}, "primal", 1851.2 + 580.0),
        # base load burns 0.5: all is peak load, 2 x 200 + 0.5 x (8760 + 760)
        ({"fuel": 0.5}, "primal", 5160.0),
        # the high load is 3 GW: 2 GW of peak load, and the same is built and used
        ({"load": (1.0, 3.0)}, "primal", 1676.0 + 2 * 580.0),
        # the long load is the higher one: 3 GW of base load, 0.1 x (3 x 8000 + 2 x 760)
        ({"load": (3.0, 2.0)}, "dual", 2400.0 + 2552.0),
    ],
)
def test_costs_go_on_by_the_primal_and_loads_by_the_dual_simplex(changed, way, cost):
    found = solve(peaks(**changed), SolverOptions(), start=basis_of(peaks()))
    assert (found.info["from_start"], found.info["ipm_iterations"]) == (way, 0)
    assert found.objective == pytest.approx(cost)
    certify(peaks(**changed), found)


def test_where_neither_plan_nor_prices_hold_it_starts_from_nothing():
    """Base load no longer pays, and less would be peak load: 3 GW of it, 0.5 x (3 x 8000 + 2 x 760)."""
    found = solve(peaks(0.5, (3.0, 2.0)), SIMPLEX, start=basis_of(peaks()))
    assert found.info["from_start"] == "neither plan nor prices are feasible"
    assert found.objective == pytest.approx(600.0 + 0.5 * 25520.0)


def test_too_many_pivots_are_given_up_and_cost_nothing_but_time(monkeypatch):
    """By hand as above: without base load 5160."""
    monkeypatch.setattr(start, "FEW", 0)
    monkeypatch.setattr(start, "MOST_PIVOTS", 0.0)
    found = solve(peaks(0.5), SIMPLEX, start=basis_of(peaks()))
    assert found.info["from_start"] == "given up after too many pivots"
    assert found.objective == pytest.approx(5160.0)


def test_a_basis_fits_an_lp_with_more_and_with_less():
    """A third technology that is too dear to be built, and its absence, change no cost."""
    third = {"dear": dict(build=True, fuel=0.5, annuity=5000.0)}
    for before, after in ((peaks(), peaks(more=third)), (peaks(more=third), peaks())):
        found = solve(after, SolverOptions(), start=basis_of(before))
        assert found.objective == pytest.approx(2256.0)
        assert (found.info["from_start"], found.info["ipm_iterations"]) == ("primal", 0)


def test_a_basis_is_written_and_read_as_it_is(tmp_path):
    lp = compile_tiny(whole_system(), EVERYTHING["unified"])
    basis, path = basis_of(lp), tmp_path / "basis.json.gz"
    basis.write(path)
    once = path.read_bytes()
    basis.write(path)
    assert path.read_bytes() == once
    for mine, other in zip(basis.codes_for(lp), Basis.read(path).codes_for(lp)):
        assert (mine == other).all()
    assert sum((codes == 1).sum() for codes in basis.codes_for(lp)) == lp.shape[0]  # as many basic as rows


def test_without_a_basis_it_starts_from_nothing():
    empty = Basis.of(peaks(), None)
    assert solve(peaks(), SIMPLEX, start=empty).info["from_start"] == ""


@pytest.mark.parametrize("damaged", [b"", b"\x1f\x8b", b"no archive"])
def test_a_damaged_file_is_an_error_of_reading(tmp_path, damaged):
    path = tmp_path / "basis.json.gz"
    path.write_bytes(damaged)
    with pytest.raises((OSError, ValueError, EOFError)):
        Basis.read(path)


def test_options_of_the_user_are_as_they_were_after_a_start_is_given_up(monkeypatch):
    monkeypatch.setattr(start, "FEW", 0)
    monkeypatch.setattr(start, "MOST_PIVOTS", 0.0)
    before, after = peaks(), peaks(0.5)
    options = {"output_flag": False, "solver": "ipx", "simplex_strategy": 2, "simplex_iteration_limit": 77}
    solver = passed(after, options)
    assert solved_from(solver, basis_of(before).codes_for(after)) == "given up after too many pivots"
    assert {name: solver.getOptionValue(name)[1] for name in options} == options
