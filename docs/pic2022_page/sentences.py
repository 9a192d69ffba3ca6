"""Sentences on a setting that its numbers must bear: each is written only where they say so."""

from __future__ import annotations

from collections.abc import Callable

from pic2022_page.names import component_name, costs
from picmodel.ladder.claims import Values

BUILT = ("wind_onshore", "wind_offshore", "solar_utility", "solar_distributed")


def reading(values: Values, setting: str) -> list[str]:
    """Sentences on a setting; each is written only where its numbers are there and say so."""
    found = []
    for sentence in SENTENCES:
        try:
            text = sentence(Numbers(values, setting))
        except KeyError:
            continue  # a run or an indicator is not there
        if text:
            found.append(text)
    return found


class Numbers:
    """Numbers of one setting by design; KeyError where there is none."""

    def __init__(self, values: Values, setting: str) -> None:
        self.values, self.setting = values, setting

    def __call__(self, design: str, indicator: str, year: int = 0, technology: str = "all") -> float:
        return self.values.of(self.setting, design, indicator, technology)[year]

    def path(self, design: str, indicator: str, technology: str = "all") -> dict[int, float]:
        found = self.values.of(self.setting, design, indicator, technology)
        if not found:
            raise KeyError(indicator)
        return found

    def built(self, design: str, year: int) -> float:
        """Wind and sun that stand [GW]."""
        return sum(self(design, "capacity", year, technology) for technology in BUILT)


def flooded(n: Numbers) -> str:
    """The link takes the allowance price down."""
    before, after = n.path("separate", "allowance_price"), n.path("unified", "allowance_price")
    lost = [y for y in before if before[y] >= 1.0 and after.get(y, 0.0) < 1.0]
    if not lost:
        return ""
    kept = ", ".join(f"{before[y]:,.0f} CNY/t in {y}" for y in lost)
    more = [y for y in before if n("unified", "emissions", y) > n("separate", "emissions", y) + 1.0]
    rise = (
        " Emissions rise, by "
        + ", ".join(
            f"{n('unified', 'emissions', y) - n('separate', 'emissions', y):,.0f} Mt in {y}" for y in more
        )
        + ": what made inefficient coal dearer is gone."
        if more
        else " Emissions do not rise by a million tonnes in any year, so that price moved little."
    )
    return (
        "**The link floods the carbon market.** With certificates counted in it, the allowance price is zero "
        f"where it was {kept}. "
        "A benchmark market is short of little, and new wind and sun certify many times that." + rise
    )


def as_without_policy(n: Numbers) -> str:
    """A flooded market is no market."""
    years = n.path("no_policy", "emissions")
    apart = max(abs(n(d, "emissions", y) - years[y]) for d in ("ccer", "unified") for y in years)
    gap = max(abs(n("separate", "emissions", y) - years[y]) for y in years)
    if apart > 0.5 or gap < 1.0:
        return ""
    return (
        "**Rungs 2 and 3 are rung 0**: with both prices at zero the system is built and run as without any "
        f"policy (emissions within {apart:.1f} Mt in every year, where rung 1 differs by up to {gap:,.0f})."
    )


def binding_weights(n: Numbers) -> str:
    """Obligations that cost something: what they add, and what nationwide trade does to that."""
    price = max(n.path("separate", "certificate_price", "nonhydro").values())
    if price < 5.0:
        return ""
    nothing, before, after = (
        100 * n(d, "renewable_share", 2030) for d in ("no_policy", "separate", "unified")
    )
    met, met_after = (100 * n(d, "renewable_share_by_certificates", 2030) for d in ("separate", "unified"))
    text = (
        f"**Weights bind**: a certificate of rung 1 costs up to {price:.0f} CNY/MWh, and in 2030 the share "
        f"is {before - nothing:.1f} points above that without policy."
    )
    if after < before - 0.5 and abs(met - met_after) < 0.5:
        text += (
            f" On rung 3 the same weights ({met_after:.1f} % of consumption) are met with "
            f"{before - after:.1f} points less: where certificates follow the flow of power, provinces that "
            "have more than they owe cannot sell it all, and others build at home; sold nationwide, none is "
            "stranded."
        )
    return text


