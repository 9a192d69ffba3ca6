"""Shapley values of players of whom some may enter only after another.

Pure functions of numbers: nothing here knows the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum

Coalition = frozenset[str]


@dataclass(frozen=True)
class Effect:
    """What a player adds.

    Attributes:
        shapley: mean over all permitted orders.
        early: added when it enters as early as its order permits, after none but those it needs.
        late: added when it enters as late as its order permits, before none but those who need it.
        least, most: smallest and largest of what it adds in any permitted order.
    """

    shapley: float
    early: float
    late: float
    least: float
    most: float


def coalitions(players: Sequence[str], after: Mapping[str, str]) -> tuple[Coalition, ...]:
    """All sets of players in which nobody lacks the one that it enters after, small ones first.

    >>> [sorted(s) for s in coalitions(["a", "b"], {"b": "a"})]
    [[], ['a'], ['a', 'b']]
    """
    sizes = range(len(players) + 1)
    every = (frozenset(chosen) for size in sizes for chosen in combinations(players, size))
    return tuple(s for s in every if all(after.get(player, player) in s for player in s))


def shapley(
    players: Sequence[str], value: Mapping[Coalition, float], after: Mapping[str, str] | None = None
) -> dict[str, Effect]:
    r"""Mean of what each player adds, over all orders in which nobody enters before whom it needs.

    .. math:: \phi_i = \sum_{S \not\ni i} \frac{n(S)\, m(S \cup i)}{n(N)} \, [v(S \cup i) - v(S)]

    with n(S) the permitted orders in which S fills up and m(S) those in which what is not in S follows;
    S and S with i are coalitions of `coalitions`.  Without orders n(S) = |S|! and m(S) = (|N| - |S|)!.
    The values add up to v(N) - v(none).

    Args:
        value: of each coalition of `coalitions`, the empty one included.
        after: player -> the one that must have entered before it.

    >>> game = {frozenset(): 0.0, frozenset("a"): 1.0, frozenset("b"): 3.0, frozenset("ab"): 8.0}
    >>> shapley(["a", "b"], game)["a"].shapley
    3.0
    """
    after = after or {}
    permitted = coalitions(players, after)
    filling, following = _orders(players, permitted)
    whole = filling[frozenset(players)]
    effects = {}
    for player in players:
        pairs = [(s, s | {player}) for s in permitted if player not in s and s | {player} in following]
        added = {s: value[t] - value[s] for s, t in pairs}
        mean = fsum(filling[s] * following[t] * added[s] for s, t in pairs) / whole
        first, last = pairs[0][0], pairs[-1][0]
        effects[player] = Effect(mean, added[first], added[last], min(added.values()), max(added.values()))
    return effects


def _orders(
    players: Sequence[str], permitted: Sequence[Coalition]
) -> tuple[dict[Coalition, int], dict[Coalition, int]]:
    """Orders in which each coalition fills up from nobody, and in which the others follow it."""
    filling: dict[Coalition, int] = {permitted[0]: 1}
    for s in permitted[1:]:
        filling[s] = sum(filling.get(s - {player}, 0) for player in s)
    following: dict[Coalition, int] = {permitted[-1]: 1}
    for s in reversed(permitted[:-1]):
        following[s] = sum(following.get(s | {player}, 0) for player in players)
    return filling, following
