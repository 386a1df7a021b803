-- What strangers answer is kept as they wrote it. JSON that jsonb does not take, or would write out at a multiple of its
-- length, must not refuse the row that it belongs to.

set local role landfall_owner;

-- 1e131071 takes six bytes in jsonb and 131,072 where it is read: a few thousand of them, and no backup gets past the row. So
-- exponents of three digits or more stay text; where such a text stands in a string of the answer, no harm is done.
create function json_from_outside(told text) returns jsonb
  language plpgsql immutable strict set search_path = pg_catalog, public, pg_temp as $$
begin
  if told ~ '(?:^|[:,[])\s*-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{3}' then
    return to_jsonb(told);
  end if;
  return told::jsonb;
exception
  when data_exception or program_limit_exceeded then
    return to_jsonb(told);
end $$;

comment on function json_from_outside(text) is
  'JSON of a stranger''s as jsonb; where that is not to be had, the text itself as a JSON string.';

revoke execute on function json_from_outside(text) from public;
grant execute on function json_from_outside(text) to landfall_executor;

reset role;
