"""Energy saving: options, rules and settlement."""
