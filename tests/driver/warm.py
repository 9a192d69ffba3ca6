"""What a process of `processes.start` has before it begins: the program, and the shipped tables, checked."""

import picmodel.driver.evaluation  # noqa: F401
from picmodel.data.load import tables_of
from picmodel.scenario.load import load

tables_of(next(iter(load({}))))
