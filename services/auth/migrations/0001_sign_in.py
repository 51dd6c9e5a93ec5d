"""Accounts, sign-ins, sessions, roles, audit log."""

from alembic import op

revision = "0001"
down_revision = None

STATEMENTS = """
create table accounts (
    id text primary key,
    address text unique, -- verified by a provider, in the form of accounts/linking.py
    created_at timestamptz not null default now()
);
create table identities (
    issuer text not null,
    subject text not null,
    account_id text not null references accounts on delete cascade,
    linked_at timestamptz not null default now(),
    primary key (issuer, subject)
);
create index on identities (account_id);
create table sign_ins (
    state bytea primary key,
    provider text not null,
    nonce text not null,
    verifier text not null,
    redirect_uri text not null,
    client_state text not null,
    challenge text not null,
    device text not null,
    expires_at timestamptz not null
);
create index on sign_ins (expires_at);
create table codes (
    code bytea primary key,
    account_id text not null references accounts on delete cascade,
    redirect_uri text not null,
    challenge text not null,
    device text not null,
    expires_at timestamptz not null
);
create index on codes (expires_at);
create table sessions (
    id text primary key,
    account_id text not null references accounts on delete cascade,
    device text not null,
    created_at timestamptz not null,
    used_at timestamptz not null,
    ended_at timestamptz,
    end_reason text
);
create index on sessions (account_id) where ended_at is null;
create table refresh_tokens (
    hash bytea primary key,
    session_id text not null references sessions on delete cascade,
    before bytea, -- hash of the token that it is the successor of
    expires_at timestamptz not null,
    used_at timestamptz,
    replaced boolean not null default false
);
create index on refresh_tokens (session_id);
create index on refresh_tokens (before);
create table roles (
    name text primary key,
    permissions text[] not null
);
insert into roles (name, permissions) values ('admin', '{*}');
create table subject_roles (
    subject text not null,
    role text not null references roles on delete cascade,
    primary key (subject, role)
);
create table audit (
    number bigint primary key,
    at bigint not null, -- microseconds since 1970: the hash is over this very number
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null,
    hash bytea not null
);
create function audit_stays() returns trigger language plpgsql as $$
begin
    raise exception 'entries of the audit log are neither changed nor deleted';
end $$;
create trigger audit_stays before update or delete or truncate on audit execute function audit_stays();
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