def dearer_at_equal(n: Numbers) -> str:
    """A resource cost that rises though the plan is cheaper by what it sees."""
    rise = n("unified_equal", "peak_cost") - n("separate", "peak_cost")
    before, after = (
        sum(n(d, "peak_transfer", 0, item) for item in ("wheeling", "barrier"))
        for d in ("separate", "unified_equal")
    )
    if rise <= 0.0 or after + rise >= before:
        return ""
    return (
        f"**At equal emissions rung 3 uses more resources** (+{rise:,.0f} bn CNY to the peak) and less "
        f"trade: wheeling charges and hurdles between provinces fall by {before - after:,.0f} bn CNY. The "
        "plan sees both, the cost to society only the first: certificates that had to follow flows made "
        "provinces trade in spite of the hurdles."
    )


def same_plants(n: Numbers) -> str:
    """Which plants answer to a design at all."""
    fixed = ("wind_onshore", "solar_utility")
    designs = ("separate", "ccer", "unified", "reform")
    spread = {
        g: max(n(d, "capacity", 2030, g) for d in designs) - min(n(d, "capacity", 2030, g) for d in designs)
        for g in BUILT
    }
    if any(spread[g] > 1.0 for g in fixed):
        return ""
    answers = [g for g in BUILT if spread[g] > 1.0]
    told = "; ".join(
        f"{g.replace('_', ' ')}: " + ", ".join(f"{n(d, 'capacity', 2030, g):,.0f}" for d in designs)
        for g in answers
    )
    wind, sun = (n("separate", "capacity", 2030, g) for g in fixed)
    return (
        f"**Onshore wind and utility sun are built alike on all rungs** ({wind:,.0f} and {sun:,.0f} GW in "
        "2030): to what the build limits allow, with or without a policy. "
        + (f"What answers [GW on rungs 1 to 4]: {told}." if told else "Nothing else answers either.")
    )


def idle_link(n: Numbers) -> str:
    """There was no price that a link could move."""
    prices, deficits = (n.path("separate", i) for i in ("allowance_price", "allowance_deficit"))
    if max(prices.values()) >= 1.0 or max(deficits.values()) > 0.0:
        return ""
    spare = ", ".join(f"{-x:,.0f} Mt in {y}" for y, x in deficits.items())
    return (
        "**Nothing binds that a link could ease**: under separate markets the allowance price is zero in "
        f"every year, because the fleet is better than its benchmarks ({spare} are left over). The link is "
        "worth nothing to those who owe."
    )


def slack_weights(n: Numbers) -> str:
    """Certificates cost next to nothing."""
    found = n.path("separate", "certificate_price", "nonhydro")
    highest = max(found.values())
    if highest >= 5.0:
        return ""
    return (
        f"**Weights are slack**: a certificate of rung 1 costs at most {highest:.1f} CNY/MWh, so an "
        "obligation adds no plant that cost alone would not. The market of 2025–26 pays 1 to 6."
    )


def at_the_limits(n: Numbers) -> str:
    """Build limits, not the design, decide the share."""
    change = n.built("ccer", 2030) / n.built("separate", 2030) - 1
    freed = 100 * (n("separate_free", "renewable_share", 2030) - n("separate", "renewable_share", 2030))
    if abs(change) >= 0.01 or freed <= 2.0:
        return ""
    return (
        f"**Build limits decide the share**: in 2030 {n.built('separate', 2030):,.0f} GW of wind and sun "
        f"stand under rung 1 and {n.built('ccer', 2030):,.0f} under rung 2. Without build limits rung 1 "
        f"alone has a share higher by {freed:.1f} points: with the costs of inputs/ new wind and sun cost "
        "less than the fuel of coal, so they need no certificate."
    )


def linked_share(n: Numbers) -> str:
    """Which way the link with CCER moves the share."""
    points = {
        y: 100 * (n("ccer", "renewable_share", y) - n("separate", "renewable_share", y)) for y in (2030, 2035)
    }
    if max(abs(p) for p in points.values()) < 1.0:
        return (
            f"**CCER linkage hardly moves the share** ({points[2030]:+.2f} points in 2030, "
            f"{points[2035]:+.2f} in 2035), whichever way the claim is read."
        )
    way = "raises" if points[2035] > 0 else "lowers"
    sizes = " and ".join(f"{abs(points[y]):.1f} points in {y}" for y in (2030, 2035))
    return f"**CCER linkage {way} the share** by {sizes}."


