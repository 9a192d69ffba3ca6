"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# a busy machine is no fault of a strategy
settings.register_profile("picmodel", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("picmodel")
