"""Settings of all tests."""

import os

from hypothesis import HealthCheck, settings

# workers of pytest-xdist say 80; tables are read as wide as a pipe gets them
os.environ.pop("COLUMNS", None)

# a busy machine is no fault of a strategy
settings.register_profile("picmodel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("picmodel")
