"""What capital costs a year: shared by the LP's objective and by project finance."""

from __future__ import annotations


def annuity(capex: float, wacc: float, life_yr: int) -> float:
    """Constant yearly payment at times 1..life that repays ``capex`` of time 0 at ``wacc`` [unit of capex].

    >>> round(annuity(1000.0, 0.1, 2), 6)
    576.190476
    """
    if wacc == 0.0:
        return capex / life_yr
    return capex * wacc / (1.0 - (1.0 + wacc) ** -life_yr)


def capex_with_idc(capex: float, construction_yr: int, rate: float) -> float:
    """Outlay with interest during construction: even parts at times 1 - construction_yr..0, grown to time 0.

    With ``rate`` the WACC, a project that earns the annuity of this sum and pays its capex over
    construction returns the WACC exactly.

    Args:
        capex: overnight [MCNY/GW].
        construction_yr: 0 and 1 both mean one payment at time 0.
        rate: interest, of the same kind (real or nominal) as ``capex`` [share].

    >>> round(capex_with_idc(1000.0, 2, 0.1), 9)
    1050.0
    """
    years = max(1, construction_yr)
    return capex / years * sum((1.0 + rate) ** age for age in range(years))
