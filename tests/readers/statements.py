"""Executes statements in an engine, asks a question, and prints the answer's first row, cells divided by spaces.

Usage: statements.py duckdb|clickhouse SQL QUESTION
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


engine, sql, question = sys.argv[1:]
row = {"duckdb": with_duckdb, "clickhouse": with_clickhouse}[engine](sql, question)
print(*row)
