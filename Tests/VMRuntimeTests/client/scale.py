# SPDX-FileCopyrightText: The contrail-vm authors
# SPDX-License-Identifier: Apache-2.0

"""Many VM pods on one node, inside the lab, with an emulator that has no guest (Tests/VMRuntimeTests/node CHECK...).

  begins   SCALE_BURST pods, one each 100 ms: how long until each runs
  full     SCALE_PODS at once on the node: memory, lists, starts; a restart; the end of all
  drift    an interface that somebody changed is told at the next start
  churn    SCALE_LIVES pods made and removed, four at a time: nothing grows from the half to the end"""

import concurrent.futures
import contextlib
import ctypes
import json
import os
import pathlib
import re
import statistics
import subprocess
import threading
import time

from cri_api.v1 import api_pb2 as cri

import lab
from lab import machine, on_node, pod, same
from usage import anonymous, cpu, percentile

BURST = int(os.environ.get("SCALE_BURST", "100"))
PODS = int(os.environ.get("SCALE_PODS", "250"))
LIVES = int(os.environ.get("SCALE_LIVES", "10000"))
SHARE = re.compile(r"container (\w+): runs after (\d+) ms, libvirt's share is (\d+) ms")


def run(node, name):
    """A pod from nothing to Running; its two ids."""
    config = pod(name)
    sandbox = node.run(config)
    container = node.create(sandbox, config, machine())
    node.begin(container)
    assert node.status(container).state == cri.CONTAINER_RUNNING
    return sandbox, container


@contextlib.contextmanager
def like_any_machine():
    """What is started in it has two processors and no huge pages: threads, and memory with them, are as many on any machine."""
    prctl, thp_disable = ctypes.CDLL(None).prctl, 41
    processors = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(processors)[:2])
    prctl(thp_disable, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(thp_disable, 0, 0, 0, 0)
        os.sched_setaffinity(0, processors)


@contextlib.contextmanager
def asked_throughout(node):
    """What all use is asked as long as the block lasts: no answer may fail or take long, whatever comes and goes meanwhile."""
    stop, answers = threading.Event(), []

    def ask():
        while not stop.is_set():
            start = time.monotonic()
            containers = node.cri.ListContainerStats(cri.ListContainerStatsRequest()).stats
            sandboxes = node.cri.ListPodSandboxStats(cri.ListPodSandboxStatsRequest()).stats
            answers.append((time.monotonic() - start, len(containers), len(sandboxes)))
            assert all(item.attributes.id and item.attributes.metadata.name for item in containers)
            assert all(item.HasField("linux") and item.attributes.metadata.uid for item in sandboxes)
            time.sleep(0.05)

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield
        finally:
            stop.set()
            asking.result()
    took = sorted(seconds * 1000 for seconds, _, _ in answers)
    most = max((containers for _, containers, _ in answers), default=0)
    assert len(answers) > 3 and took[-1] < 10_000, took
    print(f"stats of {most} pods at most, asked {len(took)} times meanwhile: P50 {statistics.median(took):.0f} ms, most {took[-1]:.0f} ms")


def prepared(node, environment=None):
    with like_any_machine():
        node.start(environment=environment)
    node.pull()
    # libvirt examines the emulator at its first use.
    sandbox, container = run(node, "first")
    node.stop(container, 0)
    node.remove_pod(sandbox)
    return on_node()


def begins(node):
    """Pods that come one each 100 ms run soon, the last as the first."""
    before = prepared(node)
    spent, others = cpu(node.process.pid), cpu(lab.libvirtd())

    def begin(number):
        start = time.monotonic()
        made = run(node, f"burst{number}")
        return time.monotonic() - start, made

    with concurrent.futures.ThreadPoolExecutor(BURST) as pool:
        waiting, start = [], time.monotonic()
        for number in range(BURST):
            time.sleep(max(0, start + number / 10 - time.monotonic()))
            waiting.append(pool.submit(begin, number))
        results = [future.result() for future in waiting]
    took = sorted(seconds * 1000 for seconds, _ in results)
    print(
        f"{BURST} pods, one each 100 ms, from RunPodSandbox to Running: P50 {statistics.median(took):.0f} ms, "
        f"P95 {percentile(took, 95):.0f} ms; CPU a pod: vm-runtime {(cpu(node.process.pid) - spent) / BURST:.1f} ms, "
        f"libvirtd {(cpu(lab.libvirtd()) - others) / BURST:.1f} ms")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda result: node.remove_pod(result[1][0]), results))
    same(before, on_node())


