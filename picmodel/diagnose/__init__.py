"""Why a scenario has no plan, or earns without bound, in the modeller's words."""
