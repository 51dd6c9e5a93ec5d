"""How the entries of one payer are found in the books, which only grow."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("create index on ledger_transactions (payer)")
