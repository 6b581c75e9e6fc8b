"""The house under test: a private PostgreSQL, yuebaod on a free port, certificates, the commands. Real programs only.

Nothing here sleeps for a fixed time: `wait_for` asks until it is so, or fails with words.
"""

import atexit
import ctypes
import datetime
import ipaddress
import os
import re
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import psycopg2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("YUEBAO_BUILD", ROOT / "build" / "asan")).resolve()
RELEASE = Path(os.environ.get("YUEBAO_RELEASE", ROOT / "build" / "release")).resolve()


def wait_for(what, condition, timeout=30, pause=0.02):
    """The first true value of `condition`, asked again and again; an exception means not yet."""
    deadline = time.monotonic() + timeout
    while True:
        problem = None
        try:
            value = condition()
            if value:
                return value
        except (OSError, psycopg2.Error) as error:
            problem = error
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s for: {what}" + (f" ({problem})" if problem else ""))
        time.sleep(pause)


# ---- PostgreSQL ------------------------------------------------------------------------------------------------


class Cluster:
    """A PostgreSQL of our own in a short path that its user can enter."""

    def __init__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="yb-e2e-", dir="/var/tmp"))
        self.home = self.dir / "pg"
        os.chmod(self.dir, 0o755)
        self.socket = str(self.home / "socket")
        adopt_orphans()
        self.start()

    def _do(self, verb):
        subprocess.run([str(ROOT / "deploy" / "cluster"), verb, str(self.home)], check=True, stdout=subprocess.DEVNULL)

    def start(self):
        self._do("start")

    def stop(self):
        self._do("stop")

    def postmaster(self):
        return int((self.home / "data" / "postmaster.pid").read_text().split("\n")[0])

    def crash(self):
        """kill -9 of the postmaster and of every child: what a power cut leaves behind."""
        pid = self.postmaster()
        victims = [pid, *children(pid)]
        for victim in victims:
            kill(victim)
        wait_for("PostgreSQL to be gone", lambda: not any(reap(v) or Path(f"/proc/{v}").exists() for v in victims))

    def kill_backends(self, of="yuebao_collector"):
        """kill -9 of a backend: PostgreSQL ends every connection and recovers."""
        for (pid,) in self.rows("postgres", "SELECT pid FROM pg_stat_activity WHERE usename = %s LIMIT 1", of):
            kill(pid)

    def destroy(self):
        self._do("destroy")
        subprocess.run(["rm", "-rf", str(self.dir)], check=True)

    def conninfo(self, database, user="postgres", host=None):
        return f"host={host or self.socket} dbname={database} user={user}"

    def connect(self, database):
        """A link, or None while PostgreSQL recovers from what a test did to it."""
        try:
            return psycopg2.connect(self.conninfo(database))
        except psycopg2.OperationalError as error:
            if "recovery mode" in str(error) or "starting up" in str(error):
                return None
            raise

    def rows(self, database, sql, *values):
        """Rows of one statement, on a link of its own: PostgreSQL may have been killed since the last."""
        link = wait_for("PostgreSQL to have recovered", lambda: self.connect(database))
        try:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(sql, values or None)
                return cursor.fetchall() if cursor.description else []
        finally:
            link.close()

    def create(self, name, template=None):
        # not the default strategy: it copies sequences with numbers that they have logged ahead, and after a crash the
        # copy hands those out twice
        self.rows("postgres", f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}" STRATEGY file_copy' if template else ""))
        self.rows("postgres", f'ALTER DATABASE "{name}" SET jit = off')  # as sql/roles.sql has it: a copy does not take it along
        return Database(self, name)


class Database:
    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name

    def conninfo(self, user="postgres", host=None):
        return self.cluster.conninfo(self.name, user, host)

    def rows(self, sql, *values):
        return self.cluster.rows(self.name, sql, *values)

    def value(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def run(self, sql, *values):
        self.rows(sql, *values)

    def ctl(self, *args, ok=True, **kw):
        return run(BUILD / "server" / "ctl" / "yuebaoctl", *args, "--db", self.conninfo(), ok=ok,
                   env={"YUEBAO_SQL": str(ROOT / "sql")}, **kw)

    def auditor(self):
        """A reader that sees everything and changes nothing."""
        self.run("SELECT yuebao.grant_access('yuebao_reader', 'auditor', '{}', '{}', '{}', '-infinity', 'infinity')")
        return self.conninfo("yuebao_reader")

    def drop(self):
        self.cluster.rows("postgres", f'DROP DATABASE "{self.name}" WITH (FORCE)')


# ---- processes -------------------------------------------------------------------------------------------------

SANITIZER_LOGS = Path(tempfile.mkdtemp(prefix="yb-asan-", dir="/var/tmp"))
atexit.register(shutil.rmtree, SANITIZER_LOGS, ignore_errors=True)


def environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "YUEBAO_", "LC_", "LANG"))}
    env["LANG"] = "C.UTF-8"
    for name, default in (("ASAN_OPTIONS", "detect_leaks=0"), ("UBSAN_OPTIONS", "halt_on_error=1")):
        env[name] = f"{os.environ.get(name, default)}:log_path={SANITIZER_LOGS}/san"
    env.update(extra or {})
    return env


