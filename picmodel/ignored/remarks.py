"""What there is to say about scenarios before they are solved: warnings, inputs without effect, waivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from picmodel import driver
from picmodel.data.load import leaps_of, require_tables
from picmodel.dependencies import Uses
from picmodel.errors import InputError
from picmodel.scenario.load import ScenarioSet
from picmodel.scenario.messages import Message
from picmodel.scenario.plausible import suspicious
from picmodel.scenario.schema import Scenario

if TYPE_CHECKING:
    from picmodel.ignored.check import Idle, Report


@dataclass(frozen=True)
class Remark:
    """A message that does not stop a run.

    Attributes:
        scenarios: names of those that it is about.
        waived: the reason why it is meant, which stands in the manifest; None: it is printed.
    """

    message: Message
    key: str
    scenarios: tuple[str, ...]
    waived: str | None = None

    def document(self) -> dict[str, str | None]:
        """As the manifest holds it."""
        return {"id": self.message.id, "key": self.key, "message": str(self.message), "waived": self.waived}


def examined(
    found: ScenarioSet,
    effects: bool = True,
    inherited: bool = False,
    report: Report | None = None,
    out: Path | None = None,
) -> list[Remark]:
    """Everything to say about a set that was read and checked; each scenario keeps what is about it.

    Args:
        effects: leave out every setting in turn to find those without effect.
        inherited: those of extended files too, as remarks; they stop nothing.
        out: results folder; where all runs in it are today's, neither tables nor effects are looked at again.

    Raises:
        InputError: settings of the loaded file that change nothing, or bad input; all of them.
    """
    scenarios = list(found)
    uses = driver.check_all(scenarios)
    settled = out is not None and driver.settled(found, out)
    if not settled:
        require_tables(scenarios)
    effects = effects and not settled
    remarks = _warnings(scenarios)
    refused: list[str] = []
    for idle in _idle(scenarios, uses, inherited, report) if effects else ():
        waived = idle.waived()
        if waived is None and idle.setting.own:
            refused.append(idle.message())
        else:
            names = tuple(s.name for s in idle.scenarios)
            remarks.append(Remark(idle.message(), idle.setting.name, names, waived))
    if refused:
        raise InputError(refused)
    remarks += _idle_waivers(scenarios, remarks, effects)
    for scenario in scenarios:
        scenario._remarks = tuple(remark for remark in remarks if scenario.name in remark.scenarios)
        scenario._examined = effects
    return remarks


def _idle(scenarios: Sequence[Scenario], uses: Uses, inherited: bool, report: Report | None) -> list[Idle]:
    from picmodel.ignored.check import idle_settings  # builds models: not for runs that have not changed

    return idle_settings(scenarios, uses, inherited, report)


def _warnings(scenarios: Sequence[Scenario]) -> list[Remark]:
    """Suspicious settings and overrides, each once with all scenarios that have it."""
    known: dict[Message, tuple[str, list[Scenario]]] = {}
    for scenario in scenarios:
        for key, problem in (*suspicious(scenario), *leaps_of(scenario)):
            known.setdefault(problem.message(), (key, []))[1].append(scenario)
    return [
        Remark(message, key, tuple(s.name for s in having), _reason(having, message.id, key))
        for message, (key, having) in known.items()
    ]


def _reason(scenarios: Sequence[Scenario], id: str, key: str) -> str | None:
    reasons = (w.reason for scenario in scenarios for w in scenario.waive if w.waives(id, key))
    return next(reasons, None)


def _idle_waivers(scenarios: Sequence[Scenario], remarks: Sequence[Remark], effects: bool) -> list[Remark]:
    """Waivers that no message needed in any scenario; those of effects only where these were looked at."""
    found: dict[Message, Remark] = {}
    for scenario in scenarios:
        for number, waiver in enumerate(scenario.waive):
            if not effects and waiver.id.startswith("PIC-N"):
                continue
            if not any(waiver.waives(r.message.id, r.key) for r in remarks):
                text = f"`waive.{number}`: no message {waiver.id} had to be waived; delete the line"
                message = scenario.where.problem(text, "waive", number, id="PIC-W107")
                found[message] = Remark(message, f"waive.{number}", (scenario.name,))
    return list(found.values())