def bought_saving(n: Numbers) -> str:
    """What of the saving is left at equal emissions."""
    free, equal = (
        100 * (n(d, "peak_cost") / n("separate", "peak_cost") - 1) for d in ("unified", "unified_equal")
    )
    whole, whole_equal = (
        100 * (n(d, "full_horizon_cost") / n("separate", "full_horizon_cost") - 1)
        for d in ("unified", "unified_equal")
    )
    text = (
        f"**Cost of integration**: {free:+.2f} % to the peak at free emissions and {equal:+.2f} % at equal "
        f"ones; over the whole horizon {whole:+.2f} and {whole_equal:+.2f} %."
    )
    prices = n.path("separate", "allowance_price")
    added = abs(n("separate", "peak_cost") / n("no_policy", "peak_cost") - 1)
    if added < 0.001 and max(prices.values()) >= 1.0:
        text += " The carbon market moves few real resources before 2030, so that there is little to save."
    return text


def small_increment(n: Numbers) -> str:
    """Policy costs next to nothing over no policy."""
    total, nothing = n("separate", "peak_cost"), n("no_policy", "peak_cost")
    share = 100 * (total / nothing - 1)
    if abs(share) >= 0.5:
        return ""
    return (
        f"**Policy itself costs little**: rung 1 is {share:+.2f} % of the cost without any policy "
        f"({total - nothing:+,.1f} bn CNY). Of an increment this small a percentage says little."
    )


def cheaper_reform(n: Numbers) -> str:
    """Reform is what lowers cost; by component."""
    before, after = (costs(n.values, n.setting, d) for d in ("unified", "reform"))
    change = after["all"] - before["all"]
    if change >= -0.01 * before["all"]:
        return ""
    parts = {c: after.get(c, 0.0) - before.get(c, 0.0) for c in {*before, *after} - {"all"}}
    order = sorted(parts, key=lambda c: parts[c])
    listed = ", ".join(f"{component_name(c)} {parts[c]:+,.0f}" for c in order if abs(parts[c]) >= 1.0)
    coal = ("coal_1000", "coal_600", "coal_300", "coal_chp", "coal_small")
    more_coal = sum(n("reform", "generation", 2030, g) - n("unified", "generation", 2030, g) for g in coal)
    more_gas = n("reform", "generation", 2030, "gas_ccgt") - n("unified", "generation", 2030, "gas_ccgt")
    emitted = n("reform", "emissions", 2030) - n("unified", "emissions", 2030)
    return (
        f"**Power-market reform is what lowers the cost**: {100 * change / before['all']:+.1f} % to the peak "
        f"over rung 3 (bn CNY: {listed}). In 2030 gas makes {more_gas:+,.0f} TWh and coal {more_coal:+,.0f}, "
        f"and emissions change by {emitted:+,.0f} Mt: without planned hours gas hardly runs and old coal "
        "gives way to new" + ("." if emitted < 0 else ", but nothing prices what coal emits.")
    )


def rewritten_past(n: Numbers) -> str:
    """A reform of the first planning year meets the fleet that was built."""
    first = min(n.path("separate", "emissions"))
    more = n("reform", "emissions", first) - n("unified", "emissions", first)
    gas = n("reform", "generation", first, "gas_ccgt") - n("unified", "generation", first, "gas_ccgt")
    if more < 10.0 or gas > -10.0:
        return ""
    return (
        f"**In {first} reform raises emissions** by {more:,.0f} Mt: its fleet is the one that was built, and "
        f"without planned hours gas plants make {-gas:,.0f} TWh less, which coal makes instead."
    )


def market_value(n: Numbers) -> str:
    """What wind and sun sell is worth about as much under reform; what they lose is the tariff."""
    told = []
    for technology, name in (("wind_onshore", "onshore wind"), ("solar_utility", "utility sun")):
        before, after = (n(d, "project_capture_price", 2030, technology) for d in ("unified", "reform"))
        told.append((name, before, after))
    if any(after < 0.9 * before for _, before, after in told):
        return ""
    listed = ", ".join(f"{name} {before:.0f} → {after:.0f}" for name, before, after in told)
    return (
        "**The price of power does not explain the fall**: what plants of 2030 sell is worth [CNY/MWh] "
        f"{listed}. Under planned dispatch that is a shadow price, and plants are paid the tariff above it."
    )


