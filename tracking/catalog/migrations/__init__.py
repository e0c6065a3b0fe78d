"""How the catalog's tables came to be: one file a version, carried out by Alembic."""
