"""What every indicator is, in Chinese: the meaning of its definition, for reports.

Names of indicators in Chinese stand in their definitions.  A test demands a meaning for each.
"""

from __future__ import annotations

from picmodel.indicators.definitions import DEFINITION

_OF_REFERENCE = "按参考情景的项目组合加权平均"
_PROJECT = f"{_OF_REFERENCE}；无收益率的项目不计入。"
_BESIDE = "无人为此付款，不在账本之内，仅并列给出。"
_FLOWS = "省间送受电（计入受端）："

_MEANINGS: dict[str, str] = {
    "renewable_share": "可再生能源占总发电量（毛）的比例，含水电；储能放电不计入分子与分母。"
    "区域电网为该次运行所含省份之和。",
    "nonhydro_share": "同上，分子不含水电。",
    "renewable_share_of_consumption": "按潮流追踪的可再生能源用电占比；储能按充电时的构成放电，"
    "线损按所输电量的构成扣除，"
    "故全国消纳量等于发电量减线损。",
    "nonhydro_share_of_consumption": "同上，不含水电。",
    "renewable_share_by_certificates": "已注销绿证占用电量的比例，仅在绿证市场运行时给出；"
    "责任权重不起作用时无人需要的绿证计为失效。",
    "nonhydro_share_by_certificates": "同上，不含水电。",
    "system_cost": "当年供电消耗的资源，不含沉没资本。成本计在发生地，线路两端各半；不含转移支付。",
    "peak_year": "排放最高平台的首个规划年；若最后一个规划年也在平台上，则期内未达峰，无数值。",
    "peak_level": "规划年中的最高排放，未达峰时也给出。",
    "peak_cost_until": "达峰成本统计截止的日历年，对所有比较的情景相同。参考情景未达峰时取一个规划年，"
    "宜明确给定。",
    "peak_cost": "自首个规划年至 Y*（peak_cost_until）的资源成本折现值。"
    "一个规划年代表至下一规划年之前的各年；Y* 之后的年金不计入。",
    "peak_cost_difference": "按成本构成与省份分解：达峰成本的变化来自何处。",
    "peak_cost_change": "达峰成本的变化率，不含沉没资本。",
    "peak_cost_change_with_sunk_capital": "两者均加上同一常数：百分比变小，金额不变。",
    "sunk_capital": "估计值：基准年已有机组在统计期内的年金，与规划是否退役无关。"
    "早于成本表首年的机组按首年估值，"
    "低于当时的风光成本；已有线路不在其中。",
    "peak_transfer": "影响规划决策的转移支付与违约罚金，按同一窗口折现；不消耗资源，不计入达峰成本。",
    "peak_cost_increment": "政策带来的增量：达峰成本减去情景文件中 baseline 所指设计的达峰成本。",
    "peak_cost_increment_change": "仅当参考情景的增量不低于其达峰成本的 0.1 % 时给出："
    "更小则百分比无意义，为负则符号相反。",
    "peak_cost_own_window": "采用自身的统计窗口；达峰越早计入年份越少，因而显得便宜。",
    "peak_cost_own_window_change": "上一指标的变化率。",
    "full_horizon_cost": "整个规划期的资源成本折现值：显示统计窗口之后的成本。",
    "full_horizon_cost_change": "上一指标的变化率。",
    "project_irr": f"项目税前收益率。{_PROJECT}给出省份与技术时为该项目本身。",
    "project_irr_upper": f"采用调度电价时的电价区间上限；project_irr 为其下限。{_PROJECT}",
    "project_irr_post_tax": f"项目税后收益率。{_PROJECT}",
    "project_irr_equity": f"资本金收益率。{_PROJECT}",
    "project_npv": f"{_OF_REFERENCE}。",
    "project_lcoe": f"{_OF_REFERENCE}。",
    "project_levelised_income": f"{_OF_REFERENCE}。",
    "project_capture_price": f"{_OF_REFERENCE}。",
    "project_value_factor": f"{_OF_REFERENCE}。",
    "project_curtailment": f"{_OF_REFERENCE}。",
    "project_irr_missing": "项目组合中没有税前收益率的部分。",
    "generation": "与统计口径一致的发电量，含厂用电；储能放电不计入。",
    "net_generation": "送达主网的电量；储能放电不计入。",
    "capacity": "在役装机（毛）。",
    "emissions": "全部发电在燃烧地的二氧化碳排放，不作任何抵扣。",
    "consumption": "主网口径用电量，不含厂用电与线损，与公布的全社会用电量不同。",
    "unserved_energy": "未能满足的用电需求。",
    "net_export": "一省送出电量减受入电量。",
    "curtailment_rate": "可发而未发的电量。模型不含预测误差与省内网架，故低于公布值。",
    "emissions_production": "本省电厂的排放。",
    "emissions_consumption": "追踪至用电省份的排放；线损由受端承担，故全国合计等于生产侧排放。",
    "emissions_shared": "生产侧与消费侧各半：为假设，非现行规定。",
    "grid_factor_generation": "每发一兆瓦时的二氧化碳。",
    "grid_factor_consumption": "每用一兆瓦时的二氧化碳。",
    "grid_factor_published": "公布的省级电网排放因子，供对照。",
    "beneficiary_payment": "一省支付（> 0）或收到的金额；全国为转移总额。",
    "energy_price": "电量平衡约束的对偶价格，按负荷加权，不含增值税。",
    "price_p5": "全年各小时结算电价的第 5 百分位数。",
    "price_p50": "全年各小时结算电价的第 50 百分位数。",
    "price_p95": "全年各小时结算电价的第 95 百分位数。",
    "hours_at_cap": "一年中触及价格上限的小时数。",
    "hours_at_floor": "一年中触及价格下限的小时数。",
    "missing_money": "电厂因限价损失的收入（> 0）。",
    "capture_price": "一类机组出力的平均结算电价。",
    "value_factor": "出力集中在低价时段时小于 1。",
    "consumer_energy_cost": "仅电力市场的电能量、合约与系统运行费。",
    "consumer_energy_price": "同上，折合每兆瓦时供电。",
    "levy": "用于平衡本省系统运行费账户。",
    "implicit_planned_hours": f"保障利用小时对所属电厂的价值；{_BESIDE}",
    "implicit_curtailment_limit": f"弃电限额对风光的价值；{_BESIDE}",
    "implicit_contract_delivery": f"物理合约对交割方的价值；{_BESIDE}",
    "implicit_age_only": f"不得提前退役的机组的价值；{_BESIDE}",
    "implicit_adequacy": f"无容量市场支付时可靠容量的价值；{_BESIDE}",
    "implicit_transfer": f"全部管制约束对电厂的价值；{_BESIDE}",
    "implicit_flat_contracts": f"省间平段合约的价值（计入送端）；{_BESIDE}",
    "grid_spread": f"{_FLOWS}价差乘以输送电量。",
    "grid_losses": f"{_FLOWS}线损的价值。",
    "grid_rent": f"{_FLOWS}电网所得。",
    "grid_wheeling": f"{_FLOWS}其中的外送输电费。",
    "grid_barrier": f"{_FLOWS}其中的省间壁垒。",
    "grid_congestion": f"{_FLOWS}其中因线路稀缺的部分。",
    "grid_contracts": f"{_FLOWS}其中由合约造成的部分。",
    "grid_other": f"{_FLOWS}限价与其他机制规则余下的部分。",
    "allowance_price": "配额价格，或情景直接给定的价格。",
    "ccer_price": "抵销量价格；抵销比例上限起作用时低于配额价格。",
    "covered_emissions": "需要清缴配额的排放。",
    "carbon_coverage": "电力二氧化碳中被市场覆盖的部分。",
    "allowance_deficit": "排放者需要购买的配额；为负时有富余。",
    "offsets_used": "用于清缴的抵销量。",
    "auction_revenue": "当年政府的配额拍卖收入。",
    "free_allocation_value": "当年无偿发放的配额的价值。",
    "carbon_cost_passed_through": "当年电价因碳而给予全部出力的金额：偏低的估计。",
    "allowance_bank": "留待以后年份使用的配额。",
    "allowances_at_ceiling": "按上限价向政府购入的配额。",
    "allowances_at_floor": "按下限价售予政府的配额。",
    "allowances_missing": "没有配额的排放：松弛量。",
    "emission_peak_price": "达峰约束中一吨的价值。",
    "held_emissions_price": "排放被约束为另一情景水平时一吨的价值。",
    "provincial_cap_price": "省级排放上限的价格。",
    "permit_price": "省份之间交易排放上限许可的价格。",
    "accounted_emissions": "省级上限所核算的排放，外购电按给定的送端因子。",
    "certificate_price": "绿证价格：取其最优用途的价值。",
    "certificate_sale_price": "仅部分出力可出售时生产者所得的价格。",
    "obligation_cost": "绿证使用户每兆瓦时增加的费用。",
    "certificates_issued": "每兆瓦时上网电量一张。",
    "certificates_retired": "用于本省消纳责任。",
    "certificates_surrendered": "用于碳市场履约。",
    "certificates_turned_into_ccer": "改为签发 CCER 的电量。",
    "certificates_bought_in": "一省的净购入量。",
    "certificates_lapsed": "无人使用。",
    "certificates_voluntary": "由自愿购买者购入。",
    "certificates_claimed_twice": "绿证与 CCER 同时被使用的电量：最小重叠量。",
    "in_sector_ccer": "行业内出力产生的 CCER。",
    "ccer_claimed_twice": "同一重叠量，以吨计。",
    "saving": "节约的电量。",
    "saving_price": "合并目标的价格。",
    "white_certificate_price": "白证的价格。",
    "use_right_price": "用能权的价格。",
    "saving_claimed_twice": "同时用于两个市场的节能量。",
    "shifted_energy": "日内转移的用电量。",
    "shift_bill_saving": "用户转移用电所节省的电费，按由此形成的电价计。",
    "curtailed_demand": "按用户所报价格放弃的用电量。",
    "peak_reduction": "最大负荷的下降；全国为各省同时的负荷。",
    "captured_co2": "捕集并封存的二氧化碳。",
    "capture_capacity": "带捕集机组的装机（毛）。",
    "converted_capacity": "改造为捕集的装机（毛）。",
    "co2_storage_price": "封存一吨的费用，含租金。",
    "co2_storage_rent": "注入上限的租金。",
    "cost_of_co2_avoided": "与不带捕集的电厂相比，每减排一吨的成本。",
    "reserve_price": "一兆瓦备用保持一小时的价格。",
    "reserve_cost": "备用需求方支付的费用。",
    "commitment": "可用容量中处于开机状态的部分。",
    "starts": "一吉瓦在一年中的启动次数。",
    "flexible_capacity": "为降低最小出力而改造的装机（毛）。",
    "peak_shaving_payment": "对低于阈值的出力的补偿。",
    "consumer_bill": "用户的全部支出，不含增值税与配电费。",
    "consumer_price": "用户每兆瓦时的全部费用。",
    "generator_income": "电厂自各机制的净收入，未扣除自身成本。",
    "grid_income": "电网的净收入。",
    "public_revenue": "政府自各机制的净收入，不含税收。",
}

#: endings of names, with what they make of another indicator; the longest first
_ENDINGS = {
    "_change_relative": "{name}相对参考情景数值的变化，%；仅当该数值为正。",
    "_change": "{name}相对参考情景的变化，百分点。",
    "_own_portfolio": "{name}，按该运行自身建设的项目加权：随所建项目变化。",
    "_low": "多一单位的价值；价格位于两端之间。",
    "_high": "少一单位的代价；若任何规划都不能再少，则缺失。",
}


def _meaning(name: str) -> str:
    if name in _MEANINGS:
        return _MEANINGS[name]
    ending = next(e for e in _ENDINGS if name.endswith(e))
    of = DEFINITION.get(name.removesuffix(ending))
    return _ENDINGS[ending].format(name=of.zh if of else "")


#: name of an indicator -> what it is
MEANINGS: dict[str, str] = {name: _meaning(name) for name in DEFINITION}
