from picmodel.data.columns import Table

POLICY_TABLES: tuple[Table, ...] = ()
