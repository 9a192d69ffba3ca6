"""Ancillary services: options, rules and settlement; the physics is in `formulation.commitment`."""