def run(program, *args, ok=True, env=None, timeout=120, stdin=None):
    """Run one command to its end. `ok`: True wants status 0, a number wants that one, None takes any."""
    done = subprocess.run([str(program), *map(str, args)], env=environment(env), timeout=timeout, input=stdin,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    done.stdout, done.stderr = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    want = 0 if ok is True else ok
    if want is not None and done.returncode != want:
        raise AssertionError(f"{shlex.join(map(str, done.args))}: status {done.returncode}, not {want}\n"
                             f"{done.stdout}{done.stderr}{sanitizer_reports()}")
    return done


def sanitizer_reports():
    return "".join(f"\n---- {p.name}\n{p.read_text(errors='replace')[:6000]}" for p in sorted(SANITIZER_LOGS.iterdir()))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill(pid, sig=signal.SIGKILL):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass


def adopt_orphans():
    """Orphans become children of this process, so that the dead can be buried: a zombie postmaster still looks like a
    running one to the next, and who knows whether process 1 of a container buries anybody."""
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def reap(pid):
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def children(pid):
    """Its children that live: one that ended and was not waited for yet is none."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        state, parent = text.rsplit(")", 1)[1].split()[:2]
        if int(parent) == pid and state != "Z":
            found.append(int(stat.parent.name))
    return sorted(found)


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


# ---- certificates ----------------------------------------------------------------------------------------------


class Authority:
    """A CA of our own, and a server's certificate for 127.0.0.1."""

    def __init__(self, where):
        self.ca, self.certificate, self.private_key = where / "ca.pem", where / "server.pem", where / "server.key"
        ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yuebao test CA")])
        ca = self._sign(ca_name, ca_key, ca_name, ca_key.public_key(),
                        x509.BasicConstraints(ca=True, path_length=0))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "collector")])
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"),
                                             x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        server = self._sign(ca_name, ca_key, name, key.public_key(), names)
        self.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
        self.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
        self.private_key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                       serialization.NoEncryption()))
        os.chmod(self.private_key, 0o600)

    @staticmethod
    def _sign(issuer, issuer_key, subject, public, extension):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
                .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                .not_valid_after(now + datetime.timedelta(days=30)).add_extension(extension, critical=False)
                .sign(issuer_key, hashes.SHA256()))


# ---- yuebaod ---------------------------------------------------------------------------------------------------


