"""Writes performance.md of what bench measured: a line a round, as zipf.lua prints it."""
import datetime
import platform
import re
import subprocess
import sys

results, engine, rounds, seconds, connections, load, postgres = sys.argv[1:]
names = {"plain": "without cache", "cached": "with cache", "bare": "a bare endpoint"}
runs = {name: [] for name in names}
for line in open(results):
    name, *numbers = line.split()
    requests, duration, p50, p90, p99, most, errors = map(float, numbers)
    runs[name].append(dict(rate=requests / duration, requests=requests, p50=p50, p90=p90, p99=p99, max=most, errors=int(errors)))


def best(name):
    return max(runs[name], key=lambda run: run["rate"])


def said(command, pattern):
    output = subprocess.run(command, capture_output=True, text=True).stdout
    return re.search(pattern, output).group(1)


cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
cores = sum(line.startswith("processor") for line in open("/proc/cpuinfo"))
rate = {name: best(name)["rate"] for name in names}
cost = 1e6 * cores * (1 / rate["cached"] - 1 / rate["bare"])
errors = {name: sum(run["errors"] for run in runs[name]) for name in names}

runtime = said(["dotnet", "--list-runtimes"], r"AspNetCore.App (10\S+)")
database = said([postgres + "/postgres", "--version"], r"\) (\S+)")
print(f"""# Performance of the lab

Written by `samples/Lab/bench`, engine `{engine}`, {datetime.date.today()}: {cores} cores ({cpu}) that wrk, gateway, services and database share, load {load} before it began; .NET {runtime}, PostgreSQL {database}. `wrk` with {connections} connections asks for 100,000 users by Zipf's law (exponent 1), as 100 callers with credentials of their own. Each line is the best of {rounds} alternating rounds of {seconds} s by its rate, since others use the machine too; errors are those of all rounds: answers other than 2xx, broken connections, timeouts.

| | requests/s | p50 ms | p90 ms | p99 ms | max ms | errors of requests |
|---|---|---|---|---|---|---|""")
for name, title in names.items():
    run = best(name)
    print(f"| {title} | {run['rate']:,.0f} | {run['p50'] / 1000:.2f} | {run['p90'] / 1000:.2f} | {run['p99'] / 1000:.2f} | {run['max'] / 1000:.1f} | {errors[name]} of {sum(r['requests'] for r in runs[name]):,.0f} |")
print(f"""
- With the cache there are **{rate['cached'] / rate['plain']:.1f} times** as many requests per second as without: the bar is 8.
- Without it each request asks the auth service, which asks the database, and then the user service, which asks it again.
- With it a caller's credentials are exchanged once for as long as the token lives, and a user is loaded once; who the caller is, is asked for each request.
- Beside a bare ASP.NET endpoint that gives as many bytes from memory and asks nobody anything, the cached path costs {cost:.0f} µs of a core for each request more, wrk's share included: it reaches {rate['cached'] / rate['bare']:.2f} of its rate.

Rates of all rounds:""")
for name, title in names.items():
    print(f"- {title}:", ", ".join(f"{run['rate']:,.0f}" for run in runs[name]))
