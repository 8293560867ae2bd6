"""Executes statements in an engine, asks a question, and prints the answer's first row, cells divided by spaces.

Usage: statements.py duckdb|clickhouse SQL QUESTION
       statements.py trino SQL TABLE: there is no server to run, so a parser of Trino's dialect reads the statements and gives the table's columns
"""

import sys


def statements(sql):
    return [statement for statement in (part.strip() for part in sql.split(";\n")) if statement]


def with_duckdb(sql, question):
    import duckdb

    database = duckdb.connect()
    for statement in statements(sql):
        database.execute(statement)
    return database.execute(question).fetchone()


def with_clickhouse(sql, question):
    from chdb import session

    database = session.Session()
    for statement in statements(sql):
        database.query(statement)
    # ClickHouse has no type of its own for the truth.
    cells = database.query(question, "TabSeparated").data().strip().split("\t")
    return [cells[0], cells[1], cells[2] in ("1", "true")] if len(cells) == 3 else cells


def with_trino(sql, table):
    import sqlglot

    parsed = sqlglot.parse(sql, dialect="trino")
    tables = {one.this.this.name: one for one in parsed if isinstance(one, sqlglot.exp.Create)}
    others = [one.sql("trino") for one in parsed if not isinstance(one, sqlglot.exp.Create)]
    # The parser knows no procedures: it gives a CALL back as it stands.
    unknown = [one for one in others if ".sync_partition_metadata(" not in one]
    if unknown:
        sys.exit(f"no statements of Trino's: {unknown}")
    return [f"{column.name}:{column.kind.sql('trino')}" for column in tables[table].this.expressions]


engine, sql, question = sys.argv[1:]
row = {"duckdb": with_duckdb, "clickhouse": with_clickhouse, "trino": with_trino}[engine](sql, question)
print(*row)
