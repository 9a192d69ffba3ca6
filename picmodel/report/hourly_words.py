"""Figures of a plan beside all its hours, in English and Chinese; `picmodel dispatch` says the English."""

from __future__ import annotations

#: indicator of ``hourly_<year>.csv`` -> what it is called
HOURLY: dict[str, tuple[str, str]] = {
    "unserved_energy": ("unserved energy", "缺供电量"),
    "unserved_hours": ("hours with unserved energy", "缺供小时数"),
    "unserved_while_exporting": ("unserved while contracts export", "合约外送期间的缺供电量"),
    "surplus_energy": ("must-run power that nobody takes", "无法消纳的强迫出力电量"),
    "curtailment_rate": ("curtailment", "弃电率"),
    "energy_price": ("energy price, mean of demand", "电能量价格（按用电量加权）"),
    "price_p05": ("price, 5 % quantile", "电价 5% 分位数"),
    "price_p25": ("price, 25 % quantile", "电价 25% 分位数"),
    "price_p50": ("price, median", "电价中位数"),
    "price_p75": ("price, 75 % quantile", "电价 75% 分位数"),
    "price_p95": ("price, 95 % quantile", "电价 95% 分位数"),
    "price_p99": ("price, 99 % quantile", "电价 99% 分位数"),
    "capture_price": ("mean price of output", "出力平均电价"),
    "emissions": ("emissions of output", "发电碳排放"),
    "renewable_share": ("renewable share of generation", "可再生能源发电占比"),
    "nonhydro_share": ("non-hydro share of generation", "非水可再生能源发电占比"),
    "net_generation": ("net output", "上网电量"),
    "net_export": ("net export", "净外送电量"),
    "discharge": ("given back by", "储能放电量"),
    "fuel_and_variable_om": ("fuel and variable O&M", "燃料与可变运维成本"),
    "guaranteed_hours_short": ("guaranteed output not given", "未完成的保障电量"),
}
