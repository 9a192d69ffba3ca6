"""What every indicator is: one equation, unit, meaning and source, in one place.

A run refuses an indicator that is not defined here or has another unit (`require_defined`);
``picmodel show indicators`` and ``docs/indicators.md`` are made from this table.

Symbols: r province, g technology, v year of commissioning, y planning year, t time slice; W hours a year of
a slice; D discounted years of a planning year; lambda energy price; dual(row) its price, undiscounted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd

from picmodel.errors import SelfCheckFailed


@dataclass(frozen=True)
class Definition:
    """One indicator.

    Attributes:
        equation: in plain text, in the unit of the indicator but for powers of ten.
        by: what it is given for: places (the column province) and kinds (the column technology).
        meaning: what it is, and what it is not.
        source: where the definition is from: a page of the docs, a rule in force, a publication.
    """

    name: str
    unit: str
    equation: str
    by: str
    meaning: str
    zh: str
    source: str


PLACES = "nation, provinces"
REGIONS = "nation, provinces, regional grids"
KINDS = f"{PLACES}; technologies"
COMPONENTS = f"{PLACES}; components of cost and all"

_PHYSICAL = (
    Definition(
        "generation",
        "TWh gross",
        "sum_t W[t] G[r,g,y,t] / (1 - own use[g])",
        KINDS,
        "Output as statistics publish it, own use of plants inside; what stores give back is not in it.",
        "发电量（毛）",
        "docs/model.md; statistics of the China Electricity Council are gross",
    ),
    Definition(
        "net_generation",
        "TWh",
        "sum_t W[t] G[r,g,y,t]",
        KINDS,
        "Output that reaches the bulk grid; what stores give back is not in it.",
        "上网电量",
        "docs/model.md",
    ),
    Definition(
        "capacity", "GW", "C[r,g,y]", KINDS, "Gross capacity that stands.", "装机容量", "docs/model.md"
    ),
    Definition(
        "emissions",
        "Mt CO2",
        "sum_g e[g] sum_t W[t] G[r,g,y,t] + starts",
        PLACES,
        "CO2 of all generation where it is burnt, nothing credited.",
        "电力碳排放（物理口径）",
        "docs/model.md",
    ),
    Definition(
        "consumption",
        "TWh",
        "demand - unserved + losses of stores + what mechanisms add",
        PLACES,
        "Consumption at the bulk grid. Own use of plants and line losses are not in it, unlike in "
        "published consumption of all society.",
        "用电量（主网口径）",
        "docs/model.md",
    ),
    Definition(
        "unserved_energy",
        "GWh",
        "sum_t W[t] u[r,y,t]",
        PLACES,
        "Demand that is not served.",
        "缺供电量",
        "docs/model.md",
    ),
    Definition(
        "net_export",
        "TWh",
        "sum_t W[t] (sum_out f[a,y,t] - sum_in (1 - loss[a]) f[a,y,t])",
        "provinces",
        "What a province sends less what it receives.",
        "净外送电量",
        "docs/model.md",
    ),
    Definition(
        "curtailment_rate",
        "share",
        "1 - sum G / sum W A C",
        f"{PLACES}; wind and solar",
        "Available output that is not produced. Forecast errors and grids inside provinces are not modelled, "
        "so that it is below what is published.",
        "弃风弃光率",
        "docs/model.md",
    ),
)

_CLASSES = "classes of inputs/technologies.csv: hydro, nonhydro (wind, sun, biomass); pumped hydro is a store"
_SHARES = (
    Definition(
        "renewable_share",
        "share",
        "sum_{g renewable} gross[r,g,y] / sum_g gross[r,g,y]",
        REGIONS,
        "Renewable share of gross generation, hydro inside; what stores give back counts on neither side. A "
        "regional grid is the sum of those of its provinces that the run has.",
        "可再生能源发电量占比（含水电）",
        _CLASSES,
    ),
    Definition(
        "nonhydro_share",
        "share",
        "sum_{g nonhydro} gross[r,g,y] / sum_g gross[r,g,y]",
        REGIONS,
        "The same without hydro in the numerator.",
        "非水可再生能源发电量占比",
        _CLASSES,
    ),
    Definition(
        "renewable_share_of_consumption",
        "share",
        "sum_t W[t] m[r,t] L[r,t] / consumption; m the mix that reaches a province by proportional "
        "sharing, L load and losses of stores",
        REGIONS,
        "Renewable output that consumption draws on, by the flow it came with; stores give back the mix they "
        "took; lines lose the mix they carry, so that national consumption of renewable output is its "
        "generation less line losses.",
        "可再生能源消纳占比（潮流追踪，含水电）",
        "Bialek (1996); docs/markets/responsibility.md",
    ),
    Definition(
        "nonhydro_share_of_consumption",
        "share",
        "the same for class nonhydro",
        REGIONS,
        "The same without hydro.",
        "非水可再生能源消纳占比（潮流追踪）",
        "Bialek (1996); docs/markets/responsibility.md",
    ),
    Definition(
        "renewable_share_by_certificates",
        "share",
        "(certificates retired for the obligation in r; nation: + those of volunteers) / consumption[r,y]",
        REGIONS,
        "Share of consumption for which certificates are retired, only where a certificate market runs. "
        "What a slack obligation would take though nobody asks for it counts as lapsed.",
        "可再生能源消纳占比（绿证注销口径，含水电）",
        "docs/markets/green_certificates.md; consumption responsibility weights (NDRC, NEA 2019) count so",
    ),
    Definition(
        "nonhydro_share_by_certificates",
        "share",
        "the same for class nonhydro",
        REGIONS,
        "The same without hydro.",
        "非水可再生能源消纳占比（绿证注销口径）",
        "docs/markets/green_certificates.md",
    ),
)

_RESPONSIBILITY = (
    *(
        Definition(
            f"emissions_{account}",
            "Mt CO2",
            equation,
            PLACES,
            meaning,
            zh,
            "docs/markets/responsibility.md; Kang et al. (2015)",
        )
        for account, equation, meaning, zh in (
            ("production", "emissions[r,y]", "Emissions of the plants of a province.", "生产侧排放"),
            (
                "consumption",
                "sum_t W[t] x[r,t] L[r,t]; x traced intensity",
                "Emissions traced to what a province consumes; the receiver bears line losses, so that the "
                "national sum is that of production.",
                "消费侧排放",
            ),
            (
                "shared",
                "(1 - s) production + s consumption, s = 0.5",
                "Half and half: an assumption, no rule in force.",
                "共担责任排放",
            ),
        )
    ),
    Definition(
        "grid_factor_generation",
        "t/MWh",
        "emissions / net output",
        PLACES,
        "CO2 of a MWh generated.",
        "发电侧排放因子",
        "docs/markets/responsibility.md",
    ),
    Definition(
        "grid_factor_consumption",
        "t/MWh",
        "traced emissions / energy consumed",
        PLACES,
        "CO2 of a MWh consumed.",
        "用电侧排放因子",
        "docs/markets/responsibility.md",
    ),
    Definition(
        "grid_factor_published",
        "t/MWh",
        "as published",
        "provinces; year 0",
        "Published factor of the provincial grid, for comparison.",
        "公布的省级电网排放因子",
        "inputs/policy/crediting_factors.csv",
    ),
    Definition(
        "beneficiary_payment",
        "bn CNY/yr",
        "price s (consumption account - production account)",
        PLACES,
        "What a province pays (> 0) or receives; nation: what changes hands.",
        "受益者付费",
        "docs/markets/responsibility.md",
    ),
)

_COSTS = (
    Definition(
        "system_cost",
        "bn CNY/yr",
        "sum of resource cost items[r,y]",
        COMPONENTS,
        "What supply uses up in a year, without capital that is sunk. Cost stands where it arises, lines "
        "half to each end. Transfers are not in it.",
        "系统成本",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_year",
        "yr",
        "first y with sum_r emissions[r,y] >= 0.999 max_y",
        "nation",
        "First planning year of the plateau of the highest emissions; no value where the last planning "
        "year is one of them: no peak within the horizon.",
        "达峰年份",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_level",
        "Mt CO2",
        "max_y sum_r emissions[r,y]",
        "nation",
        "Highest emissions of a planning year, also where the path has no peak.",
        "达峰排放量",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost_until",
        "yr",
        "horizon.peak_cost_until, else the reference's first year of the plateau",
        "nation",
        "Calendar year through which peak cost is counted, the same for all that are compared. Where the "
        "reference has no peak it is a planning year all the same; declare one.",
        "达峰成本计算截止年",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost",
        "bn CNY",
        "sum_{tau = first year..Y*} (1+rho)^-(tau - base year) resource cost[r,tau]",
        COMPONENTS,
        "Discounted resource cost from the first planning year through Y* (peak_cost_until). A planning year "
        "stands for the calendar years to the next. Annuities after Y* are outside.",
        "达峰成本",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost_difference",
        "bn CNY",
        "peak cost - that of the reference",
        COMPONENTS,
        "By component and province: where a change of peak cost comes from.",
        "达峰成本差额",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost_change",
        "%",
        "100 (peak cost / that of the reference - 1)",
        PLACES,
        "Change of peak cost without sunk capital.",
        "达峰成本变化率",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost_change_with_sunk_capital",
        "%",
        "100 ((peak cost + K) / (the reference's + K) - 1), K sunk_capital",
        "nation",
        "The same with the constant in both: smaller in %, equal in money.",
        "达峰成本变化率（含沉没资本）",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "sunk_capital",
        "bn CNY",
        "sum_{cohorts} GW annuity(capex[g,cohort] with interest during construction, WACC[g], life[g]), "
        "to the end of the life, discounted like peak cost",
        PLACES,
        "Estimate: annuities of the fleet of the base year over peak cost's window, whatever a plan retires. "
        "Cohorts before the first year of the cost table are valued at its first year, below what "
        "wind and sun cost then. Lines that stand are not in it.",
        "存量资本（沉没）",
        "inputs/fleet.csv, technology_costs.csv; docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_transfer",
        "bn CNY",
        "peak cost's sum over a transfer item",
        "nation; items",
        "Transfers that move decisions of the plan, and penalties of rules not kept, discounted over the "
        "same window. They use nothing up and are not in peak cost.",
        "达峰期转移支付",
        "picmodel/formulation/components.py",
    ),
    Definition(
        "peak_cost_increment",
        "bn CNY",
        "peak cost - that of the baseline, in the same window",
        COMPONENTS,
        "What policy adds: peak cost over that of the design that the scenario file names as baseline.",
        "增量达峰成本",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost_increment_change",
        "%",
        "100 (increment / the reference's increment - 1)",
        "nation",
        "Only where the reference's increment is at least 0.1 % of its peak cost: of less, a change in % "
        "says nothing, and of a negative one it has the wrong sign.",
        "增量达峰成本变化率",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost_own_window",
        "bn CNY",
        "peak cost through the own peak year",
        "nation",
        "With a window of its own, an earlier peak is cheap because fewer years count.",
        "达峰成本（自身达峰年）",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "peak_cost_own_window_change",
        "%",
        "100 (own window / the reference's own window - 1)",
        "nation",
        "Change of the one before.",
        "达峰成本变化率（自身达峰年）",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "full_horizon_cost",
        "bn CNY",
        "sum_y D[y] resource cost[y]",
        "nation",
        "Discounted resource cost of the whole horizon: what a window hides after its end.",
        "全期系统成本",
        "docs/model.md, section Peak cost",
    ),
    Definition(
        "full_horizon_cost_change",
        "%",
        "100 (full horizon / the reference's - 1)",
        "nation",
        "Change of the one before.",
        "全期系统成本变化率",
        "docs/model.md, section Peak cost",
    ),
)

_POWER = (
    Definition(
        "energy_price",
        "CNY/MWh",
        "sum_t W lambda[r,y,t] D[r,y,t] / sum_t W D[r,y,t]",
        PLACES,
        "Dual of the energy balance, mean weighted with demand, without VAT.",
        "电能量价格（按负荷加权）",
        "docs/markets/power.md",
    ),
    *(
        Definition(
            f"price_p{percent}",
            "CNY/MWh",
            f"least price not exceeded in {percent} % of the hours",
            "provinces",
            f"{percent}th percentile of the settlement price over the hours of a year.",
            f"电价{percent}%分位数",
            "docs/markets/power.md",
        )
        for percent in (5, 50, 95)
    ),
    *(
        Definition(
            f"hours_at_{limit}",
            "h/yr",
            f"sum of W[t] with lambda at or beyond the {limit}",
            "provinces",
            f"Hours a year in which the price limit ({limit}) applies.",
            f"触及{zh}小时数",
            "docs/markets/power.md",
        )
        for limit, zh in (("cap", "价格上限"), ("floor", "价格下限"))
    ),
    Definition(
        "missing_money",
        "bn CNY/yr",
        "sum_t W (lambda - settlement price) G",
        KINDS,
        "What plants lose (> 0) by price limits.",
        "限价造成的缺失收入",
        "docs/markets/power.md",
    ),
    Definition(
        "capture_price",
        "CNY/MWh",
        "sum_t W price G / sum_t W G",
        KINDS,
        "Mean settlement price of a fleet's output.",
        "捕获电价",
        "docs/markets/power.md; Hirth (2013)",
    ),
    Definition(
        "value_factor",
        "share",
        "capture price / mean price of all hours",
        KINDS,
        "Below one where output comes when prices are low.",
        "价值因子",
        "docs/markets/power.md; Hirth (2013)",
    ),
    Definition(
        "consumer_energy_cost",
        "bn CNY/yr",
        "what consumers pay less receive in the power market",
        PLACES,
        "Energy, contracts and levies of the power market alone.",
        "用户电能量支出",
        "docs/markets/power.md",
    ),
    Definition(
        "consumer_energy_price",
        "CNY/MWh",
        "consumer_energy_cost / energy served",
        PLACES,
        "The same per MWh served.",
        "用户电能量均价",
        "docs/markets/power.md",
    ),
    Definition(
        "levy",
        "CNY/MWh",
        "levy / energy served",
        PLACES,
        "What empties the province's system-operation account.",
        "系统运行费",
        "docs/markets/power.md",
    ),
    *(
        Definition(
            f"implicit_{rule}",
            "bn CNY/yr",
            equation,
            KINDS if rule != "flat_contracts" else PLACES,
            f"Value of {meaning}; nobody pays it, it stands beside the ledger.",
            zh,
            "docs/markets/power.md",
        )
        for rule, equation, meaning, zh in (
            (
                "planned_hours",
                "dual(c_planned_hours) output",
                "guaranteed hours to the plants that have them",
                "计划电量隐含转移",
            ),
            (
                "curtailment_limit",
                "dual(c_curtailment_limit) output",
                "a limit of curtailment to wind and sun",
                "弃电限额隐含转移",
            ),
            (
                "contract_delivery",
                "dual(c_contract_delivery) profile output",
                "a physical contract to what delivers it",
                "中长期合约交割隐含转移",
            ),
            (
                "age_only",
                "dual(c_age_only) kept capacity",
                "plants that may not retire early",
                "按龄退役隐含转移",
            ),
            (
                "adequacy",
                "dual(c_adequacy) credit capacity",
                "firm capacity where no capacity market pays it",
                "容量充裕度隐含转移",
            ),
            ("transfer", "sum of the above", "all regulatory rows to plants", "隐含转移合计"),
            (
                "flat_contracts",
                "sum_t W dual(c_contract_min) (1 - band) F",
                "flat contracts between provinces, by the sender",
                "平段外送合约隐含转移",
            ),
        )
    ),
    *(
        Definition(
            f"grid_{part}",
            "bn CNY/yr",
            equation,
            PLACES,
            f"Flows between provinces, by the receiver: {meaning}.",
            zh,
            "docs/markets/power.md",
        )
        for part, equation, meaning, zh in (
            ("spread", "sum W (lambda_j - lambda_i) f", "price difference times power sent", "省间价差"),
            ("losses", "sum W loss lambda_j f", "value of what is lost", "网损价值"),
            ("rent", "spread - losses", "what the grid earns", "输电租金"),
            ("wheeling", "sum W tariff f", "the part of it that is the export tariff", "输电费"),
            (
                "barrier",
                "sum W barrier f",
                "the part of it that is the barrier between provinces",
                "省间壁垒",
            ),
            (
                "congestion",
                "sum W dual(c_flow_max) f",
                "the part of it that is scarcity of lines",
                "阻塞租金",
            ),
            (
                "contracts",
                "sum W edges of flat contracts f",
                "the part of it that contracts make",
                "合约部分",
            ),
            (
                "other",
                "rent - its parts",
                "what price limits and rules of other mechanisms leave",
                "其他",
            ),
        )
    ),
)

_CARBON = (
    Definition(
        "allowance_price",
        "CNY/t",
        "dual(c_allowances)",
        "nation (mean weighted with covered emissions), markets",
        "Price of an allowance, or the price that a scenario states.",
        "碳配额价格",
        "docs/markets/carbon.md",
    ),
    Definition(
        "ccer_price",
        "CNY/t",
        "dual(c_ccer)",
        "nation",
        "Price of an offset; below the allowance price where the offset limit binds.",
        "CCER价格",
        "docs/markets/carbon.md",
    ),
    Definition(
        "covered_emissions",
        "Mt CO2",
        "verified emissions of covered technologies",
        "nation, markets",
        "Emissions that need allowances.",
        "纳入碳市场的排放",
        "docs/markets/carbon.md",
    ),
    Definition(
        "carbon_coverage",
        "share",
        "covered / all emissions",
        "nation",
        "Part of the power sector's CO2 that the market covers.",
        "碳市场覆盖率",
        "docs/markets/carbon.md",
    ),
    Definition(
        "allowance_deficit",
        "Mt CO2",
        "covered emissions - allowances given",
        "nation, markets",
        "What emitters have to buy; negative: surplus.",
        "配额缺口",
        "docs/markets/carbon.md",
    ),
    Definition(
        "offsets_used",
        "Mt CO2",
        "v_offset",
        "nation, markets",
        "Offsets surrendered.",
        "抵销量",
        "docs/markets/carbon.md",
    ),
    Definition(
        "auction_revenue",
        "bn CNY",
        "price auctioned volume",
        "nation, markets",
        "What the state earns from auctions in a year.",
        "配额拍卖收入",
        "docs/markets/carbon.md",
    ),
    Definition(
        "free_allocation_value",
        "bn CNY",
        "price free allowances",
        PLACES,
        "Value of allowances given for nothing in a year.",
        "免费配额价值",
        "docs/markets/carbon.md",
    ),
    Definition(
        "carbon_cost_passed_through",
        "bn CNY",
        "sum_t W (mean marginal carbon cost of fleets between least and most output) output",
        PLACES,
        "What power prices give to all output because of carbon in a year: a lower estimate.",
        "传导至电价的碳成本",
        "docs/markets/carbon.md",
    ),
    *(
        Definition(
            f"allowance{name}", "Mt CO2", equation, "nation, markets", meaning, zh, "docs/markets/carbon.md"
        )
        for name, equation, meaning, zh in (
            ("_bank", "v_allowance_bank", "Allowances held to later years.", "配额结转量"),
            (
                "s_at_ceiling",
                "v_allowances_bought",
                "Bought from the state at the ceiling.",
                "按价格上限购入配额",
            ),
            (
                "s_at_floor",
                "v_allowances_sold_to_state",
                "Sold to the state at the floor.",
                "按价格下限售回配额",
            ),
            ("s_missing", "v_allowances_missing", "Emissions without allowances: a slack.", "缺失配额"),
        )
    ),
    *(
        Definition(
            f"{name}_price", "CNY/t", f"dual({row})", by, meaning, zh, "docs/markets/emission_limits.md"
        )
        for name, row, by, meaning, zh in (
            (
                "emission_peak",
                "c_emission_peak",
                "nation",
                "What a tonne of the peak rule is worth.",
                "达峰约束价格",
            ),
            (
                "held_emissions",
                "c_held_emissions",
                "nation",
                "What a tonne is worth where emissions are held at another scenario's.",
                "等排放约束价格",
            ),
            (
                "provincial_cap",
                "c_provincial_cap",
                "provinces",
                "Price of a provincial cap.",
                "省级排放上限价格",
            ),
            (
                "permit",
                "c_permits",
                "nation",
                "Price at which provinces trade permits of their caps.",
                "省际排放权价格",
            ),
        )
    ),
    Definition(
        "accounted_emissions",
        "Mt CO2",
        "E[r] + sum_in factor flow - sum_out factor flow",
        "provinces",
        "Emissions that a provincial cap counts, with stated factors of the sender.",
        "省级核算排放",
        "docs/markets/emission_limits.md",
    ),
)

_CERTIFICATES = (
    Definition(
        "certificate_price",
        "CNY/MWh",
        "dual(c_certificates)",
        f"{PLACES} (mean weighted with issue); classes",
        "Price of a green certificate: that of its best use.",
        "绿证价格",
        "docs/markets/green_certificates.md",
    ),
    Definition(
        "certificate_sale_price",
        "CNY/MWh",
        "certificate price - dual(c_tradable)",
        "provinces; classes",
        "What a producer earns where only a part of its output may be sold.",
        "绿证售出价格",
        "docs/markets/green_certificates.md",
    ),
    Definition(
        "obligation_cost",
        "CNY/MWh",
        "sum of weights times duals of the obligation rows",
        "provinces",
        "What certificates add to a consumer's MWh.",
        "消纳责任成本",
        "docs/markets/green_certificates.md",
    ),
    *(
        Definition(
            f"certificates_{use}", "TWh", equation, by, meaning, zh, "docs/markets/green_certificates.md"
        )
        for use, equation, by, meaning, zh in (
            ("issued", "v_certified", f"{PLACES}; classes", "One for each net MWh generated.", "绿证核发量"),
            (
                "retired",
                "v_use less what a slack obligation takes",
                f"{PLACES}; classes",
                "Used for the obligation of the province.",
                "绿证注销量（消纳责任）",
            ),
            (
                "surrendered",
                "v_surrendered",
                f"{PLACES}; classes",
                "Surrendered in the carbon market.",
                "用于碳市场的绿证",
            ),
            (
                "turned_into_ccer",
                "v_turned",
                f"{PLACES}; classes",
                "Output that became CCER instead.",
                "转为CCER的电量",
            ),
            (
                "bought_in",
                "max(0, retired - issued)",
                f"{PLACES}; classes",
                "Net purchases of a province.",
                "净购入绿证",
            ),
            ("lapsed", "v_lapsed + beyond the obligation", "nation; classes", "Nobody's.", "失效绿证"),
            ("voluntary", "v_voluntary", "nation; classes", "Bought by volunteers.", "自愿绿证消费"),
            (
                "claimed_twice",
                "max(0, turned into CCER - lapsed - to bank)",
                "nation; classes",
                "Output whose certificate and CCER are both used: the least overlap.",
                "重复声明电量",
            ),
        )
    ),
    Definition(
        "in_sector_ccer",
        "Mt CO2",
        "v_linked_ccer",
        "nation",
        "CCER from output inside the sector.",
        "行业内CCER",
        "docs/markets/green_certificates.md",
    ),
    Definition(
        "ccer_claimed_twice",
        "Mt CO2",
        "certificates_claimed_twice times the mean factor",
        "nation; classes",
        "The same overlap in tonnes.",
        "重复声明减排量",
        "docs/markets/green_certificates.md",
    ),
)

#: ends of a price where a limit just binds: with `solver.price_ranges`
_RANGES = tuple(
    Definition(
        f"{price}_{end}",
        unit,
        f"{side} derivative of the optimal objective by the right side of {row}, undiscounted",
        by,
        meaning,
        zh + ("下限" if end == "low" else "上限"),
        "docs/model.md",
    )
    for price, unit, row, by, zh in (
        ("allowance_price", "CNY/t", "c_allowances", "markets", "碳配额价格"),
        ("ccer_price", "CNY/t", "c_ccer", "nation", "CCER价格"),
        ("certificate_price", "CNY/MWh", "c_certificates", "markets; classes", "绿证价格"),
    )
    for end, side, meaning in (
        ("low", "lower", "What one unit more is worth; the price lies between both ends."),
        ("high", "upper", "What one unit less costs; missing where no plan can do with less."),
    )
)

#: ends of headline quantities over all plans of the same cost: with `solver.headline_ranges`
_HEADLINES = tuple(
    Definition(
        f"{name}_{end}",
        unit,
        f"{word} of {of} over the optimal plans, for each of which the objective is the same",
        by,
        f"{side} Equal ends: every solver finds this number.",
        zh + ("下限（成本相同）" if end == "low" else "上限（成本相同）"),
        "docs/model.md",
    )
    for name, unit, of, by, zh in (
        ("renewable_share", "share", "renewable_share", "nation", "可再生能源占比"),
        ("emissions", "Mt CO2", "emissions", "nation", "电力碳排放"),
        (
            "capacity",
            "GW",
            "capacity of wind (solar), on land and at sea (all kinds)",
            "nation; wind, solar",
            "装机容量",
        ),
        (
            "cost_until",
            "bn CNY",
            "resource cost, discounted, through the year",
            "nation",
            "截至该年的累计成本",
        ),
        ("peak_cost", "bn CNY", "peak_cost", "nation", "达峰成本"),
    )
    for end, word, side in (
        ("low", "min", "The least that a plan of this cost has."),
        ("high", "max", "The most that a plan of this cost has."),
    )
)

_SAVING = (
    Definition(
        "saving",
        "TWh/yr",
        "sum_r v_saving",
        "nation; measures and all",
        "Electricity saved.",
        "节电量",
        "docs/markets/energy_saving.md",
    ),
    Definition(
        "saving_price",
        "CNY/tce",
        "dual(c_saving_target)",
        "nation",
        "Price of the merged target.",
        "节能目标价格",
        "docs/markets/energy_saving.md",
    ),
    Definition(
        "white_certificate_price",
        "CNY/MWh",
        "dual(c_white_certificates); merged: price of the target",
        "nation or provinces",
        "Price of a white certificate.",
        "白证价格",
        "docs/markets/energy_saving.md",
    ),
    Definition(
        "use_right_price",
        "CNY/tce",
        "dual(c_use_rights)",
        "provinces",
        "Price of an energy-use right.",
        "用能权价格",
        "docs/markets/energy_saving.md",
    ),
    Definition(
        "saving_claimed_twice",
        "TWh/yr",
        "max(0, claims - saved)",
        "nation",
        "Savings that serve two markets.",
        "重复声明节电量",
        "docs/markets/energy_saving.md",
    ),
    Definition(
        "shifted_energy",
        "TWh/yr",
        "sum_t W v_shift_down",
        f"{PLACES}; users and all",
        "Load moved within the day.",
        "负荷转移电量",
        "docs/markets/demand_side.md",
    ),
    Definition(
        "shift_bill_saving",
        "bn CNY/yr",
        "sum_t W (price (down - up) - cost down)",
        f"{PLACES}; users and all",
        "What users save by moving load, at the prices that come of it.",
        "负荷转移节省电费",
        "docs/markets/demand_side.md",
    ),
    Definition(
        "curtailed_demand",
        "TWh/yr",
        "sum_t W v_curtailed",
        f"{PLACES}; blocks and all",
        "Load given up at the price that its users named.",
        "价格响应削减电量",
        "docs/markets/demand_side.md",
    ),
    Definition(
        "peak_reduction",
        "GW",
        "max_t D - max_t (D + change)",
        PLACES,
        "By how much the highest load falls; nation: of all at once.",
        "最大负荷削减",
        "docs/markets/demand_side.md",
    ),
)

_CAPTURE = (
    Definition(
        "captured_co2",
        "Mt/yr",
        "captured[g] output",
        f"{KINDS} and all",
        "CO2 captured and stored.",
        "捕集量",
        "docs/markets/ccs.md",
    ),
    Definition(
        "capture_capacity",
        "GW",
        "C[r,g,y] of plants that capture",
        f"{KINDS} and all",
        "Gross capacity of plants that capture.",
        "碳捕集装机",
        "docs/markets/ccs.md",
    ),
    Definition(
        "converted_capacity",
        "GW",
        "v_retrofit",
        f"{KINDS} before conversion; year of conversion",
        "Gross capacity converted to capture.",
        "碳捕集改造装机",
        "docs/markets/ccs.md",
    ),
    Definition(
        "co2_storage_price",
        "CNY/t",
        "cost + dual(c_injection)",
        "provinces",
        "What a tonne stored costs, rent inside.",
        "封存价格",
        "docs/markets/ccs.md",
    ),
    Definition(
        "co2_storage_rent",
        "CNY/t",
        "dual(c_injection)",
        "nation",
        "Rent of the limit of injection.",
        "封存租金",
        "docs/markets/ccs.md",
    ),
    Definition(
        "cost_of_co2_avoided",
        "CNY/t",
        "(cost with - cost without) / (emissions without - with)",
        "provinces; technologies",
        "Cost of a tonne avoided against the plant without capture.",
        "减排成本",
        "docs/markets/ccs.md",
    ),
)

_ANCILLARY = (
    Definition(
        "reserve_price",
        "CNY/MW-h",
        "mean over hours of the duals of the product's rows",
        f"{PLACES} (mean weighted with demand); products",
        "Price of holding a MW for an hour.",
        "备用价格",
        "docs/markets/ancillary.md",
    ),
    Definition(
        "reserve_cost",
        "bn CNY/yr",
        "sum_t W price requirement",
        PLACES,
        "What reserves cost those who ask for them.",
        "备用费用",
        "docs/markets/ancillary.md",
    ),
    Definition(
        "commitment",
        "share",
        "sum_t W on / sum_t W available",
        "provinces; technologies",
        "Part of the available capacity that is on.",
        "开机率",
        "docs/markets/ancillary.md",
    ),
    Definition(
        "starts",
        "1/yr",
        "sum_t starts / capacity",
        "provinces; technologies",
        "Starts of a GW in a year.",
        "启动次数",
        "docs/markets/ancillary.md",
    ),
    Definition(
        "flexible_capacity",
        "GW",
        "v_flexible",
        KINDS,
        "Gross capacity retrofitted for a lower least output.",
        "灵活性改造容量",
        "docs/markets/ancillary.md",
    ),
    Definition(
        "peak_shaving_payment",
        "bn CNY/yr",
        "sum_t W price max(0, threshold on - output)",
        PLACES,
        "Paid for output below the threshold.",
        "调峰补偿",
        "docs/markets/ancillary.md",
    ),
)

_MONEY = tuple(
    Definition(name, unit, equation, by, meaning, zh, "docs/settlement.md")
    for name, unit, equation, by, meaning, zh in (
        (
            "consumer_bill",
            "bn CNY/yr",
            "paid - received by consumers, all mechanisms",
            PLACES,
            "All that consumers pay, without VAT and without distribution.",
            "用户总支出",
        ),
        (
            "consumer_price",
            "CNY/MWh",
            "consumer_bill / energy served",
            PLACES,
            "What a MWh costs consumers, everything in it.",
            "用户综合电价",
        ),
        (
            "generator_income",
            "bn CNY/yr",
            "received - paid by generators",
            f"{KINDS} and all",
            "Net income of plants from all mechanisms, before their own costs.",
            "发电企业净收入",
        ),
        (
            "grid_income",
            "bn CNY/yr",
            "received - paid by the grid",
            PLACES,
            "Net income of the grid.",
            "电网净收入",
        ),
        (
            "public_revenue",
            "bn CNY/yr",
            "received - paid by the state",
            PLACES,
            "Net revenue of the state from the mechanisms, taxes aside.",
            "财政净收入",
        ),
    )
)


def _project(name: str, unit: str, equation: str, meaning: str, zh: str) -> Definition:
    by = "nation, provinces; technologies, wind, solar, wind_and_solar; year of commissioning, 0: all"
    return Definition(name, unit, equation, by, meaning, zh, "picmodel/finance")


_RATE = "Mean over the reference's portfolio; a project without a rate is left out."
_PROJECTS = (
    _project(
        "project_irr",
        "%",
        "IRR of income - cost before tax, real",
        f"Return of a project before tax. {_RATE} Of a province and technology: the project itself.",
        "项目内部收益率（税前，实际）",
    ),
    _project(
        "project_irr_upper",
        "%",
        "project_irr at the prices of capacities 0.1 % below the plan's",
        f"Upper end of dispatch prices, where these are used: project_irr is at their lower end. {_RATE}",
        "项目内部收益率（调度电价上限）",
    ),
    _project(
        "project_irr_post_tax",
        "%",
        "IRR after income tax, real",
        f"Return of a project after tax. {_RATE}",
        "项目内部收益率（税后，实际）",
    ),
    _project(
        "project_irr_equity",
        "%",
        "IRR of equity after tax and debt service, real",
        f"Return of the owners. {_RATE}",
        "资本金内部收益率（实际）",
    ),
    _project(
        "project_npv",
        "CNY/kW",
        "net present value at the cost of capital",
        "Mean over the reference's portfolio.",
        "项目净现值",
    ),
    _project(
        "project_lcoe",
        "CNY/MWh",
        "discounted cost / discounted output",
        "Mean over the reference's portfolio.",
        "平准化度电成本",
    ),
    _project(
        "project_levelised_income",
        "CNY/MWh",
        "discounted income / discounted output",
        "Mean over the reference's portfolio.",
        "平准化度电收入",
    ),
    _project(
        "project_capture_price",
        "CNY/MWh",
        "energy income / output",
        "Mean over the reference's portfolio.",
        "项目捕获电价",
    ),
    _project(
        "project_value_factor",
        "share",
        "capture price / mean price of all hours",
        "Mean over the reference's portfolio.",
        "项目价值因子",
    ),
    _project(
        "project_curtailment",
        "share",
        "1 - output / output that weather allows",
        "Mean over the reference's portfolio.",
        "项目弃电率",
    ),
    _project(
        "project_irr_missing",
        "share",
        "weight without a rate / all weight",
        "Part of the portfolio that has no pre-tax rate.",
        "无内部收益率的权重",
    ),
)


def _changes(of: Iterable[Definition]) -> Iterator[Definition]:
    """The two changes against the reference of each."""
    for d in of:
        factor = "" if d.unit == "%" else "100 "
        yield replace(
            d,
            name=f"{d.name}_change",
            unit="points",
            equation=f"{factor}(value - the reference's)",
            meaning=f"Change of {d.name} against the reference, in points.",
            zh=f"{d.zh}变化（百分点）",
        )
        yield replace(
            d,
            name=f"{d.name}_change_relative",
            unit="%",
            equation="100 (value / the reference's - 1)",
            meaning=f"Change of {d.name} in % of the reference's, where that is positive.",
            zh=f"{d.zh}相对变化",
        )


def _own(of: Iterable[Definition]) -> Iterator[Definition]:
    """Means with the weights of the run's own portfolio."""
    for d in of:
        meaning = f"{d.name}, mean over what the run itself builds: it moves with what is built, too."
        yield replace(d, name=f"{d.name}_own_portfolio", meaning=meaning, zh=f"{d.zh}（自身组合）")


