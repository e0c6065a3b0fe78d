#!/bin/bash
# Make the two databases, each with a role that owns it. PostgreSQL's image runs this once, when its
# volume is empty.
#
# Two databases because MLflow and Optuna both keep their schema's version in a table named
# alembic_version. No service is a superuser, who could run programs in this container; once this is
# done the superuser has no password and comes in by the container's own socket alone:
#   docker compose exec postgres psql --username postgres
set -eu

psql --no-psqlrc --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE fairtrial LOGIN PASSWORD :'password';
CREATE ROLE mlflow LOGIN PASSWORD :'password';
-- optuna-dashboard looks at studies; their one writer is the sweep that runs.
CREATE ROLE viewer LOGIN PASSWORD :'password' IN ROLE pg_read_all_data;
CREATE DATABASE fairtrial OWNER fairtrial;
CREATE DATABASE mlflow OWNER mlflow;
REVOKE CONNECT ON DATABASE fairtrial, mlflow FROM PUBLIC;
GRANT CONNECT ON DATABASE fairtrial TO viewer;
SELECT format('ALTER ROLE %I PASSWORD NULL', current_user) \gexec
SQL
