"""Shapley values: textbook games by hand, the axioms, and all orders counted one by one."""

from __future__ import annotations

from itertools import permutations
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picmodel.studies.shapley import Coalition, coalitions, shapley


def game(players: str, worth, after: dict[str, str] | None = None) -> dict[Coalition, float]:
    """Values of all permitted coalitions."""
    return {s: float(worth(s)) for s in coalitions(list(players), after or {})}


def values(players: str, worth, after: dict[str, str] | None = None) -> dict[str, float]:
    found = shapley(list(players), game(players, worth, after), after)
    return {player: effect.shapley for player, effect in found.items()}


def test_glove_game():
    """Proves    who holds what is scarce gets most of the gain.

    System    a and b hold a left glove each, c a right one; a pair is worth 1.
    By hand   c completes a pair unless it comes first: 4 of 6 orders; a only in the order c, a, b: 1 of 6.
    Fails if  orders are weighted alike for coalitions of different sizes.
    """
    found = values("abc", lambda s: "c" in s and bool(s & {"a", "b"}))
    assert found == pytest.approx({"a": 1 / 6, "b": 1 / 6, "c": 4 / 6})


def test_airport_game():
    """Proves    a cost that several need is shared by those who need it.

    System    runways of cost 1, 2 and 3 for a, b and c; the longest is built.
    By hand   the first unit is shared by three, the second by two, the third is c's alone:
              1/3, 1/3 + 1/2, 1/3 + 1/2 + 1.
    """
    length = {"a": 1, "b": 2, "c": 3}
    found = values("abc", lambda s: max((length[p] for p in s), default=0))
    assert found == pytest.approx({"a": 1 / 3, "b": 5 / 6, "c": 11 / 6})


def test_additive_game_has_no_interaction():
    worth = {"a": 1.0, "b": -2.0, "c": 0.5}
    effects = shapley(list("abc"), game("abc", lambda s: sum(worth[p] for p in s)))
    for player, effect in effects.items():
        parts = (effect.shapley, effect.early, effect.late, effect.least, effect.most)
        assert parts == pytest.approx((worth[player],) * 5)


def test_players_that_enter_in_order():
    """Proves    only permitted orders count.

    System    b builds on a, c is free: {}: 0, a: 1, c: 2, ab: 5, ac: 4, abc: 12.
    By hand   orders a b c, a c b, c a b.
              a adds 1, 1, 2: 4/3.  b adds 4, 8, 8: 20/3.  c adds 7, 3, 2: 4.  Sum 12.
              a enters early after nobody (1), late before b (ac - c = 2); b early after a (4), late last (8).
    Fails if  orders with b before a are counted, or a is asked to enter last.
    """
    worth = {"": 0, "a": 1, "c": 2, "ab": 5, "ac": 4, "abc": 12}
    after = {"b": "a"}
    effects = shapley(list("abc"), game("abc", lambda s: worth["".join(sorted(s))], after), after)
    assert {p: e.shapley for p, e in effects.items()} == pytest.approx({"a": 4 / 3, "b": 20 / 3, "c": 4.0})
    assert (effects["a"].early, effects["a"].late) == (1.0, 2.0)
    assert (effects["b"].early, effects["b"].late) == (4.0, 8.0)
    assert (effects["c"].early, effects["c"].late, effects["c"].least, effects["c"].most) == (
        2.0,
        7.0,
        2.0,
        7.0,
    )


def test_levels_of_one_key_enter_one_after_the_other():
    """Three levels in a row have one order, so each adds its own step."""
    after = {"b": "a", "c": "b"}
    steps = {0: 0, 1: 3, 2: -1, 3: 10}
    assert [sorted(s) for s in coalitions(list("abc"), after)] == [[], ["a"], ["a", "b"], ["a", "b", "c"]]
    assert values("abc", lambda s: steps[len(s)], after) == pytest.approx({"a": 3.0, "b": -4.0, "c": 11.0})


# -- axioms

PLAYERS = "abcd"
NUMBERS = st.lists(st.floats(-1e3, 1e3), min_size=2 ** len(PLAYERS), max_size=2 ** len(PLAYERS))
#: each player but the first may enter after one before it
ORDERS = st.tuples(*(st.sampled_from(["", *PLAYERS[:i]]) for i in range(1, len(PLAYERS)))).map(
    lambda chosen: {p: q for p, q in zip(PLAYERS[1:], chosen) if q}
)


def worth_of(numbers: list[float]):
    """A value for every set of players."""
    return lambda s: numbers[sum(1 << PLAYERS.index(p) for p in s)]


@settings(deadline=None)
@given(NUMBERS, ORDERS)
def test_values_add_up_to_the_whole_change(numbers, after):
    found = game(PLAYERS, worth_of(numbers), after)
    total = found[frozenset(PLAYERS)] - found[frozenset()]
    assert fsum(e.shapley for e in shapley(PLAYERS, found, after).values()) == pytest.approx(total, abs=1e-9)


@settings(deadline=None)
@given(NUMBERS, ORDERS)
def test_values_are_the_mean_over_all_orders(numbers, after):
    """Every order of the players written out; those that break a rule are left out."""
    worth = worth_of(numbers)
    orders = [o for o in permutations(PLAYERS) if all(o.index(q) < o.index(p) for p, q in after.items())]
    for player, effect in shapley(PLAYERS, game(PLAYERS, worth, after), after).items():
        added = [worth({*o[: o.index(player)], player}) - worth(set(o[: o.index(player)])) for o in orders]
        assert effect.shapley == pytest.approx(fsum(added) / len(orders), abs=1e-9)
        assert effect.least == pytest.approx(min(added), abs=1e-9)
        assert effect.most == pytest.approx(max(added), abs=1e-9)


@settings(deadline=None)
@given(NUMBERS)
def test_players_that_do_the_same_get_the_same(numbers):
    """a and b count, not which of them."""
    worth = worth_of(numbers)

    def alike(s):
        return worth((s - {"a", "b"}) | set("ab"[: len(s & {"a", "b"})]))

    found = values(PLAYERS, alike)
    assert found["a"] == pytest.approx(found["b"], abs=1e-9)


@settings(deadline=None)
@given(NUMBERS, st.floats(-1e3, 1e3))
def test_a_player_that_always_adds_the_same_gets_that(numbers, amount):
    """With amount 0 it is the dummy, which gets nothing."""
    worth = worth_of(numbers)
    found = values(PLAYERS, lambda s: worth(s - {"d"}) + amount * ("d" in s))
    assert found["d"] == pytest.approx(amount, abs=1e-9)


def test_eight_players_are_no_trouble():
    players = "abcdefgh"
    found = values(players, lambda s: len(s) ** 2)
    assert found == pytest.approx(dict.fromkeys(players, 8.0))
