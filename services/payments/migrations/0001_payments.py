"""Payers, what providers said of their subscriptions and invoices, and the books.

`payers` is the one table that says which person it is: without `user_id` nobody knows any more whose the rest was.
The books are append only: whoever may alter the table can undo that, the service's own statements cannot by accident.
"""

from alembic import op

from services.kit import idempotency, outbox

revision = "0001"
down_revision = None

PAYERS = """
create table payers (
    id uuid primary key default gen_random_uuid(),
    user_id text unique,
    stripe_customer text unique,
    version bigint not null default 0,
    entitled jsonb not null default '{}', -- as the last event of the outbox says
    created_at timestamptz not null default now()
);
create table deletions (
    person bytea primary key,
    until timestamptz not null
);
create table provider_events (
    provider text not null,
    id text not null,
    received_at timestamptz not null default now(),
    primary key (provider, id)
);
create table subscription_events (
    provider text not null,
    id text not null,
    payer uuid not null references payers,
    subscription text not null,
    at timestamptz not null,
    change text not null,
    plan text not null,
    period_end timestamptz not null,
    trial boolean not null,
    primary key (provider, id)
);
create index on subscription_events (payer);
create table invoices (
    id text primary key,
    payer uuid not null references payers,
    number text not null,
    amount bigint not null,
    currency text not null,
    status text not null,
    url text not null,
    created_at timestamptz not null,
    told_at timestamptz not null,
    rank smallint not null
);
create index on invoices (payer, created_at, id);
"""

LEDGER = """
create table ledger_accounts (
    name text primary key
);
insert into ledger_accounts values
    ('provider:stripe'), ('provider:apple'), ('revenue'), ('fees'), ('refunds'), ('credits');
create table ledger_transactions (
    id bigint generated always as identity primary key,
    source text not null unique,
    kind text not null,
    payer uuid references payers,
    at timestamptz not null,
    entered_by xid8 not null default pg_current_xact_id()
);
create table ledger_postings (
    transaction_id bigint not null references ledger_transactions,
    line smallint not null,
    account text not null references ledger_accounts,
    currency text not null check (currency ~ '^[a-z]{3}$'),
    amount bigint not null check (amount <> 0),
    primary key (transaction_id, line)
);

create function ledger_balances() returns trigger language plpgsql as $$
declare
    entry bigint;
    wrong record;
begin
    entry := case tg_table_name when 'ledger_transactions' then (to_jsonb(new) ->> 'id')::bigint
             else (to_jsonb(new) ->> 'transaction_id')::bigint end;
    if not exists (select from ledger_postings where transaction_id = entry) then
        raise exception 'transaction % of the ledger has no postings', entry using errcode = 'check_violation';
    end if;
    select currency, sum(amount) as total into wrong from ledger_postings
    where transaction_id = entry group by currency having sum(amount) <> 0 limit 1;
    if found then
        raise exception 'transaction % of the ledger is % % out of balance', entry, wrong.total, wrong.currency
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger ledger_balances after insert on ledger_transactions
    deferrable initially deferred for each row execute function ledger_balances();
create constraint trigger ledger_balances after insert on ledger_postings
    deferrable initially deferred for each row execute function ledger_balances();

create function ledger_is_closed() returns trigger language plpgsql as $$
begin
    if (select entered_by from ledger_transactions where id = new.transaction_id) <> pg_current_xact_id() then
        raise exception 'transaction % of the ledger is closed: enter another one', new.transaction_id;
    end if;
    return new;
end $$;
create trigger ledger_is_closed before insert on ledger_postings
    for each row execute function ledger_is_closed();

create function ledger_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is neither changed nor deleted: enter a transaction that reverses it';
end $$;
create trigger ledger_stays before update or delete or truncate on ledger_transactions
    execute function ledger_stays();
create trigger ledger_stays before update or delete or truncate on ledger_postings execute function ledger_stays();
"""


def upgrade() -> None:
    op.execute(PAYERS)
    op.execute(LEDGER)
    op.execute(idempotency.TABLE)
    op.execute(outbox.TABLE)