def full(node):
    """As many pods as a node has: all run, over a restart too, and all are removed."""
    before = prepared(node)
    idle = anonymous(node.process.pid)
    made, starts = [], []
    for number in range(PODS):
        config = pod(f"full{number}")
        sandbox = node.run(config)
        container = node.create(sandbox, config, machine())
        made.append((sandbox, container))
        spent, start = cpu(node.process.pid), time.monotonic()
        node.begin(container)
        starts.append(((time.monotonic() - start) * 1000, cpu(node.process.pid) - spent))
    shares = {name: (int(all), int(libvirts)) for name, all, libvirts in SHARE.findall(node.text())}
    own = [shares[container][0] - shares[container][1] for _, container in made]
    libvirts = [shares[container][1] for _, container in made]
    print(
        f"{PODS} pods, StartContainer one after another: wall P50 {statistics.median(wall for wall, _ in starts):.0f} ms "
        f"(libvirt's {statistics.median(libvirts):.0f}, ours {statistics.median(own):.0f}), P95 "
        f"{percentile(sorted(wall for wall, _ in starts), 95):.0f} ms; our CPU {statistics.mean(used for _, used in starts):.1f} ms")
    grown = (anonymous(node.process.pid) - idle) / PODS
    print(f"Anonymous memory: {idle:.1f} MiB idle, {grown:.3f} MiB a pod that runs")
    assert idle < 15 and grown < 0.3, "vm-runtime takes more memory than its budget"
    running = cri.ListContainersRequest(filter=cri.ContainerFilter(state=cri.ContainerStateValue(state=cri.CONTAINER_RUNNING)))
    assert {item.id for item in node.cri.ListContainers(running).containers} == {container for _, container in made}
    addresses = {
        node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandbox)).status.network.ip for sandbox, _ in made}
    assert len(addresses) == PODS, f"{PODS} pods have {len(addresses)} addresses"

    node.kill()
    start = time.monotonic()
    node.start()
    assert {item.id for item in node.cri.ListContainers(running).containers} == {container for _, container in made}
    print(f"killed and started anew: all {PODS} run on, told after {(time.monotonic() - start) * 1000:.0f} ms")
    # A pod that goes away while it is measured is left out.
    with asked_throughout(node), concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda ids: node.remove_pod(ids[0]), made))
    assert not node.cri.ListContainerStats(cri.ListContainerStatsRequest()).stats
    same(before, on_node())


def churn(node):
    """Pods made and removed: memory, descriptors, threads, files and rows at the end are as many as at the half."""
    # With an arena for each thread, one that comes late would look like memory that grows with the pods.
    before = prepared(node, {"MALLOC_ARENA_MAX": "1"})

    def live(number):
        sandbox, container = run(node, f"life{number % 8}x{number}")
        node.stop(container, 0)
        node.remove_pod(sandbox)
        lab.drop_logs(f"life{number % 8}x{number}")

    figures, start = [], time.monotonic()
    tenth = max(1, LIVES // 10)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for part in range(10):
            list(pool.map(live, range(part * tenth, (part + 1) * tenth)))
            figures.append(held(node))
            print(f"  {(part + 1) * tenth} lives, {time.monotonic() - start:.0f} s: {figures[-1]}", flush=True)
    same(before, on_node())
    # Caches and the pools of threads fill up first.
    first, last = figures[4], figures[9]
    for key in ("descriptors", "threads", "files"):
        assert last[key] <= first[key] + 4, f"{key} grew from {first[key]} to {last[key]} over {LIVES // 2} lives"
    assert last["connections"] <= 8, f"{last['connections']} connections to libvirt"
    assert last["rows"] == first["rows"] == 0, "rows of pods that are no more"
    # A thread that comes late has an arena of its own: of few lives that is all that is seen.
    most = first["MiB"] + 1 + 100 / LIVES
    assert last["MiB"] <= most, f"memory grew from {first['MiB']} to {last['MiB']} MiB over {LIVES // 2} lives"


def drift(node):
    """What has become of a pod's interface behind our back is told by its plugin's CHECK, and nothing is touched."""
    before = prepared(node)
    sandboxes = [run(node, f"drift{number}")[0] for number in range(3)]
    for sandbox in sandboxes:
        # Runtime and plugin name the interface alike.
        vmi = re.search(rf"sandbox {sandbox}: eth0 is vmi=([0-9a-f-]{{36}}) ", node.text()).group(1)
        told = [line for line in (lab.WORK / "cni.log").read_text().splitlines() if f"container={sandbox}" in line]
        assert told and all(f" vmi={vmi} " in line for line in told), told
    node.kill()
    node.start()
    # It answers when it has looked at all.
    node.cri.Version(cri.VersionRequest())
    assert "not as it was made" not in node.text(), node.text()[-2000:]
    status = node.cri.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=sandboxes[1], verbose=True))
    assert status.status.state == cri.SANDBOX_READY
    record = json.loads((lab.WORK / "run" / "interfaces" / sandboxes[1] / "eth0.json").read_text())
    subprocess.run(["ip", "link", "set", record["attachment"]["name"], "mtu", "1280"], check=True)
    node.kill()
    node.start()
    # It answers when it has looked at all.
    node.cri.Version(cri.VersionRequest())
    told = [line for line in node.text().splitlines() if "not as it was made" in line]
    assert len(told) == 1 and sandboxes[1] in told[0] and "MTU" in told[0].upper(), told
    for sandbox in sandboxes:
        node.remove_pod(sandbox)
    same(before, on_node())


def held(node):
    """What vm-runtime holds, where no pod is left."""
    process = pathlib.Path(f"/proc/{node.process.pid}")
    # Up to eight idle connections to libvirt are kept, as many as calls once ran at once; each has a socket and an eventfd.
    sockets = [line.split() for line in pathlib.Path("/proc/net/unix").read_text().splitlines() if line.endswith("/libvirt-sock")]
    connections = sum(state == "03" for _, _, _, _, _, state, *_ in sockets)
    return {
        "MiB": round(anonymous(node.process.pid), 1),
        "connections": connections,
        "descriptors": len(list((process / "fd").iterdir())) - 2 * connections,
        "threads": len(list((process / "task").iterdir())),
        "files": sum(len(files) for folder in ("state", "run", "ports") for _, _, files in os.walk(lab.WORK / folder)),
        "rows": lab.rows(),
    }


if __name__ == "__main__":
    lab.main(begins, full, churn, drift)
