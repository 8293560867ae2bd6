"""Fetches objects one after the other, over one connection, and drops them: what an S3 server gives at the least.

Usage: fetch_all.py PORT KEYS, where KEYS is a file with a path a line. Prints {"bytes": …}.
"""

import http.client
import json
import sys
import urllib.parse


def main():
    port, keys = int(sys.argv[1]), sys.argv[2]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    buffer, total = bytearray(1 << 20), 0
    with open(keys, encoding="utf-8") as paths:
        for path in paths.read().splitlines():
            connection.request("GET", urllib.parse.quote(path))
            answer = connection.getresponse()
            if answer.status != 200:
                sys.exit(f"{answer.status} for {path}")
            while count := answer.readinto(buffer):
                total += count
    print(json.dumps({"bytes": total}))


main()