_MEASURES = [d for d in _PROJECTS if d.name not in ("project_irr_missing", "project_irr_upper")]
_RATES = [d for d in _MEASURES if d.name.startswith("project_irr")]

#: sections of the page, in order
SECTIONS: dict[str, tuple[Definition, ...]] = {
    "Renewable share": (*_SHARES, *_changes(_SHARES)),
    "Peak and cost": _COSTS,
    "Projects": (*_PROJECTS, *_changes(_RATES), *_own(_MEASURES)),
    "Physical system": _PHYSICAL,
    "Who answers for emissions": _RESPONSIBILITY,
    "Power market": _POWER,
    "Carbon market and limits of emissions": _CARBON,
    "Green certificates": _CERTIFICATES,
    "Energy saving and demand side": _SAVING,
    "Carbon capture": _CAPTURE,
    "Ancillary services": _ANCILLARY,
    "Ranges of headline numbers": _HEADLINES,
    "Ranges of prices": _RANGES,
    "Money": _MONEY,
}
DEFINITIONS: tuple[Definition, ...] = tuple(d for section in SECTIONS.values() for d in section)
DEFINITION = {d.name: d for d in DEFINITIONS}


def undefined(indicators: pd.DataFrame) -> list[str]:
    """Indicators that have no definition, or another unit than theirs."""
    pairs = indicators[["indicator", "unit"]].drop_duplicates().itertuples(index=False, name=None)
    return [
        f"{name} [{unit}] is not defined"
        if name not in DEFINITION
        else f"{name} is in {unit}, defined in {DEFINITION[name].unit}"
        for name, unit in pairs
        if name not in DEFINITION or DEFINITION[name].unit != unit
    ]


def require_defined(indicators: pd.DataFrame) -> None:
    """Refuse what is not defined.

    Raises:
        SelfCheckFailed: names what is missing, and where to add it.
    """
    problems = undefined(indicators)
    if problems:
        raise SelfCheckFailed(
            f"indicators without their definition in indicators/definitions.py: {'; '.join(problems)}"
        )
