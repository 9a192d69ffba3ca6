r"""Dispatch of every hour of a year with the capacities of a plan: what representative days missed.

The plan decides capacities :math:`C` and prices annual rules on a few days.  Here capacities stand, and all
8760 hours are dispatched in windows.  A window :math:`w` holds hours :math:`H_w` to keep and some to look
ahead, whose dispatch is thrown away:

.. math::

    \min \; & \sum_{t} h \Big( \sum_f c_f G_{ft} + \sum_s (c^-_s d_{st} + c^+_s e_{st})
            + \sum_a c_a f_{at} + \sum_r (c^u_r u_{rt} + V x_{rt}) \Big)
            + \sum_{f \in \Phi} (\mu_f o_f + \rho\, b_f) - \sum_s v_s S_{s,\mathrm{end}} \\
    & \sum_{f \in r} G_{ft} + \sum_{s \in r} (d - e)_{st} + \sum_{a \to r} (1 - \ell_a) f_{at}
            - \sum_{r \to a} f_{at} + u_{rt} - x_{rt} = D_{rt} - \text{savings} \\
    & m_{ft} C_f \le G_{ft} \le A_{ft} C_f, \qquad
      \sum_{t \in \text{day}} h\, G_{ft} \le W_{f,\text{day}} \quad \text{(water)} \\
    & S_{st} = S_{s,t-1} + h (\sqrt{\eta_s}\, e_{st} - d_{st} / \sqrt{\eta_s}), \quad S \le E_s, \;
      d, e \le P_s; \quad S_{s,0} \text{ from the window before} \\
    & f_a + f_{-a} \le K_l, \qquad (1 - \beta) q_k \le f_k - f_{-k} \le (1 + \beta) q_k
      \quad \text{(contracts of the plan)} \\
    & \sum_{t} h\, G_{ft} - o_f + b_f = R_f \quad (f \in \Phi, \text{guaranteed output})

**Annual rules are handed down as prices.**  :math:`c` is what a GWh costs by all rows of the plan beyond the
hour (`extract.running_cost`): fuel, O&M, tariffs and barriers, and at their duals carbon, certificates,
obligations and guaranteed hours.  By duality the plan's own dispatch is an optimum of this LP on the plan's
own days: every run of this check verifies it and reports the gap.

**Guaranteed hours are handed down as quantity too.**  Their dual :math:`\mu` makes fleets of quite different
fuel cost the same, so that prices alone leave open which of them runs.  The dual is paid for the guaranteed
output alone (:math:`o` pays it back), and falling behind costs a little (:math:`\rho`).  What is left of the
year's guarantee is spread over the hours left by the province's load, :math:`R_f`.

**Stored energy** at the end of the look-ahead is worth :math:`v = \sqrt\eta` times the plan's mean price of
the province.  Beyond 31 December a window sees the beginning of January.  Power that must run and that nobody
takes, :math:`x`, is possible at the value of lost load :math:`V`, and reported.

Files: `window` the LP, `rolling` the year, `plan` what a finished run hands over, `comparison` the figures,
`check` all of it.
"""
