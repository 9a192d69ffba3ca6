"""The demand side: options, rules, settlement, and what users do under a time-of-use tariff."""
