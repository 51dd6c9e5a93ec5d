"""Words that cannot name a master user or a database."""

KEYWORDS = frozenset(
    (
        *("all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "binary"),
        *("both", "case", "cast", "check", "collate", "collation", "column", "concurrently", "constraint", "create"),
        *("cross", "current_catalog", "current_date", "current_role", "current_schema", "current_time"),
        *("current_timestamp", "current_user", "default", "deferrable", "desc", "distinct", "do", "else", "end"),
        *("except", "false", "fetch", "for", "foreign", "freeze", "from", "full", "grant", "group", "having"),
        *("ilike", "in", "initially", "inner", "intersect", "into", "is", "isnull", "join", "lateral", "leading"),
        *("left", "like", "limit", "localtime", "localtimestamp", "natural", "not", "notnull", "null", "offset"),
        *("on", "only", "or", "order", "outer", "overlaps", "placing", "primary", "references", "returning", "right"),
        *("select", "session_user", "similar", "some", "symmetric", "system_user", "table", "tablesample", "then"),
        *("to", "trailing", "true", "union", "unique", "user", "using", "variadic", "verbose", "when", "where"),
        *("window", "with"),
    )
)
"""Reserved by PostgreSQL. https://www.postgresql.org/docs/15/sql-keywords-appendix.html"""

ROLES = frozenset(
    (
        *("admin", "public", "none", "rdsadmin", "rds_ad", "rds_extension", "rds_iam", "rds_password"),
        *("rds_replication", "rds_reserved", "rds_superuser", "rdsrepladmin", "rdstopmgr", "rdswriteforwarduser"),
    )
)
"""Reserved by RDS for its own roles, and by PostgreSQL for what is no role.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.html"""

DATABASES = frozenset({"rdsadmin", "template0", "template1"})
"""There in every instance."""
