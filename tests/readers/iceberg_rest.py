"""A REST catalog for tests: the routes that an append needs, over PyIceberg's SQL catalog, so that both ends of the protocol are of other hands.

Usage: iceberg_rest.py FOLDER TOKEN. Prints its port, serves until its standard input closes. Every second commit is refused as a conflict once,
so that clients show that they try again.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from pydantic import TypeAdapter
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException, NamespaceAlreadyExistsError, NoSuchNamespaceError, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.update import TableRequirement, TableUpdate

folder, token = sys.argv[1:]
catalog = SqlCatalog("rest", uri=f"sqlite:///{folder}/rest.db?check_same_thread=false", warehouse=f"file://{folder}/warehouse")
lock = threading.Lock()
commits = 0
updates_of, requirements_of = TypeAdapter(list[TableUpdate]), TypeAdapter(list[TableRequirement])
STATUS = {NoSuchTableError: 404, NoSuchNamespaceError: 404, NamespaceAlreadyExistsError: 409, TableAlreadyExistsError: 409, CommitFailedException: 409}


def loaded(table):
    return {"metadata-location": table.metadata_location, "metadata": json.loads(table.metadata.model_dump_json()), "config": {}}


def create_table(namespace, body):
    schema = Schema.model_validate(body["schema"])
    spec = body.get("partition-spec") or {"spec-id": 0, "fields": []}
    # A client may leave the ids to the server.
    fields = [{"field-id": 1000 + position, **field} for position, field in enumerate(spec["fields"])]
    spec = PartitionSpec.model_validate({**spec, "fields": fields})
    return loaded(catalog.create_table((*namespace, body["name"]), schema, partition_spec=spec, properties=body.get("properties") or {}))


def commit(identifier, body):
    global commits
    commits += 1
    if commits % 2 == 1:
        raise CommitFailedException("somebody else was faster")
    table = catalog.load_table(identifier)
    done = catalog.commit_table(table, tuple(requirements_of.validate_python(body["requirements"])), tuple(updates_of.validate_python(body["updates"])))
    return {"metadata-location": done.metadata_location, "metadata": json.loads(done.metadata.model_dump_json())}


def answer(method, parts, body):
    if parts == ["config"]:
        return {"defaults": {}, "overrides": {}}
    if parts == ["namespaces"] and method == "POST":
        catalog.create_namespace(tuple(body["namespace"]))
        return {"namespace": body["namespace"], "properties": {}}
    namespace = tuple(parts[1].split("\x1f"))
    if len(parts) == 2:
        return {"namespace": list(namespace), "properties": dict(catalog.load_namespace_properties(namespace))}
    if len(parts) == 3 and method == "POST":
        return create_table(namespace, body)
    identifier = (*namespace, parts[3])
    if method == "POST":
        return commit(identifier, body)
    if method == "DELETE":
        catalog.drop_table(identifier)
        return None
    return loaded(catalog.load_table(identifier))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        parts = [unquote(part) for part in self.path.split("?")[0].strip("/").split("/")][1:]
        try:
            with lock:
                is_known = self.headers.get("Authorization") == f"Bearer {token}"
                status, content = (200, answer(self.command, parts, body)) if is_known else (401, error("not authorized", 401))
        except tuple(STATUS) as problem:
            status = STATUS[type(problem)]
            content = error(str(problem), status, type(problem).__name__)
        except Exception as problem:
            status, content = 500, error(repr(problem), 500)
            print(repr(problem), file=sys.stderr)
        text = b"" if content is None or self.command == "HEAD" else json.dumps(content).encode()
        self.send_response(204 if status == 200 and not text else status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_DELETE = handle_any

    def log_message(self, *_):
        pass


def error(message, code, kind="Refused"):
    return {"error": {"message": message, "type": kind, "code": code}}


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
