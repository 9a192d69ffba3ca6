"""Studies of many runs: what each mechanism contributes, and what the answers hang on."""
