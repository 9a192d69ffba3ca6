"""Which settings and overrides change nothing: every one is left out in turn, and the run compared.

A setting counts as used if the run without it differs, in any scenario of the set: in the system (years,
provinces, hours), in an input table, in the LP, or in what settlement and reports make of a solution.  A
setting that repeats what would hold anyway differs from nothing and is not asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from picmodel import driver
from picmodel.data.system import Held
from picmodel.dependencies import Uses, held_of
from picmodel.errors import PicmodelError
from picmodel.ignored.probe import COUNTRY, SMALL, WHOLE, Probe, Size, provinces_for, table_changes
from picmodel.markets.registry import MECHANISM
from picmodel.scenario.check import choices_at
from picmodel.scenario.layers import Setting
from picmodel.scenario.load import rebuilt
from picmodel.scenario.messages import Message
from picmodel.scenario.schema import Scenario
from picmodel.scenario.source import Node, Problem

#: sections that say how a run is called, solved or told of, not what it is
BESIDE = ("name", "title", "solver", "waive")
#: sections of which every setting moves the axes of the system itself
AXES = ("horizon", "time", "space")

#: other values that are tried for a setting before it is called idle
MOST_VALUES = 3

Report = Callable[[str, str], None]


@dataclass(frozen=True)
class Idle:
    """A setting without effect.

    Attributes:
        why: what was found, with the remedy.
        scenarios: those that have the setting.
    """

    setting: Setting
    id: str
    why: str
    scenarios: tuple[Scenario, ...]

    def message(self) -> Message:
        place = self.setting.node.key_place
        return Problem(place, f"{_called(self.setting)} has no effect: {self.why}", self.id).message()

    def waived(self) -> str | None:
        """The reason that a scenario gives; None where none waives it."""
        for scenario in self.scenarios:
            for waiver in scenario.waive:
                if waiver.waives(self.id, self.setting.name):
                    return waiver.reason
        return None


def idle_settings(
    scenarios: Sequence[Scenario], uses: Uses, inherited: bool = False, report: Report | None = None
) -> list[Idle]:
    """Settings that change nothing in any of the scenarios that have them, in order of place.

    Args:
        uses: which scenarios use what others find, see `picmodel.dependencies`.
        inherited: those that extended files say too, not only the loaded file's own.
    """
    bench = _Bench({s.name: s for s in scenarios}, uses)
    found = []
    for setting, having in _by_setting(scenarios, inherited):
        if report:
            report("settings", f"is {setting.name} used?")
        verdicts = list(_until_used(bench, setting, having))
        if not setting.own:  # extended files are there to be replaced
            verdicts = [v for v in verdicts if v is None or v[0] != "PIC-N003"]
        if verdicts and all(verdicts):
            id, why = next(v for v in verdicts if v)
            found.append(Idle(setting, id, why, tuple(having)))
    return sorted(found, key=lambda idle: idle.setting.node.key_place)


def _by_setting(scenarios: Sequence[Scenario], inherited: bool) -> Iterator[tuple[Setting, list[Scenario]]]:
    """Every setting once, with the scenarios that have it."""
    known: dict[tuple[Any, ...], tuple[Setting, list[Scenario]]] = {}
    for scenario in scenarios:
        for setting in scenario._layers.settings() if scenario._layers else ():
            if setting.path[0] in BESIDE or not (setting.own or inherited):
                continue
            key: tuple[Any, ...] = (
                setting.node.key_place,
                setting.layer,
                setting.path,
                repr(setting.node.plain()),
            )
            if setting.layer == "point":  # one value of many that the key takes
                key = (setting.layer, setting.path)
            elif not setting.node.place.line:  # a mapping of Python has no places
                key = (*key, scenario.name if setting.layer == "design" else "")
            known.setdefault(key, (setting, []))[1].append(scenario)
    yield from known.values()


Verdict = tuple[str, str] | None


def _until_used(bench: _Bench, setting: Setting, having: Sequence[Scenario]) -> Iterator[Verdict]:
    """Verdict for each scenario, up to the first in which the setting is used (None)."""
    for scenario in having:
        verdict = bench.verdict(scenario, setting)
        yield verdict
        if verdict is None:
            return


@dataclass
class _Bench:
    """Compares scenarios with and without a setting; probes of whole scenarios are kept."""

    scenarios: dict[str, Scenario]
    uses: Uses
    probes: dict[tuple[str, Size], Probe | None] = field(default_factory=dict)
    #: of the scenarios that the setting in question is tried with: one LP serves both digests
    _tried: dict[tuple[int, Size], Probe] = field(default_factory=dict)

    def verdict(self, scenario: Scenario, setting: Setting) -> Verdict:
        """None where the setting is used; else id and reason."""
        self._tried.clear()
        without, others = _others(scenario, setting)
        if without is not None and _said(without) == _said(scenario):
            return _replaced(scenario, setting)
        first = without or next(others, None)
        if first is None:  # it cannot be left out, nor be another: it decides whether this is a scenario
            return None
        if setting.path[0] in AXES and _axes(first) != _axes(scenario):
            return None
        is_override = setting.path[0] == "overrides"
        if is_override and not table_changes(scenario, first, _table(setting)):
            return "PIC-N001", "every number already has this value; correct it, or delete it"
        small, *larger = self._sizes(scenario)
        candidates = [first, *others]
        if any(self._differ(scenario, o, small, "lp_digest", o is first) for o in candidates):
            return None
        if any(self._differ(scenario, o, small, "tables_digest", o is first) for o in candidates):
            return None
        if any(self._differ(scenario, first, size, "lp_digest") for size in larger):
            return None
        size = WHOLE if self.probe(scenario, small) is None else COUNTRY
        if setting.own and size != small and self._differ(scenario, first, size, "tables_digest"):
            return None
        what = "it changes an input table, but " if is_override else ""
        return (
            "PIC-N002",
            f"{what}the LP, the settlement and the report are the same without it"
            f"{_years(scenario, setting)}; delete it, or switch on what uses it",
        )

    def _sizes(self, scenario: Scenario) -> tuple[Size, ...]:
        few = scenario.space.provinces == "all" and provinces_for(scenario)
        return (SMALL if few else COUNTRY, WHOLE)

    def _differ(self, scenario: Scenario, other: Scenario, size: Size, what: str, first: bool = True) -> bool:
        """The LP, or what is made of one solution of it, differs at this size."""
        mine = self.probe(scenario, size)
        if mine is None:  # too few provinces or hours for its rules: the next size says
            return False
        theirs = self._tried.get((id(other), size))
        if theirs is None:
            theirs = Probe(other, size, mine.provinces, mine.holds)
            theirs.shares_data(mine)
            self._tried[id(other), size] = theirs
        if what == "tables_digest":
            theirs.solution = mine.some_solution
        expected = getattr(mine, what)
        try:
            return bool(getattr(theirs, what) != expected)
        except PicmodelError:  # there is no such system: without the setting that says something
            return first

    def probe(self, scenario: Scenario, size: Size) -> Probe | None:
        """The whole scenario at a size; None where it is too small for it."""
        key = (scenario.name, size)
        if key not in self.probes:
            provinces = provinces_for(scenario) if size == SMALL else ()
            probe = Probe(scenario, size, provinces, self._holds(scenario, size, provinces))
            try:
                _ = probe.lp_digest
                self.probes[key] = probe
            except PicmodelError:
                if size == WHOLE:
                    raise
                self.probes[key] = None
        return self.probes[key]

    def _holds(self, scenario: Scenario, size: Size, provinces: tuple[str, ...]) -> Held | None:
        source = held_of(scenario, self.uses)
        return Probe(self.scenarios[source], size, provinces).hands_on() if source else None


# -- variants


def _others(scenario: Scenario, setting: Setting) -> tuple[Scenario | None, Iterator[Scenario]]:
    """The scenario without the setting (None: that is no scenario), and with other values in its place."""

    def changed(instead: Node | None) -> Scenario | None:
        found = rebuilt(scenario._layers.without(setting, instead))
        return found if found is not None and _is_good(found) else None

    words = [replace(setting.node, value=word) for word in _words(setting)]
    values = [*_other_values(setting.node, scenario.horizon.years), *words][:MOST_VALUES]
    return changed(None), (other for value in values if (other := changed(value)) is not None)


def _words(setting: Setting) -> list[str]:
    """The other words that an option may be."""
    if not isinstance(setting.node.value, str):
        return []
    first, *rest = setting.path
    if first == "markets":
        name, *rest = rest
        words = choices_at(MECHANISM[str(name)].config, tuple(rest)) if rest else []
    else:
        words = choices_at(Scenario, setting.path)
    return [word for word in words if word != setting.node.value]


def _is_good(scenario: Scenario) -> bool:
    try:
        driver.check(scenario)
    except PicmodelError:
        return False
    return True


def _other_values(node: Node, years: Sequence[int]) -> Iterator[Node]:
    """Other values of the same kind: far enough that a threshold is crossed, near enough to be allowed."""
    value = node.value
    other: list[object] = []
    if isinstance(value, bool):
        other = [not value]
    elif isinstance(value, int) and 1990 <= value <= 2100:
        other = [year for year in (years[0], years[-1], *years) if year != value]
    elif isinstance(value, int | float):
        other = [type(value)(x) for x in (2 * value, value / 2, 1.1 * value, 0.9 * value) if x != value]
    elif isinstance(value, tuple) and len(value) > 1:
        other = [value[:-1], value[1:]]
    elif isinstance(value, dict):
        for key, child in value.items():
            if key != "where":
                yield from (replace(node, value=value | {key: o}) for o in _other_values(child, years))
    yield from (replace(node, value=one) for one in dict.fromkeys(other))
    if not isinstance(value, dict) and value is not None:
        yield replace(node, value=None)


def _replaced(scenario: Scenario, setting: Setting) -> Verdict:
    """A setting whose removal leaves the same document: it repeats what holds anyway, or is replaced."""
    here: Node | None = scenario.where.node
    for step in setting.path:
        here = here.child(step) if here else None
    if here is not None and here.plain() == setting.node.plain():
        return None
    by = f" ({here.key_place})" if here is not None and here.key_place.line else ""
    return "PIC-N003", f"another line replaces it{by}; delete one of them"


def _said(scenario: Scenario) -> tuple:
    """All settings, those of mechanisms with their defaults."""
    sections = {name: getattr(scenario, name) for name in Scenario.model_fields if name != "markets"}
    return sections, driver.market_options(scenario)


def _axes(scenario: Scenario) -> tuple:
    """What the system's years, hours and provinces are."""
    t, h = scenario.time, scenario.horizon
    extremes = 0 if t.periods >= 365 else t.extremes
    own = all(path is not None for path in scenario.series.model_dump().values())
    variant = "mean_year" if own else t.variant
    past = tuple(year for year in h.years if year < h.present_year)
    years = (h.years, h.last_span, h.base_year, h.discount_rate_share, past, h.peak_cost_until)
    return years, (t.periods, extremes, t.step_h, variant), scenario.space.provinces


# -- words


def _called(setting: Setting) -> str:
    return f"`{setting.name}`"


def _table(setting: Setting) -> str:
    return str(setting.path[1]).split(".")[0]


def _years(scenario: Scenario, setting: Setting) -> str:
    """Which years there are, where the setting is about one that is none of them."""
    last = setting.path[-1]
    if isinstance(last, int) and last > 2000 and last not in scenario.horizon.years:
        return f" (the planning years are {', '.join(map(str, scenario.horizon.years))})"
    return ""
