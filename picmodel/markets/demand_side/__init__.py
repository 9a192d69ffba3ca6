"""The demand side: rules, and what users do under a time-of-use tariff."""