class Collector:
    """A running yuebaod. Its log is read as events: lists of dictionaries."""

    def __init__(self, where, database, authority, *, workers=2, build=BUILD, pg_host=None, **settings):
        self.dir = Path(tempfile.mkdtemp(prefix="d-", dir=where))
        self.database, self.authority, self.build = database, authority, build
        self.log_path = self.dir / "log"
        self.config = self.dir / "yuebaod.conf"
        key = where / "receipt.key"
        if not key.exists():
            run(build / "server" / "ctl" / "yuebaoctl", "key", key)
        values = dict(listen="127.0.0.1:0", workers=workers, certificate=authority.certificate,
                      private_key=authority.private_key, receipt_key=key,
                      database=database.conninfo("yuebao_collector", pg_host), **settings)
        self.config.write_text("".join(f"{k} = {v}\n" if isinstance(v, int) else f'{k} = "{v}"\n'
                                       for k, v in values.items()))
        self.workers = workers
        self.start()

    def start(self):
        mark = self.mark()
        self.spawn()
        self.wait_served(mark)

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([str(self.build / "server" / "yuebaod"), "--config", str(self.config)],
                                            env=environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def wait_served(self, since=0):
        """Until every worker accepts."""
        listening = self.wait_event("listening", since=since)
        self.address = ("127.0.0.1", int(listening["port"]))
        wait_for("all workers to be ready",
                 lambda: len(self.events("ready", since)) >= self.workers or self._fail_if_dead(), timeout=60)

    def restart(self):
        """After stop(): the same address again, for desks remember it."""
        self.config.write_text(re.sub(r'listen = ".*"', 'listen = "%s:%d"' % self.address, self.config.read_text()))
        self.start()

    def _fail_if_dead(self):
        if self.process.poll() is not None:
            raise AssertionError(f"yuebaod ended with {self.process.returncode}\n{self.log()[-4000:]}{sanitizer_reports()}")
        return False

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def events(self, name=None, since=0):
        found = []
        for line in self.log()[since:].splitlines():
            match = re.match(r"<(\d)>(.*)", line)
            if not match:
                continue
            event = {"priority": int(match.group(1)), "line": line}
            for key, quoted, plain in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))', match.group(2)):
                event[key] = quoted or plain
            if name is None or event.get("event") == name:
                found.append(event)
        return found

    def wait_event(self, name, timeout=60, since=0):
        return wait_for(f"event={name} in the collector's log",
                        lambda: self.events(name, since) or self._fail_if_dead(), timeout)[-1]

    def wait_register(self):
        """Every worker has read the register as it is now."""
        version = int(self.database.value("SELECT version FROM yuebao.registry_version"))

        def all_know():
            known = {}
            for event in self.events("registry_loaded"):
                known[event["worker"]] = int(event["version"])
            return sum(v >= version for v in known.values()) >= self.workers or self._fail_if_dead()

        wait_for(f"every worker to know version {version} of the register", all_know)

    def mark(self):
        """A place in the log: what follows is new."""
        return len(self.log())

    def worker_pids(self):
        return children(self.process.pid)

    def kill_worker(self, pid=None):
        victim = pid or self.worker_pids()[0]
        kill(victim)
        wait_for("the worker to be gone", lambda: not alive(victim))
        return victim

    def stop(self):
        """TERM and a clean end: drained, nothing leaked, nothing that a sanitizer disliked."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            for pid in [self.process.pid, *self.worker_pids()]:
                kill(pid)
            raise AssertionError(f"yuebaod did not end within 60 s of SIGTERM\n{self.log()[-4000:]}")
        assert status == 0, f"yuebaod ended with {status}\n{self.log()[-4000:]}{sanitizer_reports()}"
        assert not any(SANITIZER_LOGS.iterdir()), sanitizer_reports()


# ---- yuebao ----------------------------------------------------------------------------------------------------


class Desk:
    """A clerk's PC: one home directory and the real client."""

    def __init__(self, where, collector, code, *, build=BUILD):
        self.home = Path(tempfile.mkdtemp(prefix="c-", dir=where))
        self.collector, self.code, self.build = collector, code, build
        self.program = build / "client" / "yuebao"

    def __call__(self, *args, ok=True, lang=None, timeout=120, stdin=None):
        command = ["--home", str(self.home / "y")] + (["--lang", lang] if lang else []) + list(args)
        return run(self.program, *command, ok=ok, timeout=timeout, stdin=stdin)

    def start(self, *args):
        return subprocess.Popen([str(self.program), "--home", str(self.home / "y"), *map(str, args)], env=environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def enrol(self, one_time_code, address=None):
        host, port = address or self.collector.address
        return self("enrol", one_time_code, "--school", self.code, "--server", f"{host}:{port}", "--ca",
                    self.collector.authority.ca)


# ---- a proxy that a test can be cruel with ---------------------------------------------------------------------


class Proxy:
    """Between two sockets, byte for byte, until told otherwise. `listen` and `target`: a path or (host, port).

    `on_data(direction, data)` may look at what passes ("up": from the client) and returns what shall go on; None cuts the pair.
    """

    def __init__(self, listen, target, on_data=None):
        self.target, self.on_data = target, on_data
        self.open = True
        self._pairs = set()
        self._lock = threading.Lock()
        family = socket.AF_UNIX if isinstance(listen, (str, Path)) else socket.AF_INET
        self._family = socket.AF_UNIX if isinstance(target, (str, Path)) else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(str(listen) if family == socket.AF_UNIX else listen)
        self._listener.listen(256)
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        server = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            if not self.open:
                return
            server.connect(str(self.target) if self._family == socket.AF_UNIX else self.target)
            with self._lock:
                self._pairs.add((client, server))
            self._pump(client, server)
        except OSError:
            pass
        finally:
            with self._lock:
                self._pairs.discard((client, server))
            client.close()
            server.close()

    def _pump(self, client, server):
        other = {client: (server, "up"), server: (client, "down")}
        waiting = selectors.DefaultSelector()
        for end in other:
            waiting.register(end, selectors.EVENT_READ)
        while True:
            for ready in [key.fileobj for key, _ in waiting.select(0.5)]:
                data = ready.recv(65536)
                to, direction = other[ready]
                if data and self.on_data:
                    data = self.on_data(direction, data)
                if not data:
                    return
                to.sendall(data)
            if not self.open:
                return

    def cut(self):
        """End every connection that passes through, at once."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        self.open = False
        self._listener.close()
        self.cut()
