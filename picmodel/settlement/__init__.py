"""Settlement: the double-entry ledger of every payment, and what it says of each party."""
