"""The carbon market: options, rules and settlement."""
