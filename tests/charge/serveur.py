"""A server that is measured: its processes' own processor time, which what else the machine does does not change."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

TOP = os.sysconf("SC_CLK_TCK")


def pid_du(port: int) -> int:
    """Return the process that listens there and has the others as children."""
    for dossier in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            mots = (dossier / "cmdline").read_bytes().split(b"\0")
            if f"127.0.0.1:{port}".encode() in mots and _enfants(int(dossier.name)):
                return int(dossier.name)
    raise AssertionError("nothing listens there")


def _enfants(pid: int) -> list[int]:
    return [int(mot) for mot in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def calcul_de(pid: int) -> float:
    """Return the processor seconds of this process and its children since they started."""
    return sum(_calcul(un) for un in [pid, *_enfants(pid)])


def calcul_des_postgres(base: str) -> float:
    """Return the processor seconds of the server processes that serve this database now."""
    lus = subprocess.run(["pgrep", "-f", f"^postgres: .* {base} "], capture_output=True, text=True, check=False).stdout
    total = 0.0
    for pid in lus.split():
        with suppress(OSError):
            total += _calcul(int(pid))
    return total


def _calcul(pid: int) -> float:
    champs = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(champs[11]) + int(champs[12])) / TOP
