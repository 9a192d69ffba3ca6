"""Green certificates and the renewable obligation: options, rules, settlement, the neutral link."""
