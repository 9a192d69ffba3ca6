"""The tidy form of every indicator; it stands below the mechanisms, which write indicators too."""

from picmodel.extract.table import ALL, COLUMNS, NATION, tidy, with_nation

__all__ = ["ALL", "COLUMNS", "NATION", "tidy", "with_nation"]
