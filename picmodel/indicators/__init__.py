"""Indicators: pure functions of labelled results, each a tidy table."""
