"""Limits on physical emissions: options, rules and settlement."""
