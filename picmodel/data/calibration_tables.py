"""The tables of `picmodel.data.tables` that hourly inputs are made from; no model run reads them."""

from __future__ import annotations

from picmodel.data.columns import HOURS, MONTH, Table, amount, province, share, text, year

CALIBRATION_TABLES: tuple[Table, ...] = (
    Table(
        "load_shape",
        ("province", "month", "day_type"),
        (province(), MONTH, text("day_type", "kind of day", choices=("weekday", "weekend")), *HOURS),
        "Typical load curves over the annual mean.",
        folder="calibration",
        in_runs=False,
    ),
    Table(
        "load_statistics",
        ("province",),
        (
            province(),
            share("spring_festival_share", "lowest festival day over annual mean", high=1.5),
            share("residual_std_share", "spread around the typical curve over the mean"),
            share("residual_autocorrelation_1h", "lag of one hour"),
            share("residual_autocorrelation_24h", "lag of one day"),
        ),
        "Variability of load around its typical curves.",
        folder="calibration",
        in_runs=False,
    ),
    Table(
        "monthly_consumption",
        ("province", "year", "month"),
        (
            province(),
            year("year"),
            MONTH,
            amount("consumption_twh", "TWh", 200.0, "whole-society consumption"),
        ),
        "Monthly consumption to which the hourly load is scaled.",
        folder="calibration",
        in_runs=False,
    ),
    Table(
        "resource_shape",
        ("province", "series", "month"),
        (
            province(),
            text("series", "hourly series", choices=("wind_onshore", "wind_offshore", "solar")),
            MONTH,
            *HOURS,
        ),
        "Mean capacity factor by month and hour.",
        folder="calibration",
        in_runs=False,
    ),
    Table(
        "resource_statistics",
        ("province", "series"),
        (
            province(),
            text("series", "hourly series", choices=("wind_onshore", "wind_offshore", "solar")),
            share("autocorrelation_1h", "lag of one hour (sun: of one day)"),
            share("autocorrelation_6h", "lag of six hours (sun: 0)"),
            share("std_over_mean_share", "hourly spread over mean (sun: of daily energy)", high=3.0),
        ),
        "Variability of wind and sun.",
        folder="calibration",
        in_runs=False,
    ),
    Table(
        "hydro_months",
        ("province", "month"),
        (
            province(),
            MONTH,
            share("energy_share_mean", "share of annual output, mean of years"),
            share("energy_share_2023", "share of annual output in 2023"),
        ),
        "Seasonal pattern of hydro output after regulation.",
        folder="calibration",
        in_runs=False,
    ),
)
