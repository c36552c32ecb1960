-- Reads pg_stat_statements: the whole texts of statements of this database, by query id, that are to be explained.
select /* casebook capture */ s.queryid, s.query
from @statements_schema@.pg_stat_statements s
where s.dbid = (select oid from pg_database where datname = current_database())
  and s.queryid in (@query_ids@)
