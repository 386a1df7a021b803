-- The roles of the services. Roles belong to the whole cluster, so each is created only where it is missing; passwords and
-- authentication are the operator's. The login that runs the migrations is a superuser, a member of landfall_owner that may
-- create roles, or landfall_owner itself on a cluster where the roles stand already.
-- Every later migration works as landfall_owner, which owns all tables, functions and views.

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
