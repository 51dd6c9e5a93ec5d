"""People, their documents, check-ins, rewards and consents.

Whatever belongs to a person refers to their row of `people` and goes with it. Three tables outlive it on purpose:
`outbox` has the event that tells other services of the end, `stale` tells Redis, and `deletions` has a digest of whose
account it was.
"""

from alembic import op

from services.kit import idempotency, outbox

revision = "0001"
down_revision = None

PERSON = "user_id text not null references people on delete cascade"


def upgrade() -> None:
    op.execute(f"""
    create sequence versions;
    create table people (
        user_id text primary key,
        version bigint not null default nextval('versions'),
        created_at timestamptz not null default now()
    );
    create table stale (
        user_id text primary key,
        version bigint not null
    );
    create table documents (
        {PERSON},
        kind text not null,
        version bigint not null,
        content jsonb not null,
        updated_at timestamptz not null default now(),
        primary key (user_id, kind)
    );
    create table check_ins (
        {PERSON},
        day date not null,
        at timestamptz not null,
        zone text not null,
        mood smallint,
        note text,
        primary key (user_id, day)
    );
    create table streaks (
        {PERSON},
        length integer not null,
        longest integer not null,
        last_day date not null,
        freezes smallint not null,
        primary key (user_id)
    );
    create table progress (
        {PERSON},
        points bigint not null,
        counted jsonb not null,
        primary key (user_id)
    );
    create table rewards (
        {PERSON},
        event_id uuid not null,
        id bigint not null generated always as identity,
        kind text not null,
        points integer not null,
        at timestamptz not null,
        primary key (user_id, event_id)
    );
    create index on rewards (user_id, id);
    create index on rewards (user_id, kind, at);
    create table badges (
        {PERSON},
        badge text not null,
        earned_at timestamptz not null,
        primary key (user_id, badge)
    );
    create table consents (
        {PERSON},
        id bigint not null generated always as identity,
        purpose text not null,
        granted boolean not null,
        policy text not null,
        at timestamptz not null default now(),
        primary key (user_id, id)
    );
    create table deletions (
        person bytea primary key,
        at timestamptz not null
    );
    """)
    op.execute(idempotency.TABLE)
    op.execute("alter table idempotency_keys add foreign key (user_id) references people on delete cascade")
    op.execute(outbox.TABLE)
