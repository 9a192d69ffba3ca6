"""``picmodel view``: the report over a folder of results, served locally and made on demand.

``library`` knows what runs there are, ``pages`` makes pages and keeps them, ``app`` answers requests,
``serve`` opens the port.
"""
