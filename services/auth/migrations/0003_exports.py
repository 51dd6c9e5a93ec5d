"""How the rows of one person are found in tables that only grow."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table, column in (("audit", "actor"), ("audit", "subject"), ("sessions", "account_id")):
        op.execute(f"create index on {table} ({column})")
