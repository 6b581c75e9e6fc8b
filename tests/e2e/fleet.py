"""Several collectors of one database behind Debian's HAProxy, configured by deploy/haproxy/haproxy.cfg with our addresses in it."""

import csv
import io
import re
import socket
import subprocess
import tempfile
from pathlib import Path

from house import ROOT, Collector, kill, wait_for

HAPROXY = "/usr/sbin/haproxy"
DOOR = {"proxy_listen": "127.0.0.1:0", "proxy_from": "127.0.0.1"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fix_ports(collector):
    """The same ports again after every start: a balancer remembers them."""
    text = collector.config.read_text()
    door = collector.wait_event("listening_for_balancers")
    for key, port in (("listen", collector.address[1]), ("proxy_listen", door["port"])):
        text = re.sub(rf'^{key} = ".*"$', f'{key} = "127.0.0.1:{port}"', text, flags=re.M)
    collector.config.write_text(text)
    collector.door = ("127.0.0.1", int(door["port"]))


def kill_whole(collector):
    """kill -9 of the parent and of every worker: a machine that lost its power."""
    for pid in [collector.process.pid, *collector.worker_pids()]:
        kill(pid)
    collector.process.wait(30)


class Fleet:
    """Collectors c1 and c2 and the balancer. `address` is what schools connect to."""

    def __init__(self, world):
        self.world = world
        second = Collector(world.where, world.database, world.authority, **DOOR)
        self.collectors = {"c1": world.collector, "c2": second}
        for one in self.collectors.values():
            fix_ports(one)
        self.dir = Path(tempfile.mkdtemp(prefix="h-", dir=world.where))
        self.admin = self.dir / "admin.sock"
        self.address = ("127.0.0.1", free_port())
        self._start()
        self.wait_states(c1="UP", c2="UP")

    def _start(self):
        text = (ROOT / "deploy" / "haproxy" / "haproxy.cfg").read_text()
        text = text.replace("bind *:7443", "bind %s:%d" % self.address).replace("/run/haproxy/admin.sock", str(self.admin))
        text = re.sub(r"^    (log|maxconn) .*\n", "", text, flags=re.M)
        for name, collector in self.collectors.items():
            text = re.sub(rf"server {name} \S+", "server %s %s:%d" % (name, *collector.door), text)
        config = self.dir / "haproxy.cfg"
        config.write_text(text)
        self.log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen([HAPROXY, "-db", "-f", str(config)], stdout=self.log, stderr=self.log)

    def states(self):
        """What the balancer thinks of each collector: UP, DOWN …"""
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(self.admin))
            link.sendall(b"show stat\n")
            text = b"".join(iter(lambda: link.recv(65536), b"")).decode()
        rows = csv.DictReader(io.StringIO(text.lstrip("# ")))
        return {row["svname"]: row["status"].split()[0] for row in rows
                if row["pxname"] == "collectors" and row["svname"] in self.collectors}

    def wait_states(self, **want):
        def so():
            assert self.process.poll() is None, (self.dir / "log").read_text()
            return want.items() <= self.states().items()

        wait_for(f"the balancer to see {want}", so)

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
        self.collectors["c2"].stop()
