#!/usr/bin/env python3
"""The two commands: `python3 run.py demo` and `python3 run.py test`.

Runs on any Python 3.8 with its standard library alone: finds a Python that the portal supports, makes `.venv`, installs the hashed
requirements into it when they have changed, and hands over. Ctrl-C goes straight to what runs: this script is replaced by it.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements-dev.txt"
VERSIONS = ("3.13", "3.14", "3.12")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Failure(Exception):
    """What cannot be done, and what to do about it."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="run.py",
        description="Espace professionnel: everything is installed in this folder, nothing elsewhere.",
        epilog="Environment: ESPACEPRO_ETAT moves the state folder (default .etat); DATABASE_URL, REDIS_URL and EMAIL_URL "
        "are used instead of the embedded servers; CHROMIUM names the browser of the tests.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | test | manage | install")
    demonstration = commands.add_parser(
        "demo",
        help="start the whole portal with demonstration data (demo --help for options)",
        description="Start the portal with embedded servers, a mail catcher and demonstration data, until Ctrl-C.",
        epilog="Example: python3 run.py demo --port 8080",
    )
    demonstration.add_argument("--port", type=int, default=8000, help="port of the web server (default 8000)")
    commands.add_parser("test", add_help=False, help="run the tests: test [--long] [pytest arguments]")
    commands.add_parser("manage", add_help=False, help="run a manage.py command on the running demonstration")
    commands.add_parser("install", add_help=False, help="make .venv and do nothing else")
    command, rest = parser.parse_args(sys.argv[1:2]).command, sys.argv[2:]
    if command == "demo":
        # Its help, what it does not take, and a port that is in use, before anything is installed.
        port_free(parser.parse_args(sys.argv[1:]).port)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every start would compile every module again
    os.chdir(ROOT)
    try:
        python = install()
        if command != "install":
            {"demo": demo, "test": test, "manage": manage}[command](python, rest)
    except (Failure, PermissionError, subprocess.CalledProcessError) as error:
        sys.exit(f"run.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def port_free(port: int) -> None:
    """Exit where another program listens on this port already: the demonstration itself says it only once all is installed."""
    with socket.socket() as knock:
        if knock.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"run.py: port {port} is in use: stop what listens there, or choose another with --port")


def demo(python: Path, arguments: list[str]) -> None:
    hand_over(python, "-m", "espacepro.demonstration.superviseur", *arguments)


def test(python: Path, arguments: list[str]) -> None:
    """Run pytest on all cores, in random order; tests marked `long` only with --long."""
    long = "--long" in arguments
    choice = [] if long else ["-m", "not long"]
    if long:
        os.environ["ESSAIS_LONGS"] = "1"  # races, properties and faults run with the issues' own figures
    os.environ["CHROMIUM"] = browser()
    workers = ("-n", "auto", "--dist", "worksteal")  # who has done its share takes from the others': none ends alone
    hand_over(python, "-m", "pytest", *workers, *choice, *(a for a in arguments if a != "--long"))


def manage(python: Path, arguments: list[str]) -> None:
    """Run manage.py with the variables that the running demonstration has written for it."""
    variables = Path(os.environ.get("ESPACEPRO_ETAT") or ROOT / ".etat") / "demo.env"
    if not variables.exists():
        raise Failure("the demonstration is not running: start it first with `python3 run.py demo`")
    for line in variables.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ[name] = value
    hand_over(python, str(ROOT / "manage.py"), *arguments)


def hand_over(python: Path, *arguments: str) -> None:
    sys.stdout.flush()
    os.execv(str(python), [str(python), *arguments])


# --- Python and its libraries


def install() -> Path:
    """Return the Python of `.venv`, made and filled where it is not up to date with the requirements."""
    python, stamp = VENV / "bin" / "python", VENV / "requirements.sha256"
    with REQUIREMENTS.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # two runs at once: the second waits, then finds the work done
        wanted = hashlib.sha256(file.read()).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted and version(python):
            return python
        if VENV.exists() and not (os.access(str(VENV), os.W_OK) and VENV.stat().st_uid == os.geteuid()):
            raise Failure(f"{VENV} was made by another account: remove it, or use a clone of your own")
        if not os.access(str(ROOT), os.W_OK):
            raise Failure(f"{ROOT} is not yours to write in: use a clone of your own")
        print("run.py: installing the libraries into .venv (once)…", file=sys.stderr, flush=True)
        uv = shutil.which("uv")
        if not (version(python) and (uv or has_pip(python))):
            make_venv(uv)
        installer = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
        quiet = ["--quiet"] if uv else ["-qq", "--disable-pip-version-check", "--no-input"]
        run(*installer, *quiet, "--require-hashes", "-r", str(REQUIREMENTS))
        stamp.write_text(wanted)
    return python


def make_venv(uv: str | None) -> None:
    interpreter = find_python()
    if uv:
        run(uv, "venv", "--quiet", "--clear", "--python", interpreter or VERSIONS[0], str(VENV))
    elif interpreter:
        run(interpreter, "-m", "venv", "--clear", str(VENV))
    else:
        raise Failure("no Python 3.12, 3.13 or 3.14 in PATH, ~/.pyenv or /opt: install one of them, or uv")


def find_python() -> str | None:
    """Return the first supported Python among this one, PATH's, pyenv's and uv's."""
    places = [Path.home() / ".pyenv" / "versions", Path("/opt"), Path.home() / ".local" / "share" / "uv" / "python"]
    for wanted in VERSIONS:
        candidates = [sys.executable, shutil.which(f"python{wanted}")]
        candidates += [
            str(found)
            for place in places
            if os.access(str(place), os.R_OK)
            for found in place.glob(f"*/bin/python{wanted}")
        ]
        for candidate in candidates:
            if candidate and version(Path(candidate)) == wanted:
                return candidate
    return None


def version(python: Path) -> str | None:
    """Return the supported version that `python` is, or None: absent, not ours to run, a pyenv shim without a version, too old."""
    try:
        command = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        found = (
            subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            .stdout.decode()
            .strip()
        )
    except OSError:
        return None
    return found if found in VERSIONS else None


def has_pip(python: Path) -> bool:
    return (
        subprocess.run(
            [str(python), "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode
        == 0
    )


# --- The browser of the tests


def browser() -> str:
    """Return the path of Chromium or Chrome, installed from Debian's packages where it is missing and that is allowed."""
    named = os.environ.get("CHROMIUM")
    if named:
        if shutil.which(named):
            return named
        raise Failure(f"CHROMIUM={named}: no such program")
    found = find_browser()
    if not found and shutil.which("apt-get"):
        print("run.py: installing Chromium for the tests (once)…", file=sys.stderr, flush=True)
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
            if not prefix or shutil.which(prefix[0]):
                subprocess.run(
                    [*prefix, *environment, "apt-get", *words], stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
                )
        found = find_browser()
    if not found:
        raise Failure(
            "the tests need Chromium or Chrome: install it (as root: apt-get install chromium), or set CHROMIUM to its path"
        )
    return found


def find_browser() -> str | None:
    application = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    return next((path for path in map(shutil.which, (*BROWSERS, application)) if path), None)


def run(*command: str) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
