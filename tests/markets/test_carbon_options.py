"""What the carbon market refuses, and what it says to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from picmodel.errors import InputError
from picmodel.markets.carbon.options import CarbonConfig, base_emissions, grandfathered
from picmodel.markets.carbon.rules import CARBON
from picmodel.scenario.check import validate_options
from tests.markets.test_carbon import AREAS, cheap_then_dear, coal_and_gas, two_provinces
from tests.whole import EVERYTHING, whole_system

CAP = dict(instrument="cap", cap_mt=6)
PRICE = dict(instrument="price", price_cny_per_t=80)
BLOCK = dict(name="steel", supply_mt=1, price_cny_per_t=90)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (dict(instrument="cap"), "instrument `cap` needs `cap_mt`"),
        (dict(instrument="price"), "instrument `price` needs `price_cny_per_t`"),
        (dict(cap_mt=5), "`cap_mt`: has no effect with instrument `benchmark`"),
        (CAP | dict(price_cny_per_t=5), "`price_cny_per_t`: has no effect with instrument `cap`"),
        (CAP | dict(gas_exempt=True), "`gas_exempt`: has no effect with instrument `cap`"),
        (CAP | dict(gap_cap_share=0.2), "`gap_cap_share`: has no effect"),
        (CAP | dict(auction_volume_mt=1), "`auction_volume_mt`: has no effect"),
        (CAP | dict(auction_share=0.5), "`auction_share`: has no effect where nothing is given by output"),
        (PRICE | dict(bank={}), "`bank`: has no effect with instrument `price`"),
        (PRICE | dict(ceiling_cny_per_t=90), "`ceiling_cny_per_t`: has no effect with instrument `price`"),
        (PRICE | dict(floor_cny_per_t=90), "`floor_cny_per_t`: has no effect with instrument `price`"),
        (PRICE | dict(other_sectors=[BLOCK]), "`other_sectors`: has no effect with instrument `price`"),
        (dict(pass_through_share=0.5), "`pass_through_share`: has no effect"),
        (CAP | dict(allocation="benchmark"), "write instrument `benchmark`"),
        (PRICE | dict(allocation="grandfathering"), "shares out a cap"),
        (dict(allocation="auction"), "gives by output"),
        (PRICE | dict(allocation="auction", benchmark_factor=0.9), "`benchmark_factor`: has no effect"),
        (dict(offset_limit_share=1.2), "write at most 1"),
        (dict(auction_share={2030: -0.1}), "`auction_share.2030` is -0.1, below 0"),
        (CAP | dict(cap_mt={"west": 3}), "`cap_mt`: gives areas west; `areas` has none"),
        (CAP | dict(areas=AREAS), "`cap_mt`: with `areas` every one needs its own number"),
        (CAP | dict(areas={"CN": ["A"]}), "CN is the nation"),
        (
            CAP | dict(areas=AREAS, cap_mt={"west": 3}),
            "`cap_mt`: gives areas west; `areas` has west, east",
        ),
        (CAP | dict(other_sectors=[BLOCK | dict(area="west")]), "there are no `areas`"),
        (
            CAP | dict(areas=AREAS, cap_mt={"west": 3, "east": 3}, other_sectors=[BLOCK | dict(area="wst")]),
            "did you mean `west`?",
        ),
        (CAP | dict(other_sectors=[BLOCK | dict(demand_mt=1)]), "either `supply_mt` or `demand_mt`"),
        (CAP | dict(other_sectors=[BLOCK, BLOCK]), "two blocks are called steel"),
        (dict(offset_limit_share=0.0, external_ccer=[BLOCK]), "has no effect with `offset_limit_share` 0"),
    ],
)
def test_options_that_contradict_each_other(options, says):
    with pytest.raises(InputError) as raised:
        validate_options(CarbonConfig, options)
    assert says in str(raised.value)


def problems(options, system) -> list[str]:
    return CARBON.check(validate_options(CarbonConfig, options), system)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (CAP | dict(covered=["coal", "steam"]), "no technology belongs to steam"),
        (
            CAP | dict(floor_cny_per_t=120, ceiling_cny_per_t=100),
            "not below `ceiling_cny_per_t` in 2025, 2026",
        ),
        (CAP | dict(floor_cny_per_t=4000), "not below `slack_cny_per_t`"),
        (CAP | dict(ceiling_cny_per_t=100, bank=dict(final_value_cny_per_t=900)), "lower the later price"),
        (
            CAP
            | dict(floor_cny_per_t={2025: 10, 2026: 200}, ceiling_cny_per_t={2025: 100, 2026: 300}, bank={}),
            "what `ceiling_cny_per_t` costs in 2025 is worth more in 2026",
        ),
        (dict(covered=["coal"]), "no benchmark of coal"),
        (CAP | dict(external_ccer=[BLOCK | dict(supply_mt={2050: 1})]), "external_ccer.steel: 2050 outside"),
    ],
)
def test_problems_that_only_the_system_shows(options, says):
    found = problems(options, cheap_then_dear())
    assert len(found) == 1
    assert says in found[0]


def test_an_auction_share_without_a_volume():
    """What is no longer given free has to be sold, or the market is short of it."""
    system = cheap_then_dear()
    table = {(g, y): 0.8 for g in ("coal", "gas") for y in (2025, 2026)}
    found = problems(dict(auction_share=0.2), replace(system, policy={"benchmark": table}))
    assert len(found) == 1
    assert "auction_volume_mt" in found[0]


def test_a_bank_for_one_year():
    found = problems(CAP | dict(bank={}), coal_and_gas())
    assert len(found) == 1
    assert "add a year to `horizon.years`" in found[0]


@pytest.mark.parametrize(
    ("areas", "says"),
    [
        ({"west": ["A"]}, "provinces B are in none; add them to one"),
        ({"west": ["A", "B"], "east": ["B"]}, "provinces B are in several areas; leave each in one"),
        ({"west": ["A", "X"], "east": ["B"]}, "provinces X are not in the scenario; delete them"),
    ],
)
def test_areas_are_a_partition(areas, says):
    caps = {name: 3 for name in areas}
    found = problems(dict(instrument="cap", cap_mt=caps, areas=areas), two_provinces())
    assert len(found) == 1
    assert says in found[0]


def test_nobody_to_grandfather():
    system = replace(coal_and_gas(), surviving={})
    found = problems(CAP | dict(allocation="grandfathering"), system)
    assert len(found) == 1
    assert "nobody can be grandfathered" in found[0]


@pytest.mark.parametrize("name", EVERYTHING)
def test_nothing_is_wrong_with_what_is_shipped_to_other_tests(name):
    assert problems(EVERYTHING[name]["carbon"], whole_system()) == []


def test_a_grandfathered_cap_is_given_out_whole():
    """Proves    shares of each area add up to its cap, less what is auctioned.

    System    the whole system by area, caps of 20 and 25 Mt, a quarter auctioned.
    By hand   15 000 and 18 750 kt in every year; coal in A by 4.1 GW and its hours.
    Fails if  shares are taken of the nation.
    """
    cfg = CarbonConfig(
        instrument="cap",
        cap_mt={"west": 20.0, "east": 25.0},
        areas={"west": ("A",), "east": ("B",)},
        allocation="grandfathering",
        auction_share=0.25,
    )
    found = grandfathered(cfg, whole_system())
    for r, total in (("A", 15e3), ("B", 18.75e3)):
        for y in (2025, 2030, 2035):
            assert sum(x for (s, _, k), x in found.items() if (s, k) == (r, y)) == pytest.approx(total)
    assert base_emissions(cfg, whole_system())["A", "coal"] == pytest.approx(4.1 * 0.91 * 8760 * 0.83)
