"""Every word of a report in English and Chinese.

Indicators have their Chinese name in their definition, technologies and provinces theirs in the inputs of the
run, the markets theirs in `market_words`; here stands the rest: components, and what the page itself says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from picmodel.data.load import INPUTS
from picmodel.extract.table import ALL, NATION
from picmodel.indicators.definitions import DEFINITION
from picmodel.report.hourly_words import HOURLY
from picmodel.report.market_words import LEDGER, LINES, PRODUCTS, WARNED, WARNINGS
from picmodel.report.results import Result
from picmodel.scenario.schema import SHIPPED

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = get_args(Lang)
#: what each language calls itself
LANGUAGES: dict[Lang, str] = {"en": "English", "zh": "中文"}

CLASSES: dict[str, tuple[str, str]] = {
    "coal": ("Coal", "煤电"),
    "coal_ccs": ("Coal with capture", "煤电（碳捕集）"),
    "gas": ("Gas", "气电"),
    "gas_ccs": ("Gas with capture", "气电（碳捕集）"),
    "other_thermal": ("Waste heat and gas", "余热余压余气"),
    "biomass": ("Biomass", "生物质"),
    "hydro": ("Hydro", "水电"),
    "nuclear": ("Nuclear", "核电"),
    "wind_onshore": ("Onshore wind", "陆上风电"),
    "wind_offshore": ("Offshore wind", "海上风电"),
    "solar_utility": ("Utility solar", "集中式光伏"),
    "solar_distributed": ("Distributed solar", "分布式光伏"),
    "pumped_hydro": ("Pumped hydro", "抽水蓄能"),
    "battery": ("Battery", "新型储能"),
    "imports": ("Imports, exports below zero", "受电（负值为外送）"),
    "unserved": ("Not served", "缺供"),
    "wind": ("Wind", "风电"),
    "solar": ("Solar", "光伏"),
    "wind_and_solar": ("Wind and solar", "风光合计"),
    "nonhydro": ("Non-hydro", "非水"),
    "other": ("Other", "其他"),
}

COMPONENTS: dict[str, tuple[str, str]] = {
    "investment": ("Investment", "投资"),
    "om": ("Operation and maintenance", "运行维护"),
    "fuel": ("Fuel", "燃料"),
    "grid": ("Grid", "电网"),
    "starts": ("Starts", "启停"),
    "carbon_capture": ("Carbon capture", "碳捕集与封存"),
    "saving": ("Energy saving", "节能"),
    "demand_side": ("Demand side", "需求侧"),
    "unserved": ("Demand not served", "缺供"),
    "all": ("All", "合计"),
}

ACRONYMS = ("irr", "npv", "lcoe", "ccer", "co2")

#: Chinese of units that have words in them
UNITS: dict[str, str] = {
    "bn CNY": "十亿元",
    "bn CNY/yr": "十亿元/年",
    "TWh gross": "TWh（毛）",
    "points": "百分点",
    "yr": "年",
    "share": "比例",
    "h": "小时",
    "h/yr": "小时/年",
    "CNY/MWh": "元/MWh",
    "CNY/t": "元/吨",
    "CNY/kW": "元/kW",
    "CNY/kW-yr": "元/kW·年",
    "CNY/kWh": "元/kWh",
    "Mt CO2": "百万吨 CO₂",
    "t/MWh": "吨/MWh",
}

#: what the page and the charts say
TEXT: dict[str, tuple[str, str]] = {
    "report": ("Report", "报告"),
    "comparison": ("Comparison of {count} scenarios", "{count} 个情景对比"),
    "read_first": ("Read first", "请先阅读"),
    "short": ("shortage", "存在缺口"),
    "short_note": (
        "This result does not meet all demand or all rules. Its prices and costs are those of a shortage.",
        "该结果未满足全部电力需求或全部规则，其价格与成本反映缺口。",
    ),
    "references_differ": (
        "Changes are against different references, those of the calls that made the runs; "
        "solve the scenarios in one call to compare them.",
        "各情景的变化量以不同参考情景计算；请在一次运行中求解后再比较。",
    ),
    "windows_differ": (
        "Peak costs are counted to different years: {years}.",
        "达峰成本的统计截止年份不同：{years}。",
    ),
    "programs_differ": (
        "The runs were made by different versions of the program.",
        "各结果由不同版本的程序得到。",
    ),
    "answers": ("Answers", "主要结论"),
    "quantity": ("quantity", "指标"),
    "unit": ("unit", "单位"),
    "scenario": ("scenario", "情景"),
    "scenarios": ("Scenarios", "情景"),
    "province": ("province", "省份"),
    "technology": ("technology", "技术"),
    "component": ("component", "成本构成"),
    "year": ("year", "年份"),
    "vintage": ("commissioned", "投产年"),
    "day": ("day", "典型日"),
    "days": ("all days", "全部典型日"),
    "class": ("class", "类别"),
    "price": ("price", "价格"),
    "share": ("share", "占比"),
    "value": ("value", "数值"),
    "from": ("from", "付款方"),
    "to": ("to", "收款方"),
    "sends": ("sends", "送端"),
    "receives": ("receives", "受端"),
    "pays": ("{party} (pays)", "{party}（付）"),
    "earns": ("{party} (receives)", "{party}（收）"),
    "hour": ("hour of the day", "时刻"),
    "hours_sorted": ("hours of the year, dearest first", "全年小时数（由高到低）"),
    "reference_is": ("reference", "参考情景"),
    "against": ("change against {name}", "较 {name} 变化"),
    "same_cost": ("{span} cost the same", "{span} 成本相同"),
    "renewable_share_in": ("Renewable share {year}", "可再生能源占比 {year}"),
    "peak": ("Emissions peak", "碳达峰"),
    "peak_none": ("none by {year}", "{year} 年前未达峰"),
    "peak_cost_to": ("Peak cost through {until}", "达峰成本（至 {until} 年）"),
    "irr_of": ("Project IRR, {what}, {year}", "项目 IRR，{what}，{year}"),
    "renewables": ("Renewables", "可再生能源"),
    "markets": ("Markets", "市场"),
    "pt": ("pt", "百分点"),
    "table_title": (
        "Change against {name}; peak cost through {until}",
        "较 {name} 变化；达峰成本统计至 {until} 年",
    ),
    "by_year": ("nation, by year", "全国，逐年"),
    "no_mechanism": ("no mechanism", "无市场机制"),
    "written_to": ("written to", "结果写入"),
    "table_note": (
        "IRR: real, before tax, portfolio of the reference; costs: real, without VAT, without sunk capital; "
        "hourly series are synthetic unless the scenario names its own.",
        "IRR为税前实际值，按参考情景的项目组合加权；成本为不变价，不含增值税与沉没资本；"
        "除非情景另有指定，小时序列为合成序列。",
    ),
    "paper": ("Beside the paper", "与论文结论对照"),
    "claim": ("the paper", "论文"),
    "reading": ("reading", "解读"),
    "before": ("from", "由"),
    "after": ("to", "至"),
    "relative_change": ("change, %", "变化，%"),
    "points_change": ("points", "百分点"),
    "points": ("points", "百分点"),
    "verdict": ("verdict", "判断"),
    "within": ("within", "相符"),
    "below": ("below", "偏小"),
    "above": ("above", "偏大"),
    "opposite": ("opposite", "相反"),
    "undefined": ("undefined", "无法判断"),
    "differences": ("What the scenarios do differently", "情景设置差异"),
    "setting": ("setting", "设置项"),
    "assumptions": ("Assumptions and provenance", "假设与来源"),
    "assumptions_text": (
        "Money is real, of the base year, without VAT; costs leave out capital that is sunk. IRR is real,"
        " before tax, on the portfolio of the reference. Hourly series are synthetic, calibrated to"
        " published totals, unless the scenario names its own. Time is UTC+8.",
        "金额为基准年不变价，不含增值税；成本不含沉没资本。IRR 为税前实际值，按参考情景的项目组合加权。"
        "除非情景另有指定，小时序列为合成序列，并按已公布总量校准。时间为 UTC+8。",
    ),
    "settings": ("Scenario, every default written out", "情景文件（含全部默认值）"),
    "provenance": ("Provenance", "来源"),
    "definitions": ("Definitions", "指标定义"),
    "mechanism": ("mechanism", "机制"),
    "rows": ("rows", "约束行"),
    "binding": ("bind", "起作用"),
    "residual": ("worst residual of the certificate of optimality", "最优性证明的最大残差"),
    "program": ("program", "程序"),
    "versions": ("versions", "版本"),
    "solved_in": ("seconds to solve", "求解时间（秒）"),
    "inputs": ("inputs (SHA-256)", "输入文件（SHA-256）"),
    "years": ("planning years", "规划年"),
    "days_of": ("time slices a year", "每年时段数"),
    "theme": ("Theme", "主题"),
    "light": ("light", "浅色"),
    "dark": ("dark", "深色"),
    "system": ("as the system", "跟随系统"),
    "contents": ("Contents", "目录"),
    "numbers": ("Numbers", "数据"),
    "skip": ("Skip to the answers", "跳至主要结论"),
    "no_script": (
        "Charts need JavaScript; the tables do not.",
        "图表需要启用 JavaScript；表格不需要。",
    ),
    "old_browser": (
        "This browser cannot unpack the charts; use one of 2023 or later. The tables need none.",
        "当前浏览器无法展开图表，请使用 2023 年及以后的版本。表格不受影响。",
    ),
    "empty": ("nothing to show for this choice", "该选择下没有数据"),
    "made_by": ("Made by picmodel {version}", "由 picmodel {version} 生成"),
    "national": ("China", "全国"),
    "day_name": ("day {number}, {days} a year", "典型日 {number}（每年 {days} 天）"),
    "demand": ("Demand served", "已满足需求"),
    "issued": ("Issued", "核发"),
    "retired": ("Retired for obligations", "用于消纳责任"),
    "surrendered": ("Surrendered for carbon", "用于碳履约"),
    "turned": ("Turned into CCER", "转为 CCER"),
    "lapsed": ("Without a use", "未使用"),
    "both": ("both", "合计"),
    "dispatch": ("Dispatch of the representative days", "典型日调度"),
    "dispatch_axis": ("Power [GW]", "功率 [GW]"),
    "day_tick": ("day {number}<br>{days} d/yr", "典型日 {number}<br>{days} 天/年"),
    "day_row": ("day {number}, {days} d/yr", "典型日 {number}，{days} 天/年"),
    "flows": ("Flows between provinces", "省间输电"),
    "flows_unit": (
        "Tiles: net export [TWh]; arrows: net flow [TWh] of a year",
        "方格：净外送电量 [TWh]；箭头：全年净输电量 [TWh]",
    ),
    "flows_note": (
        "Flows below {percent} % of the strongest are in the numbers only.",
        "低于最大输电量 {percent}% 的通道仅列于数据表。",
    ),
    "plan": ("Plan", "规划典型日"),
    "hourly": ("All hours", "全年逐时"),
    "hourly_title": ("The plan beside all hours", "规划结果与全年逐时对照"),
    "hourly_unit": ("one figure by year; units are on the axis", "逐年单项指标；单位见坐标轴"),
    "hourly_note": (
        "The plan's capacities, dispatched in all hours of the year; annual rules enter as prices. Starts,"
        " reserves and load that moves are left out.",
        "以规划装机对全年逐时调度；年度规则以价格计入。不含机组启停、备用与可转移负荷。",
    ),
    "hourly_quantiles": ("Energy price, share of hours below", "电能量价格分位数"),
    "quantile": ("hours with a lower price [%]", "低于该价格的小时占比 [%]"),
    "hourly_map": ("Where all hours differ from the plan", "逐时与规划的各省差异"),
    "hourly_less": ("all hours less plan", "全年逐时减规划"),
    "market_prices": ("Prices of the markets", "市场价格"),
    "price_duration": ("Energy price, duration curve", "电能量价格持续曲线"),
    "price_hours": ("Energy price by day and hour", "电能量价格：典型日×时刻"),
    "price_map": ("Mean energy price by province", "各省平均电能量价格"),
    "certificates": ("Certificates issued and used", "绿证核发与去向"),
    "carbon": ("Account of the carbon market", "碳市场收支"),
    "account": ("account", "科目"),
    "carbon_gap": ("Deficit and what fills it", "配额缺口及其弥补"),
    "responsibility": ("Who answers for emissions", "碳排放责任"),
    "ledger": ("Who pays whom", "资金流向"),
    "ledger_note": (
        "Every payment of the ledger. Fuel, capital and upkeep are resource costs and not in it.",
        "包含账本中的全部支付；燃料、资本与运维属于资源成本，不在其中。",
    ),
    "product": ("product", "品种"),
    "irr_unit": ("real, before tax, %", "税前实际值，%"),
    "return_map": ("Project IRR by province", "各省项目 IRR"),
    "income": ("Income of a project in its first year", "项目投产当年收入"),
    "cost": ("cost", "成本"),
    "main_share": ("Renewable share", "可再生能源占比"),
    "main_peak_cost": ("Peak cost", "达峰成本"),
    "main_irr": ("IRR, wind and solar", "风光项目 IRR"),
    "runs": ("Finished runs", "已完成的运行"),
    "runs_found": ("{count} runs", "共 {count} 个"),
    "runs_none": ("Nothing has been solved here yet. Start with", "此处尚无结果，可先运行"),
    "exports": ("All indicators", "全部指标下载"),
    "no_format": ("There is no export {name}.", "没有导出格式 {name}。"),
    "all_runs": ("All runs", "全部运行"),
    "choose": ("chosen", "选择"),
    "choose_none": ("Choose none", "清除选择"),
    "chosen_count": ("{count} chosen", "已选 {count} 个"),
    "open_chosen": ("Open or compare", "打开或对比"),
    "find": ("Find", "查找"),
    "solved_at": ("solved", "求解时间"),
    "warned": ("warnings: {count}", "{count} 条警告"),
    "provinces": ("provinces", "省份数"),
    "numbers_only": ("numbers only", "仅有指标"),
    "no_report": ("No report", "无法显示报告"),
    "no_run": (
        "There is no run {name} here; the list has those that are finished.",
        "此处没有名为 {name} 的运行；列表中为已完成的运行。",
    ),
    "no_page": ("There is no page {path}.", "没有页面 {path}。"),
    "section_system": ("System and emissions", "系统与排放"),
    "section_dispatch": ("Dispatch and flows", "调度与输电"),
    "section_hourly": ("All 8760 hours", "全年逐时校核"),
    "section_prices": ("Prices", "价格"),
    "section_markets": ("Certificates and carbon", "绿证与碳"),
    "section_money": ("Costs and payments", "成本与资金"),
    "section_returns": ("Returns of projects", "项目收益"),
}


@lru_cache(maxsize=8)
def _table(folders: tuple[Path, ...], name: str, key: str) -> pd.DataFrame:
    """A table of names of the shipped inputs with those of the run's own folders over it."""
    parts = [
        pd.read_csv(folder / name, keep_default_na=False) for folder in folders if (folder / name).is_file()
    ]
    return pd.concat(parts).drop_duplicates(key, keep="last").set_index(key)


