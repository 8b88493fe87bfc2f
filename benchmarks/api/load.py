"""Start a server of one worker, and load it with wrk on loopback."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True)
class Server:
    """A running server, and the seconds and the processor time that it took to its first answer."""

    url: str
    pid: int
    first_s: float
    busy_s: float


@dataclass(frozen=True)
class Heard:
    """What wrk saw; an error is another status than 2xx and 3xx, or a request without an answer.

    ``late_ms`` is how much later than it was due a request was sent at most, of 99 in 100 (see ``at_rate``).
    """

    rate: float
    count: int
    p99_ms: float
    errors: int
    late_ms: float = 0


@dataclass(frozen=True)
class Load:
    """What wrk saw, and the processor time of the server for each request in microseconds."""

    rate: float
    p99_ms: float
    cpu_us: float
    errors: int


def require_wrk() -> None:
    """Stop with a clear word where wrk is missing."""
    if shutil.which("wrk") is None:
        sys.exit("benchmarks.api needs wrk: apt-get install wrk (Debian), or build it from github.com/wg/wrk")


@contextmanager
def serving(
    target: str,
    first: str,
    *,
    factory: bool,
    env: dict[str, str] | None = None,
) -> Iterator[Server]:
    """Serve an application by uvicorn in a process of its own, on the first processor, until it is left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        *on_processor(0),
        sys.executable,
        "-m",
        "uvicorn",
        target,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
    ]
    words += ["warning", "--no-server-header", "--loop", "uvloop", "--http", "httptools"]
    started = time.perf_counter()
    process = subprocess.Popen(words + ["--factory"] * factory, env={**os.environ, **(env or {})})
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url + first, process)
        yield Server(url, process.pid, time.perf_counter() - started, cpu_s(process.pid))
    finally:
        process.terminate()
        process.wait(20)


def on_processor(processor: int) -> list[str]:
    """Return the words that keep a program on one processor, so that server and load do not change places."""
    return ["taskset", "-c", str(processor)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                response.read()
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the server did not answer")


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has had (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> dict[str, float]:
    """Return the resident memory of a process in MB, all of it, and the pages of files in it (Linux)."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = {name: int(kb) / 1e3 for name, kb in re.findall(r"^(\w+):\s+(\d+) kB", text, re.M)}
    return {"all": found["VmRSS"], "files": found["RssFile"]}


def load(url: str, pid: int, script: Path | None, path: str, seconds: float, connections: int) -> Load:
    """Ask as fast as the server answers."""
    before = cpu_s(pid)
    heard = ask(url + path, script, seconds, connections, alone=True)
    used = cpu_s(pid) - before
    return Load(heard.rate, heard.p99_ms, used / max(heard.count, 1) * 1e6, heard.errors)


def ask(url: str, script: Path | None, seconds: float, connections: int, *, alone: bool = False) -> Heard:
    """Run wrk for a while; ``alone`` keeps it off the processor of a server of one worker."""
    words = [*(on_processor(1) if alone else ()), "wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s"]
    words += ["--latency", *(["-s", str(script)] if script else [])]
    done = subprocess.run([*words, url], capture_output=True, text=True, check=True).stdout
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s|m)", done)[0]
    wrong = re.findall(r"Non-2xx or 3xx responses: (\d+)", done)
    lost = re.findall(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", done)
    late = re.findall(r"Late 99% (\d+)ms", done)
    return Heard(
        rate=float(re.findall(r"Requests/sec:\s+([\d.]+)", done)[0]),
        count=int(re.findall(r"(\d+) requests in", done)[0]),
        p99_ms=float(value) * UNITS[unit],
        errors=sum(map(int, [*wrong, *(lost[0] if lost else ())])),
        late_ms=float(late[0]) if late else 0,
    )


# Requests are due at moments of their own, as by people who do not know of each other; one for which no
# connection is free, or whose moment the program missed, is late and is asked as soon as possible.
PACE = """
local ffi = require("ffi")
ffi.cdef("typedef struct { long s; long ns; } moment; int clock_gettime(int, moment *);")
local moment = ffi.new("moment")
local function now()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.s) + tonumber(moment.ns) / 1e9
end
local due, taken, sent, threads = {}, 0, 0, {}
late = {}
setup = function(thread) threads[#threads + 1] = thread end
delay = function()
  local last = due[taken] or now()
  taken = taken + 1
  due[taken] = last - math.log(1 - math.random()) / RATE
  return math.max(0, (due[taken] - now()) * 1e3)
end
local asked = request
request = function()
  if sent == taken then return asked() end  -- wrk tries the script once before it begins
  sent = sent + 1
  local ms = math.max(0, math.ceil((now() - due[sent]) * 1e3))
  late[ms] = (late[ms] or 0) + 1
  due[sent - 1] = nil
  return asked()
end
done = function()
  local all, most = {}, 0
  for _, thread in ipairs(threads) do
    for ms, count in pairs(thread:get("late")) do
      all[ms], most = (all[ms] or 0) + count, math.max(most, ms)
    end
  end
  local count, before = 0, 0
  for _, n in pairs(all) do count = count + n end
  for ms = 0, most do
    before = before + (all[ms] or 0)
    if before >= 0.99 * count then return print("Late 99% " .. ms .. "ms") end
  end
end
"""


def at_rate(script: Path, rate: float) -> Path:
    """Return a script that asks the same at ``rate`` requests/s on average, whether answers come or not."""
    paced = script.with_name(f"paced-{script.name}")
    paced.write_text(
        script.read_text(encoding="utf-8") + PACE.replace("RATE", f"{rate:.3f}"), encoding="utf-8"
    )
    return paced


def lua(folder: Path, name: str, requests: list[tuple[str, str, str]]) -> Path:
    """Write a wrk script that asks one request after the other: method, path and body."""
    told = ",\n".join(f"{{{quoted(m)}, {quoted(p)}, {quoted(b)}}}" for m, p, b in requests)
    path = folder / f"{name}.lua"
    path.write_text(
        "local all = {\n" + told + "\n}\nlocal made = {}\nlocal at = 0\n"
        'local json = {["Content-Type"] = "application/json"}\n'
        "init = function(args)\n  for i, one in ipairs(all) do\n"
        '    made[i] = wrk.format(one[1], one[2], one[1] == "POST" and json or nil, one[3])\n  end\nend\n'
        "request = function()\n  at = at % #made + 1\n  return made[at]\nend\n",
        encoding="utf-8",
    )
    return path


def quoted(text: str) -> str:
    """Return a Lua string of the bytes of ``text``."""
    if not text:
        return "nil"
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'
