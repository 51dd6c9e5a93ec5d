"""What accounts have paid for, as the topic `entitlement-events` says."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("""
    create table entitlements (
        account_id text primary key references accounts on delete cascade,
        version bigint not null,
        held jsonb not null -- entitlement -> its end, Unix ms
    )""")