@dataclass(frozen=True)
class Words:
    """Labels in one language."""

    lang: Lang
    technologies: Mapping[str, str] = field(default_factory=dict)
    provinces: Mapping[str, str] = field(default_factory=dict)
    #: province -> (row, column) on the tile-grid map
    tiles: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __call__(self, key: str, **fill: object) -> str:
        """What the page says; the key must be one of `TEXT`."""
        return self._pick(TEXT[key]).format(**fill)

    def _pick(self, pair: tuple[str, str]) -> str:
        return pair[LANGS.index(self.lang)]

    def province(self, code: str) -> str:
        return self("national") if code == NATION else self.provinces.get(code, code)

    def on_tile(self, code: str) -> str:
        """What fits on a tile: the code, or the Chinese name."""
        return code if self.lang == "en" else self.province(code)

    def technology(self, name: str) -> str:
        """Name of a class that charts show, of a technology, or the name as it is."""
        if name == ALL:
            return self._pick(COMPONENTS[ALL])
        return self._pick(CLASSES[name]) if name in CLASSES else self.technologies.get(name, name)

    def own_name(self, name: str) -> str:
        """Name of a technology itself, where `technology` says that of its class."""
        return self.technologies.get(name) or self.technology(name)

    def hourly(self, name: str) -> str:
        """A figure of the plan beside all hours, with a capital."""
        text = self._pick(HOURLY[name])
        return text[0].upper() + text[1:]

    def component(self, name: str) -> str:
        return self._pick(COMPONENTS[name]) if name in COMPONENTS else name.replace("_", " ")

    def line(self, name: str) -> str:
        """A line of a project's income."""
        return self._pick(LINES[name]) if name in LINES else name.replace("_", " ")

    def ledger(self, name: str) -> str:
        return self._pick(LEDGER[name]) if name in LEDGER else name.rstrip("/").replace("_", " ")

    def product(self, name: str) -> str:
        """What an entry of the ledger is paid for."""
        return PRODUCTS.get(name, name) if self.lang == "zh" else name

    def warning(self, text: str) -> str:
        """A warning of a run, which is stored in English."""
        beginning, colon, rest = text.partition(": ")
        if self.lang == "en" or beginning not in WARNINGS:
            return text
        for english, chinese in WARNED.items():
            rest = rest.replace(english, chinese)
        return WARNINGS[beginning] + ("：" if colon else "") + rest

    def meaning(self, name: str) -> str:
        """What an indicator is."""
        found = DEFINITION[name]
        return found.meaning_zh if self.lang == "zh" else found.meaning

    def indicator(self, name: str) -> str:
        """Name of an indicator with a capital, or its Chinese name."""
        if self.lang == "zh" and name in DEFINITION:
            return DEFINITION[name].zh
        words = [word.upper() if word in ACRONYMS else word for word in name.split("_")]
        return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])

    def unit(self, unit: str) -> str:
        shown = UNITS.get(unit, unit) if self.lang == "zh" else unit
        return shown.replace("CO2", "CO₂")


def words_for(lang: Lang, results: Iterable[Result] = ()) -> Words:
    """Labels in a language, with the names that the results' own inputs give."""
    folders: list[Path] = [INPUTS]
    for result in results:
        said = result.settings.get("inputs")
        folders += [Path(f) for f in ([said] if isinstance(said, str) else said or []) if Path(f) != SHIPPED]
    chosen = tuple(dict.fromkeys(folders))
    technologies = _table(chosen, "technologies.csv", "technology")
    provinces = _table(chosen, "provinces.csv", "province")
    return Words(
        lang,
        technologies[f"name_{lang}"].to_dict(),
        provinces[f"name_{lang}"].to_dict(),
        {str(r): (int(row.tile_row), int(row.tile_col)) for r, row in provinces.iterrows()},
    )
