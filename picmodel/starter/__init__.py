"""A new scenario to begin with: short, commented in two languages, and valid."""
