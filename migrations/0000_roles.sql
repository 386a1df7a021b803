-- The roles of the services. Roles belong to the whole cluster, so each is created only where it is missing; passwords
-- and authentication are the operator's. The login that runs the migrations is a superuser, a member of landfall_owner
-- that may create roles, or landfall_owner itself on a cluster where the roles stand already. Every later migration
-- works as landfall_owner, which owns all tables, functions and views. All trigger functions run as landfall_owner, so
-- that a service needs no right beyond the columns it writes. Every refusal has a SQLSTATE (README.md).

do $$
declare
  role_name text;
begin
  foreach role_name in array array['landfall_owner', 'landfall_trigger', 'landfall_executor', 'landfall_api',
                                   'landfall_agents', 'landfall_verifier', 'landfall_operator'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
      begin
        execute format('create role %I login nosuperuser nocreatedb nocreaterole noreplication nobypassrls', role_name);
      exception
        -- another database of this cluster is being migrated at the same time
        when duplicate_object or unique_violation then null;
      end;
    end if;
  end loop;
  if not pg_catalog.pg_has_role(current_user, 'landfall_owner', 'member') then
    execute format('grant landfall_owner to %I', current_user);
  end if;
  if not pg_catalog.has_schema_privilege('landfall_owner', 'public', 'create') then
    grant usage, create on schema public to landfall_owner;
    grant usage on schema public
      to landfall_trigger, landfall_executor, landfall_api, landfall_agents, landfall_verifier, landfall_operator;
  end if;
end
$$;

set local role landfall_owner;

-- 'api', 'trigger', 'executor', 'operator', 'verifier', 'agents', or null for anybody else. The role is the one that
-- logged in: session_user does not change inside a security definer function, nor under SET ROLE.
create function session_role() returns text
language sql stable parallel safe
set search_path = pg_catalog, public, pg_temp
as $$
  select case session_user
    when 'landfall_api' then 'api'
    when 'landfall_trigger' then 'trigger'
    when 'landfall_executor' then 'executor'
    when 'landfall_operator' then 'operator'
    when 'landfall_verifier' then 'verifier'
    when 'landfall_agents' then 'agents'
  end
$$;

-- The time that every rule compares with. Not now(), which stands still in a long transaction: a lease does not. Only a
-- test database has another one, which its owner creates instead.
create function rule_time() returns timestamptz
language sql volatile parallel safe
set search_path = pg_catalog, public, pg_temp
as $$ select clock_timestamp() $$;

-- For tables whose rows nobody changes or removes.
create function refuse_change() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
as $$
begin
  raise exception using errcode = 'LF004', table = tg_table_name,
    message = format('%s on %s is refused: its rows stay as they were written', tg_op, tg_table_name);
end
$$;

reset role;
