"""The parameters that RDS sets itself and customers cannot modify, and those that RDS adds to PostgreSQL's.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
"""

from __future__ import annotations

from local.cloud.svc.rds.parameters.model import Parameter

CATEGORIES = (
    "File Locations",
    "Developer Options",
    "Preset Options",
    "Reporting and Logging / Process Title",
    "Write-Ahead Log / Archive Recovery",
    "Write-Ahead Log / Archiving",
    "Write-Ahead Log / Recovery",
    "Resource Usage / Kernel Resources",
)
"""Categories of PostgreSQL's settings that are the platform's: files, recovery, archive."""
NAMES = frozenset(
    (
        *("allow_system_table_mods", "bonjour", "bonjour_name", "cluster_name", "data_sync_retry"),
        *("db_user_namespace", "dynamic_shared_memory_type", "event_source", "fsync", "full_page_writes"),
        *("hot_standby", "in_hot_standby", "krb_caseins_users", "krb_server_keyfile", "listen_addresses"),
        *("local_preload_libraries", "log_directory", "log_file_mode", "log_timezone", "log_truncate_on_rotation"),
        *("logging_collector", "min_dynamic_shared_memory", "port", "primary_conninfo", "primary_slot_name"),
        *("promote_trigger_file", "recovery_init_sync_method", "restart_after_crash", "shared_memory_type", "ssl"),
        *("ssl_ca_file", "ssl_cert_file", "ssl_crl_dir", "ssl_crl_file", "ssl_dh_params_file", "ssl_ecdh_curve"),
        *("ssl_key_file", "ssl_passphrase_command", "ssl_passphrase_command_supports_reload"),
        *("ssl_prefer_server_ciphers", "superuser_reserved_connections", "syslog_facility", "syslog_ident"),
        *("syslog_sequence_numbers", "syslog_split_messages", "unix_socket_directories", "unix_socket_group"),
        *("unix_socket_permissions", "update_process_title", "wal_level", "wal_log_hints", "wal_sync_method"),
    )
)
"""Where the server listens, what it proves itself with, how it writes to disk."""
PROVIDED = {
    "archive_mode": "on",
    "archive_timeout": "300",
    "password_encryption": "scram-sha-256",
    "ssl": "1",
    "ssl_min_protocol_version": "TLSv1.2",
    "wal_level": "logical",
}
"""Values that RDS, and this cloud, set in place of PostgreSQL's defaults."""
PRELOADED = ("auto_explain", "passwordcheck", "pg_prewarm", "pg_stat_statements")
"""Libraries that the installed PostgreSQL can preload."""
PRELOADED_ON_AWS = (
    *("orafce", "pg_bigm", "pg_cron", "pg_hint_plan", "pg_similarity", "pg_tle", "pg_transport", "pgaudit"),
    *("pglogical", "plprofiler", "plrust", "rds_casts"),
)
"""Libraries that RDS can preload besides."""

RANGES = {"max_connections": ("6", "8388607")}
"""Ranges of values that RDS takes where PostgreSQL has others. PostgreSQL refuses more than 262143 connections: an
instance with a group that has more does not start, and is incompatible-parameters.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections"""

_RESERVED = "Reserved connections of rds_superuser"
ADDED = tuple(
    Parameter(name, type, static, modifiable, description, default, least, most, choices, of_rds=True)
    for name, type, static, modifiable, default, least, most, choices, description in (
        ("rds.accepted_password_auth_method", "string", False, True, "md5+scram", "", "", ("md5+scram", "scram"),
         "Accepted methods of password authentication"),
        ("rds.adaptive_autovacuum", "boolean", False, True, "1", "", "", (), "RDS tunes autovacuum near wraparound"),
        ("rds.extensions", "string", False, False, None, "", "", (), "Extensions that RDS provides"),
        ("rds.force_admin_logging_level", "string", False, True, None, "", "",
         ("disabled", "debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log",
          "fatal", "panic"), "Messages of the administrator that are logged"),
        ("rds.force_autovacuum_logging_level", "string", False, True, "warning", "", "",
         ("disabled", "debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log",
          "fatal", "panic"), "Messages of autovacuum that are logged"),
        ("rds.force_ssl", "boolean", False, True, "1", "", "", (), "Refuses connections without TLS"),
        ("rds.log_retention_period", "integer", False, True, "4320", "1440", "10080", (),
         "Minutes after which log files are deleted"),
        ("rds.logical_replication", "boolean", True, True, "0", "", "", (), "Enables logical decoding"),
        ("rds.rds_superuser_reserved_connections", "integer", True, True, "2", "0", "8388607", (), _RESERVED),
        ("rds.restrict_password_commands", "boolean", True, True, "0", "", "", (),
         "Restricts password changes to members of rds_password"),
        ("rds.superuser_variables", "string", False, False, "session_replication_role", "", "", (),
         "Parameters that rds_superuser may set"),
    )
)  # fmt: skip
