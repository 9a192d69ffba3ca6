"""The power market: options, rules, settlement and indicators."""