def idle_hold(n: Numbers) -> str:
    """Reform needs no limit to emit less."""
    lower = all(
        n("reform", "emissions", y) <= n("separate", "emissions", y) + 0.5
        for y in n.path("reform", "emissions")
    )
    if not lower:
        return ""
    return (
        "**Under reform the limit of equal emissions never binds**: its saving comes with lower emissions, "
        "and rung 4 equal is rung 4."
    )


def binding_hold(n: Numbers) -> str:
    """Where the limit does bind the reform: in a year whose fleet is given."""
    binding = {y: x for y, x in n.path("reform_equal", "held_emissions_price").items() if x >= 1.0}
    if not binding:
        return ""
    year = min(binding)
    before, after = (n(d, "energy_price", year) for d in ("reform", "reform_equal"))
    listed = ", ".join(f"{x:,.0f} CNY/t in {y}" for y, x in binding.items())
    return (
        f"**Equal emissions bind the reform**: {listed}. In {year} the energy price goes from {before:.0f} "
        f"to {after:.0f} CNY/MWh with it, and with that price the return of the plants that stand in {year}."
    )


def lower_return(n: Numbers) -> str:
    """Reform ends a regulated price."""
    before, after = (n(d, "project_irr", 0, "wind_and_solar") for d in ("unified", "reform"))
    if after >= before:
        return ""
    text = (
        f"**Reform lowers the return** of wind and sun from {before:.1f} to {after:.1f} %: it ends a tariff "
        "above their cost."
    )
    try:
        cfd, kept = (n(d, "project_irr", 0, "wind_and_solar") for d in ("reform_cfd", "reform_guaranteed"))
    except KeyError:
        return text
    return text + (
        f" How plants are paid decides, not the dispatch: on the same plan they earn {cfd:.1f} % with "
        f"contracts for difference and {kept:.1f} % where the tariff is kept for guaranteed hours."
    )


def held_return(n: Numbers) -> str:
    """The same with capacities held."""
    before, after = (n(d, "project_irr", 0, "wind_and_solar") for d in ("unified_held", "reform_held"))
    free = n("reform", "project_irr", 0, "wind_and_solar")
    text = (
        f"**With capacities held** the return goes from {before:.1f} to {after:.1f} %, where the plan that "
        f"answers ends at {free:.1f}."
    )
    more = n.built("reform", 2030) - n.built("separate", 2030)
    if after > free and more > 10.0:
        text += f" Reform builds {more:,.0f} GW more wind and sun by 2030, and they press their own price."
    if after < free and more < -10.0:
        text += f" Reform builds {-more:,.0f} GW less wind and sun by 2030; held, they press their own price."
    try:
        paid = [
            (name, n(d, "project_irr", 0, "wind_and_solar"))
            for d, name in (
                ("reform_cfd_held", "with contracts for difference"),
                ("reform_guaranteed_held", "with the tariff for guaranteed hours"),
            )
        ]
    except KeyError:
        return text
    listed = " and ".join(f"{irr:.1f} % {name}" for name, irr in paid)
    return f"{text} **How plants are paid decides**: the same dispatch returns {listed}."


def free_return(n: Numbers) -> str:
    """Without build limits a project earns its cost of capital."""
    limited, free = (n(d, "project_irr", 0, "wind_and_solar") for d in ("reform", "reform_free"))
    if free >= limited:
        return ""
    return (
        "**Rents of build limits are part of every return under market pay**: without limits rung 4 returns "
        f"{free:.1f} % in place of {limited:.1f}. A freely built project earns its cost of capital under "
        "every design."
    )


SENTENCES: tuple[Callable[[Numbers], str], ...] = (
    linked_share,
    flooded,
    as_without_policy,
    idle_link,
    slack_weights,
    binding_weights,
    same_plants,
    at_the_limits,
    bought_saving,
    dearer_at_equal,
    small_increment,
    cheaper_reform,
    rewritten_past,
    idle_hold,
    binding_hold,
    lower_return,
    market_value,
    held_return,
    free_return,
)
