"""Items of the catalogue and uploads of their recordings."""

from alembic import op

from services.kit import idempotency, outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("""
    create table items (
        id bigint generated always as identity primary key,
        version bigint not null default 1,
        state text not null default 'draft' check (state in ('draft', 'published', 'withdrawn')),
        kind text not null,
        locale text not null,
        work text not null,
        title text not null,
        description text not null,
        seconds integer not null check (seconds > 0),
        tags text[] not null,
        teacher text not null,
        entitlement text not null,
        media jsonb,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        check (state <> 'published' or media is not null)
    );
    create index on items (locale, kind, id) where state = 'published';
    create index on items using gin (tags) where state = 'published';
    create table uploads (
        id uuid primary key,
        item bigint not null references items,
        media jsonb not null,
        parts jsonb not null,
        multipart text not null,
        created_at timestamptz not null default now()
    );
    """)
    op.execute(idempotency.TABLE)
    op.execute(outbox.TABLE)
