"""The values of PostgreSQL's enumerated parameters; its description of its settings does not have them.

https://www.postgresql.org/docs/15/view-pg-settings.html, column enumvals
"""

_SERVER_LEVELS = (
    *("debug5", "debug4", "debug3", "debug2", "debug1"),
    *("info", "notice", "warning", "error", "log", "fatal", "panic"),
)

ENUMS: dict[str, tuple[str, ...]] = {
    "archive_mode": ("always", "on", "off"),
    "backslash_quote": ("safe_encoding", "on", "off"),
    "bytea_output": ("escape", "hex"),
    "client_min_messages": ("debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"),
    "compute_query_id": ("auto", "regress", "on", "off"),
    "constraint_exclusion": ("partition", "on", "off"),
    "default_toast_compression": ("pglz", "lz4"),
    "dynamic_shared_memory_type": ("posix", "sysv", "mmap"),
    "force_parallel_mode": ("off", "on", "regress"),
    "huge_pages": ("off", "on", "try"),
    "intervalstyle": ("postgres", "postgres_verbose", "sql_standard", "iso_8601"),
    "log_error_verbosity": ("terse", "default", "verbose"),
    "log_min_error_statement": _SERVER_LEVELS,
    "log_min_messages": _SERVER_LEVELS,
    "log_statement": ("none", "ddl", "mod", "all"),
    "password_encryption": ("md5", "scram-sha-256"),
    "plan_cache_mode": ("auto", "force_generic_plan", "force_custom_plan"),
    "recovery_init_sync_method": ("fsync", "syncfs"),
    "recovery_prefetch": ("off", "on", "try"),
    "session_replication_role": ("origin", "replica", "local"),
    "shared_memory_type": ("sysv", "mmap"),
    "ssl_min_protocol_version": ("tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"),
    "stats_fetch_consistency": ("none", "cache", "snapshot"),
    "synchronous_commit": ("local", "remote_write", "remote_apply", "on", "off"),
    "syslog_facility": ("local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"),
    "trace_recovery_messages": ("debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"),
    "track_functions": ("none", "pl", "all"),
    "wal_compression": ("pglz", "lz4", "zstd", "on", "off"),
    "wal_level": ("minimal", "replica", "logical"),
    "wal_sync_method": ("fsync", "fdatasync", "open_sync", "open_datasync"),
    "xmlbinary": ("base64", "hex"),
    "xmloption": ("content", "document"),
    "default_transaction_isolation": ("serializable", "repeatable read", "read committed", "read uncommitted"),
    "ssl_max_protocol_version": ("", "tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3"),
}
