"""Where a number of a finished run comes from: an energy price, the return of a project."""
