"""Limits on physical emissions: peak, another scenario's emissions, provincial caps."""

from __future__ import annotations

import pytest

from tests.tiny import run_tiny, tiny

YEAR = 2030
HOURS = 8760


def coal_and_gas(years=(YEAR,), **more):
    """1 GW of demand; 1 GW of coal (1.0 kt/GWh, 0.30 MCNY/GWh) and of gas (0.4, 0.45): 0.25 MCNY per kt
    avoided."""
    return tiny(
        {("A", y): [1.0] for y in years},
        {
            "coal": dict(existing={"A": 1.0}, fuel=0.30, emission=1.0),
            "gas": dict(existing={"A": 1.0}, fuel=0.45, emission=0.4),
        },
        years=years,
        **more,
    )


@pytest.mark.covers("c_emission_peak")
def test_emissions_peak_and_fall():
    """Proves    all generation stays below the level, and below a falling one after the peak year.

    System    `coal_and_gas` in 2025, 2030 and 2035 (five years each, no discounting); level 6132 kt, peak in
              2030, 10 % less each year after.
    By hand   2025 and 2030: share of coal 0.5; 2035: 0.7 0.9^5 = 0.413343, share 0.0222383
              5 8760 (0.375 + 0.375 + 0.30 s + 0.45 (1 - s)); each kt costs 0.25
    Fails if  the level starts at the peak year, or falls by planning years instead of calendar years.
    """
    peak = dict(year=2030, level_mt=6.132, decline_after_share=0.1)
    run = run_tiny(
        coal_and_gas((2025, 2030, 2035), last_span=5),
        {"emission_limits": dict(peak_year=peak)},
    )
    share = (0.7 * 0.9**5 - 0.4) / 0.6
    assert run.objective == pytest.approx(5 * HOURS * (0.75 + 0.45 - 0.15 * share))
    assert [run.price("c_emission_peak", y) for y in (2025, 2030, 2035)] == pytest.approx([0.25] * 3)


@pytest.mark.covers("c_emission_peak")
def test_a_peak_that_is_too_dear_is_exceeded():
    """Proves    the slack bounds the price of the peak rule.

    System    `coal_and_gas` in 2030 and 2035, one year the last; level 6132 kt, slack 100 CNY/t.
    By hand   coal alone in 5 + 1 years, 2628 kt above the level at 0.10: 6 (2628 + 262.8) = 17344.8.
    Fails if  the rule binds beyond its slack's price.
    """
    peak = dict(year=2030, level_mt=6.132, slack_cny_per_t=100)
    run = run_tiny(
        coal_and_gas((2030, 2035)), {"emission_limits": dict(peak_year=peak)}
    )
    assert run.objective == pytest.approx(17344.8)
    assert run.price("c_emission_peak", 2035) == pytest.approx(0.10)
