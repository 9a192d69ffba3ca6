"""What differs between two finished runs: what was asked and given, and what was found."""
